"""Reviews: one by each side of a stay that is over, sealed until both have written or nobody may any more.

Others were written on another marketplace and imported: they are of no stay here, and everybody read them there.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time
from typing import ClassVar, assert_never
from uuid import UUID, uuid5

from domain.bookings import Agreement, Booking, Completed, Role, check_out
from domain.events import Fact
from domain.policies import RATING_MAX, RATING_MIN, REVIEW_LENGTH_MAX, REVIEW_WINDOW
from domain.rejections import Rejected


@dataclass(frozen=True, slots=True)
class Ratings:
    """From 1 to 5. The six beside `overall` are a guest's of the stay, as far as they were given."""

    overall: int
    cleanliness: int | None = None
    accuracy: int | None = None
    check_in: int | None = None
    communication: int | None = None
    location: int | None = None
    value: int | None = None


@dataclass(frozen=True, slots=True)
class ReviewSubmitted(Fact):
    """One side wrote. Until it is revealed nobody but the author sees it, or that there is one.

    `author` is the side that wrote, at `submitted_at`; `subject_id` is the other one. It is sealed until
    `sealed_until` at the longest.
    """

    TOPIC: ClassVar[str] = "ReviewSubmitted"
    PERSONAL: ClassVar[tuple[str, ...]] = ("comment",)
    booking_id: UUID
    property_id: UUID
    author: Role
    author_id: UUID
    subject_id: UUID
    ratings: Ratings
    comment: str
    submitted_at: datetime
    sealed_until: datetime


@dataclass(frozen=True, slots=True)
class ReviewRevealed(Fact):
    """Everybody may read it from now on. `author` is the side that wrote it."""

    TOPIC: ClassVar[str] = "ReviewRevealed"
    author: Role


@dataclass(frozen=True, slots=True)
class ReviewReplied(Fact):
    """Who was reviewed answers, once, at `replied_at`. `author` is the side that wrote the review."""

    TOPIC: ClassVar[str] = "ReviewReplied"
    PERSONAL: ClassVar[tuple[str, ...]] = ("text",)
    author: Role
    text: str
    replied_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewRemoved(Fact):
    """An operator took it away, for the reason in the envelope: it is neither shown nor counted any more."""

    TOPIC: ClassVar[str] = "ReviewRemoved"


@dataclass(frozen=True, slots=True)
class ReviewImported(Fact):
    """A guest wrote this of a property at `origin` ("inside-airbnb"), where everybody could read it since that day.

    There is no booking of it here and no rating that is its own. `author_id` is made of the reviewer's id there, by
    which they can be forgotten; `subject_id` is the property's host. The stream's id is made of the review's id there.
    """

    TOPIC: ClassVar[str] = "ReviewImported"
    PERSONAL: ClassVar[tuple[str, ...]] = ("comment",)
    origin: str
    property_id: UUID
    author_id: UUID
    subject_id: UUID
    comment: str
    written_on: date

    @property
    def author(self) -> Role:
        return "guest"

    @property
    def submitted_at(self) -> datetime:
        """The first instant of that day in UTC: nobody says at what time, or where, it was."""
        return datetime.combine(self.written_on, time(), UTC)


ReviewFact = ReviewSubmitted | ReviewRevealed | ReviewReplied | ReviewRemoved | ReviewImported


@dataclass(frozen=True, slots=True)
class Review:
    """A review as its events tell it."""

    written: ReviewSubmitted | ReviewImported
    is_revealed: bool = False
    reply: ReviewReplied | None = None
    is_removed: bool = False

    @property
    def is_public(self) -> bool:
        return self.is_revealed and not self.is_removed


def evolve(state: Review | None, fact: ReviewFact) -> Review:
    if isinstance(fact, ReviewSubmitted | ReviewImported):
        return Review(fact, is_revealed=isinstance(fact, ReviewImported))
    assert state is not None, "a review's first event is ReviewSubmitted or ReviewImported"
    match fact:
        case ReviewRevealed():
            return replace(state, is_revealed=True)
        case ReviewReplied():
            return replace(state, reply=fact)
        case ReviewRemoved():
            return replace(state, is_removed=True)
        case _:
            assert_never(fact)


@dataclass(frozen=True, slots=True)
class ReviewedStay:
    """A booking, and which side of it writes."""

    booking_id: UUID
    booking: Booking
    author: Role

    @property
    def author_id(self) -> UUID:
        made = self.booking.made
        return made.guest_id if self.author == "guest" else made.host_id

    @property
    def subject_id(self) -> UUID:
        made = self.booking.made
        return made.host_id if self.author == "guest" else made.guest_id


def review_id(booking_id: UUID, author: Role) -> UUID:
    """One side's review of a booking: so that there is one at most."""
    return uuid5(booking_id, f"review:{author}")


def closes_at(made: Agreement) -> datetime:
    """Until when both sides may write: so long after the guest has checked out."""
    return check_out(made) + REVIEW_WINDOW


def submit(
    state: Review | None, stay: ReviewedStay, ratings: Ratings, comment: str, now: datetime
) -> tuple[ReviewFact, ...]:
    """Write as one side of a stay that is over. It is sealed: see `reveal`.

    Raises Rejected `stay_not_over`, `review_exists`, `review_window_closed`, `rating_out_of_range`,
    `rating_of_guests_only`, `review_too_long`.
    """
    if not isinstance(stay.booking, Completed):
        raise Rejected("stay_not_over", "A stay is reviewed once it is over.")
    if state is not None:
        raise Rejected("review_exists", "You have reviewed this stay already.")
    closes = closes_at(stay.booking.made)
    if now >= closes:
        raise Rejected("review_window_closed", "This stay is not reviewed any more.", until=closes.isoformat())
    _must_be_sound(stay.author, ratings)
    return (
        ReviewSubmitted(
            booking_id=stay.booking_id,
            property_id=stay.booking.made.property_id,
            author=stay.author,
            author_id=stay.author_id,
            subject_id=stay.subject_id,
            ratings=ratings,
            comment=_sound(comment),
            submitted_at=now,
            sealed_until=closes,
        ),
    )


def reveal(state: Review | None, other: Review | None, now: datetime) -> tuple[ReviewFact, ...]:
    """Reveal a review when the other side has written too, or may not any more."""
    if state is None or state.is_revealed or isinstance(state.written, ReviewImported):
        return ()
    if other is None and now < state.written.sealed_until:
        return ()
    return (ReviewRevealed(state.written.author),)


def reply(state: Review | None, user_id: UUID, text: str, now: datetime) -> tuple[ReviewFact, ...]:
    """Answer what was written of oneself here; for everybody else, and while it is sealed, there is no such review."""
    review = must_be_public(state)
    if user_id != review.written.subject_id or isinstance(review.written, ReviewImported):
        raise Rejected("review_not_found", "There is no such review of you.")
    if review.reply is not None:
        raise Rejected("reply_exists", "You have answered this review already.")
    return (ReviewReplied(review.written.author, _sound(text), now),)


def bring_in(state: Review | None, written: ReviewImported) -> tuple[ReviewFact, ...]:
    """Take in what was written on another marketplace, once: also what was removed here since does not come again.

    Raises Rejected `review_too_long`.
    """
    return () if state is not None else (replace(written, comment=_sound(written.comment)),)


def remove(state: Review | None) -> tuple[ReviewFact, ...]:
    """Take a review away, sealed or not; again changes nothing."""
    if state is None:
        raise Rejected("review_not_found", "There is no such review.")
    return () if state.is_removed else (ReviewRemoved(),)


def must_be_public(state: Review | None) -> Review:
    """A review that everybody may read. A sealed one is as if it were not there."""
    if state is None or not state.is_public:
        raise Rejected("review_not_found", "There is no such review.")
    return state


def _must_be_sound(author: Role, ratings: Ratings) -> None:
    given = {field.name: getattr(ratings, field.name) for field in fields(ratings)}
    if any(value is not None and not RATING_MIN <= value <= RATING_MAX for value in given.values()):
        raise Rejected("rating_out_of_range", f"Ratings are from {RATING_MIN} to {RATING_MAX}.")
    if author == "host" and ratings != Ratings(ratings.overall):
        raise Rejected("rating_of_guests_only", "Only guests rate parts of a stay: a host gives one rating.")


def _sound(text: str) -> str:
    words = text.strip()
    if len(words) > REVIEW_LENGTH_MAX:
        raise Rejected("review_too_long", f"At most {REVIEW_LENGTH_MAX} characters.", maximum=REVIEW_LENGTH_MAX)
    return words
