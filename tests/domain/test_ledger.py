"""What each fact moves, worked out by hand; and what holds of every history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings

from domain import bookings
from domain.bookings import BookingCancelled, BookingConfirmed, BookingFact, Cancelled
from domain.events import Event, Fact
from domain.host_accounts import (
    HostAccountFact,
    HostDebtRecorded,
    HostEarningRecorded,
    PayoutFailed,
    PayoutPaid,
    PayoutScheduled,
    Portion,
)
from domain.ledger import Account, BookingMove, Entry, HostMove, PaymentMove, State, balances, post
from domain.money import Money
from domain.payments import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    PaymentCaptured,
    PaymentFact,
    PaymentStarted,
    RefundFailed,
    RefundStarted,
    RefundSucceeded,
)
from domain.payouts import under_way_of
from domain.shares import shares
from tests.support.examples import (
    ALTERATION_HELD,
    ALTERATION_PAYMENT,
    ALTERED,
    BOOKING,
    BOOKING_HISTORIES,
    CAPTURED,
    DEBT,
    DISPUTED,
    EVIDENCE,
    FULL_REFUND,
    HELD,
    HOST,
    OWED,
    PAYMENT,
    PAYOUT,
    REFUND,
    SCHEDULED,
    STARTED,
    usd,
)
from tests.support.money_tales import Marketplace, marketplaces
from tests.support.tales import Tale

MOVES: tuple[type[Fact], ...] = (*get_args(BookingMove), *get_args(PaymentMove), *get_args(HostMove))
ACCOUNT = UUID(int=55)


def postings(events: Sequence[Event]) -> Iterator[tuple[Event, tuple[Entry, ...]]]:
    """What each event moves."""
    states: dict[UUID, State] = {}
    hosts: dict[UUID, UUID] = {}
    for event in events:
        fact = event.fact
        if isinstance(fact, bookings.BookingHeld | bookings.BookingRequested):
            hosts[event.stream_id] = fact.host_id
        if isinstance(fact, PaymentStarted):
            hosts[event.stream_id] = hosts[fact.booking_id]
        if isinstance(fact, MOVES):
            host_id = hosts.get(event.stream_id, event.partition_key)
            states[event.stream_id], posting = post(states.get(event.stream_id), event, host_id)
            yield event, posting


def told(tale: Tale) -> list[dict[Account, str]]:
    """The amounts that each event of a tale moves, by account."""
    moved = []
    for _, posting in postings(tale.events):
        assert balances(posting).keys() == {(entry.account, "USD") for entry in posting}, "no account twice"
        moved.append({entry.account: entry.amount.decimal() for entry in posting})
    return moved


def bought() -> Tale:
    tale = Tale()
    tale.tell(BOOKING, HELD)
    tale.tell(PAYMENT, *CAPTURED)
    tale.tell(BOOKING, BookingConfirmed(PAYMENT))
    return tale


# 501.11 = nights 340.00 + extra guests 45.00 + cleaning 30.00 + service 49.80 + tax 36.31.
# The host's are 415.00 less 3% = 12.45: 402.55; the platform's 49.80 + 12.45 = 62.25.
CAPTURE: dict[Account, str] = {"processor_clearing": "501.11", "guest_funds": "-501.11"}
PURCHASE: dict[Account, str] = {
    "guest_funds": "501.11",
    "host_payable": "-402.55",
    "platform_revenue": "-62.25",
    "tax_payable": "-36.31",
}


def opposite(moved: dict[Account, str]) -> dict[Account, str]:
    return {account: amount[1:] if amount[0] == "-" else f"-{amount}" for account, amount in moved.items()}


def test_captured_money_is_the_guests_until_it_buys_the_booking() -> None:
    assert told(bought()) == [{}, {}, CAPTURE, PURCHASE]


def test_every_entry_says_what_it_is_about() -> None:
    (_, taken), (_, shared) = [each for each in postings(bought().events) if each[1]]
    assert {(e.booking_id, e.payment_id, e.host_id) for e in taken} == {(BOOKING, PAYMENT, HOST)}
    assert {(e.booking_id, e.payment_id, e.host_id) for e in shared} == {(BOOKING, None, HOST)}


def test_cancelled_with_everything_back_it_is_the_guests_again_and_then_gone() -> None:
    tale = bought()
    tale.tell(BOOKING, BookingCancelled("host", FULL_REFUND))
    tale.tell(PAYMENT, RefundStarted(REFUND, usd("501.11"), "booking_cancelled"), RefundSucceeded(REFUND, EVIDENCE))
    assert told(tale)[4:] == [opposite(PURCHASE), {}, opposite(CAPTURE)]
    assert balances(entry for _, posting in postings(tale.events) for entry in posting) == {}


def test_money_sent_back_for_a_booking_that_stands_is_missing_until_the_booking_is_cancelled() -> None:
    """An operator may resolve a contradiction so."""
    tale = bought()
    tale.tell(PAYMENT, RefundStarted(REFUND, usd("501.11"), "the bank has it"), RefundSucceeded(REFUND, EVIDENCE))
    standing = balances(entry for _, posting in postings(tale.events) for entry in posting)
    assert standing["guest_funds", "USD"] == usd("501.11")
    tale.tell(BOOKING, BookingCancelled("platform", FULL_REFUND))
    assert balances(entry for _, posting in postings(tale.events) for entry in posting) == {}


def test_a_refund_that_failed_stays_the_guests() -> None:
    tale = bought()
    tale.tell(BOOKING, BookingCancelled("host", FULL_REFUND))
    tale.tell(PAYMENT, RefundStarted(REFUND, usd("501.11"), "x"), RefundFailed(REFUND, "account_closed", EVIDENCE))
    standing = balances(entry for _, posting in postings(tale.events) for entry in posting)
    assert standing == {
        ("guest_funds", "USD"): usd("-501.11"),
        ("processor_clearing", "USD"): usd("501.11"),
    }


def test_a_longer_stay_moves_the_difference_that_was_paid() -> None:
    # One night of 100.00 and an extra guest's 15.00 more: host 115.00 - 3.45 = 111.55, service 13.80 + 3.45 = 17.25,
    # tax 10.06 (8.75% of 440.00 is 38.50 for 29.75, of 60.00 is 5.25 for 3.94; cleaning's stays): 138.86 in all.
    tale = bought()
    tale.tell(BOOKING, ALTERATION_HELD)
    more = replace(STARTED, amount=usd("138.86"), attempt=2, alteration_id=ALTERED.alteration_id)
    tale.tell(ALTERATION_PAYMENT, more, PaymentCaptured(EVIDENCE))
    tale.tell(BOOKING, ALTERED)
    assert told(tale)[-2:] == [
        {"processor_clearing": "138.86", "guest_funds": "-138.86"},
        {"guest_funds": "138.86", "host_payable": "-111.55", "platform_revenue": "-17.25", "tax_payable": "-10.06"},
    ]


@pytest.mark.parametrize(
    ("end", "moved"),
    [
        (DisputeWon("dp_1", usd("15.00"), EVIDENCE), {"processor_clearing": "516.11", "platform_revenue": "-516.11"}),
        (DisputeWon("dp_1", usd("0.00"), EVIDENCE), {"processor_clearing": "501.11", "platform_revenue": "-501.11"}),
    ],
)
def test_a_dispute_is_the_platforms_loss_until_it_is_won(end: DisputeWon, moved: dict[Account, str]) -> None:
    tale = bought()
    tale.tell(PAYMENT, DISPUTED, end)
    assert told(tale)[4:] == [{"platform_revenue": "516.11", "processor_clearing": "-516.11"}, moved]


def test_a_lost_dispute_moves_nothing_more() -> None:
    assert DisputeLost not in MOVES


def test_a_payout_pays_earnings_and_nets_debts_each_for_its_own_booking() -> None:
    other = UUID(int=8)
    tale = Tale()
    tale.tell(ACCOUNT, OWED, HostDebtRecorded(UUID(int=79), other, usd("2.00"), "charged"), partition=HOST)
    both = replace(SCHEDULED, amount=usd("390.55"), debts=(*SCHEDULED.debts, Portion(UUID(int=79), usd("2.00"))))
    tale.tell(ACCOUNT, both, PayoutPaid(PAYOUT, EVIDENCE))
    moved = [posting for _, posting in postings(tale.events)]
    assert [(e.account, e.amount.decimal(), e.booking_id) for e in moved[0] + moved[1]] == [
        ("host_receivable", "10.00", BOOKING),
        ("host_payable", "-10.00", BOOKING),
        ("host_receivable", "2.00", other),
        ("platform_revenue", "-2.00", other),
    ]
    assert [(e.account, e.amount.decimal(), e.booking_id) for e in moved[3]] == [
        ("host_payable", "402.55", BOOKING),
        ("processor_clearing", "-402.55", BOOKING),
        ("processor_clearing", "10.00", BOOKING),
        ("host_receivable", "-10.00", BOOKING),
        ("processor_clearing", "2.00", other),
        ("host_receivable", "-2.00", other),
    ]
    assert {entry.host_id for posting in moved for entry in posting} == {HOST}
    assert balances(moved[3]) == {
        ("host_payable", "USD"): usd("402.55"),
        ("processor_clearing", "USD"): usd("-390.55"),
        ("host_receivable", "USD"): usd("-12.00"),
    }


def test_a_payout_that_failed_moves_nothing() -> None:
    tale = Tale()
    tale.tell(ACCOUNT, OWED, SCHEDULED, PayoutFailed(PAYOUT, "account_closed", EVIDENCE), partition=HOST)
    assert [posting for _, posting in postings(tale.events)][1:] == [(), ()]


def test_a_debt_for_nothing_booked_is_still_the_hosts() -> None:
    tale = Tale()
    tale.tell(ACCOUNT, HostDebtRecorded(DEBT, None, usd("5.00"), "charged"), partition=HOST)
    ((_, posting),) = postings(tale.events)
    assert {(entry.booking_id, entry.host_id) for entry in posting} == {(None, HOST)}


@pytest.mark.parametrize("history", BOOKING_HISTORIES, ids=lambda history: type(history[-1]).__name__)
def test_what_is_left_out_would_have_moved_nothing(history: Sequence[BookingFact]) -> None:
    """Facts of bookings that are not among the moves change no shares."""
    state = None
    for fact in history:
        after = bookings.evolve(state, fact)
        if not isinstance(fact, MOVES) and state is not None:
            assert shares(after) == shares(state)
        state = after


# What holds of every history.

IN_CREDIT: tuple[Account, ...] = ("guest_funds", "tax_payable")


@given(market=marketplaces)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_at_every_position_the_books_balance_and_hold_what_providers_have(market: Marketplace) -> None:
    standing: dict[tuple[Account, str], int] = defaultdict(int)
    cleared = clearing(market)
    for event, posting in postings(market.tale.events):
        for entry in posting:
            standing[entry.account, entry.amount.currency] += entry.amount.minor
        for currency in ("USD", "UGX", "KWD"):
            assert sum(minor for (_, of), minor in standing.items() if of == currency) == 0
            assert standing["processor_clearing", currency] == cleared[event.position or 0].get(currency, 0)
            for account in IN_CREDIT:
                assert standing[account, currency] <= 0, "more than there was"


def clearing(market: Marketplace) -> dict[int, dict[str, int]]:
    """Captured, less refunded, less what disputes took, less payouts, after each position: by the facts alone."""
    amounts: dict[Any, Money] = {}
    now: dict[str, int] = defaultdict(int)
    found = {}
    for event in market.tale.events:
        stream = event.stream_id
        match event.fact:
            case PaymentStarted(amount=amount):
                amounts[stream] = amount
            case PaymentCaptured():
                now[amounts[stream].currency] += amounts[stream].minor
            case RefundStarted(refund_id, amount):
                amounts[refund_id] = amount
            case RefundSucceeded(refund_id):
                now[amounts[refund_id].currency] -= amounts[refund_id].minor
            case DisputeOpened(amount=amount, fee=fee):
                amounts[stream, "dispute"] = amount
                now[amount.currency] -= amount.minor + fee.minor
            case DisputeWon(_, fee_returned):
                now[fee_returned.currency] += amounts[stream, "dispute"].minor + fee_returned.minor
            case PayoutScheduled(payout_id, amount):
                amounts[payout_id] = amount
            case PayoutPaid(payout_id):
                now[amounts[payout_id].currency] -= amounts[payout_id].minor
            case _:
                pass
        assert event.position is not None
        found[event.position] = dict(now)
    return found


@given(market=marketplaces)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_each_bookings_own_books_balance_and_say_whose_the_money_is(market: Marketplace) -> None:
    entries = [entry for _, posting in postings(market.tale.events) for entry in posting]
    for booking_id, booking in market.bookings.items():
        own = [entry for entry in entries if entry.booking_id == booking_id]
        currency = booking.made.quote.total.currency
        assert sum(entry.amount.minor for entry in own) == 0

        def at(account: Account, own: list[Entry] = own) -> int:
            return sum(entry.amount.minor for entry in own if entry.account == account)

        payments = [each for each in market.payments.values() if each.started.booking_id == booking_id]
        captured = sum(each.started.amount.minor for each in payments if each.stage == "captured")
        refunded = sum(each.refunded.minor for each in payments)
        now = shares(booking)
        assert at("guest_funds") == now.total.minor + refunded - captured
        assert at("tax_payable") == -now.tax.minor
        if isinstance(booking, Cancelled) and captured == refunded and not any(p.disputes for p in payments):
            nothing_left = {account for account, of in balances(own) if of == currency}
            paid_out = nothing_left & {"host_receivable", "processor_clearing", "host_payable"}
            assert nothing_left == paid_out, "only what was paid to the host, and is owed back"


@given(market=marketplaces)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_hosts_are_owed_and_owe_is_what_their_accounts_say(market: Marketplace) -> None:
    """Once the accounts have heard of everything: they are kept by other rules than the ledger."""
    for host in market.accounts:
        market.earn(host)
    standing = balances(entry for _, posting in postings(market.tale.events) for entry in posting)
    for currency in ("USD", "UGX", "KWD"):
        payable = receivable = 0
        for account in market.accounts.values():
            under_way = [payout.scheduled for payout in under_way_of(account).values()]
            owed = [*account.earnings.values()]
            payable += sum(each.open.minor for each in owed if each.open.currency == currency)
            payable += sum(p.amount.minor for payout in under_way for p in payout.earnings if of(p) == currency)
            receivable += sum(d.amount.minor for d in account.debts.values() if d.open and of(d) == currency)
            receivable += sum(p.amount.minor for payout in under_way for p in payout.debts if of(p) == currency)
        zero = Money.zero(currency)
        assert standing.get(("host_payable", currency), zero).minor == -payable
        assert standing.get(("host_receivable", currency), zero).minor == receivable


def of(thing: Any) -> str:
    currency: str = thing.amount.currency
    return currency


def test_the_facts_are_those_of_the_streams() -> None:
    facts = {*get_args(BookingFact), *get_args(PaymentFact), *get_args(HostAccountFact)}
    assert set(MOVES) <= facts
    assert HostEarningRecorded not in MOVES, "what is earned is moved by the booking's own facts"
