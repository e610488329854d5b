"""The command line: erasing somebody, listing who was, and erasing them again in a restored database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import click
import pytest
from click.testing import CliRunner, Result

from application.streams import USER
from infrastructure.cli import erasures, users
from tests.api.people import book, host, listing, register
from tests.api.stack import Client, Stack
from tests.erasure.forgetting import erase, settle

Run = Callable[..., Result]
WHY = ("--as", "ann", "--reason", "ticket 4711")


@pytest.fixture
def run(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Run:
    for module in (erasures, users):
        monkeypatch.setattr(module, "current_settings", lambda: stack.wired.settings)

    def running(group: click.Group, *arguments: str) -> Result:
        return CliRunner().invoke(group, arguments)

    return running


def is_erased(client: Client) -> bool:
    return client.stack.wired.lodger.load(USER, UUID(client.id)).state.is_erased


def test_an_operator_erases_somebody_at_the_console(stack: Stack, run: Run) -> None:
    bob = register(stack)
    stack.run_workers()
    assert run(users.command, "erase", bob.id, *WHY).output == f"{bob.id}  roles: none  erased\n"
    assert is_erased(bob)


def test_who_was_erased_is_listed_by_id(stack: Stack, run: Run) -> None:
    bob = register(stack)
    erase(bob)
    (line,) = run(erasures.command, "list").output.splitlines()
    assert line.split()[0] == bob.id
    assert line.endswith("1  goes on")


def test_a_restored_backup_brings_nobody_back(stack: Stack, run: Run, tmp_path: Path) -> None:
    """The backup is from before Bob was erased: neither the fact nor the list has him."""
    bob, stranger = register(stack), "01900000-0000-7000-8000-000000000099"
    stack.run_workers()
    listed = tmp_path / "erasures.txt"
    listed.write_text(f"{bob.id}  2026-06-01T12:00:00Z  3  goes on\n{stranger}  2026-06-01T12:00:00Z  3  goes on\n")
    done = run(erasures.command, "reapply", str(listed), *WHY)
    assert done.exit_code == 0
    assert done.output == f"{bob.id}  erased\n{stranger}  not in this database\n"
    settle(stack)
    assert is_erased(bob)
    assert stack.count("SELECT count(*) FROM people") == 0


def test_whoever_was_erased_in_it_is_swept_anew(stack: Stack, run: Run) -> None:
    bob = register(stack)
    erase(bob)
    stack.run_workers()
    assert run(erasures.command, "reapply", *WHY).output == f"{bob.id}  erased\n"
    assert stack.count("SELECT sweeps FROM erasures") == 0


def test_what_is_under_way_in_it_is_told_and_nobody_is_erased_over_it(stack: Stack, run: Run, tmp_path: Path) -> None:
    bob = register(stack)
    booking = book(bob, listing(host(stack)))
    stack.run_workers()
    listed = tmp_path / "erasures.txt"
    listed.write_text(f"{bob.id}\n")
    told = run(erasures.command, "reapply", str(listed), *WHY)
    assert told.exit_code == 1
    assert booking in told.output
    assert not is_erased(bob)


def test_another_file_is_refused(stack: Stack, run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("hello\n")
    assert "Line 1" in str(run(erasures.command, "reapply", str(tmp_path / "other.txt"), *WHY).exception)
