from __future__ import annotations

from collections.abc import Iterator

import pytest

from infrastructure.schema import migrate
from tests.database_roles.logins import Logins
from tests.support.servers import Databases


@pytest.fixture(scope="module")
def logins(postgres: Databases) -> Iterator[Logins]:
    """A database as it is deployed, with a login for each role that may take that one only."""
    url = postgres.create()
    migrate(url)  # what is granted on the database itself does not come with the copy
    logins = Logins(postgres, url)
    yield logins
    logins.end()
    postgres.drop(url)
