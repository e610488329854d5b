"""Second factors: which codes let somebody in, each once, and how often somebody may guess.

A code belongs to a step of 30 seconds of real time. Which step a code is of is for whoever knows the secret to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from domain.events import Fact
from domain.policies import CODES_PAUSE, WRONG_CODES_MAX
from domain.rejections import Rejected


@dataclass(frozen=True, slots=True)
class UserSecondFactorEnabled(Fact):
    """From now on the password alone lets nobody in: a code of this factor goes with it."""

    TOPIC: ClassVar[str] = "UserSecondFactorEnabled"
    factor_id: UUID


@dataclass(frozen=True, slots=True)
class UserSecondFactorDisabled(Fact):
    """The password is enough again."""

    TOPIC: ClassVar[str] = "UserSecondFactorDisabled"


Verdict = Literal["right", "wrong", "too_many"]


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """One authenticator of a user.

    `last_step` is that of the newest code that was taken. `recovery` are digests of the recovery codes not used yet.
    `wrong` codes were sent one after the other, the last of them at `wrong_at`.
    """

    secret: str = field(repr=False)
    is_confirmed: bool = False
    last_step: int = -1
    recovery: frozenset[bytes] = frozenset()
    wrong: int = 0
    wrong_at: datetime | None = None

    @property
    def pause_ends(self) -> datetime | None:
        """When codes are looked at again, after too many wrong ones."""
        return None if self.wrong_at is None or self.wrong < WRONG_CODES_MAX else self.wrong_at + CODES_PAUSE


def evolve(fact: UserSecondFactorEnabled | UserSecondFactorDisabled) -> UUID | None:
    """Which factor of a user counts now."""
    return fact.factor_id if isinstance(fact, UserSecondFactorEnabled) else None


def enable(active: UUID | None, factor_id: UUID) -> tuple[UserSecondFactorEnabled, ...]:
    """Count on a factor from now on. Raises Rejected `second_factor_active`."""
    if active is not None:
        raise Rejected("second_factor_active", "You have a second factor. Switch it off first to have another one.")
    return (UserSecondFactorEnabled(factor_id),)


def disable(active: UUID | None) -> tuple[UserSecondFactorDisabled, ...]:
    """Count on the password alone; again changes nothing."""
    return () if active is None else (UserSecondFactorDisabled(),)


def must_be_active(active: UUID | None) -> UUID:
    """Raises Rejected `second_factor_inactive`."""
    if active is None:
        raise Rejected("second_factor_inactive", "You have no second factor. Begin: POST /v1/users/me/second-factor.")
    return active


def try_code(factor: SecondFactor, step: int | None, now: datetime) -> tuple[SecondFactor, Verdict]:
    """A code of the authenticator, of a `step`; None is of none. Whoever sees a code typed cannot use it again."""
    passed = replace(factor, last_step=step) if step is not None and step > factor.last_step else None
    return _judged(factor, passed, now)


def try_recovery_code(factor: SecondFactor, digest: bytes, now: datetime) -> tuple[SecondFactor, Verdict]:
    """A recovery code, by its digest: used up by this."""
    passed = replace(factor, recovery=factor.recovery - {digest}) if digest in factor.recovery else None
    return _judged(factor, passed, now)


def _judged(factor: SecondFactor, passed: SecondFactor | None, now: datetime) -> tuple[SecondFactor, Verdict]:
    """What becomes of a factor that was `passed`, or was not; during the pause neither."""
    if factor.pause_ends is not None and now < factor.pause_ends:
        return factor, "too_many"
    if passed is not None:
        return replace(passed, wrong=0, wrong_at=None), "right"
    is_another = factor.wrong_at is not None and now < factor.wrong_at + CODES_PAUSE
    return replace(factor, wrong=factor.wrong + 1 if is_another else 1, wrong_at=now), "wrong"
