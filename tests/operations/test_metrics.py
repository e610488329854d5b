"""What operators see: figures of the servers, of payment providers, and readiness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest
from prometheus_client import REGISTRY, CollectorRegistry

from application import settlement
from application.payment_ports import GatewayUnavailable
from domain.payments import attempt_id
from infrastructure.gateways.metered import MeteredGateway
from infrastructure.readiness import checks
from infrastructure.redis_client import redis_client
from infrastructure.server_metrics import ServerMetrics
from infrastructure.workers.projector import Projector
from infrastructure.workers.waker import key
from projections import catalogue, positions
from projections.payments import Kind
from tests.support.world import World

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    yield world
    world.close()


@pytest.fixture
def figures(world: World, redis_url: str) -> CollectorRegistry:
    return registered(world.wired.settings.database_url, redis_url)


def registered(database_url: str, redis_url: str) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(ServerMetrics(database_url, redis_url))
    return registry


def project(world: World) -> None:
    Projector(world.wired.projecting, world.log, catalogue.running(audit=False)).run()


def test_lag_is_what_the_log_has_and_a_consumer_has_not(world: World, figures: CollectorRegistry) -> None:
    project(world)
    assert figures.get_sample_value("lodger_consumer_lag_positions", {"consumer": "listings"}) == 0
    world.listing()  # created, details, location, pricing, published; house rules are the usual ones
    assert figures.get_sample_value("lodger_consumer_lag_positions", {"consumer": "listings"}) == 5
    assert figures.get_sample_value("lodger_consumer_stopped", {"consumer": "listings"}) == 0


def test_a_consumer_that_stands_still_shows(world: World, figures: CollectorRegistry) -> None:
    project(world)
    with world.wired.projecting.transaction() as connection, connection.cursor() as cursor:
        positions.stop(cursor, "bookings", "an unknown event")
    assert figures.get_sample_value("lodger_consumer_stopped", {"consumer": "bookings"}) == 1
    assert checks(world.wired.database, NOBODY)["read_models"]() == "bookings stopped"


def test_the_queue_counts_wake_ups_nobody_took(redis_url: str, figures: CollectorRegistry) -> None:
    redis_client(redis_url).rpush(key("reactions"), "a", "b")
    assert figures.get_sample_value("lodger_queue_messages", {"queue": "reactions"}) == 2
    assert figures.get_sample_value("lodger_queue_messages", {"queue": "projections"}) == 0
    assert figures.get_sample_value("lodger_server_up", {"server": "redis"}) == 1


def test_what_of_payments_waits_for_an_operator_is_counted_by_what_it_needs(
    world: World, figures: CollectorRegistry
) -> None:
    booking = world.confirmed(world.listing())
    project(world)
    for needs in get_args(Kind):
        assert figures.get_sample_value("lodger_payments_waiting", {"needs": needs}) == 0
    payment = attempt_id(booking, 1)
    world.sandbox.deny(world.payment(payment).reference or "")
    settlement.look(world.lodger, world.call(), payment)
    project(world)
    assert figures.get_sample_value("lodger_payments_waiting", {"needs": "contradiction"}) == 1


def test_the_pool_shows_as_connections_of_the_application(world: World, figures: CollectorRegistry) -> None:
    assert figures.get_sample_value("lodger_database_connections", {"application": "lodger", "state": "idle"}) == 1


def test_without_redis_the_rest_is_still_told(world: World) -> None:
    registry = registered(world.wired.settings.database_url, NOBODY)
    assert registry.get_sample_value("lodger_server_up", {"server": "redis"}) == 0
    assert registry.get_sample_value("lodger_server_up", {"server": "postgres"}) == 1
    assert registry.get_sample_value("lodger_log_position") == len(world.events())


def test_redis_away_and_read_models_behind_are_told_and_keep_nobody_from_serving(world: World) -> None:
    project(world)
    world.listing()
    asked = checks(world.wired.database, NOBODY)
    assert asked["postgres"]() == "ok"
    assert asked["redis"]().startswith("away")
    assert "listings is 5 behind" in asked["read_models"]()


def test_calls_of_a_payment_provider_are_counted_by_outcome(world: World) -> None:
    def count(call: str, outcome: str) -> float:
        labels = {"provider": "sandbox", "call": call, "outcome": outcome}
        return REGISTRY.get_sample_value("lodger_gateway_calls_total", labels) or 0

    started, looked_up = count("start", "answered"), count("look_up", "unavailable")
    booking = world.hold(world.listing())
    world.pay(booking)
    assert count("start", "answered") == started + 1

    class Away:
        name = "sandbox"

        def __getattr__(self, _: str) -> object:
            raise GatewayUnavailable

    with pytest.raises(GatewayUnavailable):
        MeteredGateway(Away()).look_up("sbx_1")  # type: ignore[arg-type]
    assert count("look_up", "unavailable") == looked_up + 1


def test_appends_are_timed(world: World) -> None:
    before = REGISTRY.get_sample_value("lodger_append_seconds_count") or 0
    world.listing()
    assert (REGISTRY.get_sample_value("lodger_append_seconds_count") or 0) > before
