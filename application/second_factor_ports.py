"""What second factors need from outside: where their secrets are kept, and what an authenticator would show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from domain.second_factors import SecondFactor

R = TypeVar("R")


class SecondFactors(Protocol):
    """Second factors by id, their secrets sealed. Which of a user's counts, their events say."""

    def begin(self, user_id: UUID, factor_id: UUID, secret: str) -> None:
        """Keep a new factor in place of one of the user's that was never confirmed."""
        ...

    def begun(self, user_id: UUID) -> UUID | None:
        """The factor of a user that waits to be confirmed."""
        ...

    def find(self, factor_id: UUID) -> SecondFactor | None: ...

    def change(self, factor_id: UUID, decide: Callable[[SecondFactor], tuple[SecondFactor, R]]) -> R | None:
        """Write what `decide` makes of a factor, and answer what it answers; None when there is no such factor.

        One after the other, each on what the one before wrote: of two who send the same code at once, one is too late.
        """
        ...

    def forget(self, user_id: UUID) -> None:
        """Delete every factor of a user."""
        ...


class Authenticators(Protocol):
    """One-time codes that follow from a secret and the time (RFC 6238)."""

    def new_secret(self) -> str: ...

    def uri(self, secret: str, account: str) -> str:
        """What an authenticator is shown to know the secret: an otpauth: address."""
        ...

    def step_of(self, secret: str, code: str, now: datetime) -> int | None:
        """Which step's code it is, of this one, the one before and the one after; None when it is none of theirs."""
        ...
