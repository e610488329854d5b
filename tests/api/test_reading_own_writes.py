"""A list that is sent the position of a command shows that command, or says why it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Timer
from time import monotonic
from uuid import UUID

import pytest

from domain.events import Event
from domain.properties import PropertyPricingChanged
from infrastructure.workers.parking import replay
from infrastructure.workers.projector import Projector
from projections.listings import LISTINGS
from projections.projection import Cursor
from tests.api.people import book, draft, host, listing, register
from tests.api.stack import Stack, json_of


def test_a_list_waits_for_the_position_it_is_sent(stack: Stack) -> None:
    ada = host(stack)
    created = ada.post("/v1/properties", {"title": "Just now"})
    position = created.headers["Lodger-Position"]
    workers = Timer(0.3, stack.run_workers)
    workers.start()

    listed = ada.get("/v1/users/me/properties", Lodger_Position=position)

    workers.join()

    assert [each["title"] for each in json_of(listed)["properties"]] == ["Just now"]


def test_without_workers_a_list_that_is_sent_a_position_says_after_two_seconds_why_not(stack: Stack) -> None:
    ada = host(stack)
    stack.run_workers()
    position = ada.post("/v1/properties", {"title": "Just now"}).headers["Lodger-Position"]

    began = monotonic()
    answer = ada.get("/v1/users/me/properties", Lodger_Position=position)

    assert 1.9 < monotonic() - began < 4
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert json_of(answer)["type"] == "/problems/read-model-behind"
    assert position in json_of(answer)["detail"]
    # and without the header it answers what it knows
    assert ada.get("/v1/users/me/properties").status_code == 200


def test_a_list_without_what_was_just_done_says_so_while_that_is_parked_and_others_read_on(stack: Stack) -> None:
    def fail(cursor: Cursor, events: Sequence[Event]) -> None:
        if any(
            isinstance(e.fact, PropertyPricingChanged) and e.stream_id == UUID(stuck) and e.version > 5 for e in events
        ):
            raise ZeroDivisionError
        LISTINGS.apply(cursor, events)

    ada = host(stack)
    stuck, fine = listing(ada), listing(ada)
    priced = dict[str, str]()
    for each in (stuck, fine):
        etag = ada.get(f"/v1/properties/{each}").headers["ETag"]
        changed = ada.patch(f"/v1/properties/{each}", {"pricing": {"weekly_discount_percent": 9}}, If_Match=etag)
        priced[each] = changed.headers["Lodger-Position"]
    Projector(stack.wired.projecting, stack.wired.log, [replace(LISTINGS, apply=fail)]).run()

    answer = ada.get("/v1/users/me/properties", Lodger_Position=priced[stuck])
    assert (answer.status_code, json_of(answer)["type"]) == (503, "/problems/projection-parked")
    assert answer.headers["Retry-After"] == "1"
    assert ada.get("/v1/users/me/properties", Lodger_Position=priced[fine]).status_code == 200
    assert ada.get("/v1/users/me/properties").status_code == 200

    replay(stack.wired.projecting, stack.wired.log, LISTINGS)
    assert ada.get("/v1/users/me/properties", Lodger_Position=priced[stuck]).status_code == 200


def test_a_single_thing_is_fresh_without_workers(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    property_id = listing(ada)
    booking_id = book(bob, property_id)

    assert json_of(bob.get(f"/v1/bookings/{booking_id}"))["status"] == "pending"
    assert json_of(bob.get(f"/v1/properties/{property_id}"))["status"] == "published"
    draft_id = draft(ada)
    assert bob.get(f"/v1/properties/{draft_id}").status_code == 404


@pytest.mark.parametrize("position", ["-1", "1.5", "x", "9" * 19, "1 2"])
def test_what_is_no_position_is_refused(shared: Stack, position: str) -> None:
    answer = shared.anybody().get("/v1/properties", Lodger_Position=position)
    assert (answer.status_code, json_of(answer)["type"]) == (400, "/problems/position-malformed")
