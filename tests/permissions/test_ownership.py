"""Others' things: not reached below one's own, by their keys and cursors, nor shown by the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.api.people import book, listing, pay
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of
from tests.permissions.cast import hosting, person
from tests.permissions.world import PICTURE, World
from tests.webhooks.post import carry, deliveries, hook


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, json_of(answer)["type"].removeprefix("/problems/")


# --- below one's own ----------------------------------------------------------------------------------------------


def test_what_is_of_another_property_is_not_there_below_ones_own(world: World, stack: Stack) -> None:
    mallory = hosting(person(stack))
    mine = f"/v1/properties/{listing(mallory)}"
    _, block_id = world.block()
    theirs = world.feed()
    before = stack.count_events()

    tried = [
        mallory.delete(f"{mine}/blocks?id={block_id}"),
        mallory.delete(f"{mine}/calendar-feeds/{theirs['feed_id']}"),
        mallory.post(f"{mine}/calendar-feeds/{theirs['feed_id']}/sync"),
        mallory.post(f"{mine}/calendar-conflicts/{theirs['conflict_id']}/dismiss"),
    ]
    assert [code(answer) for answer in tried] == [
        (404, "block-not-found"),
        (404, "feed-not-found"),
        (404, "feed-not-found"),
        (404, "conflict-not-found"),
    ]
    assert stack.count_events() == before


def test_a_photo_of_another_property_is_neither_shown_nor_deleted_by_ones_own(world: World, stack: Stack) -> None:
    mallory = hosting(person(stack))
    photo_id = world.photo()
    mine = f"/v1/properties/{listing(mallory)}"
    seen = mallory.get(mine).headers["ETag"]

    refused = mallory.json("PUT", f"{mine}/photos", {"photos": [photo_id]}, If_Match=seen)

    assert refused.status_code in (404, 422)
    uploaded = mallory.raw("POST", f"{mine}/photos", PICTURE, "image/jpeg")
    (own,) = json_of(uploaded)["photos"]
    assert own["id"] != photo_id, "the same file, and still not the same photo"
    emptied = mallory.json("PUT", f"{mine}/photos", {"photos": []}, If_Match=uploaded.headers["ETag"])
    assert emptied.status_code == 200
    assert stack.anybody().get(f"/v1/photos/{photo_id}/full.jpg").status_code == 200


def test_a_delivery_to_another_endpoint_is_not_there_below_ones_own(world: World, stack: Stack) -> None:
    theirs = world.delivery()
    mallory = person(stack)
    mine = hook(mallory, "https://93.184.216.34/mine")["id"]
    tried = mallory.post(f"/v1/webhook-endpoints/{mine}/deliveries/{theirs['delivery_id']}/replay")
    assert code(tried) == (404, "webhook-delivery-not-found")


def test_no_webhook_tells_of_others_bookings(world: World, stack: Stack) -> None:
    mallory = person(stack)
    endpoint = hook(mallory, "http://127.0.0.1:1/mallory")
    world.confirmed()
    carry(stack)
    assert deliveries(mallory, endpoint) == []
    assert json_of(mallory.get("/v1/changes"))["changes"] == []


# --- by cursors, keys and positions -------------------------------------------------------------------------------

LISTS: list[tuple[str, Callable[[World], str]]] = [
    ("guest", lambda _: "/v1/bookings?as=guest&limit=1"),
    ("guest", lambda _: "/v1/notifications?limit=1"),
    ("host", lambda _: "/v1/users/me/properties?limit=1"),
    ("host", lambda _: "/v1/me/statement?limit=1"),
    ("host", lambda _: "/v1/me/earnings?limit=1"),
]


@pytest.mark.parametrize(("owner", "path"), LISTS)
def test_the_cursor_of_somebody_elses_list_is_of_another_query(
    world: World, owner: str, path: Callable[[World], str]
) -> None:
    for _ in range(2):
        world.confirmed()
    world.property()
    world.stack.run_workers()
    asked = path(world)
    cursor = json_of(world.cast[owner].get(asked))["next_cursor"]
    assert cursor, "there is a second page"
    assert world.cast[owner].get(f"{asked}&cursor={cursor}").status_code == 200
    assert code(world.cast[f"other {owner}"].get(f"{asked}&cursor={cursor}")) == (422, "cursor-invalid")


def test_where_somebody_else_is_in_their_changes_is_no_place_in_ones_own(world: World) -> None:
    world.confirmed()
    world.stack.run_workers()
    place = json_of(world.cast["guest"].get("/v1/changes?limit=1"))["next"]
    assert code(world.cast["other guest"].get(f"/v1/changes?after={place}")) == (422, "cursor-invalid")
    endpoint = hook(world.cast["other guest"], f"https://93.184.216.34/{uuid4()}")["id"]
    replayed = world.cast["other guest"].wish(f"/v1/webhook-endpoints/{endpoint}/replay", {"after": place})
    assert code(replayed) == (422, "cursor-invalid")


def test_a_page_of_messages_and_of_a_booking_s_statement_is_of_who_asked(world: World) -> None:
    booking_id = world.confirmed()
    guest, host = world.cast["guest"], world.cast["host"]
    for text in ("One.", "Two."):
        guest.wish(f"/v1/bookings/{booking_id}/messages", {"text": text})
    for path in (f"/v1/bookings/{booking_id}/messages?limit=1", f"/v1/bookings/{booking_id}/statement?limit=1"):
        cursor = json_of(guest.get(path))["next_cursor"]
        assert cursor, path
        assert code(host.get(f"{path}&cursor={cursor}")) == (422, "cursor-invalid")
        assert world.cast["other guest"].get(f"{path}&cursor={cursor}").status_code in (404, 422)


def test_an_idempotency_key_gives_nobody_the_answer_that_somebody_else_got(world: World, stack: Stack) -> None:
    check_in, check_out = world.nights()
    body = {"property": world.cottage, "check_in": check_in, "check_out": check_out, "guests": 2}
    first = world.cast["guest"].wish("/v1/bookings", body, "the-same-key")
    assert first.status_code == 201
    assert code(world.cast["other guest"].wish("/v1/bookings", body, "the-same-key")) == (409, "nights-taken")
    cancel = f"/v1/bookings/{json_of(first)['id']}/cancel"
    assert world.cast["guest"].wish(cancel, {}, "another").status_code == 200
    assert world.cast["other guest"].wish(cancel, {}, "another").status_code == 404
    assert Client(stack, OPERATOR_TOKEN).wish(cancel, {}, "another").status_code == 401


def test_a_key_that_may_not_do_it_does_not_get_the_answer_that_its_user_got(world: World) -> None:
    """The key of a user shares the user's idempotency keys, and is asked for its scope first."""
    body = {"name": "a machine", "scopes": ["bookings:read"]}
    guest, machine = world.cast["guest"], world.cast["guest's key"]
    assert guest.post("/v1/api-keys", body, Idempotency_Key="a-key").status_code == 201
    assert code(machine.post("/v1/api-keys", body, Idempotency_Key="a-key")) == (403, "scope-missing")


def test_the_position_of_somebody_elses_command_shows_nobody_else_what_it_did(world: World) -> None:
    check_in, check_out = world.nights()
    body = {"property": world.cottage, "check_in": check_in, "check_out": check_out, "guests": 2}
    position = world.cast["guest"].wish("/v1/bookings", body).headers["Lodger-Position"]
    world.stack.run_workers()
    shown = person(world.stack).get("/v1/bookings?as=guest", Lodger_Position=position)
    assert json_of(shown)["bookings"] == []


def test_a_filter_reaches_no_bookings_of_others(world: World) -> None:
    world.confirmed()
    world.stack.run_workers()
    mallory = hosting(person(world.stack))
    for side in ("host", "guest"):
        shown = mallory.get(f"/v1/bookings?as={side}&property={world.cottage}")
        assert json_of(shown)["bookings"] == []


def test_a_quote_is_a_price_and_nobody_s_and_books_nothing_else(world: World) -> None:
    check_in, check_out = world.nights()
    stay = {"property": world.cottage, "check_in": check_in, "check_out": check_out, "guests": 2}
    quote = json_of(world.cast["guest"].post("/v1/quotes", stay))["quote"]
    elsewhere = {**stay, "property": world.property(), "quote": quote}
    assert code(world.cast["other guest"].wish("/v1/bookings", elsewhere)) == (422, "quote-mismatch")
    booked = world.cast["other guest"].wish("/v1/bookings", {**stay, "quote": quote})
    assert json_of(booked)["guest"] == world.cast["other guest"].id


# --- by the way ---------------------------------------------------------------------------------------------------


def test_where_to_pay_is_for_the_guest_alone(world: World) -> None:
    guest, host, booking_id = world.cast["guest"], world.cast["host"], world.booking()
    started = json_of(guest.wish(f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"}))
    page = started["next_action"]["url"]
    payment = f"/v1/payments/{started['id']}"
    pages = [payment, f"/v1/bookings/{booking_id}/payments", f"/v1/bookings/{booking_id}/history"]
    assert all(page in guest.get(path).text for path in pages)
    staff = [world.cast[role].get(f"/v1/operator{payment.removeprefix('/v1')}") for role in ("auditor", "operator")]
    for shown in [*(host.get(path) for path in pages), *staff]:
        assert shown.status_code == 200
        assert page not in shown.text


def test_an_operator_s_reason_is_for_those_who_work_here(world: World) -> None:
    booking_id, reason = world.confirmed(), "The host of this house is known to the police."
    cancelled = world.cast["operator"].post(f"/v1/operator/bookings/{booking_id}/cancel", {"reason": reason})
    assert cancelled.status_code == 200
    world.stack.run_workers()
    for side in ("guest", "host"):
        for path in ("", "/history", "/messages", "/payments"):
            shown = world.cast[side].get(f"/v1/bookings/{booking_id}{path}")
            assert (shown.status_code, reason in shown.text) == (200, False), path
        assert reason not in world.cast[side].get("/v1/changes").text
        assert reason not in world.cast[side].get("/v1/notifications").text


def test_what_a_guest_writes_to_the_host_is_read_by_nobody_else(world: World) -> None:
    booking_id, text = world.confirmed(), "The key is under the third stone."
    world.cast["guest"].wish(f"/v1/bookings/{booking_id}/messages", {"text": text})
    world.cast["guest"].post(f"/v1/bookings/{booking_id}/cancel", {"reason": "A funeral in the family."})
    world.stack.run_workers()
    for principal, client in world.cast.clients.items():
        if principal not in ("guest", "host", "guest's key"):
            for path in (f"/v1/bookings/{booking_id}/messages", f"/v1/bookings/{booking_id}/history"):
                shown = client.get(path)
                assert shown.status_code in (401, 403, 404), principal
                assert text not in shown.text
                assert "funeral" not in shown.text


def test_a_draft_is_its_host_s_alone(world: World) -> None:
    host = world.cast["host"]
    property_id = json_of(host.post("/v1/properties", {"title": "A secret house"}))["id"]
    world.stack.run_workers()
    for principal, client in world.cast.clients.items():
        for path in (f"/v1/properties/{property_id}", f"/v1/properties/{property_id}/calendar"):
            shown = client.get(path)
            if principal == "host":
                assert shown.status_code == 200
            else:
                assert shown.status_code in (401, 403, 404), principal
                assert "A secret house" not in shown.text
        assert "A secret house" not in client.get("/v1/properties").text
    wanted = dict(zip(("check_in", "check_out"), world.nights(), strict=True)) | {"property": property_id, "guests": 2}
    assert code(world.cast["guest"].post("/v1/quotes", wanted)) == (404, "property-not-found")
    assert code(world.cast["guest"].wish("/v1/bookings", wanted)) == (404, "property-not-found")


def test_the_hosts_calendar_says_to_nobody_else_why_a_night_is_taken(world: World) -> None:
    property_id = world.property()
    nights = dict(zip(("from", "until"), world.nights(), strict=True))
    block_id = json_of(world.cast["host"].post(f"/v1/properties/{property_id}/blocks", nights))["id"]
    calendar = f"/v1/properties/{property_id}/calendar?from={nights['from']}&to={nights['until']}"
    assert block_id in world.cast["host"].get(calendar).text
    for principal in ("anonymous", "guest", "other host", "admin"):
        assert block_id not in world.cast[principal].get(calendar).text


def test_a_published_calendar_says_of_no_stay_whose_it_is(world: World) -> None:
    property_id = world.property()
    booking_id = book(world.cast["guest"], property_id, *world.nights())
    pay(world.cast["guest"], booking_id)
    world.stack.run_workers()
    published = json_of(world.cast["host"].post(f"/v1/properties/{property_id}/calendar-address"))["url"]
    shown = world.stack.anybody().get(published[published.index("/v1/") :])
    guest = world.cast["guest"]
    assert shown.status_code == 200
    assert not any(told in shown.text for told in (guest.id, guest.user["username"], guest.user["name"]))
