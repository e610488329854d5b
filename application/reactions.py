"""What follows from what happened: each event's follow-up commands. At least once; each command is idempotent."""

from __future__ import annotations

from typing import Final, assert_never, get_args

from application import bookings, payments
from application.calls import following
from application.lodger import Lodger
from domain.bookings import (
    AlterationExpired,
    BookingAltered,
    BookingCancelled,
    BookingExpired,
    BookingNoShowRecorded,
)
from domain.events import Event
from domain.payments import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureStarted,
    PaymentStarted,
    PaymentVoidStarted,
    RefundStarted,
)

_Followed = (
    PaymentStarted
    | PaymentAuthorized
    | PaymentCaptureStarted
    | PaymentCaptured
    | PaymentVoidStarted
    | RefundStarted
    | BookingCancelled
    | BookingAltered
    | BookingExpired
    | AlterationExpired
    | BookingNoShowRecorded
)
_FOLLOWED: Final = get_args(_Followed)
"""Nothing follows from the others, which are most."""


def react(lodger: Lodger, event: Event) -> None:
    """Carry out what `event` asks for. Raises GatewayUnavailable when it has to be tried again."""
    if not isinstance(event.fact, _FOLLOWED):
        return
    call = following(event, "reactions", lodger.clock.now())
    match event.fact:
        case PaymentStarted():
            payments.submit(lodger, call, event.stream_id)
        case PaymentAuthorized():
            payments.proceed(lodger, call, event.stream_id)
        case PaymentCaptureStarted():
            payments.capture(lodger, call, event.stream_id)
        case PaymentCaptured():
            bookings.settle(lodger, call, event.stream_id)
        case PaymentVoidStarted():
            payments.give_up(lodger, call, event.stream_id)
        case RefundStarted(refund_id):
            payments.pay_back(lodger, call, event.stream_id, refund_id)
        case BookingCancelled(refund=refund):
            payments.give_back(lodger, call, event.stream_id, refund.total, "the booking was cancelled")
            payments.withdraw(lodger, call, event.stream_id, "the booking was cancelled")
        case BookingAltered(refund=refund):
            payments.give_back(lodger, call, event.stream_id, refund, "the booking was altered")
        case BookingExpired() | AlterationExpired():
            payments.withdraw(lodger, call, event.stream_id, "the hold lapsed")
        case BookingNoShowRecorded():
            payments.withdraw(lodger, call, event.stream_id, "the guest did not come")
        case _:
            assert_never(event.fact)
