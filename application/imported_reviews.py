"""Use case: bring in what guests wrote of imported listings on the other marketplace.

A review's stream follows from its id there: what is there already makes no event, whatever snapshot says it again.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from application.calls import Call
from application.imported_listings import (
    Outcome,
    ReviewsImported,
    RowRefused,
    RowsRead,
    Snapshot,
    WrittenReview,
    property_id_of,
    user_id_of,
)
from application.lodger import Histories, Lodger, retried
from application.streams import PROPERTY, REVIEW, USER, Change, begin
from domain import reviews
from domain.properties import Property
from domain.reviews import Review, ReviewFact, ReviewImported

_ROWS_AT_ONCE: Final = 2_000
"""Held in memory, to go listing by listing through a file that may be in any order."""

_APPENDED_AT_ONCE: Final = 100
"""Reviews in one transaction, which is over within some ten milliseconds."""


def review_id_of(external_id: str) -> UUID:
    """The review that another marketplace's becomes, the same in every run."""
    return uuid5(NAMESPACE_URL, f"https://www.airbnb.com/reviews/{external_id}")


def bring_in_reviews(
    lodger: Lodger, snapshot: Snapshot, listings: Container[str], call: Callable[[], Call]
) -> Iterator[Outcome]:
    """Import the reviews of those `listings` that are properties here, and tell what becomes of them as it happens."""
    strangers: dict[str, WrittenReview] = {}
    some: dict[str, list[WrittenReview]] = {}
    held = 0
    for row in snapshot.reviews():
        if not isinstance(row, WrittenReview):
            yield row
            continue
        held += 1
        if row.listing_id in listings:
            some.setdefault(row.listing_id, []).append(row)
        elif row.listing_id not in snapshot.listing_ids:
            strangers.setdefault(row.listing_id, row)
        if held == _ROWS_AT_ONCE:
            yield from _of_listings(lodger, snapshot, some, call)
            yield RowsRead("reviews", held)
            some, held = {}, 0
    yield from _of_listings(lodger, snapshot, some, call)
    yield RowsRead("reviews", held)
    for listing_id, row in strangers.items():
        reason = "the listings name no such listing (the first of its reviews is at this line)"
        yield RowRefused(snapshot.reviews_file, row.line, listing_id, reason)


def _of_listings(
    lodger: Lodger, snapshot: Snapshot, some: Mapping[str, Sequence[WrittenReview]], call: Callable[[], Call]
) -> Iterator[ReviewsImported]:
    for listing_id, rows in some.items():
        property_id = property_id_of(listing_id)
        reviewed = lodger.load(PROPERTY, property_id).state
        if reviewed is None or reviewed.is_erased:
            continue  # why it is not here was told with the listings
        for start in range(0, len(rows), _APPENDED_AT_ONCE):
            page = {row.external_id: row for row in rows[start : start + _APPENDED_AT_ONCE]}
            added = _bring_in(lodger, call(), snapshot.origin, property_id, reviewed, page)
            yield ReviewsImported(listing_id, property_id, len(page), added)


@retried
def _bring_in(
    lodger: Lodger,
    call: Call,
    origin: str,
    property_id: UUID,
    reviewed: Property,
    page: Mapping[str, WrittenReview],
) -> int:
    """Append those that are not there yet, all at once; how many. Whoever was erased here is not quoted again."""
    authors = {user_id_of(row.reviewer_id) for row in page.values()}
    history = lodger.read(*map(review_id_of, page), *authors)
    changes = []
    for row in page.values():
        author_id = user_id_of(row.reviewer_id)
        if history.stream(USER, author_id).state.is_erased:
            continue
        written = ReviewImported(
            origin, property_id, author_id, reviewed.host_id, comment=row.comment, written_on=row.written_on
        )
        change = _change(history, review_id_of(row.external_id), written)
        if change.facts:
            changes.append(change)
    if changes:
        lodger.append(call, *changes)
    return len(changes)


def _change(history: Histories, review_id: UUID, written: ReviewImported) -> Change[Review | None, ReviewFact]:
    known = history.stream(REVIEW, review_id)
    stream = known if known.version else begin(REVIEW, review_id, partition_key=written.property_id)
    return stream.then(reviews.bring_in(known.state, written), written_by=written.author_id)
