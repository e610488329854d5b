"""Reviews that everybody may read, and what they add up to. Sealed ones wait in a table that nobody's query reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final, Literal, assert_never, cast
from uuid import UUID

from domain.bookings import Role
from domain.events import Event
from domain.reviews import (
    Ratings,
    ReviewFact,
    ReviewImported,
    ReviewRemoved,
    ReviewReplied,
    ReviewRevealed,
    ReviewSubmitted,
)
from domain.scores import PropertyScoresImported
from domain.users import UserErased
from projections.projection import PAGE_MAX, After, Cursor, Page, Projection, page_of

Of = Literal["property", "guest"]
"""What is rated: guests rate properties, hosts rate guests."""

PARTS: Final = tuple(field.name for field in fields(Ratings))
_SUBMITTED: Final = (
    "review_id",
    "booking_id",
    "property_id",
    "author",
    "author_id",
    "subject_id",
    *PARTS,
    "comment",
    "submitted_at",
)
_SHOWN: Final = (*_SUBMITTED, "revealed_at", "reply", "replied_at", "origin")
_SCORED: Final = ("origin", "as_of", "reviews", *PARTS)


@dataclass(frozen=True, slots=True)
class Entry:
    """A revealed review. `author` is the side that wrote; a comment or reply of somebody who was erased is empty.

    One that was imported says from where (`origin`): it is of no booking here and has no ratings of its own.
    """

    review_id: UUID
    booking_id: UUID | None
    property_id: UUID
    author: Role
    author_id: UUID
    subject_id: UUID
    ratings: Ratings | None
    comment: str
    submitted_at: datetime
    revealed_at: datetime
    reply: str | None = None
    replied_at: datetime | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What the reviews of another marketplace average, in hundredths of a star by part, as of a day."""

    origin: str
    as_of: date
    reviews: int
    hundredths: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Rated:
    """What revealed reviews add up to: of each part how many rated it, and the sum of what they gave, in hundredths.

    With what was `imported`: each of the reviews behind an average counts as having given it.
    """

    counts: Mapping[str, int]
    sums: Mapping[str, int]
    imported: Imported | None = None

    @property
    def count(self) -> int:
        return self.counts["overall"]


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    for event in events:
        fact = cast("ReviewFact | PropertyScoresImported | UserErased", event.fact)
        match fact:
            case ReviewSubmitted():
                _seal(cursor, event, fact)
            case ReviewRevealed():
                _reveal(cursor, event)
            case ReviewReplied(text=text, replied_at=replied_at):
                cursor.execute(
                    "UPDATE reviews SET reply = %s, replied_at = %s WHERE review_id = %s",
                    [text, replied_at, event.stream_id],
                )
            case ReviewRemoved():
                cursor.execute("DELETE FROM sealed_reviews WHERE review_id = %s", [event.stream_id])
                cursor.execute(
                    f"DELETE FROM reviews WHERE review_id = %s RETURNING {', '.join(_SUBMITTED)}",  # noqa: S608
                    [event.stream_id],
                )
                _count(cursor, cursor.fetchall(), -1)
            case ReviewImported():
                _bring_in(cursor, event, fact)
            case PropertyScoresImported():
                _score(cursor, event.stream_id, fact)
            case UserErased():
                _forget(cursor, event.stream_id)
            case _:
                assert_never(fact)


def _seal(cursor: Cursor, event: Event, fact: ReviewSubmitted) -> None:
    values = [
        *(event.stream_id, fact.booking_id, fact.property_id, fact.author, fact.author_id, fact.subject_id),
        *(getattr(fact.ratings, part) for part in PARTS),
        *(fact.comment, fact.submitted_at, fact.sealed_until),
    ]
    cursor.execute(
        f"""INSERT INTO sealed_reviews ({", ".join(_SUBMITTED)}, sealed_until)
            VALUES ({", ".join(["%s"] * len(values))})""",  # noqa: S608 - constants
        values,
    )


def _reveal(cursor: Cursor, event: Event) -> None:
    """A review that was removed while it was sealed is not there any more, and stays away."""
    columns = ", ".join(_SUBMITTED)
    cursor.execute(
        f"""WITH opened AS (DELETE FROM sealed_reviews WHERE review_id = %s RETURNING {columns})
            INSERT INTO reviews ({columns}, revealed_at) SELECT {columns}, %s FROM opened RETURNING {columns}""",  # noqa: S608 - constants
        [event.stream_id, event.occurred_at],
    )
    _count(cursor, cursor.fetchall(), 1)


def _bring_in(cursor: Cursor, event: Event, fact: ReviewImported) -> None:
    """Everybody reads it, among the others by the day it was written on. It gave no rating that could be counted."""
    cursor.execute(
        """INSERT INTO reviews (review_id, origin, property_id, author, author_id, subject_id, comment, submitted_at,
                                revealed_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        [
            *(event.stream_id, fact.origin, fact.property_id, fact.author, fact.author_id, fact.subject_id),
            *(fact.comment, fact.submitted_at, fact.submitted_at),
        ],
    )


def _score(cursor: Cursor, property_id: UUID, fact: PropertyScoresImported) -> None:
    values = [fact.origin, fact.as_of, fact.reviews, *(getattr(fact.scores, part) for part in PARTS)]
    cursor.execute(
        f"""INSERT INTO imported_scores (property_id, {", ".join(_SCORED)})
            VALUES (%s, {", ".join(["%s"] * len(values))})
            ON CONFLICT (property_id) DO UPDATE
            SET {", ".join(f"{column} = excluded.{column}" for column in _SCORED)}""",  # noqa: S608 - constants
        [property_id, *values],
    )


def _count(cursor: Cursor, rows: Sequence[tuple[Any, ...]], sign: int) -> None:
    """Count reviews in, or out again. A host is rated by what guests say of the properties."""
    for row in rows:
        review = dict(zip(_SUBMITTED, row, strict=True))
        if review["overall"] is None:
            continue  # imported: the marketplace's own average has it
        kind, rated = ("property", "property_id") if review["author"] == "guest" else ("guest", "subject_id")
        values = [review[part] for part in PARTS]
        changes = [sign * (value is not None) for value in values] + [sign * (value or 0) for value in values]
        columns = [*(f"{part}_count" for part in PARTS), *(f"{part}_sum" for part in PARTS)]
        added = ", ".join(f"{column} = ratings.{column} + excluded.{column}" for column in columns)
        cursor.execute(
            f"""INSERT INTO ratings (kind, rated_id, {", ".join(columns)})
                VALUES (%s, %s, {", ".join(["%s"] * len(columns))})
                ON CONFLICT (kind, rated_id) DO UPDATE SET {added}""",  # noqa: S608 - constants
            [kind, review[rated], *changes],
        )


def _forget(cursor: Cursor, user_id: UUID) -> None:
    """What somebody who was erased wrote is gone; what they rated still counts."""
    cursor.execute("UPDATE sealed_reviews SET comment = '' WHERE author_id = %s", [user_id])
    cursor.execute("UPDATE reviews SET comment = '' WHERE author_id = %s", [user_id])
    cursor.execute("UPDATE reviews SET reply = '' WHERE subject_id = %s AND reply IS NOT NULL", [user_id])


REVIEWS: Final = Projection(
    name="reviews",
    version=1,
    tables=("reviews", "sealed_reviews", "ratings", "imported_scores"),
    facts=(
        *(ReviewSubmitted, ReviewRevealed, ReviewReplied, ReviewRemoved),
        *(ReviewImported, PropertyScoresImported, UserErased),
    ),
    apply=apply,
)


# --- queries ------------------------------------------------------------------------------------------------


def of_property(cursor: Cursor, property_id: UUID, after: After | None = None, limit: int = 20) -> Page[Entry]:
    """One page of what guests say of a property, newest first. `limit` is at most 100."""
    return _page(cursor, "property_id = %s AND author = 'guest'", property_id, after, limit)


def about_user(cursor: Cursor, user_id: UUID, after: After | None = None, limit: int = 20) -> Page[Entry]:
    """One page of what others say of somebody, as a host or as a guest, newest first."""
    return _page(cursor, "subject_id = %s", user_id, after, limit)


def rated(cursor: Cursor, of: Of, rated_id: UUID) -> Rated:
    """What the revealed reviews of a property, or of a guest, add up to, with what was imported of a property."""
    columns = [f"{part}_{what}" for what in ("count", "sum") for part in PARTS]
    cursor.execute(
        f"SELECT {', '.join(columns)} FROM ratings WHERE kind = %s AND rated_id = %s",  # noqa: S608 - constants
        [of, rated_id],
    )
    row = cursor.fetchone() or (0,) * len(columns)
    counts = dict(zip(PARTS, row, strict=False))
    sums = {part: 100 * total for part, total in zip(PARTS, row[len(PARTS) :], strict=True)}
    imported = _imported(cursor, rated_id) if of == "property" else None
    if imported is not None:
        for part, hundredths in imported.hundredths.items():
            counts[part] += imported.reviews
            sums[part] += imported.reviews * hundredths
    return Rated(counts, sums, imported)


def _imported(cursor: Cursor, property_id: UUID) -> Imported | None:
    cursor.execute(
        f"SELECT {', '.join(_SCORED)} FROM imported_scores WHERE property_id = %s",  # noqa: S608 - constants
        [property_id],
    )
    row = cursor.fetchone()
    if row is None:
        return None
    origin, as_of, reviews, *given = row
    return Imported(origin, as_of, reviews, {p: v for p, v in zip(PARTS, given, strict=True) if v is not None})


def due(cursor: Cursor, now: datetime, limit: int) -> list[UUID]:
    """Bookings of which a review has been sealed for as long as it may be."""
    cursor.execute(
        "SELECT DISTINCT booking_id FROM (SELECT booking_id FROM sealed_reviews WHERE sealed_until <= %s"
        " ORDER BY sealed_until LIMIT %s) AS late",
        [now, limit],
    )
    return [booking_id for (booking_id,) in cursor.fetchall()]


def _page(cursor: Cursor, condition: str, wanted: UUID, after: After | None, limit: int) -> Page[Entry]:
    limit = min(limit, PAGE_MAX)
    values: list[object] = [wanted]
    if after is not None:
        condition += " AND (revealed_at, review_id) < (%s::timestamptz, %s::uuid)"
        values += after
    cursor.execute(
        f"""SELECT {", ".join(_SHOWN)} FROM reviews WHERE {condition}
            ORDER BY revealed_at DESC, review_id DESC LIMIT %s""",  # noqa: S608 - constants
        [*values, limit + 1],
    )
    found = [_entry(row) for row in cursor.fetchall()]
    return page_of(found, limit, lambda each: (each.revealed_at.isoformat(), str(each.review_id)))


def _entry(row: tuple[Any, ...]) -> Entry:
    values = dict(zip(_SHOWN, row, strict=True))
    given = {part: values.pop(part) for part in PARTS}
    return Entry(ratings=Ratings(**given) if given["overall"] is not None else None, **values)
