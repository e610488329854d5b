"""Made-up requests, valid and not, against the description: no server error, no answer it does not describe."""

from __future__ import annotations

import pytest

from tests.api.people import host
from tests.api.stack import Client, Stack

EXAMPLES = 12
"""Per operation: the whole takes less than a minute."""


@pytest.fixture(scope="module")
def ada(shared: Stack) -> Client:
    """A host and guest with one of everything."""
    return host(shared)
