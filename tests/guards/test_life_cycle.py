"""The campaign of life cycles notices when a use case forgets what it owes: else its silence would mean little."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import Phase, settings

from application import nights, payments
from application.calls import Call
from application.lodger import Lodger
from application.nights import BookingChange, BookingDone
from domain.bookings import BookingExpired
from tests.campaigns.life_cycle import run
from tests.support.effort import SHORT
from tests.support.servers import Databases


@pytest.mark.slow
def test_an_expiry_that_keeps_the_nights_is_found(postgres: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    append_booking = nights.append_booking

    def forgetful(lodger: Lodger, call: Call, change: BookingChange) -> BookingDone:
        if any(isinstance(fact, BookingExpired) for fact in change.facts):
            return lodger.append(call, change)
        return append_booking(lodger, call, change)

    monkeypatch.setattr(nights, "append_booking", forgetful)

    with pytest.raises(AssertionError):
        run(postgres, settings(SHORT, phases=[Phase.generate]))


@pytest.mark.slow
def test_a_cancellation_that_leaves_a_charge_open_is_found(
    postgres: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdraw = payments.withdraw

    def forgetful(lodger: Lodger, call: Call, booking_id: UUID, reason: str) -> None:
        if "cancelled" not in reason:
            withdraw(lodger, call, booking_id, reason)

    monkeypatch.setattr(payments, "withdraw", forgetful)

    with pytest.raises(AssertionError):
        run(postgres, settings(SHORT, phases=[Phase.generate]))
