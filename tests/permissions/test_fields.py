"""Every field of the graph that leads somewhere, asked by everybody: exactly what docs/permissions.md says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import pytest

from tests.api.people import draft
from tests.api.stack import Client, json_of
from tests.permissions import table
from tests.permissions.cast import MAILS_END, PHONES_BEGIN, keyed
from tests.permissions.fields import ASKINGS, Asking, fields, sent, status
from tests.permissions.test_matrix import of_others
from tests.permissions.world import World

ROWS: Final = table.fields()
ROUTES: Final = table.read()

SAME: Final = {
    "Query.properties": "GET /v1/properties",
    "Query.property": "GET /v1/properties/{property_id}",
    "Query.availability": "GET /v1/properties/{property_id}/calendar",
    "Query.quote": "POST /v1/quotes",
    "Query.bookings": "GET /v1/bookings",
    "Query.booking": "GET /v1/bookings/{booking_id}",
    "Query.payments": "GET /v1/bookings/{booking_id}/payments",
    "Query.payment": "GET /v1/payments/{payment_id}",
    "Query.history": "GET /v1/bookings/{booking_id}/history",
    "Query.review": "GET /v1/reviews/{review_id}",
    "Query.reviews": "GET /v1/properties/{property_id}/reviews",
    "Query.me": "GET /v1/users/me",
    "Query.user": "GET /v1/users/{user_id}",
    "Query.users": "GET /v1/users/{user_id}",
    "Mutation.createProperty": "POST /v1/properties",
    "Mutation.changeProperty": "PATCH /v1/properties/{property_id}",
    "Mutation.publishProperty": "POST /v1/properties/{property_id}/publish",
    "Mutation.unpublishProperty": "POST /v1/properties/{property_id}/unpublish",
    "Mutation.blockNights": "POST /v1/properties/{property_id}/blocks",
    "Mutation.unblockNights": "DELETE /v1/properties/{property_id}/blocks",
    "Mutation.requestBooking": "POST /v1/bookings",
    "Mutation.acceptBooking": "POST /v1/bookings/{booking_id}/accept",
    "Mutation.declineBooking": "POST /v1/bookings/{booking_id}/decline",
    "Mutation.cancelBooking": "POST /v1/bookings/{booking_id}/cancel",
    "Mutation.alterBooking": "POST /v1/bookings/{booking_id}/alter",
    "Mutation.recordNoShow": "POST /v1/bookings/{booking_id}/no-show",
    "Mutation.startPayment": "POST /v1/bookings/{booking_id}/payments",
    "Mutation.writeReview": "POST /v1/bookings/{booking_id}/reviews",
    "Mutation.replyToReview": "POST /v1/reviews/{review_id}/reply",
    "Booking.payments": "GET /v1/bookings/{booking_id}/payments",
    "Booking.reviews": "GET /v1/bookings/{booking_id}/reviews",
    "Booking.history": "GET /v1/bookings/{booking_id}/history",
    "Property.availability": "GET /v1/properties/{property_id}/calendar",
}
"""What REST has too."""


def test_every_field_has_a_row_and_every_row_is_a_field() -> None:
    there = set(fields())
    new, gone = sorted(there - ROWS.keys()), sorted(ROWS.keys() - there)
    assert not new, "say in docs/permissions.md who may ask, and in tests/permissions/fields.py how:\n" + "\n".join(new)
    assert not gone, "in docs/permissions.md and nowhere else:\n" + "\n".join(gone)
    assert ASKINGS.keys() == there


@pytest.mark.parametrize("name", ROWS)
def test_a_field_answers_each_as_the_table_says(world: World, name: str) -> None:
    expected, asking = ROWS[name], ASKINGS[name]
    common = asking.given(world)
    found = {}
    for principal, wanted in sorted(expected.items(), key=lambda cell: cell[1] < 400):  # first whom it refuses
        given = asking.given(world) if name.startswith("Mutation.") and wanted < 400 else common
        found[principal] = outcome(world.cast[principal], name, asking, given)
    assert found == expected


@pytest.mark.parametrize(("name", "route"), SAME.items())
def test_a_field_is_for_whom_its_route_is_for(name: str, route: str) -> None:
    """But that credentials which do not count are refused also where none are asked for."""
    by_rest = {principal: min(status, 200) if status < 400 else status for principal, status in ROUTES[route].items()}
    assert ROWS[name] == {**by_rest, "suspended": 401}
    assert {name for name in ROWS if name.startswith(("Query.", "Mutation."))} - SAME.keys() == {"Query.now"}


def test_a_cookie_without_its_token_is_nobodys(world: World) -> None:
    """Also to read: who may make a browser POST cannot be told from who may make it write."""
    answer = world.cast.browser.post("/graphql", {"query": "{ now }"})
    assert (answer.status_code, json_of(answer)["type"]) == (403, "/problems/csrf-token-wrong")


def test_a_draft_is_nothing_to_all_but_its_host(world: World) -> None:
    given = {**ASKINGS["Query.quote"].given(world), "property": draft(world.cast["host"])}
    for name in ("Query.property", "Query.availability", "Query.quote"):
        for principal in ("anonymous", "guest", "other host", "auditor", "admin"):
            assert outcome(world.cast[principal], name, ASKINGS[name], given) in (404, 409), (name, principal)
    assert outcome(world.cast["host"], "Query.property", ASKINGS["Query.property"], given) == 200


def test_a_key_reaches_nothing_by_an_edge_that_it_is_not_for(world: World) -> None:
    machine = keyed(world.cast["guest"], "bookings:read")
    found = {
        name: outcome(machine, name, ASKINGS[name], ASKINGS[name].given(world))
        for name in ROWS
        if name.startswith(("Booking.", "Property.")) and name not in ("Booking.alteration", "Booking.cancellation")
    }
    refused = {name for name, got in found.items() if got != 200}
    assert {"Booking.payments", "Booking.reviews", "Property.availability"} <= refused
    assert {found[name] for name in refused} == {403}
    assert {"Booking.lines", "Booking.history", "Booking.guest"} <= found.keys() - refused


def test_an_id_of_nothing_is_answered_as_that_of_others(world: World) -> None:
    """So nobody learns what there is. What is said differs in nothing but the ids."""
    other = world.cast["other guest"]
    for name in ("Query.booking", "Query.payments", "Query.payment", "Query.history", "Mutation.cancelBooking"):
        asking = ASKINGS[name]
        foreign = asking.given(world)
        made_up = {key: value if key == "key" else str(uuid4()) for key, value in foreign.items()}
        answers = [ask(other, name, asking, given) for given in (foreign, made_up)]
        assert answers[0] == answers[1], name


_PERSON: Final = "id username email emailVerified name phone bio languages"


def test_nobody_reads_the_name_address_or_telephone_of_anybody_else(world: World) -> None:
    given = ASKINGS["Booking.guest"].given(world)
    query = f"""
        query Everybody($property: ID!, $booking: ID!, $payment: ID!, $review: ID!, $user: ID!) {{
          user(id: $user) {{ {_PERSON} }}
          users(ids: [$user]) {{ {_PERSON} }}
          property(id: $property) {{ host {{ {_PERSON} }} }}
          review(id: $review) {{ author {{ {_PERSON} }} about {{ {_PERSON} }} }}
          booking(id: $booking) {{ guest {{ {_PERSON} }} host {{ {_PERSON} }} }}
          payment(id: $payment) {{ booking {{ guest {{ {_PERSON} }} }} }}
        }}"""
    for principal, client in world.cast.clients.items():
        variables = {name: given[name] for name in ("property", "booking", "payment", "review", "user")}
        answer = client.post("/graphql", {"query": query, "variables": variables})
        assert not of_others(client, answer), principal
    seen = world.cast["host"].post("/graphql", {"query": query, "variables": variables}).text
    assert re.search(rf"[\w-]+{MAILS_END}", seen), "people see their own"
    assert PHONES_BEGIN in seen


def outcome(client: Client, name: str, asking: Asking, given: Mapping[str, Any]) -> int:
    """In the words of the table."""
    answer = sent(client, name, asking, given)
    return answer.status_code if answer.status_code != 200 else status(json_of(answer), asking)


def ask(client: Client, name: str, asking: Asking, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return json_of(sent(client, name, asking, given))
