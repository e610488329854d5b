"""`lodger audit history`, `stream` and `events`: what the API tells auditors, in a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result

from infrastructure.cli.audit import command
from infrastructure.refusals import Refused
from infrastructure.settings import to_environment
from infrastructure.workers.projector import Projector
from projections.catalogue import running
from tests.support.world import World, settings_for

Lodger = Callable[..., Result]

# Three nights at 100.00 and a fee of 12%: 336.00 came in.


@dataclass(frozen=True)
class Told:
    world: World
    url: str
    booking_id: UUID


@pytest.fixture(scope="module")
def told(shared_database_url: str) -> Iterator[Told]:
    """A booking that was paid for, and everything indexed."""
    world = World(shared_database_url)
    booking_id = world.confirmed(world.listing())
    Projector(world.wired.projecting, world.log, running(audit=False)).run()
    yield Told(world, shared_database_url, booking_id)
    world.close()


@pytest.fixture
def lodger(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lodger:
    for name, value in to_environment(settings_for(told.url, data=str(tmp_path))).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(command, list(map(str, arguments)))
        if result.exception is not None and not isinstance(result.exception, SystemExit | Refused):
            raise result.exception
        return result

    return run


def lines(result: Result) -> list[Any]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_bookings_history_is_a_table_of_what_changed_and_of_the_money(told: Told, lodger: Lodger) -> None:
    shown = lodger("history", told.booking_id)
    assert shown.exit_code == 0, shown.output
    captured = shown.output.index("PaymentCaptured")
    assert "/stage: capture_started → captured" in shown.output[captured:]
    assert "in 336.00 USD" in shown.output[captured:]
    assert "/is: Held → Confirmed" in shown.output
    assert "host_payable -291.00 USD" in shown.output
    assert f"The booking {told.booking_id} as of position" in shown.output


def test_the_same_as_json_is_what_the_api_says(told: Told, lodger: Lodger) -> None:
    events = lines(lodger("history", told.booking_id, "--json"))
    assert [event["type"] for event in events] == [
        *("BookingHeld", "PaymentStarted", "PaymentActionRequired", "PaymentAuthorized", "PaymentCaptureStarted"),
        *("PaymentCaptured", "BookingConfirmed", "HostEarningRecorded"),
    ]
    captured = events[5]
    assert [captured["direction"], captured["amount"]] == ["in", {"minor": 33600, "currency": "USD"}]
    assert captured["changes"] == [{"path": "/stage", "before": "capture_started", "after": "captured"}]


def test_as_of_an_earlier_moment_there_is_less_of_it(told: Told, lodger: Lodger) -> None:
    events = lines(lodger("history", told.booking_id, "--json"))
    until = events[3]
    for at in (f"position:{until['position']}", until["recorded_at"]):
        assert lines(lodger("history", told.booking_id, "--json", "--at", at)) == events[:4]


def test_a_stream_is_told_with_its_state_at_a_version(told: Told, lodger: Lodger) -> None:
    held, state = lines(lodger("stream", told.booking_id, "--at", "version:1", "--json"))
    assert [held["type"], state["version"], state["state"]["is"]] == ["BookingHeld", 1, "Held"]
    shown = lodger("stream", told.booking_id)
    assert "/is: Held → Confirmed" in shown.output
    assert "The booking at version 2" in shown.output
    assert "/made/quote/total" in shown.output.rpartition("The booking at")[2]


def test_events_are_found_by_what_they_concern(told: Told, lodger: Lodger) -> None:
    found = lines(lodger("events", "--booking", told.booking_id, "--type", "BookingConfirmed", "--json"))
    assert [(event["kind"], event["booking"]) for event in found] == [("booking", str(told.booking_id))]
    shown = lodger("events", "--user", told.world.host, "--order", "oldest", "--limit", 1)
    assert "UserRegistered" in shown.output
    assert "There are more" in shown.output
    assert lines(lodger("events", "--to", "2001-01-01", "--json")) == []


def test_what_people_wrote_is_sealed_in_a_terminal_too(told: Told, lodger: Lodger) -> None:
    shown = lodger("events", "--type", "PropertyDetailsChanged")
    assert "details.title: sealed" in shown.output
    assert "A room" not in shown.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["history", uuid4()], "There is no such booking. A booking's id is in its address"),
        (["stream", uuid4()], "The log has no stream of this id."),
        (["history", "{booking}", "--at", "2001-01-01"], "nothing had happened"),
        (["history", "{booking}", "--at", "position:999999999"], "The log has not come so far. position"),
        (["stream", "{booking}", "--at", "version:9"], "The stream has not come so far. (version 2)"),
        (["history", "{booking}", "--at", "version:1"], "is not a moment like"),
        (["history", "42"], "not a valid UUID"),
        (["events", "--from", "2026-02-01", "--to", "2026-01-01"], "ends before it begins"),
        (["events", "--from", "position:3"], "--after and --before"),
    ],
)
def test_what_there_is_not_is_refused(told: Told, lodger: Lodger, arguments: list[object], said: str) -> None:
    result = lodger(*(str(each).format(booking=told.booking_id) for each in arguments))
    assert result.exit_code != 0
    assert said in f"{result.exception} {result.output}"
