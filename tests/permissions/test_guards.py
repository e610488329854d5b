"""The table notices a guard that is gone: else its agreement would mean little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from api import authentication
from api.graph import access
from application.principals import Principal
from domain import bookings, properties
from domain.properties import must_exist
from tests.permissions.asking import asking_of
from tests.permissions.fields import ASKINGS
from tests.permissions.test_fields import ROWS as FIELDS
from tests.permissions.test_fields import outcome
from tests.permissions.test_matrix import ROWS, answers_to_all
from tests.permissions.world import World


def let_in_wrongly(world: World, examples: Mapping[str, object], route: str) -> set[str]:
    """Who gets more than the table says."""
    answers = answers_to_all(world, examples, route, asking_of(route)(world))
    return {who for who, answer in answers.items() if answer.status_code < 400 <= ROWS[route][who]}


def test_roles_that_nobody_asks_for(
    world: World, examples: Mapping[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def anybody(_: Principal, __: object) -> None:
        pass

    monkeypatch.setattr(authentication, "_must_have_role", anybody)
    found = let_in_wrongly(world, examples, "GET /v1/operator/payments")
    assert found == {"unverified", "guest", "other guest", "host", "other host", "analyst"}


def test_bookings_that_concern_everybody(
    world: World, examples: Mapping[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def everybody(state: Any, _: object) -> tuple[Any, str]:
        return bookings.must_be_made(state), "guest"

    monkeypatch.setattr(bookings, "must_concern", everybody)
    for route in ("GET /v1/bookings/{booking_id}", "GET /v1/payments/{payment_id}"):
        assert let_in_wrongly(world, examples, route) >= {"other guest", "other host", "admin"}, route


def test_properties_that_everybody_hosts(
    world: World, examples: Mapping[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody: Callable[[Any, object], Any] = lambda state, _: must_exist(state)  # noqa: E731
    monkeypatch.setattr(properties, "must_be_hosted_by", everybody)
    assert "other host" in let_in_wrongly(world, examples, "POST /v1/properties/{property_id}/unpublish")


def test_fields_that_ask_nobody_who_they_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "must_be_allowed", lambda *_, **__: None)
    name = "Property.availability"
    asking = ASKINGS[name]
    assert outcome(world.cast["unscoped key"], name, asking, asking.given(world)) == 200 != FIELDS[name]["unscoped key"]
