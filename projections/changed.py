"""Whether a read model has changed: what was answered from it once is the answer until it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from projections.look import AsOf, Look
from projections.projection import Projection
from projections.search_sql import Sql

_SELECTED: Final = Sql(
    """SELECT position, moved_at, concat_ws('/', changes, version, kept_version, kept_position)
       FROM positions WHERE name = %s"""
)


@dataclass(frozen=True, slots=True)
class Generation:
    """The rows of a read model as one look finds them: two looks with the same `name` find the same rows.

    Every transaction that changes rows counts itself in `positions`, and a rebuild puts other tables there; both are
    in the name. `as_of` moves on with events that change nothing here.
    """

    name: str
    as_of: AsOf


def generation(look: Look, projection: Projection) -> Generation:
    """What this look sees, of which everything else that is asked in it is told too."""
    found = look.rows(Sql(_SELECTED.text, (projection.name,)))
    position, moved_at, name = found[0] if found else (0, None, "not begun")
    return Generation(f"{projection.name}/{projection.version}/{name}", AsOf(position, moved_at))
