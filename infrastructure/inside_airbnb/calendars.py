"""calendar.csv: which nights of which listing somebody can have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from application.imported_listings import Availability, FileDamaged, Finding, RowRefused, RowsRead
from domain.policies import HORIZON_DAYS
from infrastructure.inside_airbnb.tables import Row, Table

REQUIRED: Final = ("listing_id", "date", "available")

_EARLIER_DAYS: Final = 31
"""A city is scraped over days, so that some of its calendars begin before the day most of them show."""
_ROWS_PER_REPORT: Final = 20_000


@dataclass(slots=True)
class _Nights:
    """One listing's rows: a bit for each night, so that a big city's calendars fit into memory in any row order."""

    line: int
    rows: int = 0
    mentioned: int = 0
    unavailable: int = 0


class Calendars:
    """The calendars of all listings, read once from `table` and kept as bits."""

    def __init__(self, table: Table, scraped: date) -> None:
        self._table = table
        first = scraped - timedelta(days=_EARLIER_DAYS)
        self._days = [first + timedelta(days=n) for n in range(_EARLIER_DAYS + HORIZON_DAYS + 1)]
        self._offsets = {day.isoformat(): offset for offset, day in enumerate(self._days)}
        self._by_listing: dict[str, _Nights] = {}

    def read(self, listing_ids: Collection[str]) -> Iterator[Finding | RowsRead]:
        """Read the file. A listing that is not among `listing_ids` is reported once, not for each of its rows."""
        unreported = 0
        for row in self._table.rows():
            if isinstance(row, (RowRefused, FileDamaged)):
                yield row
                continue
            refused = self._take(row)
            if refused is not None:
                yield refused
            unreported += 1
            if unreported == _ROWS_PER_REPORT:
                yield RowsRead("calendar", unreported)
                unreported = 0
        yield RowsRead("calendar", unreported)
        for listing_id in sorted(self._by_listing.keys() - set(listing_ids)):
            nights = self._by_listing.pop(listing_id)
            reason = f"the listings name no such listing ({nights.rows} rows, the first is at this line)"
            yield RowRefused(self._table.name, nights.line, listing_id, reason)

    def availability(self, listing_id: str, since: date) -> Availability:
        """What was read of a listing's nights from `since` on."""
        nights = self._by_listing.get(listing_id)
        if nights is None:
            return Availability()
        mentioned, unavailable = self._set_of(nights.mentioned), self._set_of(nights.unavailable)
        past = {night for night in mentioned if night < since}
        return Availability(frozenset(mentioned - unavailable - past), frozenset(unavailable - past))

    def refused_nights(self, refused: Mapping[str, Sequence[tuple[date, str]]]) -> Iterator[RowRefused]:
        """Find the rows of some nights again: keeping every row's line would cost more than reading twice."""
        wanted = {(listing, night.isoformat()): why for listing, nights in refused.items() for night, why in nights}
        for row in self._table.rows() if wanted else ():
            if isinstance(row, (RowRefused, FileDamaged)):
                continue
            line, fields = row
            listing_id, day, _ = self._fields(fields)
            reason = wanted.pop((listing_id, day), None)
            if reason is not None:
                yield RowRefused(self._table.name, line, listing_id, reason)

    def _take(self, row: Row) -> RowRefused | None:
        line, fields = row
        listing_id, day, available = self._fields(fields)
        offset = self._offsets.get(day)
        if offset is None or available not in ("t", "f"):
            return RowRefused(self._table.name, line, listing_id, self._why(day, available))
        nights = self._by_listing.get(listing_id)
        if nights is None:
            nights = self._by_listing[listing_id] = _Nights(line)
        nights.rows += 1
        bit = 1 << offset
        if nights.mentioned & bit:
            return RowRefused(self._table.name, line, listing_id, f"{day} was on an earlier line already")
        nights.mentioned |= bit
        if available == "f":
            nights.unavailable |= bit
        return None

    def _fields(self, fields: list[str]) -> tuple[str, str, str]:
        columns = self._table.columns
        return fields[columns["listing_id"]], fields[columns["date"]], fields[columns["available"]]

    def _why(self, day: str, available: str) -> str:
        with suppress(ValueError):
            if date.fromisoformat(day).isoformat() != day or day in self._offsets:
                return f"available is {available[:20]!r}, neither t nor f"
            return f"{day} is not between {self._days[0]} and {self._days[-1]}"
        return f"date {day[:20]!r} is not a date"

    def _set_of(self, bits: int) -> set[date]:
        return {day for day, bit in zip(self._days, reversed(f"{bits:b}"), strict=False) if bit == "1"}
