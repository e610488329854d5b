"""How routes of bookings, and of their money, are asked."""

from __future__ import annotations

from typing import Any

from tests.permissions.asking.registry import FORM, Ask, asks
from tests.permissions.world import World


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
    return Ask({"reference": world.sandbox_charge()}, b"answer=approve", content_type=FORM)
