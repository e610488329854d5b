"""What is kept for a while only: the answers of commands, for as long as somebody may send one again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

ANSWERS_KEPT: Final = timedelta(days=7)
_EVERY_SECONDS: Final = 600.0


class Retention:
    """Forgets what is older, every ten minutes however often it is asked.

    `forget_answers` deletes the answers recorded before an instant. Real time counts, not the sandbox's: an
    Idempotency-Key protects against repeats on the wire.
    """

    def __init__(self, forget_answers: Callable[[datetime], int]) -> None:
        self._forget_answers = forget_answers
        self._next = 0.0

    def run(self) -> None:
        """Raises Unavailable."""
        if monotonic() >= self._next:
            self._forget_answers(datetime.now(UTC) - ANSWERS_KEPT)
            self._next = monotonic() + _EVERY_SECONDS
