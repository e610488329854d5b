"""The nights that the guard has to have after some history: for a store that is restored from its log alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from application import nights, properties
from application.ports import Nights
from application.streams import BOOKING, PROPERTY
from domain.bookings import Booking, BookingFact
from domain.events import Event
from domain.properties import Property, PropertyFact


@dataclass(frozen=True, slots=True)
class GuardedNights:
    """Told the log's events in order, knows whose nights are whose at its end."""

    _bookings: dict[UUID, Booking | None] = field(default_factory=dict)
    _properties: dict[UUID, Property | None] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """The next event of the log."""
        stream_id = event.stream_id
        if isinstance(event.fact, BOOKING.facts):
            before = self._bookings.get(stream_id)
            self._bookings[stream_id] = BOOKING.evolve(before, cast("BookingFact", event.fact))
        elif isinstance(event.fact, PROPERTY.facts):
            listing = self._properties.get(stream_id)
            self._properties[stream_id] = PROPERTY.evolve(listing, cast("PropertyFact", event.fact))

    def all(self) -> Iterator[Nights]:
        """Stays first: these keep each other out, blocks keep nobody out of them."""
        for booking_id, booking in self._bookings.items():
            yield from nights.nights_of(booking_id, booking)
        for property_id, listing in self._properties.items():
            for block in listing.blocks.values() if listing else ():
                yield properties.nights_of(property_id, block)
