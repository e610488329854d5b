from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.stack import Stack, running


@pytest.fixture(scope="module")
def shared(shared_database_url: str) -> Iterator[Stack]:
    with running(shared_database_url) as started:
        yield started
