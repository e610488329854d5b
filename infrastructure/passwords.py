"""Passwords: argon2id with parameters sized for this service, and a limit on how many are worked on at once."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

_AT_ONCE: Final = 2
"""Hashing is all CPU: more at once would only keep bookings from their turn."""


class Argon2Passwords:
    """Implements `application.ports.Passwords` (OWASP's first choice: argon2id, 19 MiB, two passes, one lane)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
        self._turn = BoundedSemaphore(_AT_ONCE)
        self._of_nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        with self._turn:
            return self._hasher.hash(password)

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; an account without one is answered as slowly as a wrong password."""
        with self._turn:
            try:
                self._hasher.verify(password_hash or self._of_nobody, password)
            except (Argon2Error, InvalidHashError):
                return False
        return password_hash is not None
