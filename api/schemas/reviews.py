"""Reviews as JSON."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import fields

from api.schemas.fields import Choice, Count, Flag, Id, Instant, Strict, Text
from api.schemas.pages import NextCursor
from application.reviews import ReviewsOfStay, ReviewStream
from domain.bookings import Role
from domain.policies import RATING_MAX, RATING_MIN, REVIEW_LENGTH_MAX
from domain.reviews import Ratings, Review, ReviewImported
from projections.reviews import PARTS, Entry, Rated


def _rating(**given: Any) -> Count:
    return Count(RATING_MIN, RATING_MAX, **given)


class PartsSchema(Strict):
    """What a guest gives for the parts of a stay, each from 1 to 5."""

    cleanliness = _rating()
    accuracy = _rating(metadata={"description": "Whether the place is what its listing says."})
    check_in = _rating()
    communication = _rating()
    location = _rating()
    value = _rating()


class WriteReviewSchema(Strict):
    rating = _rating(required=True)
    ratings = fields.Nested(PartsSchema, load_default=dict, metadata={"description": "From guests only."})
    comment = Text(REVIEW_LENGTH_MAX, 0, load_default="")


class WriteReplySchema(Strict):
    text = Text(REVIEW_LENGTH_MAX, required=True)


class ReplySchema(Strict):
    text = fields.String(required=True)
    created_at = Instant(required=True)


class ReviewSchema(Strict):
    """A review. While `revealed` is false nobody but its author sees it, or that there is one."""

    id = Id(required=True)
    property = Id(required=True)
    written_by = Choice(Role, required=True, metadata={"description": "The side of the stay that wrote it."})
    author = Id(required=True)
    about = Id(required=True, metadata={"description": "The other side."})
    rating = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null of one that was imported: see `rated.imported`."}
    )
    ratings = fields.Nested(PartsSchema, required=True)
    comment = fields.String(required=True)
    created_at = Instant(
        required=True, metadata={"description": "Of one that was imported the day is known: its beginning in UTC."}
    )
    imported_from = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The marketplace it was written on; null of stays here.", "example": "inside-airbnb"},
    )
    revealed = Flag(required=True)
    reply = fields.Nested(ReplySchema, required=True, allow_none=True)


class StayReviewsSchema(Strict):
    """The reviews of a stay, as one side sees them."""

    mine = fields.Nested(ReviewSchema, required=True, allow_none=True)
    other = fields.Nested(
        ReviewSchema, required=True, allow_none=True, metadata={"description": "null until it is revealed."}
    )
    write_until = Instant(
        required=True, allow_none=True, metadata={"description": "null unless the stay was completed."}
    )


class AverageSchema(Strict):
    count = fields.Integer(required=True)
    average = fields.String(
        required=True, allow_none=True, metadata={"description": "Two decimals; null of nothing.", "example": "4.67"}
    )


class ImportedScoresSchema(Strict):
    """What another marketplace said its reviews of a property averaged on a day."""

    origin = fields.String(required=True, metadata={"example": "inside-airbnb"})
    as_of = fields.Date(required=True)
    overall = fields.Nested(AverageSchema, required=True)


class RatedSchema(Strict):
    """What the revealed reviews add up to, those behind `imported` among them. Parts were rated by those who did."""

    overall = fields.Nested(AverageSchema, required=True)
    cleanliness = fields.Nested(AverageSchema, required=True)
    accuracy = fields.Nested(AverageSchema, required=True)
    check_in = fields.Nested(AverageSchema, required=True)
    communication = fields.Nested(AverageSchema, required=True)
    location = fields.Nested(AverageSchema, required=True)
    value = fields.Nested(AverageSchema, required=True)
    imported = fields.Nested(
        ImportedScoresSchema, required=True, allow_none=True, metadata={"description": "null where nothing was."}
    )


class ReviewsSchema(Strict):
    rated = fields.Nested(RatedSchema, required=True)
    reviews = fields.List(fields.Nested(ReviewSchema), required=True)
    next_cursor = NextCursor()


def ratings(body: dict[str, Any]) -> Ratings:
    return Ratings(body["rating"], **body["ratings"])


def reviewed(stream: ReviewStream) -> dict[str, Any]:
    """A review as its stream tells it, for who may see it."""
    review = stream.state
    assert review is not None, "found before"
    return _shown(stream.id, review)


def of_stay(seen: ReviewsOfStay) -> dict[str, Any]:
    """What StayReviewsSchema shows."""
    return {
        "mine": reviewed(seen.mine) if seen.mine.state else None,
        "other": reviewed(seen.other) if seen.other else None,
        "write_until": seen.until,
    }


def entered(entry: Entry) -> dict[str, Any]:
    """A review in a list."""
    return {
        "id": entry.review_id,
        "property": entry.property_id,
        "written_by": entry.author,
        "author": entry.author_id,
        "about": entry.subject_id,
        **_rated_parts(entry.ratings),
        "comment": entry.comment,
        "created_at": entry.submitted_at,
        "imported_from": entry.origin,
        "revealed": True,
        "reply": {"text": entry.reply, "created_at": entry.replied_at} if entry.replied_at else None,
    }


def averages(rated: Rated) -> dict[str, Any]:
    """What RatedSchema shows."""
    found, imported = {part: _average(rated.counts[part], rated.sums[part]) for part in PARTS}, rated.imported
    if imported is None:
        return {**found, "imported": None}
    overall = _average(imported.reviews, imported.reviews * imported.hundredths["overall"])
    return {**found, "imported": {"origin": imported.origin, "as_of": imported.as_of, "overall": overall}}


def _average(count: int, total: int) -> dict[str, Any]:
    """Of a sum in hundredths of a star."""
    if not count:
        return {"count": 0, "average": None}
    hundredths = (2 * total + count) // (2 * count)  # rounded, half up
    return {"count": count, "average": f"{hundredths // 100}.{hundredths % 100:02}"}


def _shown(of_review: UUID, review: Review) -> dict[str, Any]:
    written = review.written
    return {
        "id": of_review,
        "property": written.property_id,
        "written_by": written.author,
        "author": written.author_id,
        "about": written.subject_id,
        **_rated_parts(None if isinstance(written, ReviewImported) else written.ratings),
        "comment": written.comment,
        "created_at": written.submitted_at,
        "imported_from": written.origin if isinstance(written, ReviewImported) else None,
        "revealed": review.is_revealed,
        "reply": review.reply and {"text": review.reply.text, "created_at": review.reply.replied_at},
    }


def _rated_parts(given: Ratings | None) -> dict[str, Any]:
    if given is None:
        return {"rating": None, "ratings": {}}
    parts = {part: getattr(given, part) for part in PARTS[1:] if getattr(given, part) is not None}
    return {"rating": given.overall, "ratings": parts}
