"""Dates that a guest leaves open: the stays that would do, the best liked first."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from domain.stays import Stay

FLEXIBLE_DAYS_MAX: Final = 3
_FRIDAY: Final = 4
_WEEKEND_NIGHTS: Final = 2


def around(stay: Stay, days: int) -> tuple[Stay, ...]:
    """The stay, and the same number of nights up to `days` earlier or later; nearer ones first, then earlier ones."""
    shifts = sorted(range(-days, days + 1), key=lambda shift: (abs(shift), shift))
    return tuple(_shifted(stay, timedelta(days=shift)) for shift in shifts)


def in_month(month: date, nights: int) -> tuple[Stay, ...]:
    """Every stay of so many nights that are all in the month that begins at `month`; none when it is too short."""
    days = (_next(month) - month).days
    return tuple(
        Stay(month + timedelta(days=day), month + timedelta(days=day + nights)) for day in range(days - nights + 1)
    )


def weekends_in(month: date) -> tuple[Stay, ...]:
    """From each Friday to Sunday, both nights in the month that begins at `month`."""
    return tuple(stay for stay in in_month(month, _WEEKEND_NIGHTS) if stay.check_in.weekday() == _FRIDAY)


def _shifted(stay: Stay, by: timedelta) -> Stay:
    return Stay(stay.check_in + by, stay.check_out + by)


def _next(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)
