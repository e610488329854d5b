from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.stack import Stack, running
from tests.support.workers import Post, Stage


@pytest.fixture
def stack(database_url: str) -> Iterator[Stack]:
    """The API's parts in this process, to prepare and to look."""
    with running(database_url) as stack:
        yield stack


@pytest.fixture
def stage(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Stage]:
    """A world with real worker processes."""
    with Post().open() as smtp_url:
        stage = Stage(database_url, redis_url, smtp_url, tmp_path)
        yield stage
        stage.world.close()
