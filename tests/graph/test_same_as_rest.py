"""What the graph shows is what REST shows to the same person."""

from __future__ import annotations

from typing import Any

import pytest

from api.graph import searches
from api.graph.types import bookings, calendars, history, money, payments, properties, quotes, reviews, users
from tests.api.people import CHECK_IN, CHECK_OUT, book, draft, host, listing, pay, register, stay, wait
from tests.api.stack import Client, Stack, json_of
from tests.graph.asking import data
from tests.graph.shapes import as_rest, selection

PRICING = {
    "weekend_price": {"amount": "120.00", "currency": "USD"},
    "overrides": [
        {"from": "2031-08-01", "until": "2031-08-10", "price_per_night": {"amount": "90.50", "currency": "USD"}}
    ],
    "weekly_discount_percent": 10,
    "cleaning_fee": {"amount": "15.00", "currency": "USD"},
    "tax_basis_points": 875,
}
PROPERTY = selection(
    properties.Property,
    f"pricing {selection(properties.Pricing)} houseRules {selection(properties.HouseRules)} missing",
)
BOOKING = selection(
    bookings.Booking,
    f"lines {selection(money.Line)} alteration {selection(bookings.Alteration)}"
    f" cancellation {selection(bookings.Cancellation)}",
)


class Market:
    """A stay that was paid, lived and reviewed by both; one that is held; one that was cancelled; and a draft."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.host, self.guest, self.stranger = host(stack), register(stack, "guest"), register(stack, "stranger")
        self.home = listing(self.host, pricing=PRICING)
        self.draft = draft(self.host, title="Not yet")
        self.stay = book(self.guest, self.home)
        self.payment = pay(self.guest, self.stay)
        stack.run_workers()
        wait(stack, 16 * 24 * 60)
        for client, words in ((self.guest, "The creek sings."), (self.host, "Gone early.")):
            written = client.post(f"/v1/bookings/{self.stay}/reviews", {"rating": 4, "comment": words})
            assert written.status_code == 201, written.text
        stack.run_workers()
        self.held = book(self.guest, self.home, "2031-07-10", "2031-07-14")
        self.cancelled = book(self.guest, self.home, "2031-07-20", "2031-07-22")
        self.guest.post(f"/v1/bookings/{self.cancelled}/cancel", {"reason": "The flu."})
        stack.run_workers()


@pytest.fixture(scope="module")
def market(shared: Stack) -> Market:
    return Market(shared)


def rest(client: Client, path: str) -> Any:
    return json_of(client.get(path))


def property_of(answer: Any) -> Any:
    return {
        **as_rest(properties.Property, answer),
        "pricing": as_rest(properties.Pricing, answer["pricing"]),
        "house_rules": as_rest(properties.HouseRules, answer["houseRules"]),
        "missing": answer["missing"],
    }


def booking_of(answer: Any) -> Any:
    return {
        **as_rest(bookings.Booking, answer),
        "lines": as_rest(money.Line, answer["lines"]),
        "alteration": as_rest(bookings.Alteration, answer["alteration"]),
        "cancellation": as_rest(bookings.Cancellation, answer["cancellation"]),
    }


def nodes(answer: Any) -> list[Any]:
    return [each["node"] for each in answer["edges"]]


@pytest.mark.parametrize("who", ["host", "guest"])
def test_a_property(market: Market, who: str) -> None:
    client: Client = getattr(market, who)
    shown = data(client, f"query ($id: ID!) {{ property(id: $id) {PROPERTY} }}", id=market.home)["property"]
    assert property_of(shown) == rest(client, f"/v1/properties/{market.home}")


def test_a_draft_to_its_host(market: Market) -> None:
    shown = data(market.host, f"query ($id: ID!) {{ property(id: $id) {PROPERTY} }}", id=market.draft)["property"]
    assert property_of(shown) == rest(market.host, f"/v1/properties/{market.draft}")
    assert shown["missing"] != [] or shown["status"] == "draft"


def test_hits_of_a_search_with_their_total_facets_and_freshness(market: Market) -> None:
    hit = selection(searches.HitStay)
    answer = data(
        market.stranger,
        "query ($where: PropertyFilter!) { properties(where: $where) { edges { stay "
        f"{hit} distanceKm node {selection(properties.Property)} }} total {selection(searches.Total)}"
        f" facets {selection(searches.Facets, 'roomTypes { roomType count }')} asOf {selection(searches.AsOf)} }} }}",
        where={
            "checkIn": "2031-09-01",
            "checkOut": "2031-09-04",
            "guests": 2,
            "lat": "42.2",
            "lon": "-73.8",
            "roomType": ["entire_place", "private_room"],
            "instant": True,
            "sort": "distance",
        },
    )["properties"]
    said = "check_in=2031-09-01&check_out=2031-09-04&guests=2&lat=42.2&lon=-73.8"
    shown = rest(
        market.stranger,
        f"/v1/properties?{said}&room_type=entire_place&room_type=private_room&instant=true&sort=distance&facets=true",
    )

    assert len(shown["properties"]) == 1
    for one, other in zip(answer["edges"], shown["properties"], strict=True):
        node = as_rest(properties.Property, one["node"])
        assert node == {name: value for name, value in other.items() if name in node}
        assert as_rest(searches.HitStay, one["stay"]) == other["stay"]
        assert one["distanceKm"] == other["distance_km"]
    facets = shown["facets"]
    assert as_rest(searches.Total, answer["total"]) == shown["total"]
    assert {each["roomType"]: each["count"] for each in answer["facets"]["roomTypes"]} == facets.pop("room_types")
    assert as_rest(searches.Facets, answer["facets"]) == facets
    assert answer["asOf"] == {"position": str(shown["as_of"]["position"]), "movedAt": shown["as_of"]["moved_at"]}


@pytest.mark.parametrize("who", ["host", "guest"])
@pytest.mark.parametrize("which", ["stay", "held", "cancelled"])
def test_a_booking(market: Market, who: str, which: str) -> None:
    client, booking_id = getattr(market, who), getattr(market, which)
    shown = data(client, f"query ($id: ID!) {{ booking(id: $id) {BOOKING} }}", id=booking_id)["booking"]
    assert booking_of(shown) == rest(client, f"/v1/bookings/{booking_id}")


def test_a_list_of_bookings(market: Market) -> None:
    fields = selection(bookings.Booking, "unreadMessages")
    query = f"query ($as: Side!, $w: BookingFilter) {{ bookings(as: $as, where: $w) {{ edges {{ node {fields} }} }} }}"
    for client, side, where, said in [
        (market.guest, "guest", None, ""),
        (market.host, "host", {"status": ["cancelled", "completed"]}, "&status=cancelled&status=completed"),
        (market.guest, "guest", {"when": "upcoming", "waitingFor": "guest"}, "&when=upcoming&waiting_for=guest"),
    ]:
        found = nodes(data(client, query, **{"as": side, "w": where})["bookings"])
        shown = rest(client, f"/v1/bookings?as={side}{said}")["bookings"]
        assert len(shown) == {"": 3}.get(said, len(found)) > 0
        for one, other in zip(found, shown, strict=True):
            booking = as_rest(bookings.Booking, one)
            booking.pop("cancellation_policy")
            assert {**booking, "unread_messages": one["unreadMessages"]} == other


@pytest.mark.parametrize("who", ["host", "guest"])
def test_payments(market: Market, who: str) -> None:
    client: Client = getattr(market, who)
    fields = selection(payments.Payment)
    query = f"query ($id: ID!, $b: ID!) {{ payment(id: $id) {fields} payments(booking: $b) {fields} }}"
    answer = data(client, query, id=market.payment, b=market.stay)
    assert as_rest(payments.Payment, answer["payment"]) == rest(client, f"/v1/payments/{market.payment}")
    shown = rest(client, f"/v1/bookings/{market.stay}/payments")["payments"]
    assert as_rest(payments.Payment, answer["payments"]) == shown != []


@pytest.mark.parametrize("who", ["host", "guest"])
def test_a_history(market: Market, who: str) -> None:
    client: Client = getattr(market, who)
    query = f"query ($b: ID!) {{ history(booking: $b) {selection(history.Event)} }}"
    told = as_rest(history.Event, data(client, query, b=market.stay)["history"])
    shown = rest(client, f"/v1/bookings/{market.stay}/history")["events"]
    assert told == [{**event, "position": str(event["position"])} for event in shown] != []


def test_reviews_and_what_they_add_up_to(market: Market) -> None:
    fields = selection(reviews.Review)
    for side, subject, path in [
        ("property", market.home, f"/v1/properties/{market.home}/reviews"),
        ("user", market.guest.id, f"/v1/users/{market.guest.id}/reviews"),
    ]:
        rated = (
            f"{side}(id: $id) {{ rating {selection(reviews.Rated)} reviews(first: 2) {{ edges {{ node {fields} }} }} }}"
        )
        query = f"query ($id: ID!) {{ reviews({side}: $id) {{ edges {{ node {fields} }} }} {rated} }}"
        answer, shown = data(market.stranger, query, id=subject), rest(market.stranger, path)
        found = [_parts(as_rest(reviews.Review, each)) for each in nodes(answer["reviews"])]
        assert found == shown["reviews"] != []
        assert [_parts(as_rest(reviews.Review, each)) for each in nodes(answer[side]["reviews"])] == shown["reviews"]
        assert as_rest(reviews.Rated, answer[side]["rating"]) == shown["rated"]
        one = f"query ($id: ID!) {{ review(id: $id) {fields} }}"
        alone = data(market.stranger, one, id=found[0]["id"])["review"]
        assert _parts(as_rest(reviews.Review, alone)) == rest(market.stranger, f"/v1/reviews/{found[0]['id']}")


def _parts(review: Any) -> Any:
    """REST leaves out the parts that nobody rated."""
    return {**review, "ratings": {part: value for part, value in review["ratings"].items() if value is not None}}


def test_reviews_of_a_stay(market: Market) -> None:
    fields = selection(reviews.StayReviews)
    for client in (market.guest, market.host):
        query = f"query ($b: ID!) {{ booking(id: $b) {{ reviews {fields} }} }}"
        seen = as_rest(reviews.StayReviews, data(client, query, b=market.stay)["booking"]["reviews"])
        shown = rest(client, f"/v1/bookings/{market.stay}/reviews")
        assert {**seen, "mine": _parts(seen["mine"]), "other": _parts(seen["other"])} == shown


def test_oneself_and_others(market: Market) -> None:
    fields = selection(users.User)
    query = f"query ($id: ID!, $other: ID!) {{ me {fields} user(id: $id) {fields} users(ids: [$id, $other]) {fields} }}"
    answer = data(market.guest, query, id=market.host.id, other=market.home)
    assert as_rest(users.User, answer["me"]) == rest(market.guest, "/v1/users/me")
    seen = as_rest(users.User, answer["user"])
    private = {"email": None, "email_verified": None, "name": None, "phone": None}
    assert seen == {**rest(market.guest, f"/v1/users/{market.host.id}"), **private}
    assert answer["users"] == [answer["user"], None]


@pytest.mark.parametrize("who", ["host", "guest", "anybody"])
def test_nights(market: Market, who: str) -> None:
    client = market.stack.anybody() if who == "anybody" else getattr(market, who)
    fields = selection(calendars.Night)
    days = '(from: "2031-07-08", to: "2031-07-16")'
    alone = f'availability(property: $id, from: "2031-07-08", to: "2031-07-16") {fields}'
    query = f"query ($id: ID!) {{ property(id: $id) {{ availability{days} {fields} }} {alone} }}"
    answer = data(client, query, id=market.home)
    shown = rest(client, f"/v1/properties/{market.home}/calendar?from=2031-07-08&to=2031-07-16")["nights"]
    assert as_rest(calendars.Night, answer["availability"]) == shown
    assert answer["property"]["availability"] == answer["availability"]
    assert [night["available"] for night in shown].count(False) == 4


def test_a_quote(market: Market) -> None:
    said = f'checkIn: "{CHECK_IN[:5]}10-01", checkOut: "{CHECK_OUT[:5]}10-05", guests: 2'
    fields = selection(quotes.Quote)
    query = (
        f"query ($id: ID!) {{ property(id: $id) {{ quote({said}) {fields} }} quote(property: $id, {said}) {fields} }}"
    )
    answer = data(market.guest, query, id=market.home)
    asked = market.stack.anybody().post("/v1/quotes", stay(market.home, "2031-10-01", "2031-10-05"))
    for quote in (answer["quote"], answer["property"]["quote"]):
        assert _timeless(as_rest(quotes.Quote, quote)) == _timeless(json_of(asked))
        body = {**stay(market.home, "2031-10-01", "2031-10-05"), "quote": quote["quote"]}
        booked = market.guest.wish("/v1/bookings", body)
        assert booked.status_code in (201, 409)


def _timeless(quote: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in quote.items() if name not in ("quote", "expires_at")}
