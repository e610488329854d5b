"""Who has which nights of a listing, as search knows it. The nights guard decides; this only shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final, assert_never
from uuid import UUID, uuid5

from psycopg2.extras import DateRange, execute_values

from domain.bookings import (
    AlterationExpired,
    AlterationHeld,
    BookingAltered,
    BookingCancelled,
    BookingExpired,
    BookingHeld,
    BookingNoShowRecorded,
    BookingReinstated,
)
from domain.events import Event
from domain.pricing import Quote
from domain.properties import NightsBlocked, NightsUnblocked
from projections.nights_bitmap import COLUMNS, WINDOW_NIGHTS, window, words
from projections.projection import Cursor
from projections.search_sql import Sql

CLAIMS: Final = "listing_claims"
"""The table. An unpaid alteration is a claim beside its booking's."""

CALENDAR_FACTS: Final = (
    NightsBlocked,
    NightsUnblocked,
    BookingHeld,
    BookingExpired,
    BookingReinstated,
    AlterationHeld,
    AlterationExpired,
    BookingAltered,
    BookingCancelled,
    BookingNoShowRecorded,
)

_PAGE: Final = 1000
"""Rows per statement."""


def claim(cursor: Cursor, events: Sequence[Event]) -> None:
    """Keep who has which nights, and with them when each listing is unavailable.

    A booking that gave its nights back keeps its row: it may be reinstated.
    A block may come back under its id, so what is gone goes first.
    """
    claims = _Claims()
    for event in events:
        if isinstance(event.fact, NightsBlocked | NightsUnblocked):
            claims.follow_block(event.stream_id, event.fact)
        else:
            claims.follow_booking(event)
    _save(cursor, claims, {event.partition_key: event.occurred_at for event in events})


class _Claims:
    """What a page of events changes in who has which nights. An unpaid alteration is a claim beside its booking's."""

    def __init__(self) -> None:
        self.gone: set[UUID] = set()
        self.taken: dict[UUID, tuple[UUID, DateRange]] = {}
        self.active: dict[UUID, bool] = {}

    def follow_booking(self, event: Event) -> None:
        booking_id, altered = event.stream_id, uuid5(event.stream_id, "alteration")
        match event.fact:
            case BookingHeld(quote=Quote(stay)):
                self._take(booking_id, event.partition_key, stay.check_in, stay.check_out)
            case AlterationHeld(quote=Quote(stay)):
                self._drop(altered)
                self._take(altered, event.partition_key, stay.check_in, stay.check_out)
            case BookingAltered(quote=Quote(stay)):
                self._drop(altered, booking_id)
                self._take(booking_id, event.partition_key, stay.check_in, stay.check_out)
            case AlterationExpired() | BookingNoShowRecorded():
                self._drop(altered)
            case BookingExpired() | BookingCancelled():
                self._drop(altered)
                self.active[booking_id] = False
            case BookingReinstated():
                self.active[booking_id] = True

    def follow_block(self, property_id: UUID, fact: NightsBlocked | NightsUnblocked) -> None:
        match fact:
            case NightsBlocked(blocks):
                for block in blocks:
                    self._take(block.block_id, property_id, block.first, block.until)
            case NightsUnblocked(block_ids):
                self._drop(*block_ids)
            case _:
                assert_never(fact)

    def changes(self) -> Iterator[Sql]:
        """What to do in the table, in this order."""
        if self.gone:
            yield Sql("DELETE FROM listing_claims WHERE claim_id = ANY (%s::uuid[])", (list(self.gone),))
        if self.taken:
            yield Sql(
                """INSERT INTO listing_claims (claim_id, property_id, nights)
                   SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::daterange[])""",
                (list(self.taken), *map(list, zip(*self.taken.values(), strict=True))),
            )
        if self.active:
            yield Sql(
                """UPDATE listing_claims c SET active = v.active
                   FROM unnest(%s::uuid[], %s::boolean[]) AS v (claim_id, active) WHERE c.claim_id = v.claim_id""",
                (list(self.active), list(self.active.values())),
            )

    def _take(self, claim_id: UUID, property_id: UUID, first: date, until: date) -> None:
        self.taken[claim_id] = property_id, DateRange(first, until)

    def _drop(self, *claim_ids: UUID) -> None:
        self.gone.update(claim_ids)
        for claim_id in claim_ids:
            self.taken.pop(claim_id, None)


def _save(cursor: Cursor, claims: _Claims, changed: Mapping[UUID, datetime]) -> None:
    """Write the claims, and what is taken now of each listing whose calendar changed then: as ranges and bits."""
    asked = [*claims.changes(), _unavailable(changed)]
    # One trip for all of them: each sees what those before it changed.
    cursor.execute("; ".join(each.text for each in asked), [value for each in asked for value in each.values])
    rows = [
        (property_id, nights, since, *map(str, words(_ranges(within))))  # bit 63 alone is no bigint but as text
        for property_id, since, nights, within in cursor.fetchall()
    ]
    columns = ", ".join(("unavailable", "nights_from", *COLUMNS))
    execute_values(
        cursor,
        f"""UPDATE listings l SET ({columns}) = (v.{columns.replace(", ", ", v.")})
            FROM (VALUES %s) AS v (property_id, {columns}) WHERE l.property_id = v.property_id""",  # noqa: S608
        rows,
        template=f"(%s::uuid, %s::datemultirange, %s::date{', %s::bigint' * len(COLUMNS)})",
        page_size=_PAGE,
    )


def _unavailable(changed: Mapping[UUID, datetime]) -> Sql:
    """Of each listing what is taken, all of it and within the window that begins with the change."""
    return Sql(
        """SELECT l.property_id, v.since, taken.nights::text,
                  (taken.nights * datemultirange(daterange(v.since, v.since + %s)))::text
           FROM unnest(%s::uuid[], %s::date[]) AS v (property_id, since) JOIN listings l USING (property_id)
           CROSS JOIN LATERAL (
               SELECT coalesce(range_agg(c.nights), '{}') AS nights
               FROM listing_claims c WHERE c.property_id = l.property_id AND c.active) AS taken""",
        (WINDOW_NIGHTS, list(changed), [window(at) for at in changed.values()]),
    )


def _ranges(multirange: str) -> Iterator[tuple[date, date]]:
    """The ranges of a multirange as PostgreSQL writes it: {[2026-06-01,2026-06-03),[2026-06-05,2026-06-09)}."""
    for first, until in re.findall(r"\[([-0-9]+),([-0-9]+)\)", multirange):
        yield date.fromisoformat(first), date.fromisoformat(until)
