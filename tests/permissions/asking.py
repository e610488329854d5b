"""How each route is asked so that only who asks decides: its ids, its body, its headers.

A route that needs nothing but the example of its description is not named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from tests.api.people import PASSWORD, PROPERTY, email_token
from tests.permissions.cast import person, registered
from tests.permissions.world import PICTURE, World, version_of

_NEW_PASSWORD: Final = "staple of another horse"
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `body` None is the description's example, if it has one; bytes are sent as `content_type`."""

    ids: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


class MadeUp(dict[str, str]):
    """An id for every name, of nothing that there is."""

    def __missing__(self, name: str) -> str:
        return "sandbox" if name == "provider" else str(uuid4())


Asking = Callable[[World], Ask]
ASKINGS: Final[dict[str, Asking]] = {}
CHANGE_WHO_ASKS: Final[set[str]] = set()
"""Routes after which whoever asked is not the same any more: each is asked by people made for it."""


def asks(*routes: str, changes_who_asks: bool = False) -> Callable[[Asking], Asking]:
    def remember(asking: Asking) -> Asking:
        ASKINGS.update(dict.fromkeys(routes, asking))
        CHANGE_WHO_ASKS.update(routes if changes_who_asks else ())
        return asking

    return remember


def asking_of(route: str) -> Asking:
    """Raises AssertionError where ids are needed and nobody has said which."""
    if route not in ASKINGS:
        assert "{" not in route, f"say in tests/permissions/asking.py with which ids to ask {route}"
        return lambda _: Ask()
    return ASKINGS[route]


# --- accounts ---------------------------------------------------------------------------------------------------


@asks("POST /v1/users")
def newcomer(world: World) -> Ask:
    name = f"new-{world.stack.wired.lodger.new_id().hex[-12:]}"
    return Ask(body={"username": name, "email": f"{name}@example.org", "name": "Nobody", "password": PASSWORD})


@asks("POST /v1/auth/tokens", "POST /v1/sessions")
def credentials(world: World) -> Ask:
    return Ask(body={"email": world.cast["guest"].user["email"], "password": PASSWORD})


@asks("POST /v1/auth/tokens/refresh")
def refresh(world: World) -> Ask:
    return Ask(body={"refresh_token": world.tokens()["refresh_token"]})


@asks(
    "DELETE /v1/auth/tokens",
    "DELETE /v1/sessions",
    "DELETE /v1/users/me/photo",
    "POST /v1/users/me/deactivation",
    changes_who_asks=True,
)
def nothing_more(_: World) -> Ask:
    return Ask()


@asks("POST /v1/auth/reactivation")
def closed_account(world: World) -> Ask:
    left = person(world.stack)
    assert left.post("/v1/users/me/deactivation").status_code == 204
    return Ask(body={"email": left.user["email"], "password": PASSWORD})


@asks("DELETE /v1/auth/tokens/{login_id}")
def login(world: World) -> Ask:
    return Ask({"login_id": world.login()})


@asks("DELETE /v1/sessions/{session_id}")
def session(world: World) -> Ask:
    return Ask({"session_id": world.session()})


@asks("POST /v1/auth/email-verification")
def letter(world: World) -> Ask:
    return Ask(body={"token": email_token(registered(world.stack))})


@asks("POST /account/verification")
def pressed_button(world: World) -> Ask:
    token = email_token(registered(world.stack))
    return Ask(body=f"token={token}".encode(), content_type=_FORM)


@asks("POST /v1/auth/password-reset")
def reset(world: World) -> Ask:
    return Ask(body={"token": world.reset_token(), "new_password": _NEW_PASSWORD})


@asks("POST /account/password-reset")
def pressed_reset(world: World) -> Ask:
    form = {"token": world.reset_token(), "new_password": _NEW_PASSWORD}
    return Ask(body=urlencode(form).encode(), content_type=_FORM)


@asks("PUT /v1/users/me/password", changes_who_asks=True)
def new_password(_: World) -> Ask:
    return Ask(body={"current_password": PASSWORD, "new_password": _NEW_PASSWORD})


@asks("POST /v1/users/me/second-factor", changes_who_asks=True)
def own_password(_: World) -> Ask:
    return Ask(body={"password": PASSWORD})


@asks("GET /v1/users/me/export")
def followed(world: World) -> Ask:
    world.stack.run_workers()  # what is told of somebody is not older than they are
    return Ask()


@asks("DELETE /v1/users/me", changes_who_asks=True)
def farewell(world: World) -> Ask:
    world.stack.run_workers()
    return Ask(body={"password": PASSWORD})


@asks("POST /v1/operator/users/{user_id}/erasure")
def leaving(world: World) -> Ask:
    user_id = person(world.stack).id
    world.stack.run_workers()
    return Ask({"user_id": user_id})


@asks("GET /v1/api-keys/{key_id}", "POST /v1/api-keys/{key_id}/roll", "DELETE /v1/api-keys/{key_id}")
def key(world: World) -> Ask:
    return Ask({"key_id": world.key()})


@asks("POST /v1/api-keys")
def wanted_key(_: World) -> Ask:
    return Ask(body={"name": "another machine", "scopes": ["bookings:read"]})


@asks("PUT /v1/users/me/photo", changes_who_asks=True)
def portrait(_: World) -> Ask:
    return Ask(body=PICTURE, content_type="image/jpeg")


@asks("PATCH /v1/users/me", changes_who_asks=True)
def profile(_: World) -> Ask:
    return Ask(headers={"If-Match": '"2"'})


@asks("POST /v1/users/me/hosting", changes_who_asks=True)
def hosting(_: World) -> Ask:
    return Ask()


@asks("GET /v1/users/{user_id}")
def somebody(world: World) -> Ask:
    return Ask({"user_id": world.cast["guest"].id})


# --- properties -------------------------------------------------------------------------------------------------


@asks("POST /v1/properties")
def draft(_: World) -> Ask:
    return Ask(body=PROPERTY)


@asks(
    "GET /v1/properties/{property_id}",
    "POST /v1/properties/{property_id}/publish",
    "POST /v1/properties/{property_id}/unpublish",
    "GET /v1/properties/{property_id}/calendar",
    "GET /v1/properties/{property_id}/calendar-feeds",
    "POST /v1/properties/{property_id}/calendar-feeds",
    "POST /v1/properties/{property_id}/calendar-address",
    "DELETE /v1/properties/{property_id}/calendar-address",
)
def published(world: World) -> Ask:
    return Ask({"property_id": world.property()})


@asks("PATCH /v1/properties/{property_id}", "PUT /v1/properties/{property_id}/photos")
def seen_property(world: World) -> Ask:
    property_id = world.property()
    seen = version_of(world.cast["host"], f"/v1/properties/{property_id}")
    return Ask({"property_id": property_id}, headers={"If-Match": seen})


@asks("POST /v1/properties/{property_id}/photos")
def photo(world: World) -> Ask:
    return Ask({"property_id": world.property()}, PICTURE, content_type="image/jpeg")


@asks("GET /v1/photos/{photo_id}/{size}.jpg")
def shown_photo(world: World) -> Ask:
    return Ask({"photo_id": world.photo(), "size": "full"})


@asks("POST /v1/properties/{property_id}/blocks")
def nights(world: World) -> Ask:
    first, until = world.nights()
    return Ask({"property_id": world.property()}, {"from": first, "until": until})


@asks("DELETE /v1/properties/{property_id}/blocks")
def block(world: World) -> Ask:
    property_id, block_id = world.block()
    return Ask({"property_id": property_id}, query=f"id={block_id}")


@asks(
    "DELETE /v1/properties/{property_id}/calendar-feeds/{feed_id}",
    "POST /v1/properties/{property_id}/calendar-feeds/{feed_id}/sync",
    "POST /v1/properties/{property_id}/calendar-conflicts/{conflict_id}/dismiss",
)
def feed(world: World) -> Ask:
    return Ask(world.feed())


@asks("GET /v1/calendars/{token}.ics")
def calendar(world: World) -> Ask:
    return Ask({"token": world.calendar()})


# --- bookings and their money -----------------------------------------------------------------------------------


def _stay(world: World) -> dict[str, Any]:
    check_in, check_out = world.nights()
    return {"property": world.cottage, "check_in": check_in, "check_out": check_out, "guests": 2}


@asks("POST /v1/quotes", "POST /v1/bookings")
def stay(world: World) -> Ask:
    return Ask(body=_stay(world))


@asks("GET /v1/bookings", "GET /v1/bookings/counts")
def as_guest(_: World) -> Ask:
    return Ask(query="as=guest")


@asks(
    "GET /v1/bookings/{booking_id}",
    "POST /v1/bookings/{booking_id}/cancel",
    "GET /v1/bookings/{booking_id}/cancellation-preview",
    "GET /v1/bookings/{booking_id}/history",
    "GET /v1/bookings/{booking_id}/payments",
    "GET /v1/bookings/{booking_id}/statement",
    "POST /v1/bookings/{booking_id}/payments",
    "POST /v1/bookings/{booking_id}/messages",
    "POST /v1/operator/bookings/{booking_id}/cancel",
)
def held(world: World) -> Ask:
    return Ask({"booking_id": world.booking()})


@asks("POST /v1/bookings/{booking_id}/accept", "POST /v1/bookings/{booking_id}/decline")
def requested(world: World) -> Ask:
    return Ask({"booking_id": world.requested()})


@asks("POST /v1/bookings/{booking_id}/no-show")
def begun(world: World) -> Ask:
    return Ask({"booking_id": world.begun()})


@asks("POST /v1/bookings/{booking_id}/alter", "GET /v1/bookings/{booking_id}/alteration-preview")
def altered(world: World) -> Ask:
    check_in, check_out = world.nights()
    other = {"check_in": check_in, "check_out": check_out, "guests": 2}
    return Ask({"booking_id": world.confirmed()}, other, f"check_in={check_in}&check_out={check_out}&guests=2")


@asks("GET /v1/bookings/{booking_id}/messages", "PUT /v1/bookings/{booking_id}/messages/read")
def written(world: World) -> Ask:
    return Ask({"booking_id": world.message()})


@asks("POST /v1/bookings/{booking_id}/reviews", "GET /v1/bookings/{booking_id}/reviews")
def over(world: World) -> Ask:
    return Ask({"booking_id": world.over()}, {"rating": 4})


@asks(
    "GET /v1/reviews/{review_id}",
    "POST /v1/reviews/{review_id}/reply",
    "POST /v1/operator/reviews/{review_id}/remove",
)
def reviewed(world: World) -> Ask:
    return Ask({"review_id": world.review()})


@asks("GET /v1/properties/{property_id}/reviews", "GET /v1/users/{user_id}/reviews")
def about(world: World) -> Ask:
    return Ask({"property_id": world.cottage, "user_id": world.cast["host"].id})


@asks("GET /v1/payments/{payment_id}", "GET /v1/operator/payments/{payment_id}")
@asks("POST /v1/operator/payments/{payment_id}/ask")
def payment(world: World) -> Ask:
    return Ask({"payment_id": world.payment()})


@asks("POST /v1/operator/payments/{payment_id}/contradictions/{contradiction}/resolve")
def contradicted(world: World) -> Ask:
    return Ask({"payment_id": world.contradicted(), "contradiction": "lost_after_capture"})


@asks("POST /v1/operator/payments/{payment_id}/refunds/{refund_id}/retry")
def refused_refund(world: World) -> Ask:
    payment_id, refund_id = world.refused_refund()
    return Ask({"payment_id": payment_id, "refund_id": refund_id})


@asks("PUT /v1/me/payout-destination", changes_who_asks=True)
def destination(_: World) -> Ask:
    return Ask()


@asks(
    "GET /v1/operator/hosts/{host_id}/account",
    "POST /v1/operator/hosts/{host_id}/payout-holds",
    "POST /v1/operator/hosts/{host_id}/charges",
)
def paid_host(world: World) -> Ask:
    return Ask({"host_id": world.cast["host"].id})


@asks(
    "POST /v1/operator/hosts/{host_id}/payout-holds/{hold_id}/lift",
    "POST /v1/operator/hosts/{host_id}/payouts/{payout_id}/retry",
)
def failed_payout(world: World) -> Ask:
    return Ask(world.failed_payout())


@asks("POST /v1/webhooks/{provider}", "PUT /v1/webhooks/{provider}")
def provider(_: World) -> Ask:
    return Ask({"provider": "stripe"}, b"{}")


@asks("GET /sandbox/payments/{reference}")
@asks("POST /sandbox/payments/{reference}")
def sandbox_page(world: World) -> Ask:
    return Ask({"reference": world.sandbox_charge()}, b"answer=approve", content_type=_FORM)


# --- what is sent to machines -----------------------------------------------------------------------------------


@asks("POST /v1/webhook-endpoints")
def address(world: World) -> Ask:
    return Ask(body={"url": f"https://93.184.216.34/{world.stack.wired.lodger.new_id()}", "types": []})


@asks(
    "GET /v1/webhook-endpoints/{endpoint_id}",
    "PATCH /v1/webhook-endpoints/{endpoint_id}",
    "DELETE /v1/webhook-endpoints/{endpoint_id}",
    "POST /v1/webhook-endpoints/{endpoint_id}/secret",
    "GET /v1/webhook-endpoints/{endpoint_id}/deliveries",
    "POST /v1/webhook-endpoints/{endpoint_id}/replay",
)
def endpoint(world: World) -> Ask:
    return Ask({"endpoint_id": world.endpoint()["id"]}, headers={"If-Match": '"1"'})


@asks("POST /v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay")
def delivery(world: World) -> Ask:
    return Ask(world.delivery())


# --- operators --------------------------------------------------------------------------------------------------


@asks("POST /v1/operator/users/look-up")
def looked_up(world: World) -> Ask:
    return Ask(body={"email": world.cast["guest"].user["email"]})


@asks(
    "GET /v1/operator/users/{user_id}",
    "POST /v1/operator/users/{user_id}/suspend",
    "POST /v1/operator/users/{user_id}/reinstate",
    "POST /v1/operator/users/{user_id}/grant-role",
    "POST /v1/operator/users/{user_id}/revoke-role",
    "POST /v1/operator/users/{user_id}/disable-second-factor",
)
def another(world: World) -> Ask:
    return Ask({"user_id": person(world.stack).id})


@asks("POST /v1/operator/clock")
def later(world: World) -> Ask:
    return Ask(body={"now": (world.stack.now() + timedelta(minutes=1)).isoformat()})


@asks("GET /v1/audit/events", "GET /v1/audit/events/{position}")
def what_happened(world: World) -> Ask:
    world.stack.run_workers()
    return Ask({"position": "1"})


@asks("GET /v1/audit/streams/{stream_id}", "GET /v1/audit/bookings/{booking_id}/timeline")
def _what_a_booking_was(world: World) -> Ask:
    booking_id = world.booking()
    return Ask({"stream_id": booking_id, "booking_id": booking_id})


# --- pages ------------------------------------------------------------------------------------------------------


@asks("GET /docs/files/{name}")
def file(_: World) -> Ask:
    return Ask({"name": "swagger-ui.css"})


@asks("GET /console/audit/{name}")
def file_of_the_console(_: World) -> Ask:
    return Ask({"name": "page.css"})


@asks("GET /problems/{slug}")
def problem(_: World) -> Ask:
    return Ask({"slug": "nights-taken"})


@asks("POST /graphql")
def operation(_: World) -> Ask:
    return Ask(body={"query": "{ __typename }"})


@asks("GET /v1/log/checkpoints/{size}", "GET /v1/log/proofs/{position}")
def _the_beginning_of_the_log(_: World) -> Ask:
    return Ask({"size": "1", "position": "1"})


@asks("GET /v1/log/consistency")
def _the_first_two(_: World) -> Ask:
    return Ask(query="first=1&second=2")
