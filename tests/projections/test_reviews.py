"""Reviews as everybody reads them: none before it is revealed, none after it is removed, and ratings that add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.reviews import Ratings, ReviewRemoved, ReviewReplied, ReviewRevealed, ReviewSubmitted
from domain.users import UserErased
from projections.projection import Cursor
from projections.reviews import PARTS, REVIEWS, about_user, due, of_property, rated
from tests.support.examples import (
    BOOKING,
    CHECK_OUT,
    GUEST,
    HOST,
    IMPORTED_REVIEW,
    PROPERTY,
    REVIEW_OF_GUEST,
    REVIEW_OF_HOST,
    SCORES,
)
from tests.support.tales import Tale, minute

FIRST, SECOND = UUID(int=1), UUID(int=2)


def tell(cursor: Cursor, tale: Tale, stream: UUID, *facts: object) -> None:
    REVIEWS.apply(cursor, tale.tell(stream, *facts))  # type: ignore[arg-type]


def test_a_sealed_review_is_in_no_list_and_in_no_rating(cursor: Cursor) -> None:
    tell(cursor, Tale(), FIRST, REVIEW_OF_GUEST)
    assert of_property(cursor, PROPERTY).items == []
    assert about_user(cursor, HOST).items == []
    assert rated(cursor, "property", PROPERTY).count == 0


def test_a_revealed_review_is_listed_with_its_ratings_and_its_reply(cursor: Cursor) -> None:
    tale = Tale()
    tell(cursor, tale, FIRST, REVIEW_OF_GUEST, ReviewRevealed("guest"))
    tell(cursor, tale, FIRST, ReviewReplied("guest", "Come again!", minute(9)))

    [entry] = of_property(cursor, PROPERTY).items
    assert (entry.review_id, entry.author, entry.author_id, entry.subject_id) == (FIRST, "guest", GUEST, HOST)
    assert (entry.ratings, entry.comment) == (Ratings(5, cleanliness=4, location=5), "The creek sings you to sleep.")
    assert (entry.submitted_at, entry.revealed_at) == (CHECK_OUT, minute(2))
    assert (entry.reply, entry.replied_at) == ("Come again!", minute(9))
    assert about_user(cursor, HOST).items == [entry]
    total = rated(cursor, "property", PROPERTY)
    assert total.counts == {**dict.fromkeys(PARTS, 0), "overall": 1, "cleanliness": 1, "location": 1}
    assert total.sums == {**dict.fromkeys(PARTS, 0), "overall": 500, "cleanliness": 400, "location": 500}


def test_what_a_host_says_is_about_the_guest_and_not_about_the_property(cursor: Cursor) -> None:
    tell(cursor, Tale(), FIRST, REVIEW_OF_HOST, ReviewRevealed("host"))
    assert of_property(cursor, PROPERTY).items == []
    assert [entry.comment for entry in about_user(cursor, GUEST).items] == ["Left early."]
    assert rated(cursor, "guest", GUEST).sums["overall"] == 300
    assert rated(cursor, "property", PROPERTY).count == 0


def test_a_removed_review_is_neither_shown_nor_counted(cursor: Cursor) -> None:
    tale = Tale()
    tell(cursor, tale, FIRST, REVIEW_OF_GUEST, ReviewRevealed("guest"), ReviewRemoved())
    tell(cursor, tale, SECOND, replace(REVIEW_OF_GUEST, ratings=Ratings(2)), ReviewRevealed("guest"))
    assert [entry.review_id for entry in of_property(cursor, PROPERTY).items] == [SECOND]
    total = rated(cursor, "property", PROPERTY)
    assert (total.count, total.sums["overall"], total.counts["cleanliness"]) == (1, 200, 0)


def test_one_that_was_removed_while_it_was_sealed_never_shows(cursor: Cursor) -> None:
    tell(cursor, Tale(), FIRST, REVIEW_OF_GUEST, ReviewRemoved(), ReviewRevealed("guest"))
    assert of_property(cursor, PROPERTY).items == []
    assert rated(cursor, "property", PROPERTY).count == 0
    assert due(cursor, CHECK_OUT + timedelta(days=99), 10) == []


def test_what_is_sealed_is_due_when_its_window_ends(cursor: Cursor) -> None:
    tell(cursor, Tale(), FIRST, REVIEW_OF_GUEST)
    ends = CHECK_OUT + timedelta(days=14)
    assert due(cursor, ends - timedelta(seconds=1), 10) == []
    assert due(cursor, ends, 10) == [BOOKING]


def test_words_of_somebody_who_was_erased_are_gone_and_their_ratings_count(cursor: Cursor) -> None:
    tale = Tale()
    tell(cursor, tale, FIRST, REVIEW_OF_GUEST, ReviewRevealed("guest"), ReviewReplied("guest", "Thanks.", minute(3)))
    tell(cursor, tale, SECOND, replace(REVIEW_OF_GUEST, property_id=uuid4()))
    tell(cursor, tale, GUEST, UserErased())
    [entry] = of_property(cursor, PROPERTY).items
    assert (entry.comment, entry.reply) == ("", "Thanks.")
    tell(cursor, tale, HOST, UserErased())
    [entry] = of_property(cursor, PROPERTY).items
    assert (entry.comment, entry.reply) == ("", "")
    assert rated(cursor, "property", PROPERTY).sums["overall"] == 500
    cursor.execute("SELECT comment FROM sealed_reviews")
    assert cursor.fetchall() == [("",)]


def test_pages_are_newest_first_and_meet_without_a_gap(cursor: Cursor) -> None:
    tale = Tale()
    for number in range(7):
        tell(cursor, tale, UUID(int=number + 1), REVIEW_OF_GUEST, ReviewRevealed("guest"))
    first = of_property(cursor, PROPERTY, None, 3)
    second = of_property(cursor, PROPERTY, first.after, 3)
    third = of_property(cursor, PROPERTY, second.after, 3)
    found = [entry.review_id.int for page in (first, second, third) for entry in page.items]
    assert found == [7, 6, 5, 4, 3, 2, 1]
    assert third.after is None


_reviews = st.lists(
    st.tuples(st.integers(1, 5), st.none() | st.integers(1, 5), st.sampled_from(["sealed", "revealed", "removed"])),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reviews=_reviews)
def test_ratings_are_those_of_the_revealed_reviews(cursor: Cursor, reviews: list[tuple[int, int | None, str]]) -> None:
    """Counted a second time, by hand."""
    tale, place = Tale(), uuid4()
    for number, (overall, value, fate) in enumerate(reviews):
        stream = UUID(int=number + 1)
        submitted: ReviewSubmitted = replace(REVIEW_OF_GUEST, property_id=place, ratings=Ratings(overall, value=value))
        tell(cursor, tale, stream, submitted)
        if fate != "sealed":
            tell(cursor, tale, stream, ReviewRevealed("guest"))
        if fate == "removed":
            tell(cursor, tale, stream, ReviewRemoved())
    total = rated(cursor, "property", place)
    seen = [(overall, value) for overall, value, fate in reviews if fate == "revealed"]
    values = [value for _, value in seen if value is not None]
    assert (total.count, total.sums["overall"]) == (len(seen), 100 * sum(overall for overall, _ in seen))
    assert (total.counts["value"], total.sums["value"]) == (len(values), 100 * sum(values))
    cursor.execute("TRUNCATE sealed_reviews, reviews")


@pytest.mark.parametrize(("given_", "average"), [([5, 4, 5], "4.67"), ([1, 2], "1.50"), ([], None)])
def test_an_average_has_two_decimals(given_: list[int], average: str | None) -> None:
    from api.schemas.reviews import averages
    from projections.reviews import Rated

    counts, sums = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0)
    counts["overall"], sums["overall"] = len(given_), 100 * sum(given_)
    assert averages(Rated(counts, sums))["overall"] == {"count": len(given_), "average": average}
    assert average is None or Decimal(average) > 0


# --- of another marketplace --------------------------------------------------------------------------------


def test_what_was_imported_counts_as_often_as_it_was_rated_there(cursor: Cursor) -> None:
    from api.schemas.reviews import averages

    tale = Tale()
    tell(cursor, tale, PROPERTY, SCORES)  # 3 reviews: 4.75, and 4.67 for how clean it was
    tell(cursor, tale, FIRST, IMPORTED_REVIEW)
    tell(cursor, tale, SECOND, replace(REVIEW_OF_GUEST, ratings=Ratings(1)), ReviewRevealed("guest"))

    shown = averages(rated(cursor, "property", PROPERTY))

    assert [entry.origin for entry in of_property(cursor, PROPERTY).items] == [None, "inside-airbnb"]
    assert shown["overall"] == {"count": 4, "average": "3.81"}  # (3 × 4.75 + 1) / 4 = 3.8125
    assert shown["cleanliness"] == {"count": 3, "average": "4.67"}
    assert shown["imported"]["overall"] == {"count": 3, "average": "4.75"}


def test_an_imported_review_that_is_removed_changes_no_average(cursor: Cursor) -> None:
    tell(cursor, Tale(), FIRST, IMPORTED_REVIEW, ReviewRemoved())
    assert of_property(cursor, PROPERTY).items == []
    assert rated(cursor, "property", PROPERTY).count == 0


def test_the_words_of_a_reviewer_who_was_erased_are_gone(cursor: Cursor) -> None:
    tale = Tale()
    tell(cursor, tale, FIRST, IMPORTED_REVIEW)
    tell(cursor, tale, IMPORTED_REVIEW.author_id, UserErased())
    assert [entry.comment for entry in of_property(cursor, PROPERTY).items] == [""]
