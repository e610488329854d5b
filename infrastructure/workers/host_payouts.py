"""Paying hosts: schedules what is due, and asks the providers for what is scheduled."""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

import structlog

from application import payouts
from application.calls import Call
from application.lodger import Lodger
from application.payment_ports import GatewayUnavailable
from domain.events import Actor
from domain.payouts import under_way_of
from infrastructure import logs
from infrastructure.database import Database, Unavailable
from infrastructure.workers.metrics import HOSTS_PAID
from projections.host_accounts import claim_hosts, forget_attempts

PAGE: Final = 100
Outcome = Literal["settled", "waiting", "nothing", "unavailable", "failed"]
"""`waiting`: a provider has not paid yet; `nothing`: the host owes as much; `unavailable`: no answer came."""

_log = structlog.get_logger()


def pay_hosts(lodger: Lodger, database: Database) -> None:
    """Pay every host to whom something is due by now. One that fails does not keep the others from it.

    Raises Unavailable. Several may run at once: each host is claimed by one, and decided on the account itself.
    """
    while True:
        with database.connection() as connection, connection.cursor() as cursor:
            claimed = claim_hosts(cursor, lodger.clock.now(), PAGE)
        for host_id in claimed:
            outcome = _pay(lodger, host_id)
            HOSTS_PAID.labels(outcome).inc()
            if outcome == "settled":
                with database.connection() as connection, connection.cursor() as cursor:
                    forget_attempts(cursor, host_id)
        if len(claimed) < PAGE:
            return


def _pay(lodger: Lodger, host_id: UUID) -> Outcome:
    """Every step is a command of its own, of which the intent to pay is the first."""
    correlation_id = lodger.new_id()
    try:
        with logs.about(correlation_id):
            scheduled = payouts.schedule(lodger, _call(lodger, correlation_id), host_id)
            for payout_id in scheduled:
                payouts.carry_out(lodger, _call(lodger, correlation_id), host_id, payout_id)
        waits = under_way_of(payouts.account_of(lodger, host_id).state)
    except GatewayUnavailable:
        return "unavailable"
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the other hosts are to be paid as well
        _log.exception("could not pay a host", host=str(host_id), request_id=str(correlation_id))
        return "failed"
    if waits:
        return "waiting"
    return "settled" if scheduled else "nothing"


def _call(lodger: Lodger, correlation_id: UUID) -> Call:
    return Call(Actor("system", "payouts"), lodger.clock.now(), lodger.new_id(), correlation_id)
