"""A property's calendar as other marketplaces read it (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from icalendar import Calendar, Event

from application.published_calendars import Unavailable

MEDIA_TYPE: Final = "text/calendar"
_SUMMARY: Final[dict[Literal["stay", "block"], str]] = {"stay": "Reserved", "block": "Not available"}


def written(unavailable: Iterable[Unavailable]) -> bytes:
    """Whole days, and nothing of who or why. The same nights make the same bytes: no time of writing is in them."""
    calendar = Calendar()
    calendar.add("PRODID", "-//Lodger//Calendar//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", "PUBLISH")
    for each in unavailable:
        event = Event()
        event.add("UID", each.uid)
        event.add("DTSTAMP", each.changed_at)
        event.add("DTSTART", each.first)
        event.add("DTEND", each.until)
        event.add("SUMMARY", _SUMMARY[each.kind])
        calendar.add_component(event)
    return bytes(calendar.to_ical())
