"""The example of docs/analysts.md: a cabin in June 2026, with every number worked out there by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from domain.bookings import BookingCancelled, BookingConfirmed, BookingHeld
from domain.cancellations import refund
from domain.events import Event
from domain.pricing import quote
from domain.properties import Block, NightsBlocked, PropertyUnpublished
from domain.stays import Stay
from domain.users import UserBecameHost, UserRegistered
from tests.support.examples import BOOKING, GUEST, HELD, HOST, PRICING, PROPERTY, PUBLISHED, TERMS, instant
from tests.support.tales import Tale

SECOND = UUID(int=51)
GIVEN_UP = UUID(int=52)


def june() -> list[Event]:
    tale = Tale()
    tale.tell(HOST, UserRegistered(), UserBecameHost())
    tale.tell(GUEST, UserRegistered())
    tale.tell(PROPERTY, *PUBLISHED)  # on 1 June
    tale.tell(PROPERTY, NightsBlocked((Block(UUID(int=1), date(2026, 6, 1), date(2026, 6, 3)),)))
    tale.tell(PROPERTY, NightsBlocked((Block(UUID(int=2), date(2026, 6, 20), date(2026, 6, 24), "feed:airbnb"),)))
    tale.tell(BOOKING, HELD, BookingConfirmed(UUID(int=61)))  # three guests, 11 to 14 June
    tale.tell(SECOND, _held(4, 9), BookingConfirmed(UUID(int=62)))
    given_up = _held(16, 18)
    tale.tell(GIVEN_UP, given_up, BookingConfirmed(UUID(int=63)))
    late = instant("2026-06-15 20:00:00")
    back = refund(given_up.quote, TERMS, "guest", late)
    _at(tale, "2026-06-15 20:00:00", GIVEN_UP, BookingCancelled("guest", back))
    _at(tale, "2026-06-29 16:00:00", PROPERTY, PropertyUnpublished())
    return tale.events


def _held(first: int, until: int) -> BookingHeld:
    """Two guests, the nights from one day of June to another."""
    stay = Stay(date(2026, 6, first), date(2026, 6, until))
    return replace(HELD, quote=quote(PRICING, stay, 2, "flexible"))


def _at(tale: Tale, time: str, stream_id: UUID, fact: BookingCancelled | PropertyUnpublished) -> None:
    (event,) = tale.tell(stream_id, fact)
    tale.events[-1] = replace(event, occurred_at=instant(time))
