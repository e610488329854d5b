"""Scenes of proofs, of a log that nobody has signed yet. Those of a signed one are in tests/proofs/test_api.py."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.api.refusals import scene
from tests.api.stack import Stack


@scene("checkpoint_not_found")
def before_the_first_minute(stack: Stack) -> TestResponse:
    return stack.anybody().get("/v1/log/checkpoints/latest")


@scene("range_reversed")
def from_the_later_one_to_the_earlier(stack: Stack) -> TestResponse:
    return stack.anybody().get("/v1/log/consistency?first=2&second=1")
