"""How operators' and auditors' routes are asked."""

from __future__ import annotations

from datetime import timedelta

from tests.permissions.asking.registry import Ask, asks
from tests.permissions.cast import person
from tests.permissions.world import World


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
