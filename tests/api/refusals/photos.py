"""Scenes of photos."""

from __future__ import annotations

from uuid import uuid4

from werkzeug.test import TestResponse

from tests.api.people import draft, host
from tests.api.refusals import scene
from tests.api.stack import Stack
from tests.photos import files


def _upload(stack: Stack, raw: bytes) -> TestResponse:
    ada = host(stack)
    return ada.raw("POST", f"/v1/properties/{draft(ada)}/photos", raw, "image/png")


@scene("photo_malformed")
def a_picture_and_a_page(stack: Stack) -> TestResponse:
    return _upload(stack, files.and_a_page())


@scene("photo_too_large")
def a_decompression_bomb(stack: Stack) -> TestResponse:
    return _upload(stack, files.bomb())


@scene("photo_not_found")
def a_photo_of_nobody(stack: Stack) -> TestResponse:
    return stack.anybody().get(f"/v1/photos/{uuid4()}/small.jpg")
