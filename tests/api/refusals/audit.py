"""Scenes of what auditors ask for."""

from __future__ import annotations

from uuid import uuid4

from werkzeug.test import TestResponse

from tests.api.refusals import scene
from tests.api.stack import OPERATOR_TOKEN, Client, Stack


@scene("stream_not_found")
def a_stream_that_nobody_began(stack: Stack) -> TestResponse:
    return Client(stack, OPERATOR_TOKEN).get(f"/v1/audit/streams/{uuid4()}")


@scene("before_first_event")
def before_there_was_anything(stack: Stack) -> TestResponse:
    return Client(stack, OPERATOR_TOKEN).get(f"/v1/audit/streams/{uuid4()}?at=position:0")


@scene("beyond_log")
def what_is_yet_to_come(stack: Stack) -> TestResponse:
    return Client(stack, OPERATOR_TOKEN).get(f"/v1/audit/streams/{uuid4()}?at=position:999999999999")
