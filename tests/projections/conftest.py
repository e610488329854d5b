from __future__ import annotations

from collections.abc import Iterator

import pytest

from infrastructure.database import Database
from projections.projection import Cursor


@pytest.fixture
def cursor(shared_database_url: str) -> Iterator[Cursor]:
    """A cursor in a transaction that is rolled back: every test finds empty read models."""
    database = Database(shared_database_url, pool_size=1, role=None, transaction_timeout=0)
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        yield cursor
        cursor.execute("ROLLBACK")
    database.close()
