"""Being forgotten: what has to be over before a person can be. How it is done is in `application.erasure`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from domain.bookings import Booking, Confirmed, Held, Requested
from domain.disputes import undecided
from domain.host_accounts import HostAccount
from domain.payments import Payment, is_settled
from domain.payouts import under_way_of
from domain.refunds import retriable
from domain.rejections import Rejected

Kind = Literal["booking", "payment", "refund", "dispute", "contradiction", "earning", "payout"]

TOLD_MAX: Final = 20
"""Of the obstacles: whoever has more ends these first and asks again."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that has to end before its people can be forgotten. `id` is the booking's, the payment's or the
    payout's."""

    kind: Kind
    id: UUID


def of_booking(booking_id: UUID, booking: Booking | None) -> Iterator[Obstacle]:
    """A stay that is asked for, waits for its money or is still to come."""
    if isinstance(booking, Requested | Held | Confirmed):
        yield Obstacle("booking", booking_id)


def of_payment(payment_id: UUID, payment: Payment | None) -> Iterator[Obstacle]:
    """Money that is on its way, or that somebody has to see to, for which they have to be found."""
    if payment is None:
        return
    if not is_settled(payment):
        yield Obstacle("payment", payment_id)
    if retriable(payment):
        yield Obstacle("refund", payment_id)
    if undecided(payment):
        yield Obstacle("dispute", payment_id)
    if not all(payment.contradictions.values()):
        yield Obstacle("contradiction", payment_id)


def of_account(account: HostAccount) -> Iterator[Obstacle]:
    """What a host is owed: nobody could be paid who is not known any more. What the host owes is no obstacle."""
    for payout_id in under_way_of(account):
        yield Obstacle("payout", payout_id)
    for booking_id, earning in account.earnings.items():
        if earning.open.minor > 0:
            yield Obstacle("earning", booking_id)


def must_be_free(obstacles: Iterable[Obstacle]) -> None:
    """Raises Rejected `erasure_blocked`, with what is in the way."""
    found = list(obstacles)
    if found:
        told = [{"kind": each.kind, "id": str(each.id)} for each in found[:TOLD_MAX]]
        raise Rejected(
            "erasure_blocked",
            "Something is not over yet: end it, or wait until it is, and ask again.",
            obstacles=told,
        )
