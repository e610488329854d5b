"""The platform itself: what is done to its keys and read models, by whom and why. One stream; no key is in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final, assert_never
from uuid import UUID

from domain.events import Fact

PLATFORM_ID: Final = UUID("6c6f6467-6572-4b65-8973-000000000001")


@dataclass(frozen=True, slots=True)
class KeyRotated(Fact):
    """A new key was made for a purpose. `key_id` tells it from others; from a few seconds later on it is used."""

    TOPIC: ClassVar[str] = "KeyRotated"
    purpose: str
    key_id: str


@dataclass(frozen=True, slots=True)
class KeyDestroyed(Fact):
    """A key is gone: nothing that was made with it counts any more."""

    TOPIC: ClassVar[str] = "KeyDestroyed"
    purpose: str
    key_id: str


@dataclass(frozen=True, slots=True)
class RootKeyRotated(Fact):
    """Every key was sealed anew, under the secret key that the settings have by now."""

    TOPIC: ClassVar[str] = "RootKeyRotated"


@dataclass(frozen=True, slots=True)
class KeysBackedUp(Fact):
    """Every key there was went into a file that a passphrase opens."""

    TOPIC: ClassVar[str] = "KeysBackedUp"


@dataclass(frozen=True, slots=True)
class KeysRestored(Fact):
    """Keys that the ring did not have were put back from such a file."""

    TOPIC: ClassVar[str] = "KeysRestored"


@dataclass(frozen=True, slots=True)
class ProjectionEventSkipped(Fact):
    """A read model does without an event that it cannot take, now and whenever it is made again."""

    TOPIC: ClassVar[str] = "ProjectionEventSkipped"
    projection: str
    position: int
    event_id: UUID


PlatformFact = KeyRotated | KeyDestroyed | RootKeyRotated | KeysBackedUp | KeysRestored | ProjectionEventSkipped


@dataclass(frozen=True, slots=True)
class Platform:
    """`unsaved` are the keys that no backup has, as (purpose, key id); `has_backup`: of the others there is one.

    `roots` counts the secret keys that the ring was sealed under, `restorations` how often keys were put back;
    `skipped` are events that read models do without, as (projection, position).
    """

    unsaved: frozenset[tuple[str, str]] = frozenset()
    has_backup: bool = False
    roots: int = 1
    restorations: int = 0
    skipped: frozenset[tuple[str, int]] = frozenset()


NEW: Final = Platform()


def evolve(state: Platform, fact: PlatformFact) -> Platform:
    match fact:
        case KeyRotated(purpose, key_id):
            return replace(state, unsaved=state.unsaved | {(purpose, key_id)})
        case KeyDestroyed(purpose, key_id):
            return replace(state, unsaved=state.unsaved - {(purpose, key_id)})
        case RootKeyRotated():
            return replace(state, roots=state.roots + 1)
        case KeysBackedUp():
            return replace(state, unsaved=frozenset(), has_backup=True)
        case KeysRestored():
            return replace(state, restorations=state.restorations + 1)
        case ProjectionEventSkipped(projection, position):
            return replace(state, skipped=state.skipped | {(projection, position)})
        case _:
            assert_never(fact)
