"""Scenes of reviews."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from werkzeug.test import TestResponse

from tests.api.people import register
from tests.api.refusals import scene
from tests.api.stack import Stack, json_of
from tests.reviews.stays import move, stay_booked, stay_over


@scene("stay_not_over")
def too_early(stack: Stack) -> TestResponse:
    stay = stay_booked(stack)
    return stay.write(stay.guest)


@scene("review_exists")
def again(stack: Stack) -> TestResponse:
    stay = stay_over(stack)
    stay.write(stay.guest)
    return stay.write(stay.guest)


@scene("review_window_closed")
def too_late(stack: Stack) -> TestResponse:
    stay = stay_over(stack)
    move(stack, stay.closes_at + timedelta(minutes=1))
    return stay.write(stay.guest)


@scene("rating_of_guests_only")
def parts_by_a_host(stack: Stack) -> TestResponse:
    stay = stay_over(stack)
    return stay.write(stay.host, ratings={"value": 3})


@scene("review_not_found")
def reply_to_nothing(stack: Stack) -> TestResponse:
    return register(stack).post(f"/v1/reviews/{uuid4()}/reply", {"text": "Thanks."})


@scene("reply_exists")
def another_reply(stack: Stack) -> TestResponse:
    stay = stay_over(stack)
    review_id = json_of(stay.write(stay.guest))["id"]
    stay.write(stay.host)
    stack.run_workers()
    stay.host.post(f"/v1/reviews/{review_id}/reply", {"text": "Thanks."})
    return stay.host.post(f"/v1/reviews/{review_id}/reply", {"text": "Once more."})
