"""Hosts' accounts as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from marshmallow import ValidationError, fields, validates_schema

from api.schemas.fields import Choice, Id, Instant, MoneyField, Phone, Strict, Text
from api.schemas.pages import NextCursor
from application.payout_ports import Destination, PayoutMethod
from domain.balances import balances, next_release
from domain.host_accounts import DebtReason, HostAccount
from domain.payouts import is_held
from projections.host_accounts import Earning, Payout, Status

BlockedBy = Literal["no_destination", "hold"]


class BalanceSchema(Strict):
    """What an account comes to in one currency."""

    currency = fields.String(required=True)
    upcoming = MoneyField(required=True, metadata={"description": "Earned, and not released yet."})
    due = MoneyField(required=True, metadata={"description": "Released: in the next payout."})
    held = MoneyField(required=True, metadata={"description": "Kept from being paid out by a hold."})
    owed = MoneyField(required=True, metadata={"description": "By the host: the next payout is less by it."})
    under_way = MoneyField(required=True)
    paid = MoneyField(required=True, metadata={"description": "Of all payouts so far."})


class PayoutHoldSchema(Strict):
    id = fields.String(required=True)
    booking = Id(required=True, allow_none=True, metadata={"description": "null: the whole account is held."})
    reason = fields.String(required=True)


class HostAccountSchema(Strict):
    """What a host has earned, owes, and was paid."""

    blocked_by = Choice(
        BlockedBy,
        required=True,
        allow_none=True,
        metadata={"description": "What keeps the whole account from being paid out."},
    )
    next_release_at = Instant(required=True, allow_none=True, metadata={"description": "When more becomes due."})
    balances = fields.List(fields.Nested(BalanceSchema), required=True)
    holds = fields.List(fields.Nested(PayoutHoldSchema), required=True)


class EarningSchema(Strict):
    booking = Id(required=True)
    property = Id(required=True)
    amount = MoneyField(required=True)
    release_at = Instant(required=True, metadata={"description": "From then on it may be paid out."})


class EarningsSchema(Strict):
    earnings = fields.List(fields.Nested(EarningSchema), required=True)
    next_cursor = NextCursor()


class PaidEarningSchema(Strict):
    booking = Id(required=True)
    amount = MoneyField(required=True)


class NettedDebtSchema(Strict):
    booking = Id(required=True, allow_none=True)
    reason = Choice(DebtReason, required=True)
    amount = MoneyField(required=True)


class PayoutSchema(Strict):
    """`amount` is what the earnings add up to, less the debts."""

    id = Id(required=True)
    amount = MoneyField(required=True)
    status = Choice(Status, required=True)
    failure_code = fields.String(required=True, allow_none=True)
    scheduled_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True, metadata={"description": "null while it is under way."})
    earnings = fields.List(fields.Nested(PaidEarningSchema), required=True)
    debts = fields.List(fields.Nested(NettedDebtSchema), required=True)


class PayoutsSchema(Strict):
    payouts = fields.List(fields.Nested(PayoutSchema), required=True)
    next_cursor = NextCursor()


class ChooseDestinationSchema(Strict):
    method = Choice(PayoutMethod, required=True)
    phone = Phone(metadata={"description": "For mobile_money only: whose account there is paid."})

    @validates_schema
    def phone_belongs_to_mobile_money(self, data: dict[str, Any], **_: Any) -> None:
        if (data["method"] == "mobile_money") != ("phone" in data):
            raise ValidationError("mobile_money needs it, nothing else does.", "phone")


class DestinationSchema(Strict):
    """Where a host is paid."""

    method = Choice(PayoutMethod, required=True)
    phone = fields.String(required=True, allow_none=True)
    onboarding_url = fields.String(
        required=True,
        allow_none=True,
        metadata={"format": "uri", "description": "Where the provider wants to know more: shown when it is chosen."},
    )


class PlaceHoldSchema(Strict):
    reason = Text(500, required=True, metadata={"description": "Why; the host reads it too."})
    booking = Id(metadata={"description": "Left out, the whole account is held."})


class ChargeSchema(Strict):
    amount = MoneyField(required=True)
    reason = Text(500, required=True, metadata={"description": "Why; it is kept with what was done."})


def account(state: HostAccount, destination: Destination | None, now: datetime) -> dict[str, Any]:
    """What HostAccountSchema shows."""
    return {
        "blocked_by": "no_destination" if destination is None else "hold" if is_held(state) else None,
        "next_release_at": next_release(state, now),
        "balances": balances(state, now),
        "holds": [
            {"id": hold_id, "booking": hold.booking_id, "reason": hold.reason}
            for hold_id, hold in state.holds.items()
            if not hold.lifted
        ],
    }


def destined(destination: Destination, url: str | None = None) -> dict[str, Any]:
    """What DestinationSchema shows."""
    phone = destination.reference if destination.method == "mobile_money" else None
    return {"method": destination.method, "phone": phone, "onboarding_url": url}


def earned(earning: Earning) -> dict[str, Any]:
    """What EarningSchema shows."""
    return {
        "booking": earning.booking_id,
        "property": earning.property_id,
        "amount": earning.amount,
        "release_at": earning.release_at,
    }


def paid_out(payout: Payout) -> dict[str, Any]:
    """What PayoutSchema shows."""
    return {
        "id": payout.payout_id,
        "amount": payout.amount,
        "status": payout.status,
        "failure_code": payout.failure_code,
        "scheduled_at": payout.scheduled_at,
        "ended_at": payout.ended_at,
        "earnings": [{"booking": each.booking_id, "amount": each.amount} for each in payout.earnings],
        "debts": [{"booking": each.booking_id, "reason": each.reason, "amount": each.amount} for each in payout.debts],
    }
