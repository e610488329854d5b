"""`./run lodger keys`: what it asks for, what it says, and that it does it."""

from __future__ import annotations

from functools import partial

import pytest
from click.testing import CliRunner, Result

from domain.platform import PLATFORM_ID, KeyRotated, RootKeyRotated
from infrastructure.cli import keys as cli
from infrastructure.key_rotation import Rotation
from infrastructure.refusals import Refused
from infrastructure.settings import to_environment
from tests.api.stack import Stack

BY = ("--as", "ada", "--reason", "every year")


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "Rotation", partial(Rotation, wait=lambda _: None))


def lodger(stack: Stack, *arguments: str, **changes: str) -> Result:
    return CliRunner().invoke(cli.command, arguments, env={**to_environment(stack.wired.settings), **changes})


def test_rotating_asks_what_by_whom_and_why(stack: Stack) -> None:
    for missing in (("rotate", *BY), ("rotate", "quote", "--as", "ada"), ("rotate", "quote", "--reason", "r")):
        assert lodger(stack, *missing).exit_code == 2
    for too_much in (("rotate", "quote", "--all", *BY), ("rotate", "--all", "--root", *BY), ("rotate", "tea", *BY)):
        assert lodger(stack, *too_much).exit_code == 2
    assert stack.count_events() == 0


def test_a_purpose_that_is_named_is_rotated_and_the_event_says_who_and_why(stack: Stack) -> None:
    done = lodger(stack, "rotate", "quote", *BY)

    assert done.exit_code == 0, done.output
    (event,) = stack.wired.lodger.log.load([PLATFORM_ID], None)[PLATFORM_ID]
    assert isinstance(event.fact, KeyRotated)
    assert (event.fact.purpose, event.actor.kind, event.actor.id, event.actor.reason) == (
        *("quote", "operator", "ada", "every year"),
    )


def test_the_root_is_rotated_and_nothing_is_left_under_the_one_before(stack: Stack) -> None:
    former, new = stack.wired.settings.secret_key, "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    assert lodger(stack, "list").exit_code == 0

    between = {"LODGER_SECRET_KEY": new, "LODGER_SECRET_KEYS_BEFORE": former}
    done = lodger(stack, "rotate", "--root", *BY, **between)

    assert done.exit_code == 0, done.output
    assert lodger(stack, "list", LODGER_SECRET_KEY=new).exit_code == 0
    assert isinstance(lodger(stack, "list").exception, Refused), "the one before opens nothing"
    facts = [event.fact for event in stack.wired.lodger.log.load([PLATFORM_ID], None)[PLATFORM_ID]]
    assert facts == [RootKeyRotated()]


def test_ending_a_key_that_is_in_use_is_refused_with_what_to_do(stack: Stack) -> None:
    current = stack.wired.keyring.keys("api key").current.id

    refused = lodger(stack, "end", "api key", current, *BY)

    assert isinstance(refused.exception, Refused)
    assert "keys list" in str(refused.exception)
