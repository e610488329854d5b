from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.stack import Stack, running
from tests.webhooks.receiver import Receiver


@pytest.fixture
def stack(database_url: str) -> Iterator[Stack]:
    with running(database_url) as started:
        yield started


@pytest.fixture(scope="module")
def shared(shared_database_url: str) -> Iterator[Stack]:
    with running(shared_database_url) as started:
        yield started


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()
