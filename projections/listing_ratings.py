"""What a listing is rated, as search knows it: by the reviews that everybody may read, and by other marketplaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never, cast
from uuid import UUID

from domain.events import Event
from domain.reviews import ReviewRemoved, ReviewRevealed, ReviewSubmitted
from domain.scores import PropertyScoresImported
from projections.projection import Cursor

RATINGS: Final = "listing_ratings"
"""The table. A sealed review waits there and counts for nothing: the listing's row does not change for it."""

RATING_FACTS: Final = (ReviewSubmitted, ReviewRevealed, ReviewRemoved, PropertyScoresImported)


def rate(cursor: Cursor, events: Sequence[Event]) -> None:
    """Keep what was given, and with it the average of each listing of which something that counts has changed."""
    rated = set[UUID]()
    for event in events:
        fact = cast("ReviewSubmitted | ReviewRevealed | ReviewRemoved | PropertyScoresImported", event.fact)
        match fact:
            case ReviewSubmitted(author="guest"):
                _keep(cursor, event.stream_id, fact.property_id, 1, 100 * fact.ratings.overall, counts=False)
            case ReviewSubmitted():
                pass  # hosts rate guests, not listings
            case ReviewRevealed():
                cursor.execute(
                    "UPDATE listing_ratings SET counts = true WHERE source_id = %s RETURNING property_id",
                    [event.stream_id],
                )
                rated.update(property_id for (property_id,) in cursor.fetchall())
            case ReviewRemoved():
                cursor.execute(
                    "DELETE FROM listing_ratings WHERE source_id = %s RETURNING property_id, counts", [event.stream_id]
                )
                rated.update(property_id for property_id, counted in cursor.fetchall() if counted)
            case PropertyScoresImported(reviews=reviews, scores=scores):
                _keep(cursor, event.stream_id, event.stream_id, reviews, reviews * scores.overall, counts=True)
                rated.add(event.stream_id)
            case _:
                assert_never(fact)
    if rated:
        _average(cursor, rated)


def _keep(cursor: Cursor, source_id: UUID, property_id: UUID, ratings: int, sum_e2: int, *, counts: bool) -> None:
    cursor.execute(
        """INSERT INTO listing_ratings (source_id, property_id, ratings, sum_e2, counts) VALUES (%s, %s, %s, %s, %s)
           ON CONFLICT (source_id) DO UPDATE SET (ratings, sum_e2) = (excluded.ratings, excluded.sum_e2)""",
        [source_id, property_id, ratings, sum_e2, counts],
    )


def _average(cursor: Cursor, property_ids: set[UUID]) -> None:
    """Rounded half up; 0 without any."""
    cursor.execute(
        """UPDATE listings l
           SET (ratings, rating_e2) = (
               SELECT coalesce(sum(r.ratings), 0),
                      coalesce(div(2 * sum(r.sum_e2) + sum(r.ratings), 2 * sum(r.ratings)), 0)
               FROM listing_ratings r WHERE r.property_id = l.property_id AND r.counts)
           WHERE property_id = ANY (%s::uuid[])""",
        [list(property_ids)],
    )
