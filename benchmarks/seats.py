"""Bookings that all succeed: every request takes nights of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from benchmarks.load import post

_FIRST_DAY = 3
_LAST_DAY = 700
_NIGHTS = 2


class Seats:
    """Stays of two nights, each once, going round all properties before the next dates."""

    def __init__(self, properties: Sequence[str]) -> None:
        self._properties = properties
        self._today = datetime.now(UTC).date()
        self._taken = 0

    def take(self, count: int) -> None:
        """These were booked."""
        self._taken += count

    def requests(self, count: int, path: str, credentials: Sequence[str]) -> list[bytes]:
        """The next requests over HTTP, in turn with each of `credentials`. Raises ValueError when there are no more."""
        return [self._request(self._taken + n, path, credentials[n % len(credentials)]) for n in range(count)]

    def _request(self, number: int, path: str, credentials: str) -> bytes:
        turn, place = divmod(number, len(self._properties))
        check_in = self._today + timedelta(days=_FIRST_DAY + turn * _NIGHTS)
        if turn * _NIGHTS > _LAST_DAY:
            raise ValueError("more bookings than there are nights: measure for a shorter time")
        stay = {
            "property": self._properties[place],
            "check_in": check_in.isoformat(),
            "check_out": (check_in + timedelta(days=_NIGHTS)).isoformat(),
            "guests": 2,
        }
        return post(path, stay, Authorization=credentials, Idempotency_Key=str(uuid4()), Accept="application/json")
