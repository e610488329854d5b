"""Reviews: one per side, within 14 days of check-out, sealed until both have written or the time is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import bookings
from domain.bookings import Agreement, Booking, Completed, Role
from domain.rejections import Rejected
from domain.reviews import (
    Ratings,
    Review,
    ReviewedStay,
    ReviewFact,
    ReviewRemoved,
    ReviewReplied,
    ReviewRevealed,
    ReviewSubmitted,
    bring_in,
    evolve,
    remove,
    reply,
    reveal,
    review_id,
    submit,
)
from tests.support.examples import (
    BOOKING,
    BOOKING_HISTORIES,
    CHECK_OUT,
    GUEST,
    HOST,
    IMPORTED_REVIEW,
    PAYMENT,
    PROPERTY,
    QUOTE,
    STRANGER,
    TERMS,
    instant,
)
from tests.support.spec import Spec

OVER: Final = Completed(Agreement(PROPERTY, HOST, GUEST, QUOTE, TERMS), (PAYMENT,))
CLOSES: Final = instant("2026-06-28 15:00:00")
"""Fourteen days after 11:00 in New York on the day of check-out."""

REVIEWS: Final = Spec[Review | None, ReviewFact](evolve, None)
OF_GUEST: Final = ReviewSubmitted(
    BOOKING, PROPERTY, "guest", GUEST, HOST, Ratings(5, cleanliness=4), "A fine creek.", CHECK_OUT, CLOSES
)
OF_HOST: Final = ReviewSubmitted(BOOKING, PROPERTY, "host", HOST, GUEST, Ratings(3), "Loud.", CHECK_OUT, CLOSES)


def write(
    author: Role = "guest",
    *,
    state: Review | None = None,
    booking: Booking = OVER,
    ratings: Ratings = Ratings(5, cleanliness=4),  # noqa: B008 - a frozen value
    comment: str = "A fine creek.",
    now: datetime = CHECK_OUT,
) -> tuple[ReviewFact, ...]:
    return submit(state, ReviewedStay(BOOKING, booking, author), ratings, comment, now)


def refused(**asked: object) -> str:
    with pytest.raises(Rejected) as refusal:
        write(**asked)  # type: ignore[arg-type]
    return refusal.value.code


def test_whoever_writes_is_sealed() -> None:
    assert write() == (OF_GUEST,)
    assert write("host", ratings=Ratings(3), comment=" Loud. ") == (OF_HOST,)


def test_each_side_writes_once() -> None:
    assert refused(state=Review(OF_GUEST)) == "review_exists"


@pytest.mark.parametrize("story", [story for story in BOOKING_HISTORIES if "BookingCompleted" not in str(story[-1])])
def test_only_stays_that_are_over_are_reviewed(story: tuple[bookings.BookingFact, ...]) -> None:
    state: Booking | None = None
    for fact in story:
        state = bookings.evolve(state, fact)
    assert state is not None
    assert refused(booking=state) == "stay_not_over"


def test_the_window_closes_fourteen_days_after_check_out_to_the_second() -> None:
    late = CLOSES - timedelta(seconds=1)
    assert write(now=late) == (replace(OF_GUEST, submitted_at=late),)
    assert refused(now=CLOSES) == "review_window_closed"


@pytest.mark.parametrize(
    ("author", "ratings", "code"),
    [
        ("guest", Ratings(0), "rating_out_of_range"),
        ("guest", Ratings(6), "rating_out_of_range"),
        ("guest", Ratings(5, value=0), "rating_out_of_range"),
        ("host", Ratings(5, location=5), "rating_of_guests_only"),
    ],
)
def test_ratings_are_from_one_to_five_and_parts_of_a_stay_are_rated_by_guests(
    author: Role, ratings: Ratings, code: str
) -> None:
    assert refused(author=author, ratings=ratings) == code


def test_a_comment_has_at_most_5000_characters_and_may_be_empty() -> None:
    (submitted,) = write(comment="  ")
    assert isinstance(submitted, ReviewSubmitted)
    assert submitted.comment == ""
    assert refused(comment="x" * 5_001) == "review_too_long"


def test_when_both_have_written_each_is_revealed_once() -> None:
    other = Review(OF_HOST)
    REVIEWS.given(OF_GUEST).when(lambda state: reveal(state, other, CHECK_OUT)).then(ReviewRevealed("guest"))
    REVIEWS.given(OF_GUEST, ReviewRevealed("guest")).when(lambda state: reveal(state, other, CLOSES)).then_nothing()
    REVIEWS.given().when(lambda state: reveal(state, other, CLOSES)).then_nothing()


def test_one_that_an_operator_removed_unseen_was_written_all_the_same() -> None:
    other = REVIEWS.fold([OF_HOST, ReviewRemoved()])
    REVIEWS.given(OF_GUEST).when(lambda state: reveal(state, other, CHECK_OUT)).then(ReviewRevealed("guest"))


def test_time_reveals_what_only_one_side_has_written() -> None:
    REVIEWS.given(OF_GUEST).when(lambda state: reveal(state, None, CLOSES)).then(ReviewRevealed("guest"))
    early = CLOSES - timedelta(seconds=1)
    REVIEWS.given(OF_GUEST).when(lambda state: reveal(state, None, early)).then_nothing()


def test_who_was_reviewed_replies_once() -> None:
    revealed, thanks = (OF_GUEST, ReviewRevealed("guest")), ReviewReplied("guest", "Thanks.", CLOSES)
    REVIEWS.given(*revealed).when(lambda state: reply(state, HOST, "Thanks. ", CLOSES)).then(thanks)
    again = REVIEWS.given(*revealed, thanks).when(lambda state: reply(state, HOST, "!", CLOSES))
    again.then_rejected("reply_exists")


@pytest.mark.parametrize("user_id", [HOST, GUEST, STRANGER])
@pytest.mark.parametrize("story", [(), (OF_GUEST,), (OF_GUEST, ReviewRevealed("guest"), ReviewRemoved())])
def test_nobody_replies_to_what_is_sealed_or_removed_nor_learns_that_it_is_there(
    user_id: UUID, story: tuple[ReviewFact, ...]
) -> None:
    REVIEWS.given(*story).when(lambda state: reply(state, user_id, "What?", CLOSES)).then_rejected("review_not_found")


@pytest.mark.parametrize("user_id", [GUEST, STRANGER])
def test_only_who_was_reviewed_replies(user_id: UUID) -> None:
    revealed = REVIEWS.given(OF_GUEST, ReviewRevealed("guest"))
    revealed.when(lambda state: reply(state, user_id, "I", CLOSES)).then_rejected("review_not_found")


def test_an_operator_removes_a_review_once_sealed_or_not() -> None:
    REVIEWS.given(OF_GUEST).when(remove).then(ReviewRemoved())
    REVIEWS.given(OF_GUEST, ReviewRevealed("guest")).when(remove).then(ReviewRemoved())
    REVIEWS.given(OF_GUEST, ReviewRemoved()).when(remove).then_nothing()
    REVIEWS.given().when(remove).then_rejected("review_not_found")


def test_each_side_of_a_booking_has_a_review_of_its_own() -> None:
    assert review_id(BOOKING, "guest") == review_id(BOOKING, "guest")
    assert review_id(BOOKING, "guest") != review_id(BOOKING, "host")


_moves = st.lists(
    st.tuples(st.sampled_from(["guest", "host", "remove guest", "remove host", "look"]), st.integers(0, 15))
)


@given(_moves)
def test_a_review_is_seen_only_when_both_have_written_or_the_time_is_over(moves: list[tuple[str, int]]) -> None:
    """The law, against a model that knows only who wrote and how late it is."""
    states: dict[str, Review | None] = {"guest": None, "host": None}
    wrote: set[str] = set()
    day = 0
    for move, days in moves:
        day = max(day, days)
        now = CHECK_OUT + timedelta(days=day)
        if move in states:
            author: Role = "guest" if move == "guest" else "host"
            try:
                facts = write(author, state=states[move], ratings=Ratings(4), now=now)
            except Rejected:
                assert move in wrote or day >= 14
                continue
            wrote.add(move)
            states[move] = _folded(states[move], facts)
        elif move == "look":
            guests, hosts = states["guest"], states["host"]
            states["guest"] = _folded(guests, reveal(guests, hosts, now))
            states["host"] = _folded(hosts, reveal(hosts, guests, now))
        elif (written := states[move.removeprefix("remove ")]) is not None:
            states[move.removeprefix("remove ")] = _folded(written, remove(written))
        for state in states.values():
            if state is not None and state.is_public:
                assert wrote == {"guest", "host"} or day >= 14


def _folded(state: Review | None, facts: tuple[ReviewFact, ...]) -> Review | None:
    for fact in facts:
        state = evolve(state, fact)
    return state


# --- of another marketplace --------------------------------------------------------------------------------


def test_what_was_written_elsewhere_is_read_by_everybody_at_once() -> None:
    REVIEWS.given().when(lambda state: bring_in(state, IMPORTED_REVIEW)).then(IMPORTED_REVIEW)
    review = REVIEWS.fold([IMPORTED_REVIEW])
    assert review is not None
    assert review.is_public
    assert (review.written.author, review.written.submitted_at) == ("guest", instant("2024-07-01 00:00:00"))


def test_it_comes_in_once_whatever_became_of_it_here() -> None:
    other = replace(IMPORTED_REVIEW, comment="Edited since.")
    for story in ((IMPORTED_REVIEW,), (IMPORTED_REVIEW, ReviewRemoved())):
        REVIEWS.given(*story).when(lambda state: bring_in(state, other)).then_nothing()


def test_its_host_does_not_reply_to_it_here() -> None:
    REVIEWS.given(IMPORTED_REVIEW).when(lambda state: reply(state, HOST, "Thanks.", CLOSES)).then_rejected(
        "review_not_found"
    )


def test_an_operator_removes_it_and_there_is_nothing_to_reveal() -> None:
    REVIEWS.given(IMPORTED_REVIEW).when(remove).then(ReviewRemoved())
    REVIEWS.given(IMPORTED_REVIEW).when(lambda state: reveal(state, None, CLOSES)).then_nothing()


def test_a_longer_comment_than_guests_may_write_is_refused() -> None:
    long = replace(IMPORTED_REVIEW, comment="x" * 5_001)
    REVIEWS.given().when(lambda state: bring_in(state, long)).then_rejected("review_too_long")
