"""Carrying it out: at whatever point it is stopped it goes on, and what slipped in between is seen to."""

from __future__ import annotations

from uuid import UUID

import pytest

from application import erasure, messages
from application.calls import Call
from application.payout_ports import Destination
from application.streams import BOOKING
from application.webhook_ports import WebhookEndpoint
from domain.bookings import Cancelled
from domain.events import Actor
from domain.payments import attempt_ids
from infrastructure.erasure.personal_data import PersonalDataTables
from infrastructure.event_store.person_keys import PersonKeys
from infrastructure.workers.erasures import forget_people
from tests.api.people import PASSWORD, book, host, listing, pay, register
from tests.api.stack import Client, Stack
from tests.erasure.canaries import MARK, found_in_dump
from tests.erasure.forgetting import erase, settle, sweep_again


def marked_host(stack: Stack) -> Client:
    """A host whose name, listings and calendars are canaries."""
    ada = host(stack)
    ada.patch("/v1/users/me", {"name": MARK, "bio": MARK}, If_Match=ada.get("/v1/users/me").headers["ETag"])
    for _ in range(2):
        property_id = listing(ada, title=MARK)
        link = {"name": MARK, "url": f"https://{MARK}.example/1.ics"}
        assert ada.post(f"/v1/properties/{property_id}/calendar-feeds", link).status_code == 201
    stack.run_workers()
    return ada


@pytest.mark.parametrize(
    ("where", "what"),
    [
        (PersonKeys, "forget"),
        (PersonalDataTables, "traces"),
        (erasure, "_forget_property"),
        (erasure, "_named"),
        (PersonalDataTables, "scrub"),
    ],
)
def test_a_sweep_that_dies_anywhere_is_done_again(
    stack: Stack, where: object, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = marked_host(stack)
    assert ada.json("DELETE", "/v1/users/me", {"password": PASSWORD}).status_code == 202
    stack.run_workers()
    with monkeypatch.context() as broken:

        def dies(*_: object) -> None:
            raise RuntimeError("killed")

        broken.setattr(where, what, dies)
        forget_people(stack.wired.lodger)
    stack.run_workers()
    assert stack.count("SELECT sweeps FROM erasures") == 0
    sweep_again(stack)
    assert stack.count("SELECT sweeps FROM erasures") == 1
    assert found_in_dump(stack.wired.settings.database_url) == []


def test_the_follow_up_is_not_begun_twice_when_its_reaction_is_repeated(stack: Stack) -> None:
    bob = register(stack)
    erase(bob)
    stack.wired.lodger.erasures.begin(UUID(bob.id))
    assert stack.count("SELECT sweeps FROM erasures") == 1


def test_a_booking_made_in_the_very_moment_is_cancelled_and_paid_back(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing seemed in the way when it was looked; a moment later there was a booking."""
    ada, bob = host(stack), register(stack)
    property_id = listing(ada)
    stack.run_workers()
    monkeypatch.setattr(erasure, "_obstacles", lambda *_: iter(()))
    booking = book(bob, property_id)
    pay(bob, booking)
    stack.run_workers()
    assert ada.json("DELETE", "/v1/users/me", {"password": PASSWORD}).status_code == 202
    stack.run_workers()
    forget_people(stack.wired.lodger)  # cancels it; what followed is not shown yet
    sweep_again(stack)
    settle(stack)
    state = stack.wired.lodger.load(BOOKING, UUID(booking)).state
    assert isinstance(state, Cancelled)
    assert (state.by, state.refund.total.decimal()) == ("platform", "336.00")
    kept = "SELECT coalesce((SELECT sum(minor) FROM sandbox_charges WHERE status = 'captured'), 0)"
    assert stack.count(f"{kept} - coalesce((SELECT sum(minor) FROM sandbox_refunds), 0)") == 0


def test_what_requests_under_way_write_after_a_sweep_goes_with_the_next(stack: Stack) -> None:
    """They were let in while the token was good; nothing asks once more who they are."""
    ada, bob = host(stack), register(stack)
    booking = UUID(book(bob, listing(ada)))
    assert bob.post(f"/v1/bookings/{booking}/cancel").status_code == 200
    settle(stack)
    erase(bob)
    lodger, user_id = stack.wired.lodger, UUID(bob.id)
    call = Call(Actor("user", bob.id), stack.now(), lodger.new_id(), lodger.new_id())
    messages.send(lodger, call, booking, user_id, MARK)
    lodger.payees.choose(user_id, Destination("mobile_money", "sandbox", MARK))
    lodger.payers.remember(attempt_ids(booking)[0], MARK)
    endpoint = WebhookEndpoint(lodger.new_id(), user_id, f"https://{MARK}.example", (), True, 1, stack.now())
    lodger.webhooks.add(endpoint, "whsec_1")
    assert len(found_in_dump(stack.wired.settings.database_url)) == 4
    sweep_again(stack)
    assert found_in_dump(stack.wired.settings.database_url) == []


def test_nobody_gets_a_key_again(stack: Stack) -> None:
    bob = register(stack)
    erase(bob)
    keys = PersonKeys(stack.wired.database, stack.wired.keyring.sealer("person key"))
    assert keys.make(UUID(bob.id)) is None
