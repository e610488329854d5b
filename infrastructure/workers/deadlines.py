"""Deadlines: records what time has made of bookings and reviews though nobody asks: expired, completed, revealed."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

import structlog

from application import reviews
from application.calls import Call
from application.lodger import Lodger
from application.nights import elapse
from domain.events import Actor
from infrastructure.database import Database, Unavailable
from infrastructure.workers.metrics import DEADLINES_MET
from projections.bookings import due
from projections.reviews import due as reviews_due

PAGE: Final = 100
_log = structlog.get_logger()


def meet_deadlines(lodger: Lodger, database: Database) -> None:
    """Record everything that is due by now. One booking that fails does not keep the others from it."""
    while True:
        now = lodger.clock.now()
        with database.connection() as connection, connection.cursor() as cursor:
            waiting = due(cursor, now, PAGE)
        met = [booking_id for booking_id in waiting if _meet(lodger, booking_id)]
        DEADLINES_MET.inc(len(met))
        # Those that the read model shows as due for a moment longer are met already, and not counted.
        if len(waiting) < PAGE or not met:
            return


def reveal_reviews(lodger: Lodger, database: Database) -> None:
    """Reveal the reviews whose window is over by now."""
    while True:
        now = lodger.clock.now()
        with database.connection() as connection, connection.cursor() as cursor:
            waiting = reviews_due(cursor, now, PAGE)
        revealed = [booking_id for booking_id in waiting if _reveal(lodger, booking_id)]
        if len(waiting) < PAGE or not revealed:
            return


def _reveal(lodger: Lodger, booking_id: UUID) -> bool:
    now = lodger.clock.now()
    command_id = uuid5(booking_id, f"reviews:{now.isoformat()}")
    call = Call(Actor("system", "deadlines"), now, command_id, correlation_id=command_id)
    return reviews.reveal(lodger, call, booking_id)


def _meet(lodger: Lodger, booking_id: UUID) -> bool:
    """Whether time had made something of it."""
    now = lodger.clock.now()
    # Derived, so that two workers at once make the same event, of which one is stored.
    command_id = uuid5(booking_id, f"deadline:{now.isoformat()}")
    call = Call(Actor("system", "deadlines"), now, command_id, correlation_id=command_id)
    try:
        return elapse(lodger, call, booking_id)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the other bookings are due as well
        _log.exception("could not meet a deadline", booking=str(booking_id))
        return False
