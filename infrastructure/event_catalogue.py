"""The catalogue of events for people, made from the code and from one stored example of every version ever shipped."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

from domain.bookings import BookingFact
from domain.events import Fact
from domain.host_accounts import HostAccountFact
from domain.payments import PaymentFact
from domain.platform import PlatformFact
from domain.properties import PropertyFact
from domain.reviews import ReviewFact
from domain.users import UserFact
from infrastructure.settings import ROOT

CORPUS: Final = ROOT / "docs" / "events"
"""`<Type>.v<version>.json`: the `data` of a stored event, frozen when that version shipped."""

_STREAMS: Final[dict[str, Any]] = {
    "User": UserFact,
    "Property": PropertyFact,
    "Booking": BookingFact,
    "Payment": PaymentFact,
    "HostAccount": HostAccountFact,
    "Review": ReviewFact,
    "Platform": PlatformFact,
}


def example(name: str, version: int) -> Path:
    return CORPUS / f"{name}.v{version}.json"


def markdown() -> str:
    """docs/events.md."""
    parts = [_HEAD]
    for stream, facts in _STREAMS.items():
        parts.append(f"\n## {stream}\n")
        parts += [_described(fact) for fact in get_args(facts)]
    return "\n".join(parts)


def _described(fact: type[Fact]) -> str:
    hints = get_type_hints(fact)
    own = inspect.getdoc(fact) or ""
    says = (
        "" if own.startswith(f"{fact.__name__}(") else f"{own}\n\n"
    )  # dataclasses write a signature when there is none
    rows = [f"| `{f.name}` | `{_type(hints[f.name])}` |" for f in fields(fact)]  # type: ignore[arg-type]
    table = "\n".join(["| Field | Type |", "|---|---|", *rows]) if rows else "No fields."
    older = [version for version in range(1, fact.SCHEMA_VERSION) if example(fact.TOPIC, version).exists()]
    upcast = f"Older versions are read through their upcasters: {', '.join(map(str, older))}.\n\n" if older else ""
    stored = example(fact.TOPIC, fact.SCHEMA_VERSION).read_text().rstrip()
    return (
        f"### {fact.TOPIC} (version {fact.SCHEMA_VERSION})\n\n{says}{table}\n\n{upcast}"
        f"<details><summary>Example</summary>\n\n```json\n{stored}\n```\n</details>\n"
    )


def _type(hint: Any) -> str:
    if isinstance(hint, type) and not get_args(hint):
        return hint.__name__
    text = str(hint)
    for prefix in ("typing.", "uuid.", "datetime.", *(f"domain.{module}." for module in _MODULES)):
        text = text.replace(prefix, "")
    return text.replace("|", "\\|")


_MODULES: Final = (
    "bookings",
    "calendar_feeds",
    "cancellations",
    "host_accounts",
    "money",
    "payments",
    "pricing",
    "properties",
    "stays",
    "users",
)

_HEAD: Final = """\
# Events

Every fact that Lodger records, by stream. This page is written by `./run lodger events --markdown`; the examples
are the files in `docs/events/`, which a test reads on every run: what was stored once can be read for ever.

A stored event is a row of `events`: `position` (its place in the whole log), `partition_key`, `stream_id`, `version`
(its place in the stream), `type`, `schema_version`, `data` (the fact, as below), `meta` and `recorded_at`. `meta` says
who, when and why: `event_id`, `occurred_at` (domain time), `actor` (kind, id, reason), `command_id`, `correlation_id`,
`causation_id` (the event that this one reacts to). Amounts are integer minor units with their currency; dates are local
to the property; instants are UTC.
"""
