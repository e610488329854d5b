"""What the HTTP layer is given from outside, and how a request reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, cast
from uuid import UUID

from flask import current_app

from api.api_keys import ApiKeys
from api.cache import Cache
from api.graph.limits import Limits
from api.limits import Limiter
from api.tokens import Tokens
from application.audit_bundles import AuditBundles
from application.audit_log import AuditLog
from application.audit_reads import AuditReads
from application.keys import KeysNow
from application.lodger import Lodger
from domain.money import Money

Reads = Callable[[], AbstractContextManager[Any]]
"""Opens a psycopg2 connection in autocommit, for the queries of `projections`."""


class SandboxCharge(Protocol):
    """A charge as the sandbox's payment page shows it."""

    @property
    def payment_id(self) -> UUID: ...

    @property
    def amount(self) -> Money: ...

    @property
    def method(self) -> Literal["card", "mobile_money"]: ...

    @property
    def status(self) -> str: ...

    @property
    def approved_at(self) -> datetime | None: ...

    @property
    def refunds_fail(self) -> bool: ...

    @property
    def denied(self) -> bool: ...


class SandboxGateway(Protocol):
    """The sandbox provider's own side: the payer's answers, and what may go wrong with it."""

    def find(self, reference: str) -> SandboxCharge | None: ...

    def approve(self, reference: str) -> None: ...

    def challenge(self, reference: str) -> None: ...

    def decline(self, reference: str) -> None: ...

    def approve_later(self, reference: str, minutes: int) -> None: ...

    def fail_refunds(self, reference: str, *, fail: bool) -> None: ...

    def deny(self, reference: str) -> None: ...


class MovableClock(Protocol):
    """A clock that an operator can move."""

    def advance_to(self, instant: datetime) -> datetime:
        """Move forward; returns what it shows. Raises Rejected `clock_backwards`."""
        ...


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What exists outside production only."""

    gateway: SandboxGateway
    clock: MovableClock


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """How the API is set up.

    `token_keys` sign access tokens (32 bytes or more each), `issuer` (the public URL) is named in them.
    `analysts` opens a transaction that reads the schema `analytics` and nothing else, for a few seconds; `audit_log`
    is the log without the keys to what people wrote, `audit_bundles` makes files of it, and `audit_reads` keeps who
    reads it.
    `operator_token` is the bearer token of /v1/operator, and so is `former_operator_token` while there is one.
    `checks` are what /readyz asks, by name: each says "ok" or what people should know, or raises what keeps this
    process from serving. `sandbox` None leaves the payment page and the operator's clock out. `body_limit`,
    `photo_limit` and `url_limit` are in bytes; without `chunked_bodies` a body has a length. `json_depth` is in levels,
    `array_limit` in items of one array, `page_limit` in entries of one page; `graph` says what one request may ask of
    GraphQL. `limiter` says how often somebody may call, `trusted_proxies` how many proxies are in front, whose
    X-Forwarded-For is believed. Pages of `allowed_origins` may call from browsers. `plain_cookies` has cookies go
    without TLS too, in development. Browsers go to `oidc_return_to` when another provider has said who they are.
    Searches are kept in `cache`, if there is one.
    """

    token_keys: KeysNow
    issuer: str
    operator_token: str
    analysts: Reads
    audit_log: AuditLog
    audit_reads: AuditReads
    audit_bundles: AuditBundles
    checks: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    sandbox: Sandbox | None = None
    former_operator_token: str = ""
    body_limit: int = 1024 * 1024
    photo_limit: int = 15_000_000
    url_limit: int = 8192
    chunked_bodies: bool = False
    json_depth: int = 64
    array_limit: int = 1000
    page_limit: int = 100
    search_seconds: float = 2.0
    graph: Limits = field(default_factory=Limits)
    limiter: Limiter = field(default_factory=Limiter)
    cache: Cache | None = None
    trusted_proxies: int = 0
    allowed_origins: Sequence[str] = ()
    plain_cookies: bool = False
    oidc_return_to: str = "/"


@dataclass(frozen=True, slots=True)
class Edge:
    """Everything a resource works with."""

    lodger: Lodger
    reads: Reads
    options: ApiOptions
    tokens: Tokens
    keys: ApiKeys


EXTENSION = "lodger"


def edge() -> Edge:
    """The edge of the app that handles this request."""
    return cast("Edge", current_app.extensions[EXTENSION])
