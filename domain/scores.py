"""Scores: what another marketplace says the reviews of an imported property add up to.

Its reviews come without the ratings behind them, so that only what it makes of all of them is known.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import ClassVar

from domain.events import Fact
from domain.policies import RATING_MAX, RATING_MIN
from domain.rejections import Rejected


@dataclass(frozen=True, slots=True)
class Scores:
    """Averages in hundredths of a star: 475 is 4.75. Parts beside `overall` are None where it says nothing of them."""

    overall: int
    cleanliness: int | None = None
    accuracy: int | None = None
    check_in: int | None = None
    communication: int | None = None
    location: int | None = None
    value: int | None = None


@dataclass(frozen=True, slots=True)
class PropertyScoresImported(Fact):
    """What `reviews` reviews of a property at `origin` ("inside-airbnb") averaged, as of a day."""

    TOPIC: ClassVar[str] = "PropertyScoresImported"
    origin: str
    as_of: date
    reviews: int
    scores: Scores


def score(known: PropertyScoresImported | None, told: PropertyScoresImported) -> tuple[PropertyScoresImported, ...]:
    """Follow what the marketplace says now; the same on a later day is no news.

    Raises Rejected `rating_out_of_range`.
    """
    given = [getattr(told.scores, field.name) for field in fields(told.scores)]
    if told.reviews < 1 or any(
        value is not None and not 100 * RATING_MIN <= value <= 100 * RATING_MAX for value in given
    ):
        raise Rejected("rating_out_of_range", f"Ratings are from {RATING_MIN} to {RATING_MAX}.")
    if known is not None and (known.reviews, known.scores) == (told.reviews, told.scores):
        return ()
    return (told,)
