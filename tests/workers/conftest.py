from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.workers import Post, Stage


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def stage(database_url: str, redis_url: str, post: Post, tmp_path: Path) -> Iterator[Stage]:
    with post.open() as smtp_url:
        stage = Stage(database_url, redis_url, smtp_url, tmp_path)
        yield stage
        stage.world.close()
