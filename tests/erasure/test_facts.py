"""Every field of a fact that could hold words is a person's own and encrypted, or nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import pytest

from domain.catalogue import FACTS
from domain.events import Fact

NOBODYS: Final = {
    "currency": "an ISO 4217 code",
    "country": "an ISO 3166 code",
    "zone": "an IANA name: what the stays are reckoned in",
    **dict.fromkeys(("provider", "reference", "sha256", "dispute_id"), "a provider's name, or its own ids"),
    **dict.fromkeys(("code", "said", "scopes", "purpose", "origin", "hold_id", "key_id"), "our own words and ids"),
    "projection": "a read model's name",
    "url": "a page of a provider, by its own id of the payment",
    "issuer": "an address of the settings",
    **dict.fromkeys(("name", "market"), "of PropertyCreated.source: another marketplace and one of its cities"),
}
"""By the last name of the path."""

REASONS: Final = {
    "PaymentVoidStarted": "our own words",
    "RefundStarted": "our own words",
    "DisputeOpened": "the bank's word",
    "PaymentContradictionResolved": "an operator's, who is told that it stays",
    "PayoutHoldPlaced": "an operator's, who is told that it stays",
}
"""The reasons that are not a guest's or a host's."""


@pytest.mark.parametrize("name", FACTS)
def test_every_text_of_a_fact_is_encrypted_or_nobodys(name: str) -> None:
    open_ = [path for path in _texts(FACTS[name], "") if path not in FACTS[name].PERSONAL]
    for path in open_:
        last = path.rpartition(".")[2]
        assert last in NOBODYS or (last == "reason" and name in REASONS), f"{name}.{path}: whose words are these?"


@pytest.mark.parametrize("fact", [fact for fact in FACTS.values() if fact.PERSONAL])
def test_what_is_encrypted_is_there(fact: type[Fact]) -> None:
    for path in fact.PERSONAL:
        kind: Any = fact
        for part in path.split("."):
            kind = get_type_hints(_plain(kind))[part]


def _texts(kind: Any, path: str) -> Iterator[str]:
    """The paths of what may hold any text."""
    if kind is str:
        yield path
    elif is_dataclass(kind):
        hints = get_type_hints(kind)
        for each in fields(kind):
            yield from _texts(hints[each.name], f"{path}.{each.name}".removeprefix("."))
    elif get_origin(kind) in (Union, UnionType, tuple, frozenset):
        for part in get_args(kind):
            yield from _texts(part, path)


def _plain(kind: Any) -> Any:
    """A type without None."""
    return next((part for part in get_args(kind) if is_dataclass(part)), kind)
