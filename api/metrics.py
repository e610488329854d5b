"""What is counted and timed. The /metrics page is another process's; this one only adds up."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from prometheus_client import Counter, Histogram

REQUESTS: Final = Counter("lodger_http_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS: Final = Histogram(
    "lodger_http_request_seconds",
    "Seconds from the first byte to the answer.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
COMMANDS: Final = Counter(
    "lodger_commands_total", "Commands by outcome: accepted, replayed or a refusal.", ["command", "outcome"]
)

OPERATIONS: Final = Histogram(
    "lodger_graphql_operation_seconds",
    "Seconds that GraphQL operations took to execute: answered, partial (some fields were refused) or refused.",
    ["kind", "outcome"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

PROVIDER_WEBHOOKS: Final = Counter(
    "lodger_provider_webhooks_received_total",
    "Webhooks that payment providers sent: stored, repeated or refused with a code.",
    ["provider", "outcome"],
)

LIMITED: Final = Counter("lodger_rate_limited_total", "Requests refused as too many, by the limit.", ["limit"])
RATE_COUNTS: Final = Counter(
    "lodger_rate_counts_total", "Meetings of the processes' counts in Redis: shared or failed.", ["outcome"]
)

KEPT_ANSWERS: Final = Counter(
    "lodger_cache_lookups_total", "Answers looked for in the cache, by what they are: hit or miss.", ["what", "outcome"]
)
SAVED_SECONDS: Final = Counter(
    "lodger_cache_saved_seconds_total", "Seconds that kept answers took to find, less those of looking.", ["what"]
)

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PUT"})


def count_answer(method: str, route: str | None, status: int, seconds: float) -> None:
    """By rule and not by path, and by no made-up method: a label's values must stay few."""
    requests, durations = _series(method if method in _METHODS else "other", route or "none", status)
    requests.inc()
    durations.observe(seconds)


def count_command(name: str, outcome: str) -> None:
    """Outcome is accepted, replayed or the refusal's code."""
    _commands(name, outcome).inc()


def count_operation(
    kind: Literal["query", "mutation"], outcome: Literal["answered", "partial", "refused"], seconds: float
) -> None:
    OPERATIONS.labels(kind, outcome).observe(seconds)


def count_kept(what: str, outcome: Literal["hit", "miss"], saved_seconds: float = 0.0) -> None:
    KEPT_ANSWERS.labels(what, outcome).inc()
    SAVED_SECONDS.labels(what).inc(max(0.0, saved_seconds))


def count_limited(limit: str) -> None:
    LIMITED.labels(limit).inc()


def count_sharing(outcome: Literal["shared", "failed"]) -> None:
    """`failed`: each process counts alone for a while."""
    RATE_COUNTS.labels(outcome).inc()


@lru_cache(1024)
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Looking a series up by its labels costs more than counting in it."""
    return REQUESTS.labels(method, route, status), SECONDS.labels(method, route)


@lru_cache(1024)
def _commands(name: str, outcome: str) -> Counter:
    return COMMANDS.labels(name, outcome)
