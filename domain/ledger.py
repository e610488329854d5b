"""The ledger: what the facts of bookings, payments and host accounts move between accounts, in double entry.

Derived from facts alone: nothing is decided by it. Every posting adds up to nothing in its currency, and so does what
is posted for one booking; so do all accounts together, after any history.

A debit is positive and a credit negative. What the platform holds for others, and what it has earned, stands in
credit: guest_funds (captured, and bought nothing yet or no more), host_payable, tax_payable, platform_revenue. What
it has, or somebody owes it, stands in debit: processor_clearing (with the payment providers) and host_receivable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, assert_never
from uuid import UUID

from domain import bookings, payments
from domain.bookings import (
    Booking,
    BookingAltered,
    BookingCancelled,
    BookingConfirmed,
    BookingHeld,
    BookingReinstated,
    BookingRequested,
    Cancelled,
)
from domain.cancellations import RefundLine
from domain.events import Event
from domain.host_accounts import DebtReason, HostDebtRecorded, PayoutFailed, PayoutPaid, PayoutScheduled
from domain.money import Money
from domain.payments import (
    DisputeOpened,
    DisputeWon,
    Payment,
    PaymentCaptured,
    PaymentStarted,
    RefundStarted,
    RefundSucceeded,
)
from domain.pricing import Line, LineKind
from domain.shares import shares

Account = Literal[
    "guest_funds", "host_payable", "platform_revenue", "tax_payable", "processor_clearing", "host_receivable"
]

BookingMove = BookingRequested | BookingHeld | BookingConfirmed | BookingReinstated | BookingAltered | BookingCancelled
PaymentMove = PaymentStarted | PaymentCaptured | RefundStarted | RefundSucceeded | DisputeOpened | DisputeWon
HostMove = HostDebtRecorded | PayoutScheduled | PayoutPaid | PayoutFailed
"""The facts that move money, or say how much a later one moves. All others may be left out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a posting. It is about a booking, but for what a host owes for something else."""

    account: Account
    amount: Money
    host_id: UUID
    booking_id: UUID | None
    payment_id: UUID | None = None


Posting = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Payouts:
    """What a host's account has to know for its postings: payouts under way, and what debts are about."""

    scheduled: Mapping[UUID, PayoutScheduled] = field(default_factory=dict)
    debts: Mapping[UUID, UUID | None] = field(default_factory=dict)


State = Booking | Payment | Payouts
"""What is remembered of a stream for the postings of its next fact."""


def post(before: State | None, event: Event, host_id: UUID) -> tuple[State, Posting]:
    """What an event moves, and the state of its stream after it. `host_id` is whose booking, or account, it is of."""
    fact = event.fact
    if isinstance(fact, BookingMove):
        assert before is None or isinstance(before, Booking)
        booking = _summed(bookings.evolve(before, fact))
        return booking, of_booking(event.stream_id, before, booking)
    if isinstance(fact, PaymentMove):
        assert before is None or isinstance(before, Payment)
        payment = payments.evolve(before, fact)
        assert payment is not None
        return payment, of_payment(event.stream_id, host_id, payment, fact)
    assert isinstance(fact, HostMove), f"{fact.TOPIC} moves nothing"
    assert before is None or isinstance(before, Payouts)
    payouts = before or Payouts()
    return _evolve(payouts, fact), of_host(host_id, payouts, fact)


def of_booking(booking_id: UUID, before: Booking | None, after: Booking) -> Posting:
    """Buying takes the guest's money apart into shares; whatever changes the shares moves the difference."""
    new = shares(after)
    old = shares(before) if before else replace(new, host=new.host * 0, platform=new.platform * 0, tax=new.tax * 0)
    moved: dict[Account, Money] = {
        "guest_funds": new.total - old.total,
        "host_payable": old.host - new.host,
        "platform_revenue": old.platform - new.platform,
        "tax_payable": old.tax - new.tax,
    }
    return _moving(Entry(account, amount, after.made.host_id, booking_id) for account, amount in moved.items())


def of_payment(payment_id: UUID, host_id: UUID, payment: Payment, fact: PaymentMove) -> Posting:
    """What a provider took, sent back, or lost to a payer's bank. `payment` is as it is after `fact`.

    The bank takes from the provider at once, and from the platform until it decides: the host is not charged by it.
    """

    def between(debited: Account, credited: Account, amount: Money) -> Posting:
        return _between(debited, credited, Entry(debited, amount, host_id, payment.started.booking_id, payment_id))

    match fact:
        case PaymentCaptured():
            return between("processor_clearing", "guest_funds", payment.started.amount)
        case RefundSucceeded(refund_id):
            return between("guest_funds", "processor_clearing", payment.refunds[refund_id].amount)
        case DisputeOpened(amount=amount, fee=fee):
            return between("platform_revenue", "processor_clearing", amount + fee)
        case DisputeWon(dispute_id, fee_returned):
            returned = payment.disputes[dispute_id].amount + fee_returned
            return between("processor_clearing", "platform_revenue", returned)
        case PaymentStarted() | RefundStarted():
            return ()
        case _:
            assert_never(fact)


def of_host(host_id: UUID, before: Payouts, fact: HostMove) -> Posting:
    """What a host owes, and what was paid: each earning and each debt of a payout is an entry of its own booking's."""

    def between(debited: Account, credited: Account, amount: Money, booking_id: UUID | None) -> Posting:
        return _between(debited, credited, Entry(debited, amount, host_id, booking_id))

    match fact:
        case HostDebtRecorded(_, booking_id, amount, reason):
            return between("host_receivable", _OWED_TO[reason], amount, booking_id)
        case PayoutPaid(payout_id):
            payout = before.scheduled[payout_id]
            paid = [between("host_payable", "processor_clearing", each.amount, each.of) for each in payout.earnings]
            netted = [
                between("processor_clearing", "host_receivable", each.amount, before.debts[each.of])
                for each in payout.debts
            ]
            return tuple(entry for posting in (*paid, *netted) for entry in posting)
        case PayoutScheduled() | PayoutFailed():
            return ()
        case _:
            assert_never(fact)


_OWED_TO: Final[Mapping[DebtReason, Account]] = {
    "refund_after_payout": "host_payable",
    "charged": "platform_revenue",
}


def balances(entries: Iterable[Entry]) -> dict[tuple[Account, str], Money]:
    """What stands in each account, by account and currency; accounts in which nothing stands are missing."""
    found: dict[tuple[Account, str], Money] = {}
    for entry in entries:
        key = entry.account, entry.amount.currency
        found[key] = found.get(key, Money.zero(key[1])) + entry.amount
    return {key: amount for key, amount in found.items() if amount.minor}


def _between(debited: Account, credited: Account, entry: Entry) -> Posting:
    """`entry` on the one side, and its opposite on the other."""
    return _moving((replace(entry, account=debited), replace(entry, account=credited, amount=-entry.amount)))


def _moving(entries: Iterable[Entry]) -> Posting:
    return tuple(entry for entry in entries if entry.amount.minor)


def _evolve(state: Payouts, fact: HostMove) -> Payouts:
    match fact:
        case HostDebtRecorded(debt_id, booking_id):
            return replace(state, debts={**state.debts, debt_id: booking_id})
        case PayoutScheduled(payout_id):
            return replace(state, scheduled={**state.scheduled, payout_id: fact})
        case PayoutPaid(payout_id):
            taken = {debt.of for debt in state.scheduled[payout_id].debts}
            paid = replace(state, debts={i: of for i, of in state.debts.items() if i not in taken})
            return _without(paid, payout_id)
        case PayoutFailed(payout_id):
            return _without(state, payout_id)
        case _:
            assert_never(fact)


def _without(state: Payouts, payout_id: UUID) -> Payouts:
    return replace(state, scheduled={i: payout for i, payout in state.scheduled.items() if i != payout_id})


def _summed(booking: Booking) -> Booking:
    """The booking with one line for each kind: all that shares are made of, where a year's stay has hundreds."""
    quote = booking.made.quote
    lines = tuple(Line(kind, amount) for kind, amount in _by_kind(quote.lines).items())
    booking = replace(booking, made=replace(booking.made, quote=replace(quote, lines=lines)))
    if isinstance(booking, Cancelled):
        given_back = tuple(RefundLine(kind, amount) for kind, amount in _by_kind(booking.refund.lines).items())
        return replace(booking, refund=replace(booking.refund, lines=given_back))
    return booking


def _by_kind(lines: Iterable[Line | RefundLine]) -> dict[LineKind, Money]:
    sums: dict[LineKind, Money] = {}
    for line in lines:
        sums[line.kind] = sums[line.kind] + line.amount if line.kind in sums else line.amount
    return sums
