"""Deadlines: expires holds that have lapsed, so that nights come back though nobody asks for them."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

import structlog

from application.calls import Call
from application.lodger import Lodger
from application.nights import expire
from domain.events import Actor
from infrastructure.database import Unavailable
from infrastructure.workers.metrics import HOLDS_EXPIRED

PAGE: Final = 100
_log = structlog.get_logger()


def expire_lapsed_holds(lodger: Lodger) -> None:
    """Expire everything that has lapsed by now. One that fails does not keep the others from it."""
    while True:
        lapsed = lodger.log.lapsed_claims(lodger.clock.now(), PAGE)
        expired = [booking_id for booking_id in lapsed if _expire(lodger, booking_id)]
        HOLDS_EXPIRED.inc(len(expired))
        if len(lapsed) < PAGE or not expired:
            return


def _expire(lodger: Lodger, booking_id: UUID) -> bool:
    # Derived, so that two workers at once make the same event, of which one is stored.
    command_id = uuid5(booking_id, "deadline")
    call = Call(Actor("system", "deadlines"), lodger.clock.now(), command_id, correlation_id=command_id)
    try:
        expire(lodger, call, booking_id)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the other holds are due as well
        _log.exception("could not expire a hold", booking=str(booking_id))
        return False
    return True
