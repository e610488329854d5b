"""A folder of Inside Airbnb's files as one snapshot of a market."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Final

from application.imported_listings import (
    Availability,
    FileDamaged,
    Finding,
    Listing,
    Market,
    Noted,
    RowRefused,
    RowsRead,
    WrittenReview,
)
from application.ports import Zones
from domain.money import EXPONENTS
from domain.policies import REVIEW_LENGTH_MAX
from infrastructure.inside_airbnb import calendars, listings, reviews
from infrastructure.inside_airbnb.places import CURRENCIES, country_of
from infrastructure.inside_airbnb.tables import Missing, Table, Unreadable

ORIGIN: Final = "inside-airbnb"

_DATE_AT_END: Final = re.compile(r"[-_ ]*\d{4}-\d{2}(-\d{2})?$")
_MARKET: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


class FolderSnapshot:
    """Implements `application.imported_listings.Snapshot` on listings.csv(.gz), calendar.csv(.gz) and, where there is
    one, reviews.csv(.gz).

    The listings are read twice: first which there are and what day they show, then one by one.
    """

    origin = ORIGIN

    def __init__(self, folder: Path, zones: Zones, *, market: str | None = None, currency: str | None = None) -> None:
        """Look at the files. Raises Unreadable, and Refused when market or currency cannot be told."""
        self._table = Table(folder, "listings", listings.REQUIRED)
        calendar = Table(folder, "calendar", calendars.REQUIRED)
        self._reviews = _reviews(folder)
        self.reviews_told = 0
        ids: dict[str, None] = {}
        days: Counter[date] = Counter()
        place: tuple[int, int] | None = None
        self.is_whole = True
        for row in self._table.rows():
            if isinstance(row, FileDamaged):
                self.is_whole = False
            elif isinstance(row, RowRefused):
                ids.update({row.external_id: None} if row.external_id else {})
            else:
                values = _values(self._table, row[1])
                self.reviews_told += listings.reviews_told(values) if self._reviews else 0
                with suppress(listings.RowError):
                    ids[listings.listing_id(values)] = None
                    days[listings.scraped(values)] += 1
                    place = place or listings.coordinates(values)
        if not days or place is None:
            raise Unreadable(f"{self._table.path} has no listing that could be read.")
        self.listing_ids: Collection[str] = ids.keys()
        # A city is scraped over a few days: it shows the one most of its listings were written down on.
        self.scraped = days.most_common(1)[0][0]
        self.market = _market(market or name_of(folder), zones.zone_at(*place), currency)
        self._calendars = calendars.Calendars(calendar, self.scraped)

    def read_calendar(self) -> Iterator[Finding | RowsRead]:
        return self._calendars.read(self.listing_ids)

    def listings(self) -> Iterator[Listing | Finding]:
        """Every listing, checked; what is wrong with a row is found on it alone."""
        missing = [column for column in listings.OPTIONAL if column not in self._table.columns]
        if missing:
            yield Noted(self._table.name, 1, None, f"there is no column {', '.join(missing)}")
        line_of: dict[str, int] = {}
        for row in self._table.rows():
            if isinstance(row, (RowRefused, FileDamaged)):
                yield row
                continue
            line, fields = row
            values = _values(self._table, fields)
            try:
                listing = listings.parse(values, line, self.market.currency)
            except listings.RowError as error:
                yield RowRefused(self._table.name, line, values["id"][:40] or None, str(error))
                continue
            earlier = line_of.setdefault(listing.external_id, line)
            if earlier != line:
                reason = f"this listing was on line {earlier} already"
                yield RowRefused(self._table.name, line, listing.external_id, reason)
                continue
            yield listing

    @property
    def listings_file(self) -> str:
        return self._table.name

    def reviews(self) -> Iterator[WrittenReview | Finding]:
        """Every review, checked; a file that has no texts (there is one for maps) is left out with a note."""
        if not isinstance(self._reviews, Table):
            yield from (self._reviews,) if self._reviews else ()
            return
        for row in self._reviews.rows():
            if isinstance(row, (RowRefused, FileDamaged)):
                yield row
                continue
            line, fields = row
            values = _values(self._reviews, fields)
            try:
                written, cut = reviews.parse(values, line)
            except listings.RowError as error:
                yield RowRefused(self._reviews.name, line, values["listing_id"][:40] or None, str(error))
                continue
            if cut:
                note = f"comment cut to {REVIEW_LENGTH_MAX} characters"
                yield Noted(self._reviews.name, line, written.listing_id, note)
            yield written

    @property
    def reviews_file(self) -> str:
        return self._reviews.name if isinstance(self._reviews, Table) else ""

    def availability(self, listing: Listing) -> Availability:
        return self._calendars.availability(listing.external_id, listing.scraped)

    def refused_nights(self, refused: Mapping[str, Sequence[tuple[date, str]]]) -> Iterator[RowRefused]:
        return self._calendars.refused_nights(refused)


def _values(table: Table, fields: list[str]) -> dict[str, str]:
    return {name: fields[index] for name, index in table.columns.items()}


def _reviews(folder: Path) -> Table | Noted | None:
    """The table of reviews, or why it is left out; None where there is none."""
    try:
        return Table(folder, "reviews", reviews.REQUIRED)
    except Missing:
        return None
    except Unreadable as error:
        return Noted("reviews", 1, None, f"left out: {error}")


def name_of(folder: Path) -> str:
    """The market's name in a folder's: "albany-2024-11" is of albany."""
    return _DATE_AT_END.sub("", folder.resolve().name).lower()


def _market(name: str, zone: str, currency: str | None) -> Market:
    if not _MARKET.fullmatch(name) or len(name) > 60:
        raise Unreadable(f"{name!r} is no name of a market. Give one like new-york-city: --market NAME")
    country = country_of(zone)
    if country is None:
        raise Unreadable(f"The listings are in the time zone {zone}, which is of no country. Are they on land?")
    currency = currency or CURRENCIES.get(country)
    if currency not in EXPONENTS:
        raise Unreadable(f"What are prices in {country} in? Give the currency's code: --currency EUR")
    return Market(name, re.sub(r"[-_]", " ", name).title(), country, currency)
