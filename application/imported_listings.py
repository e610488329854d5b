"""Listings of another marketplace: what a snapshot of a market says, and what is remembered of earlier ones.

A snapshot is a market's listings and calendars as they were on one day. It is read by an adapter; use cases decide
what follows from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.money import Money
from domain.properties import Details
from domain.scores import Scores


@dataclass(frozen=True, slots=True)
class Market:
    """A city. `country` is an ISO 3166 code; `currency` is what its prices are in."""

    name: str
    city: str
    country: str
    currency: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing, checked and cleaned. Ids are the other marketplace's; `line` is where the file says it.

    `nightly` is None where the file names no price; `scores` are what its `reviews` reviews average, None where it has
    none. `notes` say what was changed to fit.
    """

    line: int
    external_id: str
    host_id: str
    host_name: str
    details: Details
    neighbourhood: str
    latitude_e6: int
    longitude_e6: int
    nightly: Money | None
    minimum_nights: int
    maximum_nights: int
    scraped: date
    reviews: int = 0
    scores: Scores | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenReview:
    """What a guest wrote of a listing, checked and cleaned. Ids are the other marketplace's."""

    line: int
    external_id: str
    listing_id: str
    reviewer_id: str
    written_on: date
    comment: str


@dataclass(frozen=True, slots=True)
class Availability:
    """What a calendar says of nights; of those in neither set it says nothing."""

    available: frozenset[date] = frozenset()
    unavailable: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class RowRefused:
    """A row, or a part of it, that did not go in, and why. `line` counts from 1, the header's line."""

    file: str
    line: int
    external_id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Something a person may want to know of a row that did go in."""

    file: str
    line: int
    external_id: str | None
    note: str


@dataclass(frozen=True, slots=True)
class FileDamaged:
    """A file that cannot be read beyond `line`. What stands before it is imported."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class RowsRead:
    """Progress within a long file: `rows` more were read."""

    file: Literal["calendar", "reviews"]
    rows: int


Finding = RowRefused | Noted | FileDamaged

Result = Literal["created", "changed", "returned", "unchanged", "gone"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one listing.

    `changed` names the stored events that were added, without those of the calendar. Nights are counted, not ranges.
    """

    external_id: str
    property_id: UUID
    result: Result
    changed: tuple[str, ...] = ()
    nights_blocked: int = 0
    nights_freed: int = 0
    host_registered: bool = False


@dataclass(frozen=True, slots=True)
class ReviewsImported:
    """What became of some reviews of a listing: `added` of the `rows` were not there before."""

    external_id: str
    property_id: UUID
    rows: int
    added: int


Outcome = Finding | RowsRead | Imported | ReviewsImported


def property_id_of(listing_id: str) -> UUID:
    """The property that a listing becomes, the same in every run."""
    return uuid5(NAMESPACE_URL, f"https://www.airbnb.com/rooms/{listing_id}")


def user_id_of(user_id: str) -> UUID:
    """The user that a host becomes, and who a reviewer is: the same in every run."""
    return uuid5(NAMESPACE_URL, f"https://www.airbnb.com/users/show/{user_id}")


class Snapshot(Protocol):
    """A market on one day. Nothing of it has to fit into memory but its ids and which nights are taken."""

    @property
    def origin(self) -> str:
        """The marketplace, such as "inside-airbnb"."""
        ...

    @property
    def market(self) -> Market: ...

    @property
    def scraped(self) -> date:
        """The day it shows."""
        ...

    @property
    def listing_ids(self) -> Collection[str]:
        """Every listing the file names, also in rows that cannot be imported."""
        ...

    @property
    def listings_file(self) -> str: ...

    @property
    def reviews_file(self) -> str: ...

    @property
    def reviews_told(self) -> int:
        """How many reviews the listings say that they have: about as many as there are to read."""
        ...

    @property
    def is_whole(self) -> bool:
        """False when the listings could not be read to their end: who is missing may only be unread."""
        ...

    def read_calendar(self) -> Iterator[Finding | RowsRead]:
        """Read all calendars; `availability` answers afterwards."""
        ...

    def listings(self) -> Iterator[Listing | Finding]: ...

    def availability(self, listing: Listing) -> Availability:
        """What its calendar says of the nights from the listing's scrape date on."""
        ...

    def reviews(self) -> Iterator[WrittenReview | Finding]:
        """Every review, in any order; none where the snapshot comes without."""
        ...

    def refused_nights(self, refused: Mapping[str, Sequence[tuple[date, str]]]) -> Iterator[RowRefused]:
        """The calendar's rows of nights that did not go in: (night, reason) by listing."""
        ...


@dataclass(frozen=True, slots=True)
class Remembered:
    """A listing as it was last imported. `digest` is None when something of it is still to be done."""

    property_id: UUID
    digest: bytes | None
    scraped: date


class ImportedListings(Protocol):
    """What was imported before. It only saves work and finds who is gone: decisions come from the streams."""

    def of_market(self, market: str) -> Mapping[str, Remembered]:
        """By the other marketplace's listing id."""
        ...

    def remember(self, market: str, listings: Mapping[str, Remembered]) -> None: ...

    def forget(self, market: str, external_id: str) -> None: ...
