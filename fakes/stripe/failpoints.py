"""Ways in which a call goes wrong, set by `POST /fake/failpoints`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import Literal, get_args

Kind = Literal["hang", "close", "error", "busy", "slow"]
"""`hang`: act, and answer nothing for `seconds`; `close`: act, and close the connection; `error`: answer 500, which
is kept for the Idempotency-Key; `busy`: answer 429, which is not; `slow`: answer after `seconds`."""

KINDS = get_args(Kind)


@dataclass(frozen=True)
class Failpoint:
    """`call` is an operation such as "payment_intents.capture", or "*". `acts`: an `error` comes after the deed."""

    call: str
    kind: Kind
    times: int = 1
    seconds: float = 60.0
    acts: bool = False


class Failpoints:
    """Those that are set; each goes off `times` times. They do not outlive the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._set: list[Failpoint] = []

    def add(self, failpoint: Failpoint) -> None:
        with self._lock:
            self._set.append(failpoint)

    def clear(self) -> None:
        with self._lock:
            self._set.clear()

    def take(self, call: str) -> Failpoint | None:
        """The first that is for `call`, which is then one time fewer."""
        with self._lock:
            for i, each in enumerate(self._set):
                if each.call in (call, "*"):
                    self._set[i : i + 1] = [replace(each, times=each.times - 1)] if each.times > 1 else []
                    return each
        return None
