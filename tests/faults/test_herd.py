"""A thousand clients want the same nights at once: one has them, nobody waits long, nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.api.people import host, listing
from tests.api.stack import Stack
from tests.faults.api_process import ApiProcess
from tests.support.checkers import Outcome, broken_promises, uneven_race
from tests.support.herd import members, rush

pytestmark = pytest.mark.slow

CLIENTS = 1_000


@pytest.fixture
def api(database_url: str, redis_url: str) -> Iterator[ApiProcess]:
    """With as many processes and threads as there are by default."""
    process = ApiProcess(database_url, REDIS_URL=redis_url, LODGER_API_WORKERS="2")
    yield process
    process.kill()


def test_of_a_thousand_clients_one_books_and_the_others_are_refused_within_ten_seconds(
    stack: Stack, api: ApiProcess, database_url: str
) -> None:
    property_id, herd = listing(host(stack)), members(stack, CLIENTS)

    done = rush(api, herd, property_id)

    api.stop()  # deadlocks are counted when connections end
    assert len(done.answers) == CLIENTS
    assert uneven_race(database_url, property_id, done.outcomes()) == []
    assert done.seconds < 10


def test_one_wish_sent_fifty_times_at_once_is_granted_once_and_answered_alike(
    stack: Stack, api: ApiProcess, database_url: str
) -> None:
    property_id, (guest,) = listing(host(stack)), members(stack, 1)

    done = rush(api, [guest] * 50, property_id, key="one-wish")

    assert {heard.status for heard in done.answers} == {201}
    outcomes = [Outcome("one-wish", heard.body, UUID(heard.member("id"))) for heard in done.answers]
    assert broken_promises(database_url, outcomes) == []
    assert stack.count("SELECT count(*) FROM events WHERE type = 'BookingHeld'") == 1
