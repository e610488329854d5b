"""Host accounts: earnings, debts, payouts and holds; each amount paid once, each debt netted once, in any order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from hypothesis import given

from domain import payouts
from domain.balances import balances, next_release
from domain.host_accounts import (
    EMPTY,
    HostAccount,
    HostAccountFact,
    HostDebtRecorded,
    HostEarningRecorded,
    PayoutFailed,
    PayoutHoldLifted,
    PayoutHoldPlaced,
    PayoutPaid,
    PayoutScheduled,
    Portion,
    evolve,
)
from domain.money import Money, total
from domain.payouts import Facts
from tests.support.examples import BOOKING, CHECK_IN, EARNED, EVIDENCE, OWED, PAYOUT, PROPERTY, SCHEDULED, usd
from tests.support.host_tales import CURRENCIES, STEPS, Step, must_add_up, must_net_once, told
from tests.support.spec import Spec

ACCOUNTS = Spec[HostAccount, HostAccountFact](evolve, EMPTY)
CAUSE = UUID(int=9)
RELEASED = CHECK_IN + timedelta(hours=24)
OTHER, OTHERS_PROPERTY = UUID(int=501), UUID(int=502)
PAID = PayoutPaid(PAYOUT, EVIDENCE)
"""402.55 was earned, 10.00 owed and netted: 392.55 was paid."""

Decision = Callable[[HostAccount], Facts]


def earning(share: str, booking: UUID = BOOKING, release: datetime = RELEASED) -> Decision:
    return lambda state: payouts.earn(state, booking, PROPERTY, usd(share), release, CAUSE)


def scheduling(now: datetime = RELEASED) -> Decision:
    return lambda state: payouts.schedule(state, now, "sandbox", CAUSE)


def earned(share: str, booking: UUID = BOOKING, release: datetime = RELEASED) -> HostEarningRecorded:
    return HostEarningRecorded(booking, PROPERTY, usd(share), release)


# --- earnings -------------------------------------------------------------------------------------------------


def test_what_a_booking_earns_is_recorded_once() -> None:
    ACCOUNTS.given().when(earning("402.55")).then(EARNED)
    ACCOUNTS.given(EARNED).when(earning("402.55")).then_nothing()


def test_a_booking_that_never_earned_anything_is_not_mentioned() -> None:
    ACCOUNTS.given().when(earning("0.00")).then_nothing()


def test_an_earning_that_nobody_was_paid_is_superseded() -> None:
    ACCOUNTS.given(EARNED).when(earning("100.00")).then(earned("100.00"))
    ACCOUNTS.given(EARNED).when(earning("0.00")).then(earned("0.00"))
    ACCOUNTS.given(EARNED).when(earning("500.00")).then(earned("500.00"))


def test_another_check_in_is_another_release() -> None:
    later = RELEASED + timedelta(days=7)
    ACCOUNTS.given(EARNED).when(earning("402.55", release=later)).then(earned("402.55", release=later))
    ACCOUNTS.given(EARNED, OWED, SCHEDULED).when(earning("392.55", release=later)).then_nothing()


def test_less_than_was_paid_out_is_owed() -> None:
    """402.55 is in a payout and 10.00 of it owed already; 300.00 is left: 92.55 more is owed."""
    paid = ACCOUNTS.given(EARNED, OWED, SCHEDULED, PAID)
    debt = HostDebtRecorded(uuid5(CAUSE, "debt:1"), BOOKING, usd("92.55"), "refund_after_payout")
    paid.when(earning("300.00")).then(debt)
    ACCOUNTS.given(EARNED, OWED, SCHEDULED, PAID, debt).when(earning("300.00")).then_nothing()


def test_a_payout_that_is_only_scheduled_holds_its_earnings_already() -> None:
    debt = HostDebtRecorded(uuid5(CAUSE, "debt:1"), BOOKING, usd("392.55"), "refund_after_payout")
    ACCOUNTS.given(EARNED, OWED, SCHEDULED).when(earning("0.00")).then(debt)


def test_more_than_was_paid_out_is_another_earning() -> None:
    """392.55 stands to the host's credit: 400.00 is 7.45 more."""
    ACCOUNTS.given(EARNED, OWED, SCHEDULED, PAID).when(earning("400.00")).then(earned("7.45"))


def test_a_share_that_sinks_below_what_was_paid_takes_what_is_open_first() -> None:
    more = earned("7.45")
    debt = HostDebtRecorded(uuid5(CAUSE, "debt:1"), BOOKING, usd("2.55"), "refund_after_payout")
    ACCOUNTS.given(EARNED, OWED, SCHEDULED, PAID, more).when(earning("390.00")).then(earned("0.00"), debt)


def test_a_cause_that_comes_again_makes_another_debt_and_not_the_same_one() -> None:
    facts: Facts = (EARNED, OWED, SCHEDULED, PAID)
    for share in ("300.00", "200.00"):
        facts += payouts.earn(ACCOUNTS.fold(facts), BOOKING, PROPERTY, usd(share), RELEASED, CAUSE)
    debts = [fact for fact in facts[4:] if isinstance(fact, HostDebtRecorded)]
    assert [debt.amount for debt in debts] == [usd("92.55"), usd("100.00")]
    assert len({debt.debt_id for debt in debts}) == 2


# --- payouts --------------------------------------------------------------------------------------------------


def test_nothing_is_paid_before_it_is_released() -> None:
    ACCOUNTS.given(EARNED).when(scheduling(RELEASED - timedelta(seconds=1))).then_nothing()
    payout = PayoutScheduled(
        uuid5(CAUSE, "payout:USD"), usd("402.55"), (Portion(BOOKING, usd("402.55")),), (), "sandbox"
    )
    ACCOUNTS.given(EARNED).when(scheduling(RELEASED)).then(payout)


def test_a_debt_is_netted_from_the_next_payout_of_another_property() -> None:
    """The first property's guest got 402.55 back after the payout; the second one's stay earns 500.00."""
    gone = (EARNED, SCHEDULED, PAID, HostDebtRecorded(CAUSE, BOOKING, usd("402.55"), "refund_after_payout"))
    more = HostEarningRecorded(OTHER, OTHERS_PROPERTY, usd("500.00"), RELEASED)
    account = ACCOUNTS.given(EARNED, OWED, *gone[1:], more)
    account.when(scheduling()).then(
        PayoutScheduled(
            uuid5(CAUSE, "payout:USD"),
            usd("97.45"),
            (Portion(OTHER, usd("500.00")),),
            (Portion(CAUSE, usd("402.55")),),
            "sandbox",
        )
    )


def test_debts_that_outweigh_what_is_due_wait_and_so_does_it() -> None:
    debt = HostDebtRecorded(CAUSE, None, usd("402.55"), "charged")
    ACCOUNTS.given(EARNED, debt).when(scheduling()).then_nothing()


def test_a_payout_under_way_lets_no_other_begin_in_its_currency() -> None:
    dinars = HostEarningRecorded(UUID(int=502), OTHERS_PROPERTY, Money(4_000, "KWD"), RELEASED)
    more = HostEarningRecorded(OTHER, OTHERS_PROPERTY, usd("500.00"), RELEASED)
    outcome = ACCOUNTS.given(EARNED, OWED, SCHEDULED, more, dinars).when(scheduling())
    (payout,) = outcome.facts
    assert isinstance(payout, PayoutScheduled)
    assert payout.amount == Money(4_000, "KWD")


def test_each_currency_is_paid_by_itself_less_its_own_debts() -> None:
    dinars = HostEarningRecorded(OTHER, OTHERS_PROPERTY, Money(4_000, "KWD"), RELEASED)
    debt = HostDebtRecorded(CAUSE, None, Money(1_500, "KWD"), "charged")
    outcome = ACCOUNTS.given(EARNED, dinars, debt).when(scheduling())
    assert [fact.amount for fact in outcome.facts if isinstance(fact, PayoutScheduled)] == [
        Money(2_500, "KWD"),
        usd("402.55"),
    ]


def test_a_payout_ends_once() -> None:
    ended = ACCOUNTS.given(EARNED, OWED, SCHEDULED, PAID)
    ended.when(lambda state: payouts.pay(state, PAYOUT, EVIDENCE)).then_nothing()
    ended.when(lambda state: payouts.fail(state, PAYOUT, "account_closed", EVIDENCE)).then_nothing()
    ended.when(lambda state: payouts.retry(state, PAYOUT)).then_rejected("payout_not_failed", outcome="paid")
    ACCOUNTS.given().when(lambda state: payouts.retry(state, PAYOUT)).then_rejected("payout_not_found")


FAILED = (PayoutFailed(PAYOUT, "closed", EVIDENCE), PayoutHoldPlaced(f"payout_failed:{PAYOUT}", None, "closed"))


def test_a_failed_payout_opens_its_earnings_and_debts_and_nobody_loops() -> None:
    before = ACCOUNTS.given(EARNED, OWED, SCHEDULED)
    before.when(lambda state: payouts.fail(state, PAYOUT, "closed", EVIDENCE)).then(*FAILED)
    failed = ACCOUNTS.given(EARNED, OWED, SCHEDULED, *FAILED)
    failed.when(scheduling()).then_nothing()
    lifted = PayoutHoldLifted(f"payout_failed:{PAYOUT}")
    failed.when(lambda state: payouts.retry(state, PAYOUT)).then(lifted)
    failed.when(payouts.readdress).then(lifted)
    again = ACCOUNTS.given(EARNED, OWED, SCHEDULED, *FAILED, lifted)
    again.when(scheduling()).then(
        PayoutScheduled(
            uuid5(CAUSE, "payout:USD"), SCHEDULED.amount, SCHEDULED.earnings, SCHEDULED.debts, SCHEDULED.provider
        )
    )
    again.when(payouts.readdress).then_nothing()


# --- holds ----------------------------------------------------------------------------------------------------


def test_a_hold_of_one_booking_keeps_only_what_that_earns() -> None:
    more = HostEarningRecorded(OTHER, OTHERS_PROPERTY, usd("500.00"), RELEASED)
    (payout,) = (
        ACCOUNTS.given(EARNED, more, PayoutHoldPlaced("dispute:dp_1", BOOKING, "disputed")).when(scheduling()).facts
    )
    assert isinstance(payout, PayoutScheduled)
    assert payout.earnings == (Portion(OTHER, usd("500.00")),)


def test_a_hold_of_the_account_keeps_everything_until_it_is_lifted() -> None:
    held = (EARNED, PayoutHoldPlaced("identity", None, "papers are missing"))
    ACCOUNTS.given(*held).when(scheduling()).then_nothing()
    ACCOUNTS.given(*held).when(lambda state: payouts.lift(state, "identity")).then(PayoutHoldLifted("identity"))
    lifted = ACCOUNTS.given(*held, PayoutHoldLifted("identity"))
    lifted.when(lambda state: payouts.lift(state, "identity")).then_nothing()
    lifted.when(lambda state: payouts.hold(state, "identity", None, "again")).then_nothing()
    lifted.when(lambda state: payouts.lift(state, "other")).then_rejected("hold_not_found", holds=[])


def test_the_end_of_a_dispute_that_is_heard_of_first_keeps_its_beginning_from_holding() -> None:
    facts = payouts.dispute(EMPTY, "dp_1", BOOKING, is_open=False)
    assert not payouts.is_held(ACCOUNTS.fold(facts), BOOKING)
    assert payouts.dispute(ACCOUNTS.fold(facts), "dp_1", BOOKING, is_open=True) == ()


# --- balances -------------------------------------------------------------------------------------------------


def test_an_account_says_what_it_comes_to() -> None:
    """402.55 is due, of which 10.00 is owed; 500.00 is released a day later."""
    tomorrow = RELEASED + timedelta(days=1)
    more = HostEarningRecorded(OTHER, OTHERS_PROPERTY, usd("500.00"), tomorrow)
    (open_,) = balances(ACCOUNTS.fold([EARNED, OWED, more]), RELEASED)
    assert (open_.due, open_.upcoming, open_.owed) == (usd("402.55"), usd("500.00"), usd("10.00"))
    state = ACCOUNTS.fold([EARNED, OWED, more, SCHEDULED])
    (under_way,) = balances(state, RELEASED)
    assert (under_way.under_way, under_way.due, under_way.owed) == (usd("392.55"), usd("0.00"), usd("0.00"))
    (paid,) = balances(evolve(state, PAID), RELEASED)
    assert (paid.paid, paid.under_way, paid.upcoming) == (usd("392.55"), usd("0.00"), usd("500.00"))
    assert next_release(state, RELEASED) == tomorrow
    (held,) = balances(ACCOUNTS.fold([EARNED, PayoutHoldPlaced("identity", None, "papers")]), RELEASED)
    assert (held.held, held.due) == (usd("402.55"), usd("0.00"))


# --- laws -----------------------------------------------------------------------------------------------------


@given(STEPS)
def test_what_is_paid_and_open_is_what_is_earned_less_what_is_charged(steps: list[Step]) -> None:
    must_add_up(told(steps))


@given(STEPS)
def test_each_debt_is_netted_by_one_payout_or_open(steps: list[Step]) -> None:
    must_net_once(told(steps))


@given(STEPS)
def test_payouts_are_of_more_than_nothing_and_add_up(steps: list[Step]) -> None:
    for fact in told(steps).facts:
        if isinstance(fact, PayoutScheduled):
            currency = fact.amount.currency
            taken = total((each.amount for each in fact.debts), currency)
            assert fact.amount == total((each.amount for each in fact.earnings), currency) - taken
            assert fact.amount.minor > 0
            assert all(each.amount.minor > 0 for each in (*fact.earnings, *fact.debts))


@given(STEPS)
def test_once_everything_is_released_and_paid_hosts_have_what_they_earned(
    steps: list[Step],
) -> None:
    """Unless they owe as much: whatever failed, was held or came late on the way."""
    tale = told(steps)
    tale.pass_(30)
    for booking in CURRENCIES:
        tale.release(booking)
    tale.end(well=False)
    tale.readdress()
    tale.schedule()
    tale.end(well=True)
    for balance in balances(tale.state, tale.now):
        assert balance.upcoming.minor == balance.held.minor == balance.under_way.minor == 0
        assert balance.due.minor == 0 or balance.due.minor <= balance.owed.minor
