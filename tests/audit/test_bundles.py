"""GET /v1/audit/bundle: auditors take the log along, and verify it elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from infrastructure.bootstrap import wire_auditor, wire_notary
from infrastructure.proofs import bundle
from infrastructure.proofs.bundle_check import main
from tests.api.people import host, listing
from tests.api.stack import Client, Stack, json_of, running
from tests.permissions.cast import person


@pytest.fixture(scope="module")
def stack(shared_database_url: str) -> Iterator[Stack]:
    """A log of which all but the last listing is signed."""
    with running(shared_database_url) as stack:
        ada = host(stack)
        listing(ada)
        listing(ada)
        wire_notary(stack.wired.settings).sign(stack.wired.log.safe_position())
        listing(ada)
        stack.run_workers()
        yield stack


@pytest.fixture(scope="module")
def auditor(stack: Stack) -> Client:
    found = person(stack, "auditor")
    stack.run_workers()
    return found


@pytest.fixture(scope="module")
def newest(stack: Stack) -> int:
    return stack.count("SELECT max(position) FROM log_checkpoints")


def ask(client: Client, query: str = "") -> TestResponse:
    return client.get(f"/v1/audit/bundle?{query}")


def exported(stack: Stack, path: Path, first: int, last: int | None) -> bytes:
    database = wire_auditor(stack.wired.settings).database
    bundle.write(database, path, first, last, lambda _done, _whole: None)
    database.close()
    return path.read_bytes()


def recorded(stack: Stack, position: int) -> str:
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT recorded_at FROM events WHERE position = %s", [position])
        ((moment,),) = cursor.fetchall()
    return quote(moment.isoformat())


def test_it_is_the_file_that_the_command_writes(stack: Stack, auditor: Client, newest: int, tmp_path: Path) -> None:
    whole, part = ask(auditor), ask(auditor, "from=3&to=7")

    assert whole.status_code == part.status_code == 200, whole.text
    assert whole.data == exported(stack, tmp_path / "whole.zip", 1, None)
    assert part.data == exported(stack, tmp_path / "part.zip", 3, 7)
    assert main([str(tmp_path / "whole.zip")]) == main([str(tmp_path / "part.zip")]) == 0
    assert whole.mimetype == "application/zip"
    assert whole.headers["Content-Disposition"] == f'attachment; filename="log-1-{newest}.zip"'
    assert int(whole.headers["Content-Length"]) == len(whole.data)
    assert whole.headers["Cache-Control"] == "no-store"


def test_instants_are_where_the_log_was_then(stack: Stack, auditor: Client, tmp_path: Path) -> None:
    """Positions rise with the clock here, so that each is found by its own time."""
    by_time = ask(auditor, f"from={recorded(stack, 3)}&to={recorded(stack, 7)}")

    assert by_time.data == exported(stack, tmp_path / "part.zip", 3, 7)


def test_that_somebody_took_it_is_kept(stack: Stack, auditor: Client) -> None:
    ask(auditor, "from=2&to=4")

    newest, *_ = json_of(auditor.get("/v1/audit/reads"))["reads"][1:]
    assert newest["request"] == "GET /v1/audit/bundle?from=2&to=4"
    assert newest["reader"] == auditor.id


def test_more_than_is_made_at_once_is_for_the_command_line(
    auditor: Client, newest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.resources.audit_bundles.EVENTS_MOST", 3)

    refused = ask(auditor)

    assert (refused.status_code, json_of(refused)["type"]) == (422, "/problems/bundle-too-large")
    assert f"./run lodger export audit log.zip --from 1 --to {newest}" in json_of(refused)["detail"]
    assert json_of(refused)["maximum"] == 3
    assert ask(auditor, "from=3&to=5").status_code == 200


def test_what_cannot_be_taken_is_refused(auditor: Client, newest: int) -> None:
    for query, status, code in (
        ("from=7&to=3", 422, "range-reversed"),
        (f"from={newest + 1}", 404, "not-covered-yet"),
        (f"to={newest + 1}", 404, "not-covered-yet"),
        ("to=999999999999", 422, "beyond-log"),
        ("from=2999-01-01T00:00:00Z", 422, "validation-failed"),
        ("from=2100-01-01T00:00:00Z", 422, "beyond-log"),
        ("to=2001-01-01T00:00:00Z", 422, "before-first-event"),
        ("from=0", 422, "validation-failed"),
        ("from=-1", 422, "validation-failed"),
        ("from=yesterday", 422, "validation-failed"),
        ("at=3", 422, "validation-failed"),
    ):
        answer = ask(auditor, query)
        assert (answer.status_code, json_of(answer)["type"]) == (status, f"/problems/{code}"), query
