"""The history check over real HTTP against databases without a guard: it reports each of them."""

from __future__ import annotations

import pytest

from tests.api.stack import running
from tests.faults.api_process import ApiProcess
from tests.guards.removal import NO_EXCLUSION, NO_GIVING_BACK, NO_KEYS, alter
from tests.support.histories import violations
from tests.support.traffic import Traffic

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("removal", "impatience", "found"),
    [
        (NO_EXCLUSION, 0.2, ["at the same time", "is shown as taken by"]),
        (NO_GIVING_BACK, 0.2, ["was refused for nobody's sake", "still has nights", "says it has"]),
        (NO_KEYS, 0.9, ["nobody asked for"]),
    ],
    ids=["exclusion", "giving back", "keys"],
)
def test_without_a_guard_the_history_is_impossible_and_the_checker_says_so(
    database_url: str, removal: str, impatience: float, found: list[str]
) -> None:
    with running(database_url) as stack:
        api = ApiProcess(database_url, LODGER_API_WORKERS="2", LODGER_PUBLIC_URL=stack.wired.settings.public_url)
        try:
            traffic = Traffic(stack, api, seed=1, impatience=impatience)
            alter(database_url, removal)
            wrong = violations(traffic.run(), traffic.shown())
        finally:
            api.kill()
    assert [what for what in found if not any(what in each for each in wrong)] == []
