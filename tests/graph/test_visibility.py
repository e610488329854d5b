"""Nobody sees by the graph, over whatever edge, what REST would not show them."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from tests.api.people import book, draft, host, listing, pay, register, wait
from tests.api.stack import Client, Stack, json_of
from tests.api_keys.keys import machine, make
from tests.graph.asking import ask, code, data

SECRET = "This is between us"
NIGHTS = 'checkIn: "2031-09-01", checkOut: "2031-09-03"'


class Stay:
    """A stay that is over, reviewed by its guest alone; nobody else may know of that."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.host, self.guest, self.stranger = host(stack), register(stack, "guest"), register(stack, "stranger")
        self.home, self.draft = listing(self.host), draft(self.host, title="Not yet")
        self.gone = listing(self.host, title="No more")
        self.elsewhere = book(self.guest, self.gone)
        self.booking = book(self.guest, self.home)
        self.payment = pay(self.guest, self.booking)
        stack.run_workers()
        wait(stack, 16 * 24 * 60)
        written = self.guest.post(f"/v1/bookings/{self.booking}/reviews", {"rating": 2, "comment": SECRET})
        self.review = json_of(written)["id"]
        assert self.host.post(f"/v1/properties/{self.gone}/unpublish").status_code == 200
        stack.run_workers()

    def everybody(self) -> dict[str, Client]:
        return {"host": self.host, "stranger": self.stranger, "anybody": self.stack.anybody()}


@pytest.fixture(scope="module")
def over(shared: Stack) -> Stay:
    return Stay(shared)


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("booking(id: $booking) { id }", "booking_not_found"),
        ("payment(id: $payment) { id }", "payment_not_found"),
        ("payments(booking: $booking) { id }", "booking_not_found"),
        ("history(booking: $booking) { type }", "booking_not_found"),
        ("property(id: $draft) { id }", "property_not_found"),
        ("property(id: $gone) { id }", "property_not_found"),
        ("availability(property: $draft) { date }", "property_not_found"),
        (
            'quote(property: $draft, checkIn: "2031-09-01", checkOut: "2031-09-03", guests: 1) { quote }',
            "property_not_found",
        ),
        ("review(id: $review) { id }", "review_not_found"),
    ],
)
def test_a_stranger_finds_nothing(over: Stay, query: str, refused: str) -> None:
    name = query.split("$")[1].split(")", maxsplit=1)[0].split(",", maxsplit=1)[0]
    asked = f"query (${name}: ID!) {{ {query} }}"
    assert code(over.stranger, asked, **{name: getattr(over, name)}) == refused
    assert code(over.stranger, asked, **{name: str(uuid4())}) == refused


@pytest.mark.parametrize(
    "query",
    [
        "me { id }",
        "bookings(as: guest) { edges { cursor } }",
        'booking(id: "x") { id }',
        'payments(booking: "x") { id }',
        'payment(id: "x") { id }',
        'history(booking: "x") { type }',
    ],
)
def test_nobody_in_particular_has_nothing_of_their_own(over: Stay, query: str) -> None:
    assert code(over.stack.anybody(), f"{{ {query} }}") == "token_required"


def test_a_list_of_bookings_is_one_s_own(over: Stay) -> None:
    query = "query ($as: Side!) { bookings(as: $as) { edges { node { id } } } }"
    for client, side, number in [(over.guest, "guest", 2), (over.guest, "host", 0), (over.stranger, "host", 0)]:
        assert len(data(client, query, **{"as": side})["bookings"]["edges"]) == number


def test_drafts_and_what_is_offered_no_more_are_at_the_end_of_no_edge_but_their_host_s(over: Stay) -> None:
    query = "query ($id: ID!) { user(id: $id) { properties { edges { node { id title } } } } }"
    seen = {
        name: {each["node"]["id"] for each in data(client, query, id=over.host.id)["user"]["properties"]["edges"]}
        for name, client in over.everybody().items()
    }
    assert seen["host"] == {over.home, over.draft, over.gone}
    assert seen["stranger"] == seen["anybody"] == {over.home}

    stay = "query ($id: ID!) { booking(id: $id) { id property { id title } } }"
    assert data(over.guest, stay, id=over.elsewhere)["booking"]["property"] is None
    assert data(over.host, stay, id=over.elsewhere)["booking"]["property"]["id"] == over.gone


def test_what_concerns_the_account_is_told_to_nobody_else(over: Stay) -> None:
    query = "query ($id: ID!) { booking(id: $id) { guest { id email name phone emailVerified } host { email name } } }"
    shown = data(over.host, query, id=over.booking)["booking"]
    assert shown["host"] == {"email": over.host.user["email"], "name": over.host.user["name"]}
    assert shown["guest"] == {"id": over.guest.id, "email": None, "name": None, "phone": None, "emailVerified": None}


def test_a_sealed_review_is_shown_to_its_author_only(over: Stay) -> None:
    alone = "query ($b: ID!) { booking(id: $b) { reviews { mine { comment revealed } other { comment } } } }"
    seen = data(over.guest, alone, b=over.booking)["booking"]["reviews"]
    assert seen == {"mine": {"comment": SECRET, "revealed": False}, "other": None}

    everywhere = """query ($p: ID!, $h: ID!, $r: ID!) {
        property(id: $p) { rating { overall { count } } reviews { edges { node { comment } } } host { rating { overall
            { count } } reviews { edges { node { comment } } } } }
        user(id: $h) { reviews { edges { node { comment } } } }
        ofHome: reviews(property: $p) { edges { node { comment } } }
        ofHost: reviews(user: $h) { edges { node { comment } } }
        review(id: $r) { comment }
    }"""
    variables = {"p": over.home, "h": over.host.id, "r": over.review}
    for client in over.everybody().values():
        told = json_of(ask(client, everywhere, **variables))
        assert SECRET not in json.dumps(told)
        (error,) = told["errors"]
        assert error["extensions"]["code"] == "review_not_found"
        assert told["data"]["property"]["rating"] == {"overall": {"count": 0}}
        assert told["data"]["ofHome"] == told["data"]["ofHost"] == {"edges": []}
    of_host = data(over.host, alone, b=over.booking)["booking"]["reviews"]
    assert of_host == {"mine": None, "other": None}


def test_where_to_pay_is_told_to_the_guest_only(over: Stay) -> None:
    booking_id = book(over.guest, over.home, "2031-08-01", "2031-08-03")
    assert over.guest.wish(f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"}).status_code == 201
    query = "query ($b: ID!) { booking(id: $b) { payments { nextAction { url } } history { data } } }"
    of_guest, of_host = (data(client, query, b=booking_id)["booking"] for client in (over.guest, over.host))
    url = of_guest["payments"][0]["nextAction"]["url"]
    assert of_host["payments"] == [{"nextAction": None}]
    assert url in json.dumps(of_guest)
    assert url not in json.dumps(of_host)


class TestKeys:
    """What a key may is said by its scopes, on every edge."""

    def test_a_key_shows_what_it_is_for(self, over: Stay) -> None:
        reader = machine(over.guest, make(over.guest, "bookings:read")["key"])
        query = "query ($b: ID!) { booking(id: $b) { id payments { id } reviews { writeUntil } history { type } } }"
        told = json_of(ask(reader, query, b=over.booking))
        assert {tuple(each["path"]): each["extensions"]["code"] for each in told["errors"]} == {
            ("booking", "payments"): "scope_missing",
            ("booking", "reviews"): "scope_missing",
        }
        shown = told["data"]["booking"]
        assert (shown["id"], shown["payments"], shown["reviews"]) == (over.booking, None, None)
        assert len(shown["history"]) > 3

    def test_no_key_shows_an_account(self, over: Stay) -> None:
        reader = machine(over.guest, make(over.guest, "bookings:read")["key"])
        assert code(reader, "{ me { email } }") == "scope_missing"
        own = data(reader, "query ($id: ID!) { user(id: $id) { email } }", id=over.guest.id)
        assert own["user"] == {"email": None}

    def test_a_key_for_something_else_sees_of_properties_what_everybody_does(self, over: Stay) -> None:
        reader = machine(over.host, make(over.host, "bookings:read")["key"])
        query = "query ($id: ID!) { user(id: $id) { properties { edges { node { id missing } } } } }"
        found = data(reader, query, id=over.host.id)["user"]["properties"]["edges"]
        assert [each["node"]["id"] for each in found] == [over.home]
        one = "query ($id: ID!) { property(id: $id) { id } }"
        assert code(reader, one, id=over.home) == "scope_missing"
        both = machine(over.host, make(over.host, "properties:read")["key"])
        assert len(data(both, query, id=over.host.id)["user"]["properties"]["edges"]) == 3


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ('property(id: "x") { id }', "id"),
        ('payments(booking: "x") { id }', "booking"),
        ('availability(property: "x") { date }', "property"),
        ('users(ids: ["x"]) { id }', "ids"),
        ("reviews { edges { cursor } }", "property"),
        ("bookings(as: guest, first: 0) { edges { cursor } }", "first"),
        ("properties(first: 101) { edges { cursor } }", "first"),
        ('properties(where: {checkIn: "2031-07-01"}) { edges { cursor } }', "check_out"),
        ('properties(where: {checkIn: "soon", checkOut: "later"}) { edges { cursor } }', "check_in"),
        ('quote(property: "x", checkIn: "2031-07-01", checkOut: "2031-07-03", guests: 0) { quote }', "guests"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(over: Stay, query: str, named: str) -> None:
    (error,) = json_of(ask(over.guest, f"{{ {query} }}"))["errors"]
    assert error["extensions"]["code"] == "validation_failed"
    assert named in error["extensions"]["errors"]
