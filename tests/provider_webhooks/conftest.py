"""A provider in the test's hands, and a Lodger whose payments it takes: its use cases, or its API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from infrastructure.bootstrap import wire
from tests.api.stack import Stack, over, settings
from tests.support.scripted_gateway import ScriptedGateway
from tests.support.world import World


@pytest.fixture
def provider() -> ScriptedGateway:
    return ScriptedGateway()


@pytest.fixture
def world(database_url: str, provider: ScriptedGateway) -> Iterator[World]:
    world = World(database_url)
    world.lodger = provider.serve(world.lodger)
    yield world
    world.close()


@pytest.fixture
def stack(database_url: str, provider: ScriptedGateway) -> Iterator[Stack]:
    wired = wire(settings(database_url), wake=lambda: None)
    yield over(replace(wired, lodger=provider.serve(wired.lodger)))
    wired.database.close()
