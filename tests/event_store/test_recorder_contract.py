"""The eventsourcing library's own tests of an application recorder, on ours."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from infrastructure.database import Database
from infrastructure.event_store.recorder import PostgresRecorder

# The library's tests import its AES cipher, which we do not use, and with it a package that we do not have.
_no_cipher = ModuleType("eventsourcing.cipher")
_no_cipher.__dict__["AESCipher"] = None
sys.modules.setdefault("eventsourcing.cipher", _no_cipher)
from eventsourcing.tests import persistence  # noqa: E402


class TestPostgresRecorder(persistence.ApplicationRecorderTestCase[PostgresRecorder]):
    @pytest.fixture(autouse=True)
    def _database(self, database_url: str) -> Iterator[None]:
        self.database = Database(database_url, pool_size=12)
        yield
        self.database.close()

    def create_recorder(self) -> PostgresRecorder:
        return PostgresRecorder(self.database)


def test_the_library_subscription_is_refused_with_the_reason(database: Database) -> None:
    with pytest.raises(NotImplementedError, match="LogReader"):
        PostgresRecorder(database).subscribe()


def test_an_argument_that_means_nothing_is_refused(database: Database) -> None:
    with pytest.raises(TypeError, match="tracking"):
        PostgresRecorder(database).insert_events([], tracking="x")
