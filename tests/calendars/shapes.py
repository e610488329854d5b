"""Calendars as marketplaces write them, and smaller ones made by tests."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "feeds"


def feed(name: str) -> bytes:
    """A marketplace's calendar, with the line ends of the standard."""
    return (_FOLDER / f"{name}.ics").read_text().replace("\n", "\r\n").encode()


def calendar(*events: str) -> bytes:
    """A calendar of events, each the lines of its body."""
    bodies = [f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT" for event in events]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", *bodies, "END:VCALENDAR", ""]
    return "\n".join(lines).replace("\n", "\r\n").encode()


def days(uid: str, first: str, until: str) -> str:
    """An event of whole days; dates as 2026-07-01."""
    first, until = first.replace("-", ""), until.replace("-", "")
    return f"UID:{uid}\nDTSTART;VALUE=DATE:{first}\nDTEND;VALUE=DATE:{until}\nSUMMARY:Reserved"
