"""The API that the tests of one module share: each makes its own people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.stack import Client, Stack, running


@pytest.fixture(scope="module")
def stack(shared_database_url: str) -> Iterator[Stack]:
    with running(shared_database_url) as started:
        yield started


@pytest.fixture
def anybody(stack: Stack) -> Client:
    return stack.anybody()
