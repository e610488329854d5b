"""Stays and other ranges of nights: half-open local dates, so back-to-back stays touch and do not overlap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.policies import HORIZON_DAYS, STAY_NIGHTS_MAX
from domain.rejections import Rejected


@dataclass(frozen=True, slots=True)
class Stay:
    """The nights `[check_in, check_out)` in the property's local calendar: 1 to 365 of them."""

    check_in: date
    check_out: date

    def __post_init__(self) -> None:
        if self.check_out < self.check_in:
            raise Rejected("stay_reversed", "check_out must be after check_in.")
        if self.check_out == self.check_in:
            raise Rejected("stay_empty", "A stay has at least one night.")
        if self.nights > STAY_NIGHTS_MAX:
            raise Rejected("stay_over_limit", f"A stay has at most {STAY_NIGHTS_MAX} nights.", maximum=STAY_NIGHTS_MAX)

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days

    def dates(self) -> Iterator[date]:
        """The date on which each night begins."""
        return (self.check_in + timedelta(days=n) for n in range(self.nights))

    def overlaps(self, other: Stay) -> bool:
        return self.check_in < other.check_out and other.check_in < self.check_out

    def without(self, other: Stay) -> tuple[Stay, ...]:
        """The nights of this stay that are not the other's: up to two ranges."""
        before = (self.check_in, min(self.check_out, other.check_in))
        after = (max(self.check_in, other.check_out), self.check_out)
        ranges = (before, after) if self.overlaps(other) else ((self.check_in, self.check_out),)
        return tuple(Stay(first, until) for first, until in ranges if first < until)


def must_lie_ahead(stay: Stay, today: date) -> None:
    """Refuse stays that begin before `today` (the property's local date)."""
    if stay.check_in < today:
        raise Rejected("stay_in_past", "check_in is before today at the property.", today=today.isoformat())


def must_be_within_horizon(stay: Stay, today: date) -> None:
    if (stay.check_out - today).days > HORIZON_DAYS:
        last = today + timedelta(days=HORIZON_DAYS)
        raise Rejected(
            "stay_beyond_horizon",
            f"Stays are booked at most {HORIZON_DAYS} days ahead.",
            last=last.isoformat(),
        )


def zone_exists(zone: str) -> bool:
    """Whether the IANA database, as this system has it, knows the zone."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # unknown; not a name at all; the name of a folder
        return False
    return True


def local_date(now: datetime, zone: str) -> date:
    """The date at the property when it is `now` (an aware instant)."""
    return now.astimezone(ZoneInfo(zone)).date()


def local_instant(day: date, at: time, zone: str) -> datetime:
    """The instant of a local wall-clock time, through the zone's rules (a DST change moves the instant).

    In UTC: Python adds hours to a zoned time on the wall clock, so that 24 hours could be 23 or 25.
    """
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
