"""One booking to which everything happened: refused and paid, altered, held up, paid out, stayed, reviewed."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from application import payouts
from application.calls import Call
from application.payment_ports import PayoutReport
from domain.events import Actor
from domain.payments import Evidence
from infrastructure.workers.deadlines import meet_deadlines, reveal_reviews
from tests.api.people import book, host, listing, pay, register
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
"""What somebody writes who hopes that a page takes it for its own."""


def tell(stack: Stack) -> str:
    """The booking's id. Its stay is over when this returns."""
    ada, bob = host(stack), register(stack, "bob")
    ada.json("PUT", "/v1/me/payout-destination", {"method": "mobile_money", "phone": "+256772123456"})
    first = stack.now().date() + timedelta(days=11)
    nights = [(first + timedelta(days=day)).isoformat() for day in (0, 3, 4)]
    booking_id = book(bob, listing(ada), *nights[:2])
    pay(bob, booking_id, "decline")
    stack.run_workers()
    pay(bob, booking_id)
    stack.run_workers()
    longer = {"check_in": nights[0], "check_out": nights[2], "guests": 2}
    shorter = {**longer, "check_out": nights[1]}
    assert bob.post(f"/v1/bookings/{booking_id}/alter", longer).status_code == 200
    pay(bob, booking_id)
    stack.run_workers()
    assert bob.post(f"/v1/bookings/{booking_id}/alter", shorter).status_code == 200
    stack.run_workers()
    _paid_out(stack, ada, booking_id)
    _over(stack, booking_id, ada, bob)
    return booking_id


def _paid_out(stack: Stack, ada: Client, booking_id: str) -> None:
    """An operator holds the payout up for a moment; it is paid after the stay has begun."""
    operator, path = Client(stack, OPERATOR_TOKEN), f"/v1/operator/hosts/{ada.id}/payout-holds"
    held = operator.post(path, {"reason": HOSTILE, "booking": booking_id})
    assert held.status_code in (200, 201), held.text
    (hold,) = json_of(held)["holds"]
    assert operator.post(f"{path}/{hold['id']}/lift", {"reason": "The papers came."}).status_code == 200
    _move(stack, stack.now() + timedelta(days=13))
    (payout_id,) = payouts.schedule(stack.wired.lodger, _call(stack), UUID(ada.id))
    said = PayoutReport("paid", Evidence("sandbox", "po_1", "0" * 64))
    payouts.record(stack.wired.lodger, _call(stack), UUID(ada.id), payout_id, said)
    stack.run_workers()


def _over(stack: Stack, booking_id: str, ada: Client, bob: Client) -> None:
    _move(stack, stack.now() + timedelta(days=3))
    meet_deadlines(stack.wired.lodger, stack.wired.database)
    stack.run_workers()
    for client in (bob, ada):
        said = client.post(f"/v1/bookings/{booking_id}/reviews", {"rating": 5, "comment": "Lovely."})
        assert said.status_code == 201, said.text
        stack.run_workers()
    reveal_reviews(stack.wired.lodger, stack.wired.database)
    stack.run_workers()


def _move(stack: Stack, to: datetime) -> None:
    moved = Client(stack, OPERATOR_TOKEN).post("/v1/operator/clock", {"now": to.isoformat()})
    assert moved.status_code == 200, moved.text


def _call(stack: Stack) -> Call:
    lodger = stack.wired.lodger
    return Call(Actor("system", "payouts"), stack.now(), lodger.new_id(), lodger.new_id())
