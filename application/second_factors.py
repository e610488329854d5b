"""Use cases of second factors: have one, lose it, and show it when logging in.

Codes go by real time, whatever the sandbox's clock says.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_bytes
from typing import Final, assert_never
from uuid import UUID

from application import credentials, passwords
from application.calls import Call
from application.lodger import Lodger, retried
from application.ports import Answer
from application.principals import Principal
from application.streams import USER, Done
from domain import second_factors, users
from domain.policies import RECOVERY_CODES
from domain.rejections import Rejected
from domain.second_factors import SecondFactor, Verdict, try_code, try_recovery_code
from domain.users import User, UserFact

_RECOVERY_BYTES: Final = 15
"""Of a recovery code: too many to guess, so that a plain digest of it keeps it (120 bits)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody shows of their second factor: a code of their authenticator, a recovery code, or nothing."""

    code: str | None = field(default=None, repr=False)
    recovery_code: str | None = field(default=None, repr=False)


NOTHING: Final = Shown()


@dataclass(frozen=True, slots=True)
class Begun:
    """A factor that waits for its first code; `uri` tells an authenticator all of it."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether somebody has a second factor, and how many recovery codes are left."""

    is_active: bool
    recovery_codes_left: int = 0


def standing(lodger: Lodger, user_id: UUID) -> Standing:
    factor_id = _user(lodger, user_id).second_factor
    factor = lodger.second_factors.find(factor_id) if factor_id else None
    return Standing(factor_id is not None, len(factor.recovery) if factor else 0)


def begin(lodger: Lodger, user_id: UUID, password: str) -> Begun:
    """Make a secret for an authenticator. Nothing changes until a code of it is sent to `confirm`.

    Raises Rejected `second_factor_active`, `password_missing` and `password_wrong`.
    """
    second_factors.enable(_user(lodger, user_id).second_factor, factor_id := lodger.new_id())
    account = _must_know_password(lodger, user_id, password)
    secret = lodger.authenticators.new_secret()
    lodger.second_factors.begin(user_id, factor_id, secret)
    return Begun(secret, lodger.authenticators.uri(secret, account))


def confirm(lodger: Lodger, call: Call, principal: Principal, user_id: UUID, code: str) -> Answer | None:
    """Count on the factor that was begun, from now on. All other credentials end.

    The answer shows its recovery codes and so is not kept: who lost it takes new ones.
    Raises Rejected `second_factor_active`, `second_factor_not_begun`, `code_wrong`, `too_many_codes`.
    """
    begun = lodger.second_factors.begun(user_id)
    second_factors.enable(_user(lodger, user_id).second_factor, begun or lodger.new_id())
    if begun is None:
        raise Rejected("second_factor_not_begun", "Ask for a secret first: POST /v1/users/me/second-factor.")
    codes = _new_recovery_codes()

    def confirmed(factor: SecondFactor) -> SecondFactor:
        return replace(factor, is_confirmed=True, recovery=_digests(user_id, codes))

    _must_show(lodger, user_id, begun, Shown(code), confirmed)
    _enable(lodger, call.unkept(), user_id, begun)
    credentials.end_all(lodger, user_id, keep=principal.credential_id)
    return call.render(codes) if call.render else None


def renew_recovery_codes(lodger: Lodger, user_id: UUID, password: str, code: str) -> tuple[str, ...]:
    """New recovery codes in place of all former ones. Raises what `disable` does."""
    factor_id = second_factors.must_be_active(_user(lodger, user_id).second_factor)
    _must_know_password(lodger, user_id, password)
    codes = _new_recovery_codes()
    _must_show(
        lodger, user_id, factor_id, Shown(code), lambda factor: replace(factor, recovery=_digests(user_id, codes))
    )
    return codes


def disable(
    lodger: Lodger, call: Call, principal: Principal, user_id: UUID, password: str, shown: Shown
) -> Answer | None:
    """Have no second factor any more. All other credentials end.

    Raises Rejected `second_factor_inactive`, `password_missing`, `password_wrong`, `code_wrong`, `too_many_codes`.
    """
    factor_id = second_factors.must_be_active(_user(lodger, user_id).second_factor)
    _must_know_password(lodger, user_id, password)
    _must_show(lodger, user_id, factor_id, shown)
    take_away(lodger, call.unkept(), user_id)
    credentials.end_all(lodger, user_id, keep=principal.credential_id)
    return call.render(None) if call.render else None


@retried
def take_away(lodger: Lodger, call: Call, user_id: UUID) -> Done[User, UserFact]:
    """Have somebody log in with their password alone, whoever decided it; again changes nothing."""
    user = lodger.load(USER, user_id, call)
    users.must_exist(user.state)
    done = lodger.append(call, user.then(second_factors.disable(user.state.second_factor)))
    lodger.second_factors.forget(user_id)
    return done


def must_pass(lodger: Lodger, user_id: UUID, user: User, shown: Shown) -> None:
    """Whoever logs in with the right password shows their second factor too, if they have one.

    Raises Rejected `second_factor_required`, `code_wrong`, `too_many_codes`.
    """
    if user.second_factor is None:
        return
    if shown == NOTHING:
        raise Rejected("second_factor_required", "Send a `code` of your authenticator too, or a `recovery_code`.")
    _must_show(lodger, user_id, user.second_factor, shown)


@retried
def _enable(lodger: Lodger, call: Call, user_id: UUID, factor_id: UUID) -> None:
    user = lodger.load(USER, user_id)
    users.must_be_active(user.state)
    lodger.append(call, user.then(second_factors.enable(user.state.second_factor, factor_id)))


def _must_show(
    lodger: Lodger,
    user_id: UUID,
    factor_id: UUID,
    shown: Shown,
    then: Callable[[SecondFactor], SecondFactor] = lambda factor: factor,
) -> None:
    """Hold what was shown against a factor, count it, and do `then` what it was shown for."""
    now = lodger.wall_clock.now()

    def tried(factor: SecondFactor) -> tuple[SecondFactor, tuple[Verdict, datetime | None]]:
        if shown.code is not None:
            step = lodger.authenticators.step_of(factor.secret, shown.code, now)
            judged, verdict = try_code(factor, step, now)
        else:
            judged, verdict = try_recovery_code(factor, _digest(user_id, shown.recovery_code or ""), now)
        return then(judged) if verdict == "right" else judged, (verdict, judged.pause_ends)

    verdict, pause_ends = lodger.second_factors.change(factor_id, tried) or ("wrong", None)
    match verdict:
        case "right":
            return
        case "wrong":
            raise Rejected("code_wrong", "This code is wrong, too old, or was used before.")
        case "too_many":
            assert pause_ends is not None
            seconds = max(1, -((now - pause_ends) // timedelta(seconds=1)))  # rounded up
            raise Rejected("too_many_codes", "Too many wrong codes. Try again later.", retry_after=seconds)
        case _:
            assert_never(verdict)


def _user(lodger: Lodger, user_id: UUID) -> User:
    user = lodger.load(USER, user_id).state
    users.must_be_active(user)
    return user


def _must_know_password(lodger: Lodger, user_id: UUID, password: str) -> str:
    """The address of somebody who does. Raises what `passwords.must_be_known` does."""
    person = lodger.people.get([user_id])[user_id]
    passwords.must_be_known(lodger, person, password)
    return person.email


def _new_recovery_codes() -> tuple[str, ...]:
    return tuple(_spelt(b32encode(token_bytes(_RECOVERY_BYTES)).decode().lower()) for _ in range(RECOVERY_CODES))


def _spelt(code: str) -> str:
    """In groups that people can copy."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _digests(user_id: UUID, codes: tuple[str, ...]) -> frozenset[bytes]:
    return frozenset(_digest(user_id, code) for code in codes)


def _digest(user_id: UUID, code: str) -> bytes:
    """However it was typed. No key is needed, and so none can be lost: there is nothing to guess in 120 random bits."""
    letters = "".join(letter for letter in code.lower() if letter.isalnum())
    return sha256(user_id.bytes + letters.encode()).digest()
