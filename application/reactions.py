"""What follows from what happened: each event's follow-up commands. At least once; each command is idempotent."""

from __future__ import annotations

from contextlib import suppress
from typing import Final, assert_never, get_args
from uuid import UUID

from application import accounts, bookings, credentials, payments, payouts, reviews, settlement
from application.calls import Call, following
from application.lodger import Lodger
from application.payment_ports import GatewayUnavailable
from domain.bookings import (
    AlterationExpired,
    BookingAltered,
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingExpired,
    BookingNoShowRecorded,
    BookingReinstated,
)
from domain.events import Event
from domain.payments import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureStarted,
    PaymentVoidStarted,
    RefundStarted,
)
from domain.reviews import ReviewSubmitted
from domain.users import UserDeactivated, UserErased, UserRoleRevoked, UserSuspended

_OfAccounts = UserSuspended | UserDeactivated | UserRoleRevoked | UserErased
_OfStays = (
    PaymentAuthorized
    | PaymentCaptureStarted
    | PaymentCaptured
    | PaymentVoidStarted
    | RefundStarted
    | DisputeOpened
    | DisputeWon
    | DisputeLost
    | BookingConfirmed
    | BookingReinstated
    | BookingCompleted
    | BookingCancelled
    | BookingAltered
    | BookingExpired
    | AlterationExpired
    | BookingNoShowRecorded
    | ReviewSubmitted
)
_OF_ACCOUNTS: Final = get_args(_OfAccounts)
FOLLOWED: Final = (*get_args(_OfStays), *_OF_ACCOUNTS)
"""Nothing follows from the others, which are most."""

_EARNING: Final = (
    BookingConfirmed,
    BookingReinstated,
    BookingAltered,
    BookingCancelled,
    BookingNoShowRecorded,
    BookingCompleted,
)
"""After these a booking may earn its host something else."""


def react(lodger: Lodger, event: Event) -> bool:
    """Carry out what `event` asks for; False when that is nothing.

    When a provider is away its reconciler asks again: nothing else waits for it.
    """
    if not isinstance(event.fact, FOLLOWED):
        return False
    call = following(event, "reactions", lodger.clock.now())
    if isinstance(event.fact, _EARNING):
        # First: whatever becomes of a refund, the host is not paid for what the booking earns no more.
        payouts.record_earning(lodger, call, event.stream_id)
    if isinstance(event.fact, _OF_ACCOUNTS):
        _follow_account(lodger, call, event.stream_id, event.fact)
    else:
        _follow(lodger, call, event.stream_id, event.fact)
    return True


def _follow(lodger: Lodger, call: Call, stream_id: UUID, fact: _OfStays) -> None:
    match fact:
        case PaymentAuthorized():
            settlement.proceed(lodger, call, stream_id)
        case PaymentCaptureStarted() | PaymentVoidStarted() | RefundStarted():
            with suppress(GatewayUnavailable):
                settlement.carry_out(lodger, call, stream_id)
        case PaymentCaptured():
            bookings.settle(lodger, call, stream_id)
        case DisputeOpened(dispute_id) | DisputeWon(dispute_id) | DisputeLost(dispute_id):
            is_open = isinstance(fact, DisputeOpened)
            payouts.follow_dispute(lodger, call, stream_id, dispute_id, is_open=is_open)
        case BookingConfirmed() | BookingReinstated() | BookingCompleted():
            pass
        case BookingCancelled(refund=refund):
            payments.give_back(lodger, call, stream_id, refund.total, "the booking was cancelled")
            payments.withdraw(lodger, call, stream_id, "the booking was cancelled")
        case BookingAltered(refund=refund):
            payments.give_back(lodger, call, stream_id, refund, "the booking was altered")
        case BookingExpired() | AlterationExpired():
            payments.withdraw(lodger, call, stream_id, "the hold lapsed")
        case BookingNoShowRecorded():
            payments.withdraw(lodger, call, stream_id, "the guest did not come")
        case ReviewSubmitted(booking_id):
            reviews.reveal(lodger, call, booking_id)
        case _:
            assert_never(fact)


def _follow_account(lodger: Lodger, call: Call, user_id: UUID, fact: _OfAccounts) -> None:
    match fact:
        case UserSuspended() | UserDeactivated():
            accounts.withdraw(lodger, call, user_id)
        case UserRoleRevoked():
            credentials.end_all(lodger, user_id)
        case UserErased():
            credentials.end_all(lodger, user_id)
            lodger.erasures.begin(user_id)
        case _:
            assert_never(fact)
