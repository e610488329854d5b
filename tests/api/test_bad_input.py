"""Malformed, hostile and impossible input is refused with a problem and leaves no trace in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from tests.api.people import PASSWORD, PROPERTY, host, listing, stay
from tests.api.stack import Client, Stack, json_of, signed_in, tokens
from tests.graph.asking import code
from tests.hostile.corpus import AMOUNTS, DAYS, INJECTIONS, NOT_JSON


@pytest.fixture(scope="module")
def ada(shared: Stack) -> Client:
    return host(shared)


@pytest.fixture(scope="module")
def bookable(ada: Client) -> str:
    return listing(ada)


def somebody(stack: Stack) -> Client:
    """Signed in, and known to nobody: registering would be an event."""
    chosen = stack.wired.settings
    return Client(stack, tokens(chosen).issue(signed_in(UUID(int=7))))


@pytest.fixture(autouse=True)
def no_trace(shared: Stack, ada: Client, bookable: str) -> Iterator[None]:
    before = shared.count_events()
    yield
    assert shared.count_events() == before


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_strict_json_is_400(shared: Stack, body: bytes) -> None:
    answer = shared.anybody().raw("POST", "/v1/users", body)
    assert (answer.status_code, json_of(answer)["type"]) == (400, "/problems/json-malformed")
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_json_that_is_no_object_is_422(shared: Stack, body: bytes) -> None:
    assert shared.anybody().raw("POST", "/v1/users", body).status_code == 422


CONTENT_TYPES = ["", "text/plain", "application/xml", "application/json2", "multipart/form-data"]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_other_content_types_are_415(shared: Stack, content_type: str) -> None:
    assert shared.anybody().raw("POST", "/v1/users", b"{}", content_type).status_code == 415


@pytest.mark.parametrize("amount", AMOUNTS.values(), ids=AMOUNTS)
def test_an_impossible_price_is_422(ada: Client, amount: Any) -> None:
    answer = ada.post("/v1/properties", {**PROPERTY, "price_per_night": {"amount": amount, "currency": "USD"}})
    assert answer.status_code == 422
    assert "price_per_night" in json_of(answer)["errors"]


NO_MONEY: list[Any] = [100, "100.00", None, [], {}, {"amount": "1.00"}, {"amount": "1.00", "currency": "QQQ"}]


@pytest.mark.parametrize("price", NO_MONEY)
def test_what_is_no_money_is_422(ada: Client, price: Any) -> None:
    assert ada.post("/v1/properties", {**PROPERTY, "price_per_night": price}).status_code == 422


@pytest.mark.parametrize("day", ["2031-05-31", *DAYS.values()], ids=["past", *DAYS])
def test_an_impossible_check_in_is_422(shared: Stack, ada: Client, bookable: str, day: Any) -> None:
    assert ada.wish("/v1/bookings", {**stay(bookable), "check_in": day}).status_code == 422
    assert shared.anybody().post("/v1/quotes", {**stay(bookable), "check_in": day}).status_code == 422


STAYS = {
    "no night": ("2031-06-12", "2031-06-12"),
    "reversed": ("2031-06-12", "2031-06-11"),
    "366 nights": ("2031-06-12", "2032-06-12"),
    "beyond the horizon": ("2033-05-30", "2033-06-02"),
}


@pytest.mark.parametrize(("check_in", "check_out"), STAYS.values(), ids=STAYS.keys())
def test_an_impossible_stay_is_422(shared: Stack, bookable: str, check_in: str, check_out: str) -> None:
    assert somebody(shared).wish("/v1/bookings", stay(bookable, check_in, check_out)).status_code == 422


BROKEN_PROPERTIES: dict[str, dict[str, Any]] = {
    "NUL": {"title": "a\x00b"},
    "too long a title": {"title": "x" * 201},
    "empty title": {"title": ""},
    "blank title": {"title": "   "},
    "too long a description": {"description": "x" * 5001},
    "a number for a title": {"title": 1},
    "no guests": {"guests": 0},
    "51 guests": {"guests": 51},
    "a fraction of guests": {"guests": 2.5},
    "guests as text": {"guests": "2"},
    "true guests": {"guests": True},
    "2^63 guests": {"guests": 2**63},
    "negative beds": {"beds": -1},
    "unknown word": {"room_type": "castle"},
    "status is read-only": {"status": "published"},
    "host is read-only": {"host": "01900000-0000-7000-8000-000000000001"},
    "id is read-only": {"id": "01900000-0000-7000-8000-000000000001"},
    "unknown field": {"colour": "red"},
    "unknown field with underscores": {"__proto__": {}},
    "amenities as text": {"amenities": "wifi"},
    "201 amenities": {"amenities": [f"thing {n}" for n in range(201)]},
    "nested unknown": {"pricing": {"discount": 5}},
    "discount over 100": {"pricing": {"weekly_discount_percent": 101}},
    "mixed currencies": {"pricing": {"cleaning_fee": {"amount": "5.00", "currency": "EUR"}}},
    "reversed override": {
        "pricing": {
            "overrides": [
                {"from": "2031-07-02", "until": "2031-07-01", "price_per_night": {"amount": "1.00", "currency": "USD"}}
            ]
        }
    },
    "impossible rule": {"house_rules": {"minimum_nights": 5, "maximum_nights": 2}},
    "25 o'clock": {"house_rules": {"check_in_time": "25:00"}},
    "unknown policy": {"house_rules": {"cancellation_policy": "none"}},
}


@pytest.mark.parametrize("change", BROKEN_PROPERTIES.values(), ids=BROKEN_PROPERTIES.keys())
def test_an_impossible_property_is_422(ada: Client, change: dict[str, Any]) -> None:
    answer = ada.post("/v1/properties", {**PROPERTY, **change})
    assert answer.status_code == 422, answer.text


BROKEN_PLACES: dict[str, dict[str, Any]] = {
    "beyond the pole": {"coordinates": {"latitude": 90.1, "longitude": 0}},
    "beyond the world": {"coordinates": {"latitude": 0, "longitude": -180.1}},
    "as text": {"coordinates": {"latitude": "42", "longitude": "1"}},
    "half": {"coordinates": {"latitude": 42}},
    "unknown zone": {"zone": "Mars/Olympus"},
    "a path for a zone": {"zone": "../../etc/passwd"},
    "an absolute path for a zone": {"zone": "/etc/localtime"},
    "lower-case country": {"country": "us"},
    "a country with a line break": {"country": "US\n"},
}


@pytest.mark.parametrize("change", BROKEN_PLACES.values(), ids=BROKEN_PLACES.keys())
def test_an_impossible_place_is_422(ada: Client, change: dict[str, Any]) -> None:
    place = {**PROPERTY["location"], **change}
    assert ada.post("/v1/properties", {**PROPERTY, "location": place}).status_code == 422


def test_a_coordinate_with_a_huge_exponent_is_422(ada: Client) -> None:
    body = json.dumps(PROPERTY).replace("42.2173", "1e999999999").encode()
    assert ada.raw("POST", "/v1/properties", body).status_code == 422


ACCOUNT = {"username": "mallory", "email": "mallory@example.org", "name": "Mallory", "password": PASSWORD}
BROKEN_ACCOUNTS: dict[str, dict[str, Any]] = {
    "no at": {"email": "mallory"},
    "two ats": {"email": "a@b@example.org"},
    "line break in the address": {"email": "a@example.org\r\nBcc: x@example.org"},
    "NUL in the name": {"name": "a\x00"},
    "short password": {"password": "1234567"},
    "long password": {"password": "x" * 201},
    "is_host is read-only": {"is_host": True},
    "a space in the username": {"username": "a b"},
    "username too short": {"username": "ab"},
}


@pytest.mark.parametrize("change", BROKEN_ACCOUNTS.values(), ids=BROKEN_ACCOUNTS.keys())
def test_an_impossible_account_is_422(shared: Stack, change: dict[str, Any]) -> None:
    assert shared.anybody().post("/v1/users", {**ACCOUNT, **change}).status_code == 422


SEARCHES = [
    "instant=true&instant=false",
    "city=Albany&city=Troy",
    "limit=1&limit=1",
    "guests=0",
    "guests=1e3",
    "guests=%D9%A3",
    "limit=101",
    "limit=0",
    "sort=cheap",
    "colour=red",
    "check_in=2031-06-12",
    "check_in=2031-06-12&check_out=2031-06-11",
    "check_in=9999-12-30&check_out=9999-12-31",
    "bbox=1,2,3",
    "bbox=-181,0,0,0",
    "bbox=0,10,0,-10",
    "bbox=nan,0,0,0",
    "price_min=1.00",
    "currency=USD&price_min=1",
    "currency=USD&price_max=99999999999999.99",
    "currency=ZZZ",
    "city=%00",
    "q=" + "word " * 1_000,
    "q=" + "w" * 201,
    "q=...",
    "lat=nan&lon=0",
    "lat=inf&lon=0",
    "lat=90.1&lon=0",
    "lat=0&lon=-180.1",
    "lat=0",
    "radius_km=5",
    "lat=0&lon=0&radius_km=0",
    "lat=0&lon=0&radius_km=1001",
    "lat=0&lon=0&radius_km=1e3",
    "sort=distance",
    "sort=best",
    "month=2031-13&nights=2",
    "month=2031-06",
    "month=2031-06&nights=2&weekend=true",
    "month=2031-06&weekend=yes",
    "month=2031-02&nights=29",
    "month=2031-06&nights=2&check_in=2031-06-10&check_out=2031-06-12",
    "nights=2",
    "flexible_days=1",
    "flexible_days=4&check_in=2031-06-10&check_out=2031-06-12",
    "currency=USD&price_min=2.00&price_max=1.00",
    "currency=USD&total_max=100.00",
    "check_in=2031-06-10&check_out=2031-06-12&total_max=100.00",
    "rating_min=5.1",
    "rating_min=nan",
    "beds=-1",
    "room_type=castle",
    "amenity=",
    "&".join(["amenity=wifi"] * 21),
    "instant=1",
    "facets=maybe",
    "cursor=nonsense",
    "cursor=eyJhbGciOiJub25lIn0.e30.",
]


@pytest.mark.parametrize("query", SEARCHES)
def test_an_impossible_search_is_422(shared: Stack, query: str) -> None:
    answer = shared.anybody().get(f"/v1/properties?{query}")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json"), answer.text


@pytest.mark.parametrize("name", ["q", "place", "city", "country", "bbox", "lat", "radius_km", "price_min"])
def test_ten_thousand_characters_are_refused_wherever_a_search_has_text(shared: Stack, name: str) -> None:
    search = "query ($where: PropertyFilter!) { properties(where: $where) { edges { cursor } } }"
    for text in ("w" * 10_000, "word " * 2_000, "9" * 10_000):
        answer = shared.anybody().get(f"/v1/properties?{name}={quote(text)}")
        assert (answer.status_code, json_of(answer)["type"]) == (414, "/problems/uri-too-long")
        in_an_address = shared.anybody().get(f"/v1/properties?{name}={quote(text[:5_000])}")
        assert in_an_address.status_code == 422, in_an_address.text
        first, *others = name.split("_")  # as the graph spells it
        where = {"".join([first, *map(str.title, others)]): text}
        assert code(shared.anybody(), search, where=where) == "validation_failed"


@pytest.mark.parametrize("text", INJECTIONS.values(), ids=INJECTIONS)
def test_hostile_text_in_a_search_finds_nothing_and_breaks_nothing(shared: Stack, text: str) -> None:
    answer = shared.anybody().get(f"/v1/properties?city={quote(text)}")
    found = json_of(answer)
    assert (found["properties"], found["next_cursor"], found["total"]["count"]) == ([], None, 0)


@pytest.mark.parametrize(
    "query",
    [
        "from=2031-06-12&to=2031-06-12",
        "from=2031-06-12&to=2031-06-11",
        "from=2031-01-01&to=2034-01-01",
        "from=9999-12-31",
        "from=2199-12-31",
    ],
)
def test_an_impossible_calendar_is_422(shared: Stack, bookable: str, query: str) -> None:
    assert shared.anybody().get(f"/v1/properties/{bookable}/calendar?{query}").status_code == 422


PHONES: list[Any] = [None, "", "256772123456", "+0123456789", "+1", "+2567721234567890", "+256 772 123456", 1]


@pytest.mark.parametrize("phone", PHONES)
def test_an_impossible_telephone_is_422(shared: Stack, phone: Any) -> None:
    body = {"payment_method": "mobile_money", "phone": phone}
    answer = somebody(shared).wish("/v1/bookings/01900000-0000-7000-8000-000000000001/payments", body)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "nights",
    [
        {"from": "2031-07-02", "until": "2031-07-02"},
        {"from": "2031-07-02", "until": "2031-07-01"},
        {"from": "2031-07-02", "until": "2032-07-03"},
        {"from": "2031-07-02"},
        {"from": "2031-07-02", "until": "2031-07-03", "id": "01900000-0000-7000-8000-000000000001"},
    ],
)
def test_an_impossible_block_is_422(ada: Client, bookable: str, nights: dict[str, str]) -> None:
    assert ada.post(f"/v1/properties/{bookable}/blocks", nights).status_code == 422
