"""Bookings as analysts count them: what they came to, and what of it falls on which night."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, cast, get_args
from uuid import UUID

import msgspec
from psycopg2.extras import execute_values

from domain import bookings
from domain.bookings import Booking, BookingFact, Cancelled, paid_by
from domain.cancellations import CancelledBy
from domain.events import Event
from domain.money import Money
from domain.pricing import LineKind, Quote
from domain.shares import shares
from domain.stays import local_date
from projections.projection import Cursor

FACTS: Final = get_args(BookingFact)
TABLES: Final = ("analytics_bookings", "analytics_nights")

_ACCOMMODATION: Final[tuple[LineKind, ...]] = (
    *("night", "weekly_discount", "monthly_discount", "non_refundable_discount"),
)
PARTS: Final[Mapping[str, tuple[LineKind, ...]]] = {
    "accommodation": _ACCOMMODATION,
    "extras": ("extra_guests", "cleaning_fee", "forfeited"),
    "service_fee": ("service_fee",),
    "tax": ("occupancy_tax",),
}
"""What a price is made of; each kind of line is in one of them."""

Parts = tuple[Money, ...]
"""An amount for each of PARTS."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A booking, when it was made, first paid for and given up."""

    booking_id: UUID
    booking: Booking
    made_at: datetime
    bought_at: datetime | None = None
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Night:
    """A night that was paid for. `is_sold`: it was the guest's in the end, or still is."""

    night: date
    is_sold: bool
    parts: Parts


def apply(cursor: Cursor, events: Sequence[Event]) -> set[UUID]:
    """Returns the properties whose sold nights may be others now."""
    told = [event for event in events if isinstance(event.fact, FACTS)]
    if not told:
        return set()
    entries = _load(cursor, {event.stream_id for event in told})
    for event in told:
        entries[event.stream_id] = _evolve(entries.get(event.stream_id), event)
    _save(cursor, entries.values())
    return _save_nights(cursor, entries.values())


def _evolve(entry: Entry | None, event: Event) -> Entry:
    booking = bookings.evolve(entry.booking if entry else None, cast("BookingFact", event.fact))
    entry = replace(entry, booking=booking) if entry else Entry(event.stream_id, booking, event.occurred_at)
    if entry.bought_at is None and paid_by(booking):
        entry = replace(entry, bought_at=event.occurred_at)
    if isinstance(booking, Cancelled):
        return replace(entry, cancelled_at=event.occurred_at)
    return entry


# --- what of the price falls on which night ---------------------------------------------------------------


def kept(booking: Booking) -> Parts:
    """What the guest paid for and does not get back; nothing of what is not bought."""
    quote = booking.made.quote
    if not paid_by(booking):
        return tuple(quote.total * 0 for _ in PARTS)
    whole = tuple(quote.sum_of(*kinds) for kinds in PARTS.values())
    if not isinstance(booking, Cancelled):
        return whole
    refund = booking.refund
    return tuple(
        amount - sum((refund.sum_of(kind) for kind in kinds), quote.total * 0)
        for amount, kinds in zip(whole, PARTS.values(), strict=True)
    )


def nights(entry: Entry) -> list[Night]:
    """The nights of a booking that was bought, with what of each part falls on them: together all that is kept.

    Each part is shared by what the nights cost. Of a booking that was cancelled during the stay the nights before that
    day were sold and keep their share as far as it was kept; whatever else was kept falls on the nights given up.
    """
    booking = entry.booking
    if not paid_by(booking):
        return []
    quote = booking.made.quote
    dates = list(quote.stay.dates())
    sold = set(dates)
    if isinstance(booking, Cancelled) and entry.cancelled_at is not None:
        today = local_date(entry.cancelled_at, booking.made.terms.zone)
        sold = {night for night in dates if night < today}
    shared = [
        _shared(quote, sold, quote.sum_of(*kinds), amount)
        for kinds, amount in zip(PARTS.values(), kept(booking), strict=True)
    ]
    return [Night(night, night in sold, tuple(each[night] for each in shared)) for night in dates]


def _shared(quote: Quote, sold: Collection[date], whole: Money, left: Money) -> dict[date, Money]:
    """`left` of `whole`, over the nights: the sold ones come first."""
    prices = {line.night: line.amount.minor for line in quote.lines if line.night is not None}
    full = dict(zip(prices, whole.split(list(prices.values())), strict=True))
    of_sold = sum((full[night] for night in full if night in sold), whole * 0)
    first = min(left, of_sold, key=lambda money: money.minor)
    return {
        **_split(first, {night: part for night, part in full.items() if night in sold}),
        **_split(left - first, {night: part for night, part in full.items() if night not in sold}),
    }


def _split(amount: Money, weights: Mapping[date, Money]) -> dict[date, Money]:
    parts = amount.split([weight.minor for weight in weights.values()]) if weights else ()
    return dict(zip(weights, parts, strict=True))


# --- rows ---------------------------------------------------------------------------------------------------


_COLUMNS: Final = (
    *("booking_id", "property_id", "host_id", "guest_id", "status", "made_at", "made_on", "check_in", "check_out"),
    *("guests", "policy", "currency", "price_minor", "bought_at", "cancelled_at", "cancelled_by", "given_back_minor"),
    *(f"{part}_minor" for part in PARTS),
    *("host_minor", "platform_minor", "kind", "state"),
)
_SELECTED: Final = ", ".join(_COLUMNS)
_KINDS: Final[dict[str, type[Booking]]] = {kind.__name__: kind for kind in get_args(Booking)}
_PAGE: Final = 1000


def _load(cursor: Cursor, booking_ids: Iterable[UUID]) -> dict[UUID, Entry]:
    cursor.execute(
        """SELECT booking_id, kind, state, made_at, bought_at, cancelled_at FROM analytics_bookings
           WHERE booking_id = ANY (%s)""",
        [list(booking_ids)],
    )
    return {row[0]: _entry(*row) for row in cursor.fetchall()}


def _entry(booking_id: UUID, kind: str, state: str, *times: Any) -> Entry:
    return Entry(booking_id, msgspec.json.decode(state, type=_KINDS[kind]), *times)


def _save(cursor: Cursor, entries: Iterable[Entry]) -> None:
    execute_values(
        cursor,
        f"""INSERT INTO analytics_bookings ({_SELECTED}) VALUES %s
            ON CONFLICT (booking_id) DO UPDATE
            SET ({_SELECTED}) = ({", ".join(f"excluded.{column}" for column in _COLUMNS)})""",  # noqa: S608 - constants
        [_row(entry) for entry in entries],
        page_size=_PAGE,
    )


def _row(entry: Entry) -> tuple[object, ...]:
    booking = entry.booking
    made, quote, whose = booking.made, booking.made.quote, shares(booking)
    by: CancelledBy | None = booking.by if isinstance(booking, Cancelled) else None
    given_back = booking.refund.total.minor if isinstance(booking, Cancelled) else 0
    return (
        *(entry.booking_id, made.property_id, made.host_id, made.guest_id, bookings.status(booking), entry.made_at),
        *(local_date(entry.made_at, made.terms.zone), quote.stay.check_in, quote.stay.check_out, quote.guests),
        *(made.terms.policy, quote.total.currency, quote.total.minor, entry.bought_at, entry.cancelled_at, by),
        *(given_back, *(part.minor for part in kept(booking)), whose.host.minor, whose.platform.minor),
        *(type(booking).__name__, msgspec.json.encode(booking).decode()),
    )


def _save_nights(cursor: Cursor, entries: Iterable[Entry]) -> set[UUID]:
    """A booking that was never bought has no nights, and had none."""
    bought = [entry for entry in entries if entry.bought_at is not None]
    if not bought:
        return set()
    cursor.execute("DELETE FROM analytics_nights WHERE booking_id = ANY (%s)", [[entry.booking_id for entry in bought]])
    execute_values(
        cursor,
        f"""INSERT INTO analytics_nights (booking_id, property_id, currency, night, is_sold,
            {", ".join(f"{part}_minor" for part in PARTS)}) VALUES %s""",  # noqa: S608 - constants
        [row for entry in bought for row in _night_rows(entry)],
        page_size=_PAGE,
    )
    return {entry.booking.made.property_id for entry in bought}


def _night_rows(entry: Entry) -> Iterator[tuple[object, ...]]:
    made = entry.booking.made
    for each in nights(entry):
        of_it = entry.booking_id, made.property_id, made.quote.total.currency
        yield *of_it, each.night, each.is_sold, *(part.minor for part in each.parts)
