from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.imports.city import in_larkville
from tests.support.world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """The clock shows the day of the made-up city's first snapshot."""
    world = in_larkville(World(database_url, datetime(2025, 1, 10, 12, 0, tzinfo=UTC)))
    yield world
    world.close()
