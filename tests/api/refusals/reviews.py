"""Scenes of reviews. Those of stays that are over need time to pass: tests/reviews has them."""

from __future__ import annotations

from uuid import uuid4

from werkzeug.test import TestResponse

from tests.api.people import register
from tests.api.refusals import scene
from tests.api.stack import Stack


@scene("review_not_found")
def reply_to_nothing(stack: Stack) -> TestResponse:
    return register(stack).post(f"/v1/reviews/{uuid4()}/reply", {"text": "Thanks."})
