"""iCalendar as other marketplaces write it, to what it says is taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Final

import recurring_ical_events  # type: ignore[import-untyped]
from icalendar import Calendar, Event

from application.linked_calendars import CalendarUnreadable
from domain.calendar_sync import Entry, Reading

ENTRIES_MAX: Final = 5_000
RECURRING_MAX: Final = 50
UNREAD_MAX: Final = 50
_YEARS: Final = range(1970, 2200)
_RECURS: Final = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
_RULE_PARTS: Final = {
    "DAILY": {"BYDAY"},
    "WEEKLY": {"BYDAY"},
    "MONTHLY": {"BYDAY", "BYMONTHDAY"},
    "YEARLY": {"BYDAY", "BYMONTH", "BYMONTHDAY"},
}
"""What a rule may be made of. Others can keep a processor busy for hours, as can days that no month has."""
_DAYS: Final = range(-28, 29)
_ALWAYS: Final = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}


def read(content: bytes, since: date, until: date) -> Reading:
    """What a calendar says is taken. Of what recurs, the times from `since` to `until`.

    Cancelled entries take nothing; ones shown as free do, because calendars show whole days as free by default.
    Raises CalendarUnreadable when it is no calendar, or too much of it cannot be understood.
    """
    by_uid: dict[str, list[Event]] = defaultdict(list)
    for event in _events(content):
        by_uid[str(event.get("UID", ""))].append(event)
    recurring = [uid for uid, events in by_uid.items() if any(_recurs(event) for event in events)]
    unread = set(recurring[RECURRING_MAX:])
    entries: list[Entry] = []
    for uid, events in by_uid.items():
        if uid in unread:
            continue
        try:
            taken = _expanded(events, since, until) if uid in recurring else events
            entries += _entries(uid, taken)
        # The libraries meet dates, zones and rules that nobody foresaw, and raise whatever comes of them.
        except Exception:  # noqa: BLE001
            unread.add(uid)
    if len(unread) > UNREAD_MAX:
        raise CalendarUnreadable("not_understood", f"{len(unread)} of its entries cannot be understood.")
    return Reading(tuple(entries), frozenset(unread))


def _events(content: bytes) -> Sequence[Event]:
    if content.count(b"BEGIN:VEVENT") > ENTRIES_MAX:
        raise CalendarUnreadable("too_many_entries", f"It has more than {ENTRIES_MAX} entries.")
    try:
        calendar = Calendar.from_ical(content)
    except Exception as error:  # whatever garbage makes of the library
        raise CalendarUnreadable("not_a_calendar", "What was answered is not a calendar.") from error
    if calendar.name != "VCALENDAR":
        raise CalendarUnreadable("not_a_calendar", "What was answered is not a calendar.")
    return [each for each in calendar.subcomponents if isinstance(each, Event)]


def _recurs(event: Event) -> bool:
    return any(name in event for name in _RECURS)


def _expanded(events: Iterable[Event], since: date, until: date) -> list[Event]:
    calendar = Calendar()
    for event in events:
        _must_be_simple(event)
        calendar.add_component(event)
    return list(recurring_ical_events.of(calendar).between(since, until))


def _must_be_simple(event: Event) -> None:
    if event.errors:
        raise ValueError("broken")
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        (frequency,) = rule["FREQ"]
        if not rule.keys() <= _ALWAYS | _RULE_PARTS[frequency] or rule.keys() >= {"BYDAY", "BYMONTHDAY"}:
            raise ValueError(f"too intricate a rule: {rule}")
        if any(day not in _DAYS for day in rule.get("BYMONTHDAY", [])) or event.start.year not in _YEARS:
            raise ValueError(f"too seldom or too old a rule: {rule}")


def _entries(uid: str, events: Iterable[Event]) -> Iterator[Entry]:
    for event in events:
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        start, end = event.start, event.end
        if isinstance(start, datetime) != isinstance(end, datetime) or start.year not in _YEARS or end < start:
            raise ValueError(f"from {start} to {end}")
        if isinstance(end, datetime) and end.year not in _YEARS:
            raise ValueError(f"until {end}")
        yield Entry(uid, _plain(start), _plain(end))


def _plain(day: date | datetime) -> date | datetime:
    """In UTC, whatever the zone was called; without a zone as it is."""
    return day.astimezone(UTC) if isinstance(day, datetime) and day.tzinfo else day
