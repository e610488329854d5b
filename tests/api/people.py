"""Who and what the API's tests meet, made through the API itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from application import calendar_feeds, staff, verification
from application.calls import Call
from application.streams import USER
from domain.calendar_sync import Entry, Reading
from domain.events import Actor
from domain.users import StaffRole
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of

PASSWORD = "correct horse battery"
CHECK_IN, CHECK_OUT = "2031-06-12", "2031-06-15"
"""Three nights, Thursday to Sunday."""

PROPERTY: dict[str, Any] = {
    "title": "Cabin by the creek",
    "description": "Two rooms under old oaks.",
    "property_type": "cabin",
    "room_type": "entire_place",
    "guests": 4,
    "bedrooms": 2,
    "beds": 3,
    "bathrooms": 1.5,
    "amenities": ["wifi", "fire_pit"],
    "location": {
        "address": "1 Creek Road",
        "city": "Catskill",
        "country": "US",
        "coordinates": {"latitude": 42.2173, "longitude": -73.8646},
    },
    "price_per_night": {"amount": "100.00", "currency": "USD"},
}

_numbers = count(1)


def register(stack: Stack, name: str = "user", *, verified: bool = True) -> Client:
    """A new person, signed in; with an address that they have confirmed, unless it shall be otherwise."""
    username = f"{name}{next(_numbers)}"
    credentials = {"email": f"{username}@example.org", "password": PASSWORD}
    user = stack.anybody().post("/v1/users", {"username": username, "name": name.title(), **credentials})
    assert user.status_code == 201, user.text
    if verified:
        verify(stack, Client(stack, None, json_of(user)))
    token = stack.anybody().post("/v1/auth/tokens", credentials)
    assert token.status_code == 200, token.text
    return Client(stack, json_of(token)["access_token"], json_of(user))


def email_token(client: Client) -> str:
    """What the link in somebody's mail says."""
    lodger, user_id = client.stack.wired.lodger, UUID(client.id)
    return verification.token_for(lodger, lodger.people.get([user_id])[user_id])


def verify(stack: Stack, client: Client) -> None:
    """Somebody follows the link in their mail, if they have not yet."""
    if not stack.wired.lodger.load(USER, UUID(client.id)).state.is_verified:
        done = stack.anybody().post("/v1/auth/email-verification", {"token": email_token(client)})
        assert done.status_code == 204, done.text


def host(stack: Stack) -> Client:
    client = register(stack, "host")
    assert client.post("/v1/users/me/hosting").status_code == 200
    return client


def employed(stack: Stack, *roles: StaffRole) -> Client:
    """Somebody who works here, signed in since they have these roles."""
    client, lodger = register(stack, "staff"), stack.wired.lodger
    call = Call(Actor("operator", "test", "hired"), stack.now(), lodger.new_id(), lodger.new_id())
    for role in roles:
        staff.grant_role(lodger, replace(call, command_id=lodger.new_id()), UUID(client.id), role)
    token = stack.anybody().post("/v1/auth/tokens", {"email": client.user["email"], "password": PASSWORD})
    assert token.status_code == 200, token.text
    return Client(stack, json_of(token)["access_token"], client.user)


def draft(client: Client, **changes: Any) -> str:
    """The id of a new property."""
    answer = client.post("/v1/properties", {**PROPERTY, **changes})
    assert answer.status_code == 201, answer.text
    return str(json_of(answer)["id"])


def listing(client: Client, **changes: Any) -> str:
    """The id of a new, published property."""
    property_id = draft(client, **changes)
    answer = client.post(f"/v1/properties/{property_id}/publish")
    assert answer.status_code == 200, answer.text
    return property_id


def stay(property_id: str, check_in: str = CHECK_IN, check_out: str = CHECK_OUT, guests: int = 2) -> dict[str, Any]:
    return {"property": property_id, "check_in": check_in, "check_out": check_out, "guests": guests}


def book(client: Client, property_id: str, check_in: str = CHECK_IN, check_out: str = CHECK_OUT) -> str:
    """The id of a new booking, held."""
    answer = client.wish("/v1/bookings", stay(property_id, check_in, check_out))
    assert answer.status_code == 201, answer.text
    return str(json_of(answer)["id"])


def pay(client: Client, booking_id: str, answer: str = "approve") -> str:
    """The id of a payment by card that its payer has answered."""
    started = client.wish(f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"})
    assert started.status_code == 201, started.text
    payment_id = str(json_of(started)["id"])
    answer_page(client, payment_id, answer)
    return payment_id


def answer_page(client: Client, payment_id: str, answer: str) -> None:
    """Press a button of the sandbox's page about a payment."""
    with client.stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT reference FROM sandbox_charges WHERE payment_id = %s", [payment_id])
        ((reference,),) = cursor.fetchall()
    form = f"answer={answer}".encode()
    answered = client.raw("POST", f"/sandbox/payments/{reference}", form, "application/x-www-form-urlencoded")
    assert answered.status_code == 303, answered.text


def follow(stack: Stack, client: Client, property_id: str, *entries: Entry) -> str:
    """The id of a linked calendar that was read once and says these entries; nothing is asked for."""
    link = {"name": "Airbnb", "url": "https://calendars.example/42.ics?s=secret"}
    linked = client.post(f"/v1/properties/{property_id}/calendar-feeds", link)
    assert linked.status_code == 201, linked.text
    feed_id = str(json_of(linked)["id"])
    lodger = stack.wired.lodger
    call = Call(Actor("system", "test"), stack.now(), lodger.new_id(), lodger.new_id())
    calendar_feeds.follow(lodger, call, UUID(property_id), UUID(feed_id), Reading(entries))
    return feed_id


def wait(stack: Stack, minutes: int) -> None:
    """Let time pass, by the operator's hand; no worker runs."""
    later = stack.now() + timedelta(minutes=minutes, seconds=1)
    moved = Client(stack, OPERATOR_TOKEN).post("/v1/operator/clock", {"now": later.isoformat()})
    assert moved.status_code == 200, moved.text
