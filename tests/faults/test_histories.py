"""Eight clients book, answer, alter, block and cancel at once, some without waiting: one guard answered all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from infrastructure.embedded.valkey import Valkey
from tests.api.stack import Stack, running
from tests.faults.api_process import ApiProcess
from tests.support.checkers import overlapping_nights
from tests.support.histories import violations
from tests.support.traffic import OPERATIONS, Traffic

pytestmark = pytest.mark.slow

SEEDS = 10


@pytest.fixture(scope="module")
def beside(shared_database_url: str) -> Iterator[Stack]:
    with running(shared_database_url) as stack:
        yield stack


@pytest.fixture(scope="module")
def api(beside: Stack, valkey: Valkey) -> Iterator[ApiProcess]:
    """With as many processes as there are by default, that take the same tokens as the API beside it."""
    settings = beside.wired.settings
    process = ApiProcess(
        settings.database_url,
        REDIS_URL=valkey.url(),
        LODGER_API_WORKERS="2",
        LODGER_PUBLIC_URL=settings.public_url,
    )
    yield process
    process.kill()


@pytest.fixture(scope="module")
def done() -> Counter[str]:
    """How often each of the things that clients wish for was granted, in all histories."""
    return Counter()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_clients_do_at_once_the_nights_were_guarded(
    beside: Stack, api: ApiProcess, done: Counter[str], seed: int
) -> None:
    traffic = Traffic(beside, api, seed)

    history = traffic.run()

    assert violations(history, traffic.shown()) == []
    assert overlapping_nights(beside.wired.settings.database_url) == []
    # the history was worth checking
    outcomes = Counter(o.outcome for o in history)
    assert outcomes.total() >= OPERATIONS
    assert min(outcomes["ok"], outcomes["refused"]) > 50
    assert outcomes["unknown"] > 0
    assert sum(o.answer == "nights_taken" for o in history) > 20
    done.update(o.name for o in history if o.outcome == "ok")


def test_in_those_histories_everything_was_done(done: Counter[str]) -> None:
    """In all of them together: in one alone, whoever blocks nights may always have come too late."""
    if done.total() < SEEDS * 50:
        pytest.skip("not all histories were made")
    assert done.keys() >= {"book", "ask", "accept", "cancel", "alter", "block", "unblock"}
