"""What goes wrong on purpose: the next calls of an operation are answered otherwise than they should be."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True)
class Failure:
    """`acts`: whether what was asked for happens all the same. `status` None hangs up without an answer."""

    acts: bool
    status: int | None
    code: str | None
    delay_ms: int


class Failpoints:
    def __init__(self) -> None:
        self._armed: dict[str, list[Failure]] = {}
        self._lock = Lock()

    def arm(self, operation: str, failure: Failure, times: int) -> None:
        with self._lock:
            self._armed.setdefault(operation, []).extend([failure] * times)

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def next(self, operation: str) -> Failure | None:
        """The failure that this call meets; each is met once."""
        with self._lock:
            armed = self._armed.get(operation)
            return armed.pop(0) if armed else None
