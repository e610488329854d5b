"""How often somebody may call, and how often a secret may be guessed: beyond that, 429."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from math import ceil
from types import MappingProxyType
from typing import Final, Literal, Protocol

from flask import request

from api import tracing
from api.metrics import count_limited
from application.principals import Principal
from domain.rejections import Rejected

Name = Literal["address", "user", "key", "search", "login", "registration", "mail", "webhook", "login_failures"]
"""What is counted. `user` and `key` go by who calls, the others by the address that calls."""

_NOT_COUNTED: Final = frozenset({"/healthz", "/readyz"})
_WEBHOOKS: Final = "/v1/webhooks/"
_REMEMBERED_SECONDS: Final = 30 * 24 * 3600
_WRONG: Final = frozenset({"code_wrong", "credentials_wrong", "password_wrong"})
"""Refusals that tell of a wrong guess."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in each window of `seconds`."""

    quota: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many there were in the window that ends in `seconds`."""

    total: int
    seconds: float


class Counts(Protocol):
    """Counts that all processes share as well as they can. Nothing here waits for another server, but `knows` once."""

    def add(self, name: str, seconds: int, who: str) -> Count:
        """One more in the present window."""
        ...

    def look(self, name: str, seconds: int, who: str) -> Count: ...

    def remember(self, what: str, seconds: int) -> None: ...

    def knows(self, what: str) -> bool:
        """Whether it was remembered; also False when nobody can be asked."""
        ...


class Limiter:
    """Counts requests against `limits`; a name that they do not have is not limited. Without any, `counts` is None."""

    def __init__(self, limits: Mapping[Name, Limit] = MappingProxyType({}), counts: Counts | None = None) -> None:
        assert counts is not None or not limits, "limits need counts"
        self.limits = limits
        self._counts = counts

    def count_address(self) -> None:
        """Whatever comes counts for its address, also what nobody answers. Raises Rejected `too_many_requests`.

        Health is asked by whoever runs this. Providers call from few addresses: their webhooks have a limit of their
        own.
        """
        path = request.path
        if path not in _NOT_COUNTED and not path.startswith(_WEBHOOKS):
            self.count("address")

    def count_caller(self, caller: Principal) -> None:
        """A request by a user or with a key. Raises Rejected `too_many_requests`."""
        if caller.credential == "api_key":
            self._count("key", str(caller.credential_id))
        elif caller.user_id is not None:
            self._count("user", str(caller.user_id))

    def count(self, name: Name) -> None:
        """One more from the address that calls. Raises Rejected `too_many_requests`."""
        self._count(name, _address())

    @contextmanager
    def guessing(self, account: str) -> Iterator[None]:
        """Around looking at a secret of an account: who was wrong too often is refused before it is looked at.

        `account` is a digest of what the account is called by. Failures count for the account and for the address.
        From an address where the account has logged in within 30 days only the failures of this account from there
        count: so that nobody is locked out by what strangers try, or neighbours behind the same address.
        Raises Rejected `too_many_requests`.
        """
        limit = self.limits.get("login_failures")
        if limit is None:
            yield
            return
        counts, address = self._with_counts(), _address()
        here = f"{account}@{address}"
        failures = {who: counts.look("login_failures", limit.seconds, who) for who in (account, address, here)}
        over = [count for count in failures.values() if count.total >= limit.quota]
        if over and (failures[here] in over or not counts.knows(here)):
            raise _refused("login_failures", over[0])
        try:
            yield
        except Rejected as refusal:
            if refusal.code in _WRONG:
                for who in failures:
                    counts.add("login_failures", limit.seconds, who)
            raise
        counts.remember(here, _REMEMBERED_SECONDS)

    def _count(self, name: Name, who: str) -> None:
        limit = self.limits.get(name)
        if limit is None:
            return
        count = self._with_counts().add(name, limit.seconds, who)
        tracing.current().counted.append((name, limit, count))
        if count.total > limit.quota:
            raise _refused(name, count)

    def _with_counts(self) -> Counts:
        assert self._counts is not None, "limits need counts"
        return self._counts


def _refused(name: Name, count: Count) -> Rejected:
    count_limited(name)
    wait = max(1, ceil(count.seconds))
    return Rejected("too_many_requests", f"Try again in {wait} seconds.", limit=name, retry_after=wait)


def _address() -> str:
    return _network(request.remote_addr or "")


@lru_cache(4096)
def _network(address: str) -> str:
    """What counts as one address: whoever has one of IPv6 has 2^64 of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)


def tell(trace: tracing.Trace, headers: list[tuple[str, str]]) -> None:
    """Say in the answer what was counted (draft-ietf-httpapi-ratelimit-headers)."""
    if not trace.counted:
        return
    left = (f'"{name}";r={max(0, of.quota - count.total)};t={ceil(count.seconds)}' for name, of, count in trace.counted)
    headers.append(("RateLimit", ", ".join(left)))
    headers.append(("RateLimit-Policy", ", ".join(_policy(name, limit) for name, limit, _ in trace.counted)))


@lru_cache(64)
def _policy(name: Name, limit: Limit) -> str:
    return f'"{name}";q={limit.quota};w={limit.seconds}'
