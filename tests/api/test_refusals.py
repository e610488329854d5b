"""Each refusal that HTTP can meet, met: the status and the type of its problem."""

from __future__ import annotations

import importlib
import json
import pkgutil
from typing import Any

import pytest

from api.problems import STATUS_OF
from tests.api import refusals
from tests.api.people import (
    book,
    host,
    listing,
    pay,
    register,
)
from tests.api.refusals import ELSEWHERE, SCENES
from tests.api.stack import Stack, json_of

# A module's scenes are in SCENES once it is imported.
for noun in pkgutil.iter_modules(refusals.__path__):
    importlib.import_module(f"{refusals.__name__}.{noun.name}")


@pytest.mark.parametrize("code", SCENES)
def test_the_refusal_is_met(shared: Stack, code: str) -> None:
    answer = SCENES[code](shared)
    assert json_of(answer)["type"] == f"/problems/{code.replace('_', '-')}", answer.text
    assert answer.status_code == STATUS_OF[code]
    assert answer.mimetype == "application/problem+json"
    assert ("WWW-Authenticate" in answer.headers) == (answer.status_code == 401)


def test_every_other_code_is_met_elsewhere_or_cannot_be() -> None:
    assert SCENES.keys() | ELSEWHERE.keys() == STATUS_OF.keys()
    assert not SCENES.keys() & ELSEWHERE.keys()


def test_guests_only_see_their_own_side_of_others_things(shared: Stack) -> None:
    """Foreign ids answer 404, as if there were nothing."""
    ada, bob, eve = host(shared), register(shared), register(shared)
    property_id = listing(ada)
    booking_id = book(bob, property_id)
    payment_id = pay(bob, booking_id)
    asked: list[tuple[str, str, Any]] = [
        ("GET", f"/v1/bookings/{booking_id}", None),
        ("GET", f"/v1/bookings/{booking_id}/history", None),
        ("GET", f"/v1/bookings/{booking_id}/payments", None),
        ("GET", f"/v1/payments/{payment_id}", None),
        ("GET", f"/v1/bookings/{booking_id}/statement", None),
        ("POST", f"/v1/bookings/{booking_id}/cancel", None),
        ("POST", f"/v1/bookings/{booking_id}/messages", {"text": "Hello?"}),
        ("GET", f"/v1/bookings/{booking_id}/messages", None),
        ("PUT", f"/v1/bookings/{booking_id}/messages/read", {"upto": 1}),
        ("POST", f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"}),
        ("POST", f"/v1/properties/{property_id}/publish", None),
        ("POST", f"/v1/properties/{property_id}/unpublish", None),
        ("POST", f"/v1/properties/{property_id}/blocks", {"from": "2031-07-02", "until": "2031-07-03"}),
        ("DELETE", f"/v1/properties/{property_id}/blocks?id={booking_id}", None),
    ]
    before = shared.count_events()
    for method, path, body in asked:
        answer = eve.raw(method, path, json.dumps(body).encode() if body else b"", Idempotency_Key="k")
        assert answer.status_code == 404, (method, path, answer.text)
    assert eve.patch(f"/v1/properties/{property_id}", {"title": "Mine"}, If_Match='"5"').status_code == 404
    assert shared.count_events() == before
