from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.stack import Stack, running


@pytest.fixture
def stack(database_url: str) -> Iterator[Stack]:
    """An API with a database of its own."""
    with running(database_url) as started:
        yield started


@pytest.fixture(scope="module")
def shared(shared_database_url: str) -> Iterator[Stack]:
    """An API that the tests of one module share: each makes its own people and properties."""
    with running(shared_database_url) as started:
        yield started
