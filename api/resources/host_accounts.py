"""Being paid: a host's account, its payouts, and where they go."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response

from api.authentication import signed_in
from api.commands import answer, carry_out
from api.edge import edge
from api.lists import page_asked, reading
from api.operations import Resource
from api.schemas.host_accounts import (
    ChooseDestinationSchema,
    DestinationSchema,
    EarningsSchema,
    HostAccountSchema,
    PayoutsSchema,
    account,
    destined,
    earned,
    paid_out,
)
from api.schemas.pages import PageOf
from application import payouts
from application.payouts import Chosen
from application.ports import Answer
from domain.rejections import Rejected
from projections.host_accounts import HOST_ACCOUNTS, earnings_of, payouts_of

resource = Resource(
    "host-accounts", __name__, url_prefix="/v1/me", scope="payouts", description="Being paid as a host."
)

_DESTINATION = "/payout-destination"


@resource.query("/host-account", HostAccountSchema, refuses=[403])
def show_host_account() -> dict[str, Any]:
    """What you have earned, owe and were paid, fresh; what is earned is paid out a day after check-in."""
    lodger, host_id = edge().lodger, signed_in()
    payouts.must_host(lodger, host_id)
    state = payouts.account_of(lodger, host_id).state
    return account(state, lodger.payees.destination(host_id), lodger.clock.now())


@resource.query("/earnings", EarningsSchema, arguments=PageOf, waits=True)
def list_earnings(arguments: dict[str, Any]) -> dict[str, Any]:
    """What your bookings earn and no payout holds, the soonest released first."""
    host_id = signed_in()
    page = page_asked(arguments, "earnings", host_id)
    with reading(HOST_ACCOUNTS) as cursor:
        found = earnings_of(cursor, host_id, page.after, page.limit)
    return {"earnings": [earned(each) for each in found.items], "next_cursor": page.next_cursor(found.after)}


@resource.query("/payouts", PayoutsSchema, arguments=PageOf, waits=True)
def list_payouts(arguments: dict[str, Any]) -> dict[str, Any]:
    """Your payouts with what is in them, newest first."""
    host_id = signed_in()
    page = page_asked(arguments, "payouts", host_id)
    with reading(HOST_ACCOUNTS) as cursor:
        found = payouts_of(cursor, host_id, page.after, page.limit)
    return {"payouts": [paid_out(each) for each in found.items], "next_cursor": page.next_cursor(found.after)}


@resource.query(_DESTINATION, DestinationSchema, refuses=[404])
def show_payout_destination() -> dict[str, Any]:
    """Where you are paid."""
    destination = edge().lodger.payees.destination(signed_in())
    if destination is None:
        raise Rejected("payout_destination_not_found", "You have not chosen where to be paid.")
    return destined(destination)


@resource.command(
    "PUT",
    _DESTINATION,
    DestinationSchema,
    body=ChooseDestinationSchema,
    example={"method": "mobile_money", "phone": "+256772123456"},
    scope=None,  # where money goes is for people to say
    verified=True,
    refuses=[403],
)
def choose_payout_destination(body: dict[str, Any]) -> Response:
    """Say where you are paid from now on. A payout that failed is then tried again."""
    lodger, host_id = edge().lodger, signed_in()

    def show(chosen: Chosen, _now: datetime) -> Answer:
        return answer(DestinationSchema, destined(chosen.destination, chosen.url))

    return carry_out(
        lambda call: payouts.choose_destination(lodger, call, host_id, body["method"], body.get("phone")).answer,
        show,
    )
