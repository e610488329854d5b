"""Random histories of a host's account, and what holds of every one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from hypothesis import strategies as st

from domain import payouts
from domain.balances import balances
from domain.host_accounts import EMPTY, HostAccount, HostAccountFact, evolve
from domain.money import Money, total
from domain.payouts import Facts
from tests.support.examples import EVIDENCE, PROPERTY

RELEASED = datetime(2026, 6, 12, 19, 0, tzinfo=UTC)
CURRENCIES = {0: "USD", 1: "USD", 2: "UGX", 3: "UGX"}
BOOKINGS = st.sampled_from([0, 1, 2, 3])


def booking_id(number: int) -> UUID:
    return UUID(int=1_000 + number)


@dataclass
class Tale:
    """An account, and what is true of its bookings whatever happens to it."""

    state: HostAccount = EMPTY
    now: datetime = RELEASED
    facts: list[HostAccountFact] = field(default_factory=list)
    shares: dict[int, Money] = field(default_factory=dict)
    charged: list[Money] = field(default_factory=list)
    steps: int = 0

    def do(self, decide: Callable[[HostAccount], Facts]) -> None:
        """Decided twice, it happens once."""
        facts = decide(self.state)
        for fact in facts:
            self.state = evolve(self.state, fact)
        self.facts += facts
        assert decide(self.state) == ()

    def cause(self) -> UUID:
        self.steps += 1
        return UUID(int=self.steps)

    def earn(self, booking: int, minor: int) -> None:
        share, cause = Money(minor, CURRENCIES[booking]), self.cause()
        self.shares[booking] = share
        release = RELEASED + timedelta(days=booking)
        self.do(lambda state: payouts.earn(state, booking_id(booking), PROPERTY, share, release, cause))

    def charge(self, booking: int, minor: int) -> None:
        debt, cause = Money(minor, CURRENCIES[booking]), self.cause()
        self.charged.append(debt)
        self.do(lambda state: payouts.charge(state, cause, debt))

    def pass_(self, days: int) -> None:
        self.now += timedelta(days=days)

    def schedule(self) -> None:
        cause = self.cause()
        self.do(lambda state: payouts.schedule(state, self.now, "sandbox", cause))

    def end(self, *, well: bool) -> None:
        for payout_id in payouts.under_way_of(self.state):
            if well:
                self.do(partial(payouts.pay, payout_id=payout_id, evidence=EVIDENCE))
            else:
                self.do(partial(payouts.fail, payout_id=payout_id, code="closed", evidence=EVIDENCE))

    def readdress(self) -> None:
        self.do(payouts.readdress)

    def hold(self, booking: int) -> None:
        self.do(lambda state: payouts.dispute(state, f"dp_{booking}", booking_id(booking), is_open=True))

    def release(self, booking: int) -> None:
        self.do(lambda state: payouts.dispute(state, f"dp_{booking}", booking_id(booking), is_open=False))


Step = Callable[[Tale], None]
_EARN = st.builds(lambda b, minor: lambda tale: tale.earn(b, minor), BOOKINGS, st.integers(0, 1_000))
_SCHEDULE = st.just(lambda tale: tale.schedule())
_STEPS = st.one_of(
    *[_EARN] * 4,
    *[_SCHEDULE] * 3,
    st.builds(lambda b, minor: lambda tale: tale.charge(b, minor), BOOKINGS, st.integers(1, 30)),
    st.builds(lambda days: lambda tale: tale.pass_(days), st.integers(1, 3)),
    st.builds(lambda well: lambda tale: tale.end(well=well), st.sampled_from([True, True, False])),
    st.just(lambda tale: tale.readdress()),
    st.just(lambda tale: tale.hold(3)),
    st.just(lambda tale: tale.release(3)),
)
"""More of what makes payouts than of what keeps them."""

STEPS: st.SearchStrategy[list[Step]] = st.lists(_STEPS, min_size=8, max_size=40)


def told(steps: Sequence[Step]) -> Tale:
    tale = Tale()
    for step in steps:
        step(tale)
    return tale


def must_add_up(tale: Tale) -> None:
    """In each currency what is paid and open is what is earned less what is charged: nothing twice, nothing lost."""
    for balance in balances(tale.state, tale.now):
        open_ = balance.upcoming + balance.due + balance.held - balance.owed
        earned = total((each for each in tale.shares.values() if each.currency == balance.currency), balance.currency)
        charged = total((each for each in tale.charged if each.currency == balance.currency), balance.currency)
        assert balance.paid + balance.under_way + open_ == earned - charged


def must_net_once(tale: Tale) -> None:
    """Each debt is open, or in just one payout that has not failed."""
    standing = [payout for payout in tale.state.payouts.values() if payout.outcome != "failed"]
    netted = Counter(portion.of for payout in standing for portion in payout.scheduled.debts)
    for debt_id, debt in tale.state.debts.items():
        assert netted[debt_id] == (0 if debt.open else 1)
    for payout in standing:
        for portion in payout.scheduled.debts:
            assert portion.amount == tale.state.debts[portion.of].amount
