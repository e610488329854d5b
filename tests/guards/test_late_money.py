"""The exploration of late money with a rule taken away: the same checker cries out."""

from __future__ import annotations

from uuid import uuid4

import pytest

from application import bookings, settlement
from application.calls import Call
from application.lodger import Lodger
from application.nights import BookingChange, BookingDone, append_booking
from domain import charges, refunds
from domain.bookings import BookingReinstated
from tests.support.late_money import Disturber, Exploration, Plan, Step, Tale

pytestmark = pytest.mark.slow

PUSH = Tale("booking", "mobile_money")
CARD = Tale("booking", "card")


def found(tale: Tale, *kinds: Disturber, without: frozenset[Step] = frozenset({"lapse again", "reconcile"})) -> str:
    """The first thing that is wrong, with what led to it."""
    exploration = Exploration(tale, Plan(without, 1 if kinds else 0, frozenset(kinds), goes_on=False))
    return "".join(exploration.run().wrong[:1])


def test_with_every_rule_nothing_is_found() -> None:
    assert found(PUSH, "silence") == ""


def test_money_that_confirms_without_taking_the_nights_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(lodger: Lodger, call: Call, change: BookingChange) -> BookingDone:
        if any(isinstance(fact, BookingReinstated) for fact in change.facts):
            return lodger.append(call, change)
        return append_booking(lodger, call, change)

    monkeypatch.setattr(bookings, "append_booking", forgetful)
    assert "Confirmed has nights []" in found(PUSH)


def test_money_that_buys_nothing_and_is_kept_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refunds, "refund", lambda *_: ())
    assert "is kept" in found(PUSH)


def test_a_charge_that_nobody_withdraws_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charges, "void", lambda *_: ())
    assert "nothing waits for the payment" in found(CARD)


def test_asking_again_with_another_key_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlement, "_key", lambda *_: uuid4())
    assert "2 charges for one payment" in found(CARD, "silence")


def test_refunding_again_with_another_key_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlement, "_key_of_refund", lambda *_: uuid4())
    assert "refund" in found(PUSH, "silence") or "otherwise" in found(PUSH, "silence")
