"""Photos of a property, in the order that guests see them. The pictures themselves live outside the events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.events import Fact
from domain.policies import PHOTOS_MAX
from domain.rejections import Rejected


@dataclass(frozen=True, slots=True)
class PropertyPhotosChanged(Fact):
    """All photos that are shown from now on; the first one stands for the property."""

    TOPIC: ClassVar[str] = "PropertyPhotosChanged"
    photos: tuple[UUID, ...]


def add(shown: Sequence[UUID], photo_id: UUID) -> tuple[PropertyPhotosChanged, ...]:
    """Show one more, as the last; again changes nothing."""
    if photo_id in shown:
        return ()
    if len(shown) >= PHOTOS_MAX:
        raise Rejected("too_many_photos", f"A property shows at most {PHOTOS_MAX} photos.", maximum=PHOTOS_MAX)
    return (PropertyPhotosChanged((*shown, photo_id)),)


def arrange(shown: Sequence[UUID], wanted: Sequence[UUID]) -> tuple[PropertyPhotosChanged, ...]:
    """Show them in another order; what is left out is shown no more."""
    if len(set(wanted)) < len(wanted):
        raise Rejected("photo_twice", "A photo is shown once.")
    if not set(wanted) <= set(shown):
        raise Rejected("photo_not_found", "The property has no such photo.")
    return () if tuple(wanted) == tuple(shown) else (PropertyPhotosChanged(tuple(wanted)),)
