"""Passwords: argon2id with parameters sized for this service, worked on behind everything else and few at once."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import BoundedSemaphore
from typing import Final, NamedTuple, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from domain.rejections import Rejected


class Cost(NamedTuple):
    passes: int
    kibibytes: int


COST: Final = Cost(2, 19 * 1024)
"""OWASP's first choice for argon2id, with one lane: some 25 ms of the processor."""

_NICENESS: Final = 5
"""A quarter of what another thread gets where all want more than there is; all there is where nobody does."""

_RETRY_SECONDS: Final = 4

T = TypeVar("T")


class Argon2Passwords:
    """Implements `application.ports.Passwords` with argon2id.

    Each takes as much of the processor as two dozen bookings. So `at_once` are worked on, by threads that
    stand back for the others; further ones are refused instead of waited for, because each that waits keeps one of
    the API's few threads from the bookings.
    """

    def __init__(self, at_once: int) -> None:
        self._hasher = PasswordHasher(COST.passes, COST.kibibytes, parallelism=1, type=Type.ID)
        self._places = BoundedSemaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, "passwords", _stand_back)
        self._of_nobody = self._hasher.hash("nobody has this password")
        self._refused = count()

    def must_have_room(self) -> None:
        if not self._places.acquire(blocking=False):
            raise self._busy()
        self._places.release()

    def hash(self, password: str) -> str:
        return self._worked_on(lambda: self._hasher.hash(password))

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; an account without one is answered as slowly as a wrong password."""
        return self._worked_on(lambda: self._verify(password_hash or self._of_nobody, password)) and bool(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False

    def _worked_on(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise self._busy()
        try:
            return self._threads.submit(work).result()
        finally:
            self._places.release()

    def _busy(self) -> Rejected:
        """Those who are refused come back one after the other and not all at once."""
        wait = 1 + next(self._refused) % _RETRY_SECONDS
        return Rejected("passwords_busy", f"Try again in {wait} seconds.", retry_after=wait)


def _stand_back() -> None:
    """Of this thread alone; elsewhere than under Linux it would be the whole process."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
