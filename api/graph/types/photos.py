"""Photos."""

from __future__ import annotations

import strawberry

from api.graph.shown import Shown, shows
from api.schemas.photos import PhotoSchema


@shows(PhotoSchema)
class Photo(Shown):
    """A photo: its addresses by size, relative to the API's. The longer edge has at most 320, 960 and 2,560 pixels."""

    id: strawberry.ID
    small: str
    medium: str
    full: str
