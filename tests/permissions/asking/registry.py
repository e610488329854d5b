"""How each route is asked so that only who asks decides: its ids, its body, its headers.

A route that needs nothing but the example of its description is not named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from tests.permissions.world import World

FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `body` None is the description's example, if it has one; bytes are sent as `content_type`."""

    ids: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


class MadeUp(dict[str, str]):
    """An id for every name, of nothing that there is."""

    def __missing__(self, name: str) -> str:
        return "sandbox" if name == "provider" else str(uuid4())


Asking = Callable[[World], Ask]
ASKINGS: Final[dict[str, Asking]] = {}
CHANGE_WHO_ASKS: Final[set[str]] = set()
"""Routes after which whoever asked is not the same any more: each is asked by people made for it."""


def asks(*routes: str, changes_who_asks: bool = False) -> Callable[[Asking], Asking]:
    def remember(asking: Asking) -> Asking:
        ASKINGS.update(dict.fromkeys(routes, asking))
        CHANGE_WHO_ASKS.update(routes if changes_who_asks else ())
        return asking

    return remember


def asking_of(route: str) -> Asking:
    """Raises AssertionError where ids are needed and nobody has said which."""
    if route not in ASKINGS:
        assert "{" not in route, f"say in tests/permissions/asking with which ids to ask {route}"
        return lambda _: Ask()
    return ASKINGS[route]
