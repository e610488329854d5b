"""Reviews that everybody may read, and what they add up to. Sealed ones wait in a table that nobody's query reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final, Literal, assert_never, cast
from uuid import UUID

from psycopg2.extras import execute_values

from domain.bookings import Role
from domain.events import Event
from domain.reviews import (
    Ratings,
    ReviewImported,
    ReviewRemoved,
    ReviewReplied,
    ReviewRevealed,
    ReviewSubmitted,
)
from domain.scores import PropertyScoresImported
from domain.users import UserErased
from projections.newest import Newest, Wanted
from projections.projection import After, Cursor, Page, Projection

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


_EachFact = ReviewSubmitted | ReviewRevealed | ReviewReplied | ReviewRemoved | PropertyScoresImported | UserErased


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    """Imported reviews come by the thousand: those in a row are written together."""
    for are_imported, some in groupby(events, lambda event: isinstance(event.fact, ReviewImported)):
        if are_imported:
            _bring_in(cursor, list(some))
        else:
            _apply_each(cursor, some)


def _apply_each(cursor: Cursor, events: Iterable[Event]) -> None:
    for event in events:
        fact = cast("_EachFact", event.fact)
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


def _bring_in(cursor: Cursor, events: Sequence[Event]) -> None:
    """Everybody reads them, among the others by the day they were written on. None gave a rating that could count."""
    told = [(event.stream_id, cast("ReviewImported", event.fact)) for event in events]
    execute_values(
        cursor,
        """INSERT INTO reviews (review_id, origin, property_id, author, author_id, subject_id, comment, submitted_at,
                                revealed_at) VALUES %s""",
        [
            (
                *(review_id, fact.origin, fact.property_id, fact.author, fact.author_id, fact.subject_id),
                *(fact.comment, fact.submitted_at, fact.submitted_at),
            )
            for review_id, fact in told
        ],
        page_size=1000,
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
    wanted = Wanted(property_id, after, limit)
    return of_properties(cursor, [wanted])[wanted]


def of_properties(cursor: Cursor, wanted: Sequence[Wanted]) -> Mapping[Wanted, Page[Entry]]:
    """The same of several."""
    return _OF_PROPERTY.pages(cursor, wanted, _entry, _revealed)


def about_user(cursor: Cursor, user_id: UUID, after: After | None = None, limit: int = 20) -> Page[Entry]:
    """One page of what others say of somebody, as a host or as a guest, newest first."""
    wanted = Wanted(user_id, after, limit)
    return about_users(cursor, [wanted])[wanted]


def about_users(cursor: Cursor, wanted: Sequence[Wanted]) -> Mapping[Wanted, Page[Entry]]:
    """The same of several."""
    return _ABOUT_USER.pages(cursor, wanted, _entry, _revealed)


def rated(cursor: Cursor, of: Of, rated_id: UUID) -> Rated:
    """What the revealed reviews of a property, or of a guest, add up to, with what was imported of a property."""
    return rated_each(cursor, [(of, rated_id)])[of, rated_id]


def rated_each(cursor: Cursor, wanted: Sequence[tuple[Of, UUID]]) -> Mapping[tuple[Of, UUID], Rated]:
    """The same of several."""
    sums = [f"coalesce({part}_{what}, 0)" for what in ("count", "sum") for part in PARTS]
    cursor.execute(
        f"""SELECT asked.kind, asked.rated_id, {", ".join(sums)}, {", ".join(f"s.{name}" for name in _SCORED)}
            FROM unnest(%s::text[], %s::uuid[]) AS asked (kind, rated_id)
            LEFT JOIN ratings r ON (r.kind, r.rated_id) = (asked.kind, asked.rated_id)
            LEFT JOIN imported_scores s ON asked.kind = 'property' AND s.property_id = asked.rated_id""",  # noqa: S608
        [[of for of, _ in wanted], [rated_id for _, rated_id in wanted]],
    )
    found = cursor.fetchall()
    return {(of, rated_id): _rated(row[: len(sums)], row[len(sums) :]) for of, rated_id, *row in found}


def _rated(added: Sequence[int], scored: Sequence[Any]) -> Rated:
    counts = dict(zip(PARTS, added, strict=False))
    sums = {part: 100 * total for part, total in zip(PARTS, added[len(PARTS) :], strict=True)}
    imported = _imported(scored)
    if imported is not None:
        for part, hundredths in imported.hundredths.items():
            counts[part] += imported.reviews
            sums[part] += imported.reviews * hundredths
    return Rated(counts, sums, imported)


def _imported(scored: Sequence[Any]) -> Imported | None:
    origin, as_of, reviews, *given = scored
    if origin is None:
        return None
    return Imported(origin, as_of, reviews, {p: v for p, v in zip(PARTS, given, strict=True) if v is not None})


def due(cursor: Cursor, now: datetime, limit: int) -> list[UUID]:
    """Bookings of which a review has been sealed for as long as it may be."""
    cursor.execute(
        "SELECT DISTINCT booking_id FROM (SELECT booking_id FROM sealed_reviews WHERE sealed_until <= %s"
        " ORDER BY sealed_until LIMIT %s) AS late",
        [now, limit],
    )
    return [booking_id for (booking_id,) in cursor.fetchall()]


def _of(condition: str) -> Newest:
    return Newest(f"SELECT {', '.join(_SHOWN)} FROM reviews WHERE {condition}", "revealed_at", "review_id")  # noqa: S608


_OF_PROPERTY: Final = _of("property_id = asked.owner AND author = 'guest'")
_ABOUT_USER: Final = _of("subject_id = asked.owner")


def _revealed(entry: Entry) -> After:
    return entry.revealed_at.isoformat(), str(entry.review_id)


def _entry(row: tuple[Any, ...]) -> Entry:
    values = dict(zip(_SHOWN, row, strict=True))
    given = {part: values.pop(part) for part in PARTS}
    return Entry(ratings=Ratings(**given) if given["overall"] is not None else None, **values)
