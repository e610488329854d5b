"""The laws of host accounts notice an account that forgets: else their silence would mean little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings

from domain import host_accounts, payouts
from domain.host_accounts import HostAccount, PayoutScheduled
from domain.payouts import Facts
from tests.support.host_tales import STEPS, Step, Tale, must_add_up, must_net_once, told


def finds(law: Callable[[Tale], None]) -> Callable[[], None]:
    # The same examples each time, so that it is found each time.
    @settings(phases=[Phase.generate], database=None, deadline=None, max_examples=1_000, derandomize=True)
    @given(STEPS)
    def tried(steps: list[Step]) -> None:
        law(told(steps))

    return tried


def test_a_debt_that_stays_open_in_a_payout_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    settled = host_accounts._settled

    def forgetful(state: HostAccount, payout: PayoutScheduled, *, is_open: bool) -> HostAccount:
        return replace(settled(state, payout, is_open=is_open), debts=state.debts)

    monkeypatch.setattr(host_accounts, "_settled", forgetful)
    with pytest.raises(AssertionError):
        finds(must_net_once)()


def test_an_earning_that_stays_open_in_a_payout_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    settled = host_accounts._settled

    def forgetful(state: HostAccount, payout: PayoutScheduled, *, is_open: bool) -> HostAccount:
        return replace(settled(state, payout, is_open=is_open), earnings=state.earnings)

    monkeypatch.setattr(host_accounts, "_settled", forgetful)
    with pytest.raises(AssertionError):
        finds(must_add_up)()


def test_a_refund_after_payout_that_nobody_owes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    earn = payouts.earn

    def generous(*given: object) -> Facts:
        return tuple(fact for fact in earn(*given) if isinstance(fact, host_accounts.HostEarningRecorded))  # type: ignore[arg-type]

    monkeypatch.setattr(payouts, "earn", generous)
    with pytest.raises(AssertionError):
        finds(must_add_up)()
