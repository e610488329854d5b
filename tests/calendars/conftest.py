from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.calendars.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    """Another marketplace's site."""
    with Site().open() as site:
        yield site
