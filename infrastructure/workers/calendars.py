"""Linked calendars: reads those that are due, one after the other; more workers read more at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from application import calendar_feeds
from application.calls import Call
from application.linked_calendars import LinkedCalendar
from application.lodger import Lodger
from domain.events import Actor
from infrastructure import logs
from infrastructure.database import Unavailable
from infrastructure.workers.metrics import CALENDARS_READ

_BUSY: Final = timedelta(minutes=5)
"""How long a calendar is left to the worker that took it: when that was killed, another takes it then."""

_log = structlog.get_logger()


def read_linked_calendars(lodger: Lodger) -> None:
    """Read everything that is due by now. One that fails does not keep the others from it."""
    while True:
        now = lodger.clock.now()
        linked = lodger.linked_calendars.take_due(now, now + _BUSY)
        if linked is None:
            return
        _read(lodger, linked)


def _read(lodger: Lodger, linked: LinkedCalendar) -> None:
    call = Call(Actor("system", "calendars"), lodger.clock.now(), lodger.new_id(), correlation_id=lodger.new_id())
    with logs.about(call.correlation_id):
        _follow(lodger, call, linked)


def _follow(lodger: Lodger, call: Call, linked: LinkedCalendar) -> None:
    try:
        after = calendar_feeds.read(lodger, call, linked)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the other calendars are due as well
        CALENDARS_READ.labels("failed").inc()
        _log.exception("could not follow a calendar", feed=str(linked.feed_id))
        return
    if after is not None:
        outcome = after.error[0] if after.error else "read"
        CALENDARS_READ.labels(outcome).inc()
        _log.info("read a calendar", feed=str(linked.feed_id), outcome=outcome, entries=after.entries)
