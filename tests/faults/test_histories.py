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


@pytest.mark.parametrize("seed", range(10))
def test_whatever_clients_do_at_once_the_nights_were_guarded(beside: Stack, api: ApiProcess, seed: int) -> None:
    traffic = Traffic(beside, api, seed)

    history = traffic.run()

    assert violations(history, traffic.shown()) == []
    assert overlapping_nights(beside.wired.settings.database_url) == []
    # the history was worth checking
    outcomes, did = Counter(o.outcome for o in history), Counter(o.name for o in history if o.outcome == "ok")
    assert outcomes.total() >= OPERATIONS
    assert min(outcomes["ok"], outcomes["refused"]) > 50
    assert outcomes["unknown"] > 0
    assert did.keys() >= {"book", "ask", "accept", "cancel", "alter", "block", "unblock"}
    assert sum(o.answer == "nights_taken" for o in history) > 20
