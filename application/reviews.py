"""Use cases of reviews: write, reveal, reply, remove."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.bookings import concerning
from application.calls import Call
from application.lodger import Histories, Lodger, retried
from application.nights import elapse
from application.streams import BOOKING, REVIEW, Done, Stream, begin
from domain import bookings, lifecycle, reviews
from domain.bookings import Booking, Role
from domain.reviews import Ratings, Review, ReviewedStay, ReviewFact, review_id

ReviewStream = Stream[Review | None, ReviewFact]
ReviewDone = Done[Review | None, ReviewFact]


@dataclass(frozen=True, slots=True)
class ReviewsOfStay:
    """What one side of a stay sees of its reviews: its own, and the other side's once that is revealed.

    `until` is when the window closes; None while the stay is not over, or if it never took place.
    """

    mine: ReviewStream
    other: ReviewStream | None
    until: datetime | None


@retried
def submit(lodger: Lodger, call: Call, booking_id: UUID, author_id: UUID, ratings: Ratings, comment: str) -> ReviewDone:
    """Review the other side of a stay that is over. A reaction reveals both reviews once both have written."""
    history = _told(lodger, booking_id, call)
    booking, role = bookings.must_concern(history.stream(BOOKING, booking_id).state, author_id)
    if lifecycle.elapse(booking, call.now):
        # Nobody has to wait for a worker to record that the guest has checked out.
        elapse(lodger, call.unkept(), booking_id)
        return submit(lodger, call, booking_id, author_id, ratings, comment)
    mine, _ = _both(history, booking_id, booking.made.property_id, role)
    stay = ReviewedStay(booking_id, booking, role)
    return lodger.append(call, mine.then(reviews.submit(mine.state, stay, ratings, comment, call.now)))


@retried
def reveal(lodger: Lodger, call: Call, booking_id: UUID) -> bool:
    """Reveal what may be revealed of a stay's reviews by `call.now`; whether there was something to do.

    Each side writes to a stream of its own, so that two that write at once do not see each other: this sees both.
    """
    of_guest, of_host = _both(_told(lodger, booking_id), booking_id, UUID(int=0), "guest")
    changes = [
        review.then(facts)
        for review, other in ((of_guest, of_host), (of_host, of_guest))
        if (facts := reviews.reveal(review.state, other.state, call.now))
    ]
    if changes:
        lodger.append(call, *changes)
    return bool(changes)


@retried
def reply(lodger: Lodger, call: Call, of_review: UUID, user_id: UUID, text: str) -> ReviewDone:
    """Answer a review of oneself, once."""
    review = lodger.load(REVIEW, of_review, call)
    return lodger.append(call, review.then(reviews.reply(review.state, user_id, text, call.now)))


@retried
def remove(lodger: Lodger, call: Call, of_review: UUID) -> ReviewDone:
    """An operator takes a review away; the call's actor has the reason."""
    review = lodger.load(REVIEW, of_review, call)
    return lodger.append(call, review.then(reviews.remove(review.state)))


def find(lodger: Lodger, of_review: UUID) -> ReviewStream:
    """A review that everybody may read, fresh."""
    review = lodger.load(REVIEW, of_review)
    reviews.must_be_public(review.state)
    return review


def of_stay(lodger: Lodger, booking_id: UUID, user_id: UUID) -> ReviewsOfStay:
    """What a guest or host sees of a stay's reviews, fresh. For strangers there is no such booking."""
    history = _told(lodger, booking_id)
    return _seen(history, booking_id, *bookings.must_concern(history.stream(BOOKING, booking_id).state, user_id))


def of_stays(lodger: Lodger, booking_ids: Sequence[UUID], user_id: UUID) -> Mapping[UUID, ReviewsOfStay]:
    """The same of several stays, in one round trip; strangers' are missing."""
    history = lodger.read(*(each for booking_id in booking_ids for each in _streams_of(booking_id)))
    return {
        booking_id: _seen(history, booking_id, bookings.must_be_made(booking.state), role)
        for booking_id, (booking, role) in concerning(history, booking_ids, user_id).items()
    }


def _seen(history: Histories, booking_id: UUID, booking: Booking, role: Role) -> ReviewsOfStay:
    mine, other = _both(history, booking_id, booking.made.property_id, role)
    over = bookings.status(booking) == "completed"
    return ReviewsOfStay(
        mine,
        other if other.state is not None and other.state.is_public else None,
        reviews.closes_at(booking.made) if over else None,
    )


def _told(lodger: Lodger, booking_id: UUID, call: Call | None = None) -> Histories:
    return lodger.read(*_streams_of(booking_id), call=call)


def _streams_of(booking_id: UUID) -> Iterable[UUID]:
    sides: Sequence[Role] = ("guest", "host")
    return booking_id, *(review_id(booking_id, side) for side in sides)


def _both(history: Histories, booking_id: UUID, property_id: UUID, role: Role) -> tuple[ReviewStream, ReviewStream]:
    """The review of one side, and that of the other. They live in the property's partition, as the booking does."""
    other: Role = "host" if role == "guest" else "guest"
    return _of(history, review_id(booking_id, role), property_id), _of(
        history, review_id(booking_id, other), property_id
    )


def _of(history: Histories, of_review: UUID, property_id: UUID) -> ReviewStream:
    found = history.stream(REVIEW, of_review)
    return found if found.version else begin(REVIEW, of_review, partition_key=property_id)
