"""Mutations have REST's effects, once for each key, and REST's refusals, as answers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from api.graph.types import payments, properties, reviews
from tests.api.people import CHECK_IN, CHECK_OUT, PROPERTY, book, draft, host, listing, pay, register, wait
from tests.api.stack import Client, Stack, json_of
from tests.api_keys.keys import machine, make
from tests.graph.asking import ask, code, data
from tests.graph.shapes import as_rest, selection
from tests.graph.test_same_as_rest import BOOKING, booking_of, property_of
from tests.graph.test_same_as_rest import PROPERTY as SHOWN

REFUSED = "... on Problem { code type title status detail details errors }"
BOOKED = f"{{ ... on BookingPayload {{ position replayed booking {BOOKING} }} {REFUSED} }}"
OFFERED = f"{{ ... on PropertyPayload {{ position replayed property {SHOWN} }} {REFUSED} }}"
REQUEST = (
    "mutation ($i: RequestBookingInput!, $k: String!)"
    f" {{ done: requestBooking(input: $i, idempotencyKey: $k) {BOOKED} }}"
)
PAYMENT = selection(payments.Payment)
NEW = {
    "title": "Cabin by the creek",
    "description": "Two rooms under old oaks.",
    "propertyType": "cabin",
    "roomType": "entire_place",
    "guests": 4,
    "bedrooms": 2,
    "beds": 3,
    "bathrooms": 1.5,
    "amenities": ["wifi", "fire_pit"],
    "location": PROPERTY["location"],
    "pricePerNight": {"amount": "100.00", "currency": "USD"},
}


def done(client: Client, query: str, **variables: Any) -> dict[str, Any]:
    answer: dict[str, Any] = data(client, query, **variables)["done"]
    return answer


def stay(property_id: str, check_in: str = CHECK_IN, check_out: str = CHECK_OUT) -> dict[str, Any]:
    return {"property": property_id, "checkIn": check_in, "checkOut": check_out, "guests": 2}


@pytest.fixture(scope="module")
def home(shared: Stack) -> tuple[Client, Client, str]:
    ada, bob = host(shared), register(shared, "bob")
    return ada, bob, listing(ada)


def test_a_property_is_created_changed_and_published_as_rest_would(home: tuple[Client, Client, str]) -> None:
    ada, _, _ = home
    created = done(ada, f"mutation ($i: CreatePropertyInput!) {{ done: createProperty(input: $i) {OFFERED} }}", i=NEW)
    property_id = created["property"]["id"]
    shown = json_of(ada.get(f"/v1/properties/{property_id}"))
    assert property_of(created["property"]) == shown
    as_posted = json_of(ada.get(f"/v1/properties/{draft(ada)}"))
    assert {**shown, "id": None} == {**as_posted, "id": None}

    change = (
        "mutation ($id: ID!, $r: Int!, $i: ChangePropertyInput!)"
        f" {{ done: changeProperty(id: $id, expectedRevision: $r, input: $i) {OFFERED} }}"
    )
    first = {"first": "2031-08-01", "until": "2031-08-03", "pricePerNight": {"amount": "80.00", "currency": "USD"}}
    override = {"from": first.pop("first"), **first}
    changes = {"title": "Cabin", "bedrooms": None, "pricing": {"overrides": [override], "cleaningFee": None}}
    changed = done(ada, change, id=property_id, r=shown["revision"], i=changes)["property"]
    assert (changed["title"], changed["bedrooms"], changed["beds"]) == ("Cabin", None, 3)
    assert changed["pricing"]["overrides"] == [override]
    assert property_of(changed) == json_of(ada.get(f"/v1/properties/{property_id}"))
    stale = done(ada, change, id=property_id, r=shown["revision"], i={"title": "Late"})
    assert (stale["code"], stale["status"]) == ("revision_stale", 412)

    for field, status in (("publishProperty", "published"), ("unpublishProperty", "unpublished")):
        answer = done(ada, f"mutation ($id: ID!) {{ done: {field}(id: $id) {OFFERED} }}", id=property_id)
        assert answer["property"]["status"] == status


def test_nights_are_blocked_and_given_back(home: tuple[Client, Client, str]) -> None:
    ada, bob, property_id = home
    block = (
        'mutation ($p: ID!) { done: blockNights(property: $p, from: "2031-09-01", until: "2031-09-04")'
        " { ... on BlockPayload { block { id from until } } ... on Problem { code } } }"
    )
    assert done(bob, block, p=property_id) == {"code": "property_not_found"}
    blocked = done(ada, block, p=property_id)["block"]
    assert (blocked["from"], blocked["until"]) == ("2031-09-01", "2031-09-04")
    nights = 'query ($p: ID!) { availability(property: $p, from: "2031-08-31", to: "2031-09-05") { available } }'
    assert [each["available"] for each in data(bob, nights, p=property_id)["availability"]] == [
        True,
        *[False] * 3,
        True,
    ]

    unblock = (
        "mutation ($p: ID!, $b: [ID!]!) { done: unblockNights(property: $p, blocks: $b)"
        " { ... on UnblockedPayload { ids } ... on Problem { code } } }"
    )
    assert done(ada, unblock, p=property_id, b=[blocked["id"]]) == {"ids": [blocked["id"]]}
    assert all(each["available"] for each in data(bob, nights, p=property_id)["availability"])


def test_a_booking_is_requested_once_for_each_key(home: tuple[Client, Client, str], shared: Stack) -> None:
    _, bob, property_id = home
    key, events = str(uuid4()), shared.count_events()
    first = done(bob, REQUEST, i=stay(property_id), k=key)
    told = shared.count_events()
    again = done(bob, REQUEST, i=stay(property_id), k=key)

    assert told > events
    assert shared.count_events() == told
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["booking"] == first["booking"]
    assert again["position"] == first["position"]
    assert booking_of(first["booking"]) == json_of(bob.get(f"/v1/bookings/{first['booking']['id']}"))
    other = done(bob, REQUEST, i=stay(property_id, "2031-06-20", "2031-06-22"), k=key)
    assert (other["code"], other["status"]) == ("idempotency_key_reused", 422)
    assert shared.count_events() == told


def test_a_key_of_the_graph_is_none_of_rest(home: tuple[Client, Client, str]) -> None:
    _, bob, property_id = home
    key = str(uuid4())
    assert "booking" in done(bob, REQUEST, i=stay(property_id, "2031-06-23", "2031-06-25"), k=key)
    body = {"property": property_id, "check_in": "2031-06-25", "check_out": "2031-06-27", "guests": 2}
    assert bob.wish("/v1/bookings", body, key).status_code == 201


def test_what_was_committed_is_said_and_seen_by_who_sends_it_back(home: tuple[Client, Client, str]) -> None:
    _, bob, property_id = home
    answer = ask(bob, REQUEST, i=stay(property_id, "2031-06-27", "2031-06-29"), k=str(uuid4()))
    position = json_of(answer)["data"]["done"]["position"]
    assert answer.headers["Lodger-Position"] == position
    bob.stack.run_workers()
    listed = ask(bob, "{ bookings(as: guest, first: 1) { edges { node { id } } } }", at=position)
    booking_id = json_of(answer)["data"]["done"]["booking"]["id"]
    assert json_of(listed)["data"]["bookings"]["edges"][0]["node"]["id"] == booking_id


def test_refusals_are_answers_with_rest_s_codes(home: tuple[Client, Client, str]) -> None:
    _, bob, property_id = home
    taken = stay(property_id, "2031-10-01", "2031-10-03")
    assert "booking" in done(bob, REQUEST, i=taken, k=str(uuid4()))
    body = {"property": property_id, "check_in": "2031-10-02", "check_out": "2031-10-04", "guests": 2}
    for asked, sent in [
        (stay(property_id, "2031-10-02", "2031-10-04"), body),
        (stay(property_id, "2031-10-04", "2031-10-02"), {**body, "check_in": "2031-10-04", "check_out": "2031-10-02"}),
        (stay(property_id, "yesterday"), {**body, "check_in": "yesterday"}),
        (stay(str(uuid4())), {**body, "property": str(uuid4())}),
        ({**stay(property_id), "guests": 99}, {**body, "guests": 99}),
    ]:
        refused, shown = done(bob, REQUEST, i=asked, k="1"), json_of(bob.wish("/v1/bookings", sent))
        for member in ("type", "title", "status", "detail"):
            assert refused[member] == shown[member]
        assert refused["errors"] == ({**shown["errors"]} if "errors" in shown else None)
    assert done(bob, REQUEST, i=stay(property_id), k="two words")["code"] == "idempotency_key_malformed"


def test_who_may_not_is_refused_too(home: tuple[Client, Client, str], shared: Stack) -> None:
    _, bob, property_id = home
    unverified = register(shared, verified=False)
    assert done(shared.anybody(), REQUEST, i=stay(property_id), k="1")["code"] == "token_required"
    assert done(unverified, REQUEST, i=stay(property_id), k="1")["code"] == "email_unverified"
    reader = machine(bob, make(bob, "bookings:read")["key"])
    assert done(reader, REQUEST, i=stay(property_id), k="1")["code"] == "scope_missing"


def test_a_host_answers_a_guest_who_asked(shared: Stack) -> None:
    ada, bob = host(shared), register(shared, "bob")
    property_id = listing(ada, house_rules={"booking_mode": "request"})
    asked = [book(bob, property_id, f"2031-07-{day:02}", f"2031-07-{day + 2:02}") for day in (1, 5, 9)]
    accept = f"mutation ($id: ID!) {{ done: acceptBooking(id: $id) {BOOKED} }}"
    decline = f'mutation ($id: ID!) {{ done: declineBooking(id: $id, reason: "Painting.") {BOOKED} }}'
    cancel = f'mutation ($id: ID!) {{ done: cancelBooking(id: $id, reason: "The flu.") {BOOKED} }}'

    assert done(bob, accept, id=asked[0])["code"] == "host_required"
    accepted = done(ada, accept, id=asked[0])["booking"]
    assert (accepted["status"], accepted["pendingReason"]) == ("pending", "payment")
    assert done(ada, decline, id=asked[1])["booking"]["status"] == "declined"
    cancelled = done(bob, cancel, id=asked[2])["booking"]
    assert (cancelled["status"], cancelled["cancellation"]["by"]) == ("cancelled", "guest")
    assert done(ada, cancel, id=str(uuid4()))["code"] == "booking_not_found"


def test_a_stay_is_paid_altered_and_reviewed(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    property_id = listing(ada)
    booking_id = done(bob, REQUEST, i=stay(property_id), k="1")["booking"]["id"]
    start = (
        "mutation ($b: ID!, $i: StartPaymentInput!, $k: String!) { done: startPayment(booking: $b, input: $i,"
        f" idempotencyKey: $k) {{ ... on PaymentPayload {{ replayed payment {PAYMENT} }} {REFUSED} }} }}"
    )
    wrong = done(bob, start, b=booking_id, i={"paymentMethod": "card", "phone": "+256772123456"}, k="2")
    assert (wrong["code"], list(wrong["errors"])) == ("validation_failed", ["phone"])
    started, again = (done(bob, start, b=booking_id, i={"paymentMethod": "card"}, k="3") for _ in range(2))
    assert started["payment"]["nextAction"]["kind"] == "open_page"
    assert again == {**started, "replayed": True}
    shown = json_of(bob.get(f"/v1/payments/{started['payment']['id']}"))
    assert as_rest(payments.Payment, started["payment"]) == shown
    second = book(bob, property_id, "2031-07-01", "2031-07-05")
    pay(bob, second)
    stack.run_workers()

    alter = f"mutation ($id: ID!, $i: StayInput!) {{ done: alterBooking(id: $id, input: $i) {BOOKED} }}"
    altered = done(bob, alter, id=second, i={"checkIn": "2031-07-01", "checkOut": "2031-07-04", "guests": 2})
    assert (altered["booking"]["checkOut"], altered["booking"]["nights"]) == ("2031-07-04", 3)

    wait(stack, 36 * 24 * 60)
    write = (
        "mutation ($b: ID!, $i: WriteReviewInput!) { done: writeReview(booking: $b, input: $i)"
        f" {{ ... on ReviewPayload {{ review {selection(reviews.Review)} }} {REFUSED} }} }}"
    )
    words = {"rating": 5, "ratings": {"location": 4}, "comment": "The creek sings."}
    mine = done(bob, write, b=second, i=words)["review"]
    assert (mine["rating"], mine["ratings"]["location"], mine["revealed"]) == (5, 4, False)
    assert done(bob, write, b=second, i=words)["code"] == "review_exists"
    theirs = done(ada, write, b=second, i={"rating": 4})["review"]
    stack.run_workers()
    reply = (
        'mutation ($id: ID!) { done: replyToReview(id: $id, text: "Come again!")'
        f" {{ ... on ReviewPayload {{ review {selection(reviews.Review)} }} {REFUSED} }} }}"
    )
    assert done(bob, reply, id=theirs["id"])["review"]["reply"]["text"] == "Come again!"
    assert done(ada, reply, id=mine["id"])["review"]["reply"]["text"] == "Come again!"


def test_several_commands_of_one_operation_are_carried_out_one_after_another(home: tuple[Client, Client, str]) -> None:
    _, bob, property_id = home
    query = (
        "mutation ($a: RequestBookingInput!, $b: RequestBookingInput!) {"
        ' one: requestBooking(input: $a, idempotencyKey: "a") { ... on BookingPayload { position } }'
        ' none: requestBooking(input: $b, idempotencyKey: "b") { ... on Problem { code } }'
        ' two: requestBooking(input: $b, idempotencyKey: "c") { ... on Problem { code } } }'
    )
    wanted = stay(property_id, "2031-11-01", "2031-11-03")
    answer = data(bob, query, a=wanted, b=wanted)
    assert int(answer["one"]["position"]) > 0
    assert answer["none"] == answer["two"] == {"code": "nights_taken"}


def test_a_field_that_no_command_takes_is_no_operation(home: tuple[Client, Client, str]) -> None:
    _, bob, property_id = home
    assert code(bob, REQUEST, i={**stay(property_id), "totalPrice": 1}, k="1") == "graphql_invalid"


def test_what_a_command_answers_has_its_edges_too(home: tuple[Client, Client, str]) -> None:
    ada, _, property_id = home
    edges = selection(properties.Property, "host { id } rating { overall { count } }")
    query = (
        f"mutation ($id: ID!) {{ done: publishProperty(id: $id) {{ ... on PropertyPayload {{ property {edges} }} }} }}"
    )
    shown = done(ada, query, id=property_id)["property"]
    assert (shown["host"], shown["rating"]) == ({"id": ada.id}, {"overall": {"count": 0}})
