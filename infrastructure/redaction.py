"""What never stands in a log, should somebody put it into a line after all.

The second line of defence: what is logged is chosen so that there is nothing to find. What goes by a telling name is
left out whole; in any other text, what looks like a secret or like somebody's address is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec

INSTEAD: Final = "[redacted]"

_TELLING: Final = re.compile(
    r"passw|secret|token|authorization|cookie|credential|api[_-]?key|signature|recovery|"
    r"e_?mail|phone|msisdn|iban|card_?number|client_?secret|"
    r"database_?url|redis_?url|smtp_?url",
    re.IGNORECASE,
)
_HARMLESS: Final = frozenset({"level", "timestamp", "request_id", "method", "route", "problem"})
"""What is on every line of a request, and comes from lists in the code or was looked at before."""

_SUSPECT: Final = re.compile(r"[@=:+]|_\w|\d{4}|eyJ|(?i:bearer|basic)")
"""In a text without any of these no pattern below finds something: most are passed by this alone."""

# Repetitions have bounds where a text could be made to take the square of its length.
_PATTERNS: Final = (
    # The user and password of an address, as in a database's.
    (re.compile(r"(?<=://)[^/\s@\"']{0,200}:[^/\s\"']{1,500}@"), f"{INSTEAD}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s{1,9}[\w.~+/=-]{6,}"), rf"\1 {INSTEAD}"),
    # Tokens: JSON Web Tokens, and keys by their prefixes (ours, Stripe's).
    (re.compile(r"\beyJ[\w-]{6,}\.[\w-]+(\.[\w-]*)?"), INSTEAD),
    (re.compile(r"\b(lk|lrt|sk|rk|pk|whsec)_[A-Za-z0-9_-]{8,}"), INSTEAD),
    # What is called a secret within a text: name=value, "name": "value", in headers, JSON, queries and messages.
    (
        re.compile(
            r"(?i)((?:passw(?:or)?d|secret|token|authorization|cookie|api[_-]?key|csrf)[\w-]{0,40}"
            r"[\"']?\s{0,9}[=:]\s{0,9}[\"']?)(?!\[redacted\])[^\s\"',;&}]{3,}"
        ),
        rf"\1{INSTEAD}",
    ),
    (re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,9}"), INSTEAD),
    # Phones with a plus sign, and numbers of cards in one piece or in groups.
    (re.compile(r"\+[1-9](?:[ ()./-]?\d){7,14}(?!\d)"), INSTEAD),
    (re.compile(r"(?<![\d.-])[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{2,4}(?![\d.-])"), INSTEAD),
    (re.compile(r"(?<![\d.-])3[47]\d\d[ -]?\d{6}[ -]?\d{5}(?![\d.-])"), INSTEAD),
)


_SMALL: Final = 10**11
"""No number up to this is one of a card."""


def redact(_logger: object, _method: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """A processor of structlog: the entry with nothing left in it that is nobody's business."""
    return {name: value if name in _HARMLESS else _value(name, value) for name, value in entry.items()}


def clean(text: str) -> str:
    """A text without what looks like a secret, an address, a phone or a card."""
    if _SUSPECT.search(text):
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
    return text


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if _is_telling(name):
        return INSTEAD
    match value:
        case bool() | float() | UUID() | date() | datetime():
            return value
        case int():
            return INSTEAD if value > _SMALL and clean(str(value)) != str(value) else value
        case str():
            return clean(value)
        case bytes():
            return f"{len(value)} bytes"
        case Mapping():
            return {clean(str(key)): _value(str(key), each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_value("", each) for each in value]
        case _:
            return _value("", _plain(value))


@lru_cache(1_000)
def _is_telling(name: str) -> bool:
    return _TELLING.search(name) is not None


def _plain(value: object) -> object:
    """A value of a class of ours by its fields, so that they are looked at too; anything else as text."""
    try:
        plain = msgspec.to_builtins(value)
    except TypeError:
        return str(value)
    return str(value) if type(plain) is type(value) else plain
