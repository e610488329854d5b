"""One row of reviews.csv: what a guest wrote of a listing. Who they are by name is not looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from application.imported_listings import WrittenReview
from domain.policies import REVIEW_LENGTH_MAX
from infrastructure.inside_airbnb.listings import RowError, external_id
from infrastructure.inside_airbnb.texts import plain

REQUIRED: Final = ("listing_id", "id", "date", "reviewer_id", "comments")


def parse(row: Mapping[str, str], line: int) -> tuple[WrittenReview, bool]:
    """Read one row, and say whether its comment had to be cut. Raises RowError."""
    try:
        written_on = date.fromisoformat(row["date"])
    except ValueError:
        raise RowError(f"date {row['date'][:20]!r} is not a date") from None
    comment, cut = plain(row["comments"], REVIEW_LENGTH_MAX)
    written = WrittenReview(
        line=line,
        external_id=external_id(row, "id"),
        listing_id=external_id(row, "listing_id"),
        reviewer_id=external_id(row, "reviewer_id"),
        written_on=written_on,
        comment=comment,
    )
    return written, cut
