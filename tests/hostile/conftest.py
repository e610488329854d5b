"""One real server for all of it, and a look into its database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.stack import Stack, running
from tests.faults.api_process import ApiProcess

HTTPS = "https://lodger.example"


@pytest.fixture(scope="module")
def api(shared_database_url: str) -> Iterator[ApiProcess]:
    """`lodger serve`, with its limits as they are by default but for the rates."""
    process = ApiProcess(
        shared_database_url, LODGER_PUBLIC_URL=HTTPS, LODGER_ALLOWED_ORIGINS="https://www.lodger.example"
    )
    yield process
    process.kill()


@pytest.fixture(scope="module")
def beside(shared_database_url: str) -> Iterator[Stack]:
    """The same Lodger in this process: its tokens are good for the server."""
    with running(shared_database_url, LODGER_PUBLIC_URL=HTTPS) as stack:
        yield stack
