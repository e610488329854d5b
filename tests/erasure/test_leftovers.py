"""What is left when somebody was erased: read models that a rebuild makes again, and others' views that still work."""

from __future__ import annotations

from uuid import UUID

import pytest

from application import properties
from application.calls import Call
from application.streams import PROPERTY
from domain.catalogue import FACTS
from domain.events import Actor
from domain.properties import Changes, must_exist
from domain.rejections import Rejected
from infrastructure.event_store.log_reader import LogReader
from infrastructure.event_store.mapper import Mapper
from infrastructure.mail.letters import Letters, Withheld
from infrastructure.workers.rebuild import rebuild
from projections.catalogue import PROJECTIONS
from projections.mailings import Mailing
from tests.api.people import book, draft, follow, host, listing, register
from tests.api.stack import Client, Stack, json_of
from tests.erasure.forgetting import erase, settle, sweep_again
from tests.support.examples import DETAILS
from tests.support.projection_checkers import unlike_rebuilt

REBUILDABLE = [name for name, projection in PROJECTIONS.items() if projection.rebuildable and name != "audit"]


@pytest.fixture(scope="module")
def told(shared: Stack) -> tuple[Stack, Client, Client, str, str]:
    """Ada, who hosted Bob, was erased; Bob, the booking that he cancelled and her property are left."""
    ada, bob = host(shared), register(shared)
    property_id = listing(ada)
    draft(ada, title="Never shown")
    follow(shared, ada, property_id)
    booking = book(bob, property_id)
    assert ada.wish(f"/v1/bookings/{booking}/messages", {"text": "The key is under the mat."}).status_code == 201
    assert bob.wish(f"/v1/bookings/{booking}/messages", {"text": "Thank you."}).status_code == 201
    assert ada.post(f"/v1/bookings/{booking}/cancel", {"reason": "My roof leaks."}).status_code == 200
    settle(shared)
    rebuild(shared.wired.projecting, shared.wired.log, PROJECTIONS["listings"])
    assert copies(shared) == 1
    erase(ada)
    sweep_again(shared)
    return shared, ada, bob, property_id, booking


def copies(stack: Stack) -> int:
    """How many tables of listings a rebuild has replaced and left for the way back."""
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
               WHERE nspname = 'replaced' AND relname = 'listings'"""
        )
        ((count,),) = cursor.fetchall()
        return int(count)


def test_the_copy_that_a_rebuild_kept_is_gone(told: tuple[Stack, Client, Client, str, str]) -> None:
    assert copies(told[0]) == 0


@pytest.mark.parametrize("name", REBUILDABLE)
def test_a_rebuild_makes_the_same_rows(told: tuple[Stack, Client, Client, str, str], name: str) -> None:
    stack = told[0]
    assert unlike_rebuilt(stack.wired.projecting, stack.wired.log, PROJECTIONS[name]) == []


def test_a_reader_without_keys_reads_the_log_too(told: tuple[Stack, Client, Client, str, str]) -> None:
    stack = told[0]
    reader = LogReader(stack.wired.database, Mapper(FACTS))
    assert len(reader.read(0, reader.safe_position(2.0), 10_000)) == stack.count_events()


def test_the_property_is_offered_and_found_no_more(told: tuple[Stack, Client, Client, str, str]) -> None:
    stack, _, bob, property_id, _ = told
    assert bob.get(f"/v1/properties/{property_id}").status_code == 404
    assert json_of(bob.get("/v1/properties?city=Catskill"))["properties"] == []
    state = must_exist(stack.wired.lodger.load(PROPERTY, UUID(property_id)).state)
    assert state.calendars.feeds == {}
    assert state.location is not None
    assert (state.location.address, state.location.city, state.location.latitude_e6) == ("", "", 0)


def test_the_guest_still_has_the_booking_its_history_and_what_he_wrote(
    told: tuple[Stack, Client, Client, str, str],
) -> None:
    _, ada, bob, _, booking = told
    assert json_of(bob.get(f"/v1/bookings/{booking}"))["host"] == ada.id
    assert [each["id"] for each in json_of(bob.get("/v1/bookings?as=guest"))["bookings"]] == [booking]
    (cancelled,) = [
        event
        for event in json_of(bob.get(f"/v1/bookings/{booking}/history"))["events"]
        if event["type"] == "BookingCancelled"
    ]
    assert not cancelled["data"].get("reason")
    texts = [each["text"] for each in json_of(bob.get(f"/v1/bookings/{booking}/messages"))["messages"]]
    assert texts == ["Thank you.", None]
    for path in ("/v1/changes", "/v1/notifications", f"/v1/bookings/{booking}/statement"):
        assert bob.get(path).status_code == 200, path


def test_nobody_writes_to_who_has_left_and_others_are_told_of_somebody_who_left(
    told: tuple[Stack, Client, Client, str, str],
) -> None:
    stack, *_, booking = told
    letters = Letters(stack.wired.lodger, stack.wired.settings)
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_id, recipient, template, stream_id, position FROM mailings WHERE stream_id = %s", [booking]
        )
        mailings = [Mailing(*row) for row in cursor.fetchall()]
    known = letters.about(mailings)
    written = {(each.recipient, each.template): letters.write(each, known) for each in mailings}
    assert isinstance(written["host", "booking_cancelled"], Withheld)
    to_bob = written["guest", "booking_cancelled"]
    assert not isinstance(to_bob, Withheld)
    assert "Cabin by the creek" not in to_bob.as_string()
    told_of = written["guest", "message_received"]
    assert isinstance(told_of, Withheld) or "Somebody who left" in told_of.as_string()


def test_her_words_sent_once_more_in_the_last_second_do_not_come_back(
    told: tuple[Stack, Client, Client, str, str],
) -> None:
    """A request that was under way: its token was good when it began."""
    stack, ada, _, property_id, _ = told
    lodger = stack.wired.lodger
    call = Call(Actor("user", ada.id), stack.now(), lodger.new_id(), lodger.new_id())
    state = must_exist(lodger.load(PROPERTY, UUID(property_id)).state)
    with pytest.raises(Rejected, match="no such property"):
        properties.change(lodger, call, UUID(property_id), UUID(ada.id), state.revision, Changes(details=DETAILS))
