"""GET /v1/audit/events: auditors find what happened by whom and what it concerns, and hash it themselves."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest

from infrastructure.bootstrap import wire_notary
from tests.api.people import book, host, listing, pay, register
from tests.api.stack import Client, Stack, json_of, running
from tests.api_keys.keys import KEYS, machine, make
from tests.permissions.cast import person


@pytest.fixture(scope="module")
def stack(shared_database_url: str) -> Iterator[Stack]:
    with running(shared_database_url) as stack:
        yield stack


@pytest.fixture(scope="module")
def auditor(stack: Stack) -> Client:
    return person(stack, "auditor")


@pytest.fixture(scope="module")
def paid(stack: Stack) -> dict[str, str]:
    """A booking that was paid for: everybody's ids, among other people's."""
    ada, grace = host(stack), register(stack, "guest")
    listed = listing(ada)
    listing(host(stack))
    booking = book(grace, listed)
    payment = pay(grace, booking)
    stack.run_workers()
    return {"host": ada.id, "guest": grace.id, "property": listed, "booking": booking, "payment": payment}


def ask(client: Client, query: str = "", status: int = 200) -> dict[str, Any]:
    answer = client.get(f"/v1/audit/events?{query}")
    assert answer.status_code == status, answer.text
    return json_of(answer)


def told(client: Client, query: str) -> list[str]:
    """The types of events, as they happened."""
    return [event["type"] for event in ask(client, f"{query}&order=oldest&limit=100")["events"]]


def test_one_booking_is_found_with_its_payment_in_the_logs_order(auditor: Client, paid: dict[str, str]) -> None:
    whole = [
        *("BookingHeld", "PaymentStarted", "PaymentActionRequired", "PaymentAuthorized", "PaymentCaptureStarted"),
        *("PaymentCaptured", "BookingConfirmed"),
    ]
    found = ask(auditor, f"booking={paid['booking']}&order=oldest")
    types = [event["type"] for event in found["events"]]
    assert sorted(types[:7]) == sorted(whole)
    assert types[0] == "BookingHeld"
    assert {event["kind"] for event in found["events"]} >= {"booking", "payment"}
    assert {event["booking"] for event in found["events"]} == {paid["booking"]}
    assert {event["stream"] for event in found["events"]} >= {paid["booking"], paid["payment"]}
    assert found["position"] >= max(event["position"] for event in found["events"])
    newest = ask(auditor, f"booking={paid['booking']}")["events"]
    assert newest == found["events"][::-1]


def test_each_filter_finds_its_own(auditor: Client, paid: dict[str, str]) -> None:
    assert told(auditor, f"payment={paid['payment']}&type=BookingConfirmed") == ["BookingConfirmed"]
    assert told(auditor, f"stream={paid['booking']}") == ["BookingHeld", "BookingConfirmed"]
    assert told(auditor, f"stream={paid['guest']}") == ["UserRegistered", "UserEmailVerified"]
    assert told(auditor, f"user={paid['guest']}&type=UserRegistered") == ["UserRegistered"]
    assert "PropertyPublished" in told(auditor, f"user={paid['host']}")
    assert "PropertyPublished" not in told(auditor, f"user={paid['guest']}")
    by_guest = f"actor={paid['guest']}&booking={paid['booking']}&actor_kind="
    assert told(auditor, f"{by_guest}user") == ["BookingHeld", "PaymentStarted", "PaymentActionRequired"]
    assert told(auditor, f"{by_guest}operator") == []


def test_times_and_positions_are_half_open(auditor: Client, paid: dict[str, str]) -> None:
    held, *others = ask(auditor, f"booking={paid['booking']}&order=oldest")["events"]
    then, last = quote(held["recorded_at"]), others[-1]["position"]
    assert told(auditor, f"booking={paid['booking']}&to={then}") == []
    assert told(auditor, f"booking={paid['booking']}&from={then}")[0] == "BookingHeld"
    assert len(told(auditor, f"booking={paid['booking']}&after={held['position']}&before={last}")) == len(others) - 1
    assert told(auditor, "to=2001-01-01T00:00:00Z") == []
    assert told(auditor, f"after={10**11}") == []


def test_pages_make_up_the_whole(auditor: Client, paid: dict[str, str]) -> None:
    query, seen, cursor = f"user={paid['host']}", list[int](), ""
    while True:
        page = ask(auditor, f"{query}&limit=3{cursor}")
        seen += [event["position"] for event in page["events"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [event["position"] for event in ask(auditor, f"{query}&limit=100")["events"]]
    assert len(seen) > 6


def test_what_cannot_be_asked_is_refused(auditor: Client, paid: dict[str, str]) -> None:
    other = ask(auditor, f"user={paid['host']}&limit=1")["next_cursor"]
    reversed_times = "from=2031-06-02T00:00:00Z&to=2031-06-01T00:00:00Z"
    for query, status, code in (
        (reversed_times, 422, "range-reversed"),
        ("after=9&before=3", 422, "range-reversed"),
        ("type=BookingTeleported", 422, "validation-failed"),
        ("booking=1", 422, "validation-failed"),
        ("from=yesterday", 422, "validation-failed"),
        ("after=-1", 422, "validation-failed"),
        ("colour=red", 422, "validation-failed"),
        (f"user={paid['guest']}&cursor={other}", 422, "cursor-invalid"),
    ):
        assert ask(auditor, query, status)["type"] == f"/problems/{code}", query


def test_an_event_shows_what_is_hashed_and_hashes_to_its_leaf(
    stack: Stack, auditor: Client, paid: dict[str, str]
) -> None:
    wire_notary(stack.wired.settings).sign(stack.wired.log.safe_position())
    (found,) = ask(auditor, f"type=PropertyDetailsChanged&stream={paid['property']}&limit=1")["events"]
    event = json_of(auditor.get(f"/v1/audit/events/{found['position']}"))
    record = event.pop("record")

    leaf = b"".join(len(text).to_bytes(4, "big") + text for text in (str(value).encode() for value in record.values()))
    hashed = b64encode(sha256(b"\0" + leaf).digest()).decode()
    assert hashed == event.pop("leaf_hash")
    proof = json_of(stack.anybody().get(f"/v1/log/proofs/{found['position']}"))
    assert proof["leaf_hash"] == hashed
    assert len(b64decode(hashed)) == 32

    assert event == found
    assert list(record)[:3] == ["position", "partition_key", "stream_id"]
    assert len(record) == 9


def test_what_people_wrote_stays_sealed(auditor: Client, paid: dict[str, str]) -> None:
    (found,) = ask(auditor, f"type=PropertyDetailsChanged&stream={paid['property']}")["events"]
    assert found["sealed"] == ["details.title", "details.description", "details.amenities"]
    assert found["data"]["details"]["title"] == ""
    assert "Cabin" not in auditor.get(f"/v1/audit/events/{found['position']}").text


def test_positions_without_an_event_are_not_found(stack: Stack, auditor: Client) -> None:
    stack.count("SELECT nextval('events_position_seq')")
    hole = stack.wired.log.safe_position()
    for position in (0, hole, 10**11):
        answer = auditor.get(f"/v1/audit/events/{position}")
        assert (answer.status_code, json_of(answer)["type"]) == (404, "/problems/event-not-found")
    assert auditor.get(f"/v1/audit/events/{10**30}").status_code == 404


def test_a_key_for_audits_is_given_by_auditors_only_and_lets_in(stack: Stack, auditor: Client) -> None:
    assert machine(auditor, make(auditor, "audit:read")["key"]).get("/v1/audit/events").status_code == 200
    assert machine(auditor, make(auditor, "bookings:read")["key"]).get("/v1/audit/events").status_code == 403
    refused = register(stack).post(KEYS, {"name": "mine", "scopes": ["audit:read"]})
    assert (refused.status_code, json_of(refused)["type"]) == (403, "/problems/role-missing")


def test_what_somebody_altered_or_removed_is_named(
    stack: Stack, auditor: Client, paid: dict[str, str], postgres_owner: Callable[[str], None]
) -> None:
    query = f"booking={paid['booking']}&type=BookingHeld"
    (held,) = ask(auditor, query)["events"]
    place, row = held["position"], f"WHERE position = {held['position']}"

    postgres_owner(f"UPDATE events SET data = '[' || data {row}")
    broken = ask(auditor, query, 409)
    assert (broken["type"], broken["position"]) == ("/problems/history-broken", place)
    assert auditor.get(f"/v1/audit/events/{place}").status_code == 409

    postgres_owner(f"DELETE FROM events {row}")
    found = ask(auditor, query)
    assert (found["events"], found["missing"]) == ([], [place])
    for path in (f"streams/{paid['booking']}", f"bookings/{paid['booking']}/timeline"):
        answer = auditor.get(f"/v1/audit/{path}")
        assert (answer.status_code, json_of(answer)["type"]) == (409, "/problems/history-broken"), path
    assert auditor.get(f"/v1/audit/events/{place}").status_code == 404


@pytest.fixture
def postgres_owner(stack: Stack) -> Iterator[Callable[[str], None]]:
    """Somebody who owns the database and may do anything; what they did to the log is undone."""

    def run(statement: str) -> None:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                f"ALTER TABLE events DISABLE TRIGGER USER; {statement}; ALTER TABLE events ENABLE TRIGGER USER"
            )
            cursor.execute("ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only")

    connection = psycopg2.connect(stack.wired.settings.database_url)
    run("CREATE TEMPORARY TABLE kept AS TABLE events")
    yield run
    run("DELETE FROM events; INSERT INTO events SELECT * FROM kept")
    connection.close()
