"""The brief's fields, by name and type."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.people import book, host, listing, pay, register
from tests.api.stack import Stack, json_of

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def an_id(value: Any) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def a_date(value: Any) -> bool:
    return isinstance(value, str) and _DATE.fullmatch(value) is not None


def an_instant(value: Any) -> bool:
    return isinstance(value, str) and _INSTANT.fullmatch(value) is not None


def a_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def a_flag(value: Any) -> bool:
    return isinstance(value, bool)


def money(value: Any) -> bool:
    return value.keys() == {"amount", "currency"} and re.fullmatch(r"\d+\.\d\d", value["amount"]) is not None


def one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: value in words


def a_place(value: Any) -> bool:
    return (
        all(a_text(value[name]) for name in ("address", "city", "country"))
        and type(value["coordinates"]["latitude"]) is float
        and type(value["coordinates"]["longitude"]) is float
    )


BRIEF: dict[str, dict[str, Callable[[Any], bool]]] = {
    "user": {"id": an_id, "username": a_text, "email": a_text, "is_host": a_flag},
    "property": {
        "id": an_id,
        "title": a_text,
        "description": a_text,
        "location": a_place,
        "price_per_night": money,
        "host": an_id,
    },
    "booking": {
        "id": an_id,
        "check_in": a_date,
        "check_out": a_date,
        "total_price": money,
        "status": one_of("pending", "confirmed", "cancelled", "declined", "expired", "completed"),
        "guest": an_id,
        "property": an_id,
    },
    "payment": {
        "id": an_id,
        "amount": money,
        "payment_method": one_of("card", "mobile_money"),
        "payment_date": an_instant,
        "status": one_of("pending", "paid", "failed", "authorized", "refunded", "partially_refunded", "disputed"),
        "booking": an_id,
    },
}


@pytest.fixture(scope="module")
def things(shared: Stack) -> dict[str, dict[str, Any]]:
    """One of each, as its own address shows it."""
    ada, bob = host(shared), register(shared, "bob")
    property_id = listing(ada)
    booking_id = book(bob, property_id)
    payment_id = pay(bob, booking_id)
    unpaid = json_of(bob.get(f"/v1/payments/{payment_id}"))
    assert unpaid["payment_date"] is None
    shared.run_workers()
    return {
        "user": json_of(ada.get("/v1/users/me")),
        "property": json_of(bob.get(f"/v1/properties/{property_id}")),
        "booking": json_of(bob.get(f"/v1/bookings/{booking_id}")),
        "payment": json_of(bob.get(f"/v1/payments/{payment_id}")),
    }


@pytest.mark.parametrize(("thing", "field"), [(thing, field) for thing, fields in BRIEF.items() for field in fields])
def test_the_field_has_the_briefs_name_and_type(things: dict[str, dict[str, Any]], thing: str, field: str) -> None:
    assert BRIEF[thing][field](things[thing][field]), things[thing][field]


def test_references_are_ids_of_what_they_name(things: dict[str, dict[str, Any]]) -> None:
    assert things["property"]["host"] == things["user"]["id"]
    assert things["booking"]["property"] == things["property"]["id"]
    assert things["payment"]["booking"] == things["booking"]["id"]


def test_a_public_profile_has_no_address(shared: Stack) -> None:
    bob = register(shared, "bob")
    profile = json_of(shared.anybody().get(f"/v1/users/{bob.id}"))
    assert profile.keys() == {"id", "username", "bio", "languages", "photo", "is_host"}


def test_properties_in_a_list_say_the_same_as_at_their_own_address(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada)
    shared.run_workers()
    (listed,) = json_of(ada.get("/v1/users/me/properties"))["properties"]
    shown = json_of(ada.get(f"/v1/properties/{property_id}"))
    common = listed.keys() & shown.keys()
    assert len(common) == 16
    assert {name: listed[name] for name in common} == {name: shown[name] for name in common}
