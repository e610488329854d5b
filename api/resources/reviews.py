"""Reviews of stays: written by both sides, sealed until both have, read by everybody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from api.authentication import signed_in
from api.commands import answer, carry_out
from api.edge import edge
from api.lists import PageAsked, page_asked, reading
from api.operations import Resource
from api.schemas.pages import PageOf
from api.schemas.reviews import (
    ReviewSchema,
    ReviewsSchema,
    StayReviewsSchema,
    WriteReplySchema,
    WriteReviewSchema,
    averages,
    entered,
    of_stay,
    ratings,
    reviewed,
)
from application import reviews
from application.ports import Answer
from application.reviews import ReviewStream
from projections.projection import Page
from projections.reviews import REVIEWS, Entry, Rated, about_user, of_property, rated

resource = Resource("reviews", __name__, url_prefix="/v1", scope="reviews", description="What guests and hosts say.")


@resource.command(
    "POST",
    "/bookings/<uuid:booking_id>/reviews",
    ReviewSchema,
    body=WriteReviewSchema,
    example={"rating": 5, "ratings": {"cleanliness": 5, "location": 4}, "comment": "The creek sings you to sleep."},
    status=201,
    refuses=[404],
)
def write_review(body: dict[str, Any], booking_id: UUID) -> Response:
    """Review the other side of a stay, within 14 days of check-out.

    Nobody else sees it, or that there is one, until the other side has written too or may not any more.
    """
    lodger, given = edge().lodger, ratings(body)
    return carry_out(
        lambda call: reviews.submit(lodger, call, booking_id, signed_in(), given, body["comment"]).answer,
        lambda stream, _: _answer(stream, 201),
    )


@resource.query("/bookings/<uuid:booking_id>/reviews", StayReviewsSchema, refuses=[404])
def show_reviews_of_stay(booking_id: UUID) -> dict[str, Any]:
    """Your review of a stay, and the other side's once it is revealed; always fresh."""
    return of_stay(reviews.of_stay(edge().lodger, booking_id, signed_in()))


@resource.command(
    "POST",
    "/reviews/<uuid:review_id>/reply",
    ReviewSchema,
    body=WriteReplySchema,
    example={"text": "Come again!"},
    refuses=[404],
)
def reply_to_review(body: dict[str, Any], review_id: UUID) -> Response:
    """Reply to a review of you, once."""
    lodger = edge().lodger
    return carry_out(
        lambda call: reviews.reply(lodger, call, review_id, signed_in(), body["text"]).answer,
        lambda stream, _: _answer(stream),
    )


@resource.query("/reviews/<uuid:review_id>", ReviewSchema, who="anyone", refuses=[404])
def show_review(review_id: UUID) -> dict[str, Any]:
    """A review that is revealed, fresh."""
    return reviewed(reviews.find(edge().lodger, review_id))


@resource.query("/properties/<uuid:property_id>/reviews", ReviewsSchema, arguments=PageOf, who="anyone", waits=True)
def list_reviews_of_property(arguments: dict[str, Any], property_id: UUID) -> dict[str, Any]:
    """What guests say of a property, newest first, and what their ratings add up to."""
    page = page_asked(arguments, "reviews of property", property_id)
    with reading(REVIEWS) as cursor:
        found = of_property(cursor, property_id, page.after, page.limit)
        return _listed(page, found, rated(cursor, "property", property_id))


@resource.query("/users/<uuid:user_id>/reviews", ReviewsSchema, arguments=PageOf, who="anyone", waits=True)
def list_reviews_of_user(arguments: dict[str, Any], user_id: UUID) -> dict[str, Any]:
    """What others say of somebody, as host or guest, newest first; `rated` is what hosts give them as a guest."""
    page = page_asked(arguments, "reviews of user", user_id)
    with reading(REVIEWS) as cursor:
        found = about_user(cursor, user_id, page.after, page.limit)
        return _listed(page, found, rated(cursor, "guest", user_id))


def _listed(page: PageAsked, found: Page[Entry], total: Rated) -> dict[str, Any]:
    return {
        "rated": averages(total),
        "reviews": [entered(entry) for entry in found.items],
        "next_cursor": page.next_cursor(found.after),
    }


def _answer(stream: ReviewStream, status: int = 200) -> Answer:
    return answer(ReviewSchema, reviewed(stream), status)
