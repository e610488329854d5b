"""One real server for all of it, and a look into its database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infrastructure.embedded.valkey import Valkey
from tests.api.stack import Stack, running
from tests.faults.api_process import ApiProcess

HTTPS = "https://lodger.example"
PAGES = "https://www.lodger.example"
"""Where pages are that may call."""


@pytest.fixture(scope="module")
def api(shared_database_url: str, valkey: Valkey) -> Iterator[ApiProcess]:
    """`lodger serve`, with its limits as they are by default but for the rates."""
    changes = {"LODGER_PUBLIC_URL": HTTPS, "LODGER_ALLOWED_ORIGINS": PAGES, "REDIS_URL": valkey.url()}
    process = ApiProcess(shared_database_url, **changes)
    yield process
    process.kill()


@pytest.fixture(scope="module")
def beside(shared_database_url: str, valkey: Valkey) -> Iterator[Stack]:
    """The same Lodger in this process: its tokens are good for the server."""
    with running(shared_database_url, LODGER_PUBLIC_URL=HTTPS, REDIS_URL=valkey.url()) as stack:
        yield stack


@pytest.fixture(scope="module")
def shared(shared_database_url: str) -> Iterator[Stack]:
    """Lodger as it is by default."""
    with running(shared_database_url) as stack:
        yield stack
