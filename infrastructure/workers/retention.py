"""What is kept for a while only: the answers of commands, and what providers sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

ANSWERS_KEPT: Final = timedelta(days=7)
"""For as long as somebody may send a command again."""

WEBHOOKS_KEPT: Final = timedelta(days=90)
"""Providers repeat theirs for days; those about unknown payments wait for an operator, and hold personal data."""

LOGINS_KEPT: Final = timedelta(days=1)
"""After their end: for as long as an access token of theirs may be shown, and somewhat longer."""

_EVERY_SECONDS: Final = 600.0


class Retention:
    """Forgets what is older, every ten minutes however often it is asked.

    `forget` deletes what was recorded before an instant. Real time counts, not the sandbox's: both protect against
    repeats on the wire.
    """

    def __init__(self, forget: Callable[[datetime], int], kept: timedelta = ANSWERS_KEPT) -> None:
        self._forget = forget
        self._kept = kept
        self._next = 0.0

    def run(self) -> None:
        """Raises Unavailable."""
        if monotonic() >= self._next:
            self._forget(datetime.now(UTC) - self._kept)
            self._next = monotonic() + _EVERY_SECONDS
