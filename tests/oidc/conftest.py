"""An API that takes the word of a provider, which is a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from infrastructure.bootstrap import wire
from infrastructure.embedded.valkey import Valkey
from tests.api.stack import Stack, over, settings
from tests.oidc.fake import Browser, OidcFake, oidc_fake
from tests.support.world import HandClock


@pytest.fixture(scope="module")
def running() -> Iterator[OidcFake]:
    with oidc_fake() as fake:
        yield fake


@pytest.fixture
def provider(running: OidcFake) -> OidcFake:
    """It behaves as it should, until it is told not to."""
    running.behave()
    return running


@pytest.fixture(scope="module")
def wall_clock() -> HandClock:
    return HandClock(datetime.now(UTC))


@pytest.fixture(scope="module")
def shared(shared_database_url: str, valkey: Valkey, running: OidcFake, wall_clock: HandClock) -> Iterator[Stack]:
    wired = wire(settings(shared_database_url, REDIS_URL=valkey.url(), **running.settings), wake=lambda: None)
    yield over(replace(wired, lodger=replace(wired.lodger, wall_clock=wall_clock)))
    wired.database.close()
    wired.projecting.close()


@pytest.fixture
def browser(shared: Stack, provider: OidcFake) -> Browser:
    return Browser(shared, provider)
