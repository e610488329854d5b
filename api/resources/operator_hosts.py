"""What operators do about paying a host, always with a reason. Each answers with the account as it is then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.commands import answer, operate
from api.edge import edge
from api.operations import Resource
from api.schemas.host_accounts import ChargeSchema, HostAccountSchema, PlaceHoldSchema, account
from api.schemas.operations import ReasonSchema
from application import payouts
from application.calls import Call
from application.payouts import AccountDone, AccountStream
from application.ports import Answer

resource = Resource("operator-hosts", __name__, url_prefix="/v1/operator/hosts", description="For operators.")


@resource.query("/<uuid:host_id>/account", HostAccountSchema, who=("operator", "auditor"), refuses=[403, 404])
def show_account_of_host(host_id: UUID) -> dict[str, Any]:
    """A host's account, fresh."""
    lodger = edge().lodger
    payouts.must_host(lodger, host_id)
    state = payouts.account_of(lodger, host_id).state
    return account(state, lodger.payees.destination(host_id), lodger.clock.now())


@resource.command(
    "POST",
    "/<uuid:host_id>/payout-holds",
    HostAccountSchema,
    body=PlaceHoldSchema,
    example={"reason": "Their papers are missing."},
    who="operator",
    refuses=[403, 404],
)
def place_payout_hold(body: dict[str, Any], host_id: UUID) -> Response:
    """Keep a host's account, or what one booking earns, from being paid out."""
    lodger, reason = edge().lodger, body["reason"]
    return _act(host_id, reason, lambda call: payouts.hold(lodger, call, host_id, body.get("booking"), reason))


@resource.command(
    "POST",
    "/<uuid:host_id>/payout-holds/<hold_id>/lift",
    HostAccountSchema,
    body=ReasonSchema,
    example={"reason": "The papers came."},
    who="operator",
    refuses=[403, 404],
)
def lift_payout_hold(body: dict[str, Any], host_id: UUID, hold_id: str) -> Response:
    """End a hold, whoever placed it. A hold that is lifted already stays so."""
    return _act(host_id, body["reason"], lambda call: payouts.lift(edge().lodger, call, host_id, hold_id))


@resource.command(
    "POST",
    "/<uuid:host_id>/charges",
    HostAccountSchema,
    body=ChargeSchema,
    example={"amount": {"amount": "25.00", "currency": "USD"}, "reason": "The guest's taxi to another house."},
    who="operator",
    key="required",
    refuses=[403, 404],
)
def charge_host(body: dict[str, Any], host_id: UUID) -> Response:
    """Take something else that a host owes from the next payout in its currency."""
    return _act(host_id, body["reason"], lambda call: payouts.charge(edge().lodger, call, host_id, body["amount"]))


@resource.command(
    "POST",
    "/<uuid:host_id>/payouts/<uuid:payout_id>/retry",
    HostAccountSchema,
    body=ReasonSchema,
    example={"reason": "The bank says that the account works."},
    who="operator",
    refuses=[403, 404],
)
def retry_payout(body: dict[str, Any], host_id: UUID, payout_id: UUID) -> Response:
    """Let what a failed payout was to pay be paid by another one."""
    return _act(host_id, body["reason"], lambda call: payouts.retry(edge().lodger, call, host_id, payout_id))


def _act(host_id: UUID, reason: str, act: Callable[[Call], AccountDone]) -> Response:
    lodger = edge().lodger

    def show(stream: AccountStream, now: datetime) -> Answer:
        return answer(HostAccountSchema, account(stream.state, lodger.payees.destination(host_id), now))

    return operate(act, show, reason)
