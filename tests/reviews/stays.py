"""Stays that are over, made through the API: the clock only moves forward, so each begins tomorrow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from werkzeug.test import TestResponse

from tests.api.people import book, host, listing, pay, register
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of


@dataclass
class StayOver:
    """A stay whose guest has checked out, and who was there."""

    stack: Stack
    host: Client
    guest: Client
    property_id: str
    booking_id: str
    closes_at: datetime

    def write(self, who: Client, rating: int = 5, comment: str = "", **more: object) -> TestResponse:
        body = {"rating": rating, "comment": comment, **more}
        return who.post(f"/v1/bookings/{self.booking_id}/reviews", body)

    def seen_by(self, who: Client) -> dict[str, object]:
        return json_of(who.get(f"/v1/bookings/{self.booking_id}/reviews"))


def stay_booked(stack: Stack) -> StayOver:
    """A paid stay of tomorrow night."""
    ada, bob = host(stack), register(stack)
    property_id = listing(ada)
    check_in = stack.now().date() + timedelta(days=2)
    check_out = check_in + timedelta(days=1)
    booking_id = book(bob, property_id, check_in.isoformat(), check_out.isoformat())
    pay(bob, booking_id)
    stack.run_workers()
    # 11:00 in New York, in summer as in winter later than 15:00 in London.
    closes = datetime.combine(check_out, time(16), UTC) + timedelta(days=14)
    return StayOver(stack, ada, bob, property_id, booking_id, closes)


def stay_over(stack: Stack) -> StayOver:
    """The same, once its guest has checked out; no worker has noticed yet."""
    stay = stay_booked(stack)
    move(stack, stay.closes_at - timedelta(days=14) + timedelta(minutes=1))
    return stay


def move(stack: Stack, to: datetime) -> None:
    moved = Client(stack, OPERATOR_TOKEN).post("/v1/operator/clock", {"now": to.isoformat()})
    assert moved.status_code == 200, moved.text
