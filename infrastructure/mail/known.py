"""What letters are written from, looked up for many of them together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final
from uuid import UUID

from application.lodger import Histories, Lodger
from application.ports import Correspondent, Person, Reading
from application.streams import BOOKING, HOST_ACCOUNT, PAYMENT, REVIEW, USER
from domain.bookings import Booking, must_be_made
from domain.host_accounts import PayoutFailed, PayoutPaid
from domain.notices import CATEGORY_OF, MESSAGE, Preferences
from domain.payments import must_be_started
from domain.properties import Property, must_exist
from domain.reviews import ReviewSubmitted
from projections.mailings import Mailing

NOWHERE: Final = ".invalid"
"""Addresses that end so are nobody's (RFC 2606): imported hosts have them."""

FRESH_SECONDS: Final = 1.0
"""What was looked up is used for no longer: people choose what they are told, read their messages, and leave."""

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OfUser:
    """A letter about what is a user's own: the account, or what it is paid. `told` is what the template may use."""

    user_id: UUID
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OfBooking:
    """A letter about a booking, or what belongs to it. `told` is what the template may use beside the booking."""

    booking_id: UUID
    told: Mapping[str, Any]


Subject = OfUser | OfBooking


@dataclass(frozen=True, slots=True)
class Known:
    """What some letters are written from. `since` is when it began to be looked up, by the monotonic clock."""

    since: float
    subjects: Mapping[Mailing, Subject]
    recipients: Mapping[Mailing, UUID]
    bookings: Mapping[UUID, Booking]
    listings: Mapping[UUID, Property]
    people: Mapping[UUID, Person]
    preferences: Mapping[UUID, Preferences]
    readings: Mapping[Correspondent, Reading]

    def is_old(self) -> bool:
        """Whether to look again before another letter is written."""
        return monotonic() - self.since > FRESH_SECONDS

    def person(self, user_id: UUID) -> Person:
        """Somebody, or who stands for whoever was erased: others are told of them still."""
        return self.people.get(user_id) or _left(user_id)


def look_up(lodger: Lodger, mailings: Sequence[Mailing]) -> Known:
    """What the letters of some mailings are written from: one statement for each kind of thing, however many."""
    since = monotonic()
    histories = lodger.read(*{mailing.stream_id for mailing in mailings})
    subjects = {mailing: _subject(mailing, histories) for mailing in mailings}
    booking_ids = {each.booking_id for each in subjects.values() if isinstance(each, OfBooking)}
    bookings = _bookings(lodger, booking_ids, histories)
    made = [booking.made for booking in bookings.values()]
    listings = lodger.load_properties({each.property_id for each in made}) if made else {}
    recipients = {mailing: _recipient(mailing, subject, bookings) for mailing, subject in subjects.items()}
    sides = {user_id for each in made for user_id in (each.guest_id, each.host_id)}
    readers = {(each.stream_id, to) for each, to in recipients.items() if each.template == MESSAGE.template}
    return Known(
        since,
        subjects,
        recipients,
        bookings,
        {property_id: must_exist(listing.state) for property_id, listing in listings.items()},
        lodger.people.get(list(sides.union(recipients.values()))),
        lodger.notifications.preferences(set(recipients.values())),
        lodger.messages.readings(readers) if readers else {},
    )


def _subject(mailing: Mailing, histories: Histories) -> Subject:
    """What a letter is about, by its stream. `fact` is what it tells of."""
    events = histories.by_stream[mailing.stream_id]
    fact = next((event.fact for event in events if event.event_id == mailing.event_id), None)
    match mailing.template:
        case template if CATEGORY_OF[template] == "account":
            user = histories.stream(USER, mailing.stream_id).state
            return OfUser(mailing.stream_id, {"fact": fact, "user": user})
        case "payout_paid" | "payout_failed":
            account = histories.stream(HOST_ACCOUNT, mailing.stream_id)
            assert isinstance(fact, PayoutPaid | PayoutFailed)
            payout = account.state.payouts[fact.payout_id].scheduled
            return OfUser(account.partition_key, {"fact": fact, "payout": payout})
        case "payment_failed" | "refund_sent":
            payment = must_be_started(histories.stream(PAYMENT, mailing.stream_id).state)
            return OfBooking(payment.started.booking_id, {"fact": fact, "payment": payment})
        case "review_revealed" | "review_replied":
            review = histories.stream(REVIEW, mailing.stream_id).state
            assert review is not None, "it was told of"
            assert isinstance(review.written, ReviewSubmitted), "of what is imported nobody is told"
            return OfBooking(review.written.booking_id, {"fact": fact})
        case _:
            return OfBooking(mailing.stream_id, {"fact": fact, "happened": {event.fact.TOPIC for event in events}})


def _bookings(lodger: Lodger, booking_ids: Collection[UUID], read: Histories) -> Mapping[UUID, Booking]:
    """Those that were read as streams of mailings, and those that payments and reviews are of."""
    further = booking_ids - read.by_stream.keys()
    histories = {**read.by_stream, **lodger.read(*further).by_stream} if further else read.by_stream
    known = Histories(histories)
    return {each: must_be_made(known.stream(BOOKING, each).state) for each in booking_ids}


def _recipient(mailing: Mailing, subject: Subject, bookings: Mapping[UUID, Booking]) -> UUID:
    match subject:
        case OfUser(user_id):
            return user_id
        case OfBooking(booking_id):
            made = bookings[booking_id].made
            return made.guest_id if mailing.recipient == "guest" else made.host_id


def _left(user_id: UUID) -> Person:
    return Person(user_id, "", f"nobody@erased{NOWHERE}", "Somebody who left", None, "", None, 0, _LONG_AGO)
