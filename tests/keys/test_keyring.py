"""How processes know the ring: late by a second, never by more than a new key is announced ahead."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from infrastructure import keyring
from infrastructure.database import Database, Unavailable
from infrastructure.keyring import AHEAD_SECONDS, OLDEST_SECONDS, READ_EVERY_SECONDS, Keyring
from infrastructure.sealing import CannotOpen

ROOT = "r" * 32


class Watch:
    """Monotonic seconds, in the test's hands."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    shown = Watch()
    monkeypatch.setattr(keyring, "monotonic", shown)
    return shown


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url, 4)
    yield opened
    opened.close()


class Away:
    """The database while it cannot be reached."""

    def __init__(self) -> None:
        self.asked = 0

    def connection(self) -> object:
        self.asked += 1
        raise Unavailable("away")


def test_a_key_is_announced_for_longer_than_anybody_may_be_late() -> None:
    assert READ_EVERY_SECONDS < OLDEST_SECONDS < AHEAD_SECONDS


def test_the_ring_is_read_once_a_second_and_the_same_while_nothing_changes(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = Keyring(database, [ROOT])
    known = ring.keys("quote")
    reads: list[float] = []
    read = ring.read

    def counted() -> None:
        reads.append(watch.now)
        read()

    monkeypatch.setattr(ring, "read", counted)

    for _ in range(100):
        assert ring.keys("quote") is known
        watch.now += 0.1

    assert len(reads) == 9


def test_while_the_database_is_away_what_was_read_serves_for_as_long_as_it_is_safe(
    database: Database, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring, away = Keyring(database, [ROOT]), Away()
    known = ring.keys("quote")
    monkeypatch.setattr(ring, "_database", away)

    watch.now += OLDEST_SECONDS - 0.1
    assert ring.keys("quote") is known
    assert ring.keys("quote") is known
    assert away.asked == 1, "not again for every request"

    watch.now += 0.2
    for _ in range(3):
        with pytest.raises(Unavailable):
            ring.keys("quote")
    assert away.asked == 1

    monkeypatch.setattr(ring, "_database", database)
    watch.now += READ_EVERY_SECONDS
    assert ring.keys("quote") is known


def test_processes_that_begin_at_once_agree_on_the_first_key(database: Database) -> None:
    rings = [Keyring(database, [ROOT]) for _ in range(3)]
    assert len({ring.keys("quote").current.secret for ring in rings}) == 1


def test_while_the_secret_key_changes_a_first_key_is_derived_from_the_same_one_by_all(database: Database) -> None:
    ahead, behind = Keyring(database, ["n" * 32, ROOT]), Keyring(database, [ROOT])
    made = ahead._first_root
    assert made == behind._first_root
    assert behind.keys("quote").current.secret == ahead.keys("quote").current.secret


def test_with_another_secret_key_nothing_opens_and_nothing_is_made_anew(database: Database) -> None:
    ring = Keyring(database, [ROOT])
    for purpose in ("quote", "cursor"):
        ring.keys(purpose)

    for purpose in ("quote", "cursor", "email"):
        with pytest.raises(CannotOpen):
            Keyring(database, ["x" * 32]).keys(purpose)
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM keyring")
        assert cursor.fetchone() == (2,)


def test_no_key_is_shown_by_accident(database: Database) -> None:
    ring = Keyring(database, [ROOT])
    keys = ring.keys("quote")
    for shown in (repr(keys), repr(keys.current), repr(ring), repr(ring.sealer("person key"))):
        assert keys.current.secret.hex() not in shown
        assert repr(keys.current.secret) not in shown
    sealed = ring.sealer("person key").seal(uuid4(), b"secret")
    assert b"secret" not in sealed
