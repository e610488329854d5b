"""Late money: whatever the order, and whoever dies, stays unanswered or is overtaken, it ends with the nights or is
given back in full; never both, never neither. The long profile lets every disturbed tale go on in every way, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Final
from uuid import UUID

import pytest

from application.ports import EventLog
from domain.events import Event, Fact
from infrastructure.bootstrap import Wired, wire
from tests.support.effort import is_long
from tests.support.examples import NOW
from tests.support.in_memory import MemoryLog, Till
from tests.support.late_money import (
    MACHINES,
    PEOPLES,
    Disturber,
    Exploration,
    Market,
    Plan,
    Step,
    Tale,
    at_rest,
    is_possible,
    state_of,
)
from tests.support.servers import Databases
from tests.support.world import settings_for

pytestmark = pytest.mark.slow

TALES: Final = [
    Tale("booking", "card"),
    Tale("booking", "mobile_money"),
    Tale("alteration", "card"),
    Tale("alteration", "mobile_money"),
]
FEW: Final = TALES if is_long() else TALES[:2]
"""Where all of them take minutes: those of bookings, in the suite."""
BRIEFLY: Final[frozenset[Step]] = frozenset({"lapse again", "reconcile"})
"""Left out of the suite: at rest the reconciler comes anyhow."""
BRIEFLY_OVERTAKEN: Final[frozenset[Step]] = frozenset({*BRIEFLY, "rival"})
"""Nobody else wants what an alteration adds, in the suite: it would take minutes."""

ENDINGS: Final = {
    Tale("booking", "card"): {
        *(("Confirmed", "captured"), ("Expired", "captured"), ("Cancelled", "captured")),
        *(("Expired", "voided"), ("Cancelled", "voided"), ("Expired", "unpaid"), ("Cancelled", "unpaid")),
    },
    Tale("booking", "mobile_money"): {
        *(("Confirmed", "captured"), ("Expired", "captured"), ("Cancelled", "captured")),
        *(("Expired", "failed"), ("Cancelled", "failed"), ("Expired", "unpaid"), ("Cancelled", "unpaid")),
    },
    Tale("alteration", "card"): {
        *(("Confirmed", "captured"), ("Cancelled", "captured"), ("Confirmed", "voided"), ("Cancelled", "voided")),
    },
    Tale("alteration", "mobile_money"): {
        *(("Confirmed", "captured"), ("Cancelled", "captured"), ("Confirmed", "failed"), ("Cancelled", "failed")),
    },
}
"""The booking's state, and the stage of its last payment."""


def explored(tale: Tale, plan: Plan) -> Exploration:
    return Exploration(tale, replace(plan, without=frozenset(), goes_on=True) if is_long() else plan).run()


def disturbed(tale: Tale, kind: Disturber, *, at_length: bool = False) -> Exploration:
    """Once in a tale, anywhere."""
    without = BRIEFLY_OVERTAKEN if tale.buys == "alteration" and kind == "others" else BRIEFLY
    exploration = explored(tale, Plan(without, 1, frozenset({kind}), at_length, goes_on=False))
    assert exploration.states > 200
    return exploration


def ids(tale: Tale) -> str:
    return f"{tale.buys} by {tale.method}"


@pytest.mark.parametrize("tale", TALES, ids=ids)
def test_in_every_order_money_ends_with_nights_or_is_given_back(tale: Tale) -> None:
    exploration = explored(tale, Plan(BRIEFLY))
    assert exploration.wrong == []
    assert exploration.endings == ENDINGS[tale]
    assert exploration.states > 800


@pytest.mark.parametrize("tale", FEW, ids=ids)
def test_whoever_dies_at_any_point_of_any_order_leaves_nothing_that_is_not_put_right(tale: Tale) -> None:
    assert disturbed(tale, "death").wrong == []


@pytest.mark.parametrize("tale", FEW, ids=ids)
def test_a_provider_that_does_not_answer_in_any_order_charges_once_and_is_asked_again(tale: Tale) -> None:
    assert disturbed(tale, "silence").wrong == []


@pytest.mark.parametrize("tale", TALES, ids=ids)
def test_whoever_is_overtaken_by_a_step_between_deciding_and_storing_does_no_harm(tale: Tale) -> None:
    assert disturbed(tale, "others").wrong == []


@pytest.mark.parametrize("tale", FEW, ids=ids)
def test_whoever_is_overtaken_by_a_step_and_all_that_follows_does_no_harm(tale: Tale) -> None:
    assert disturbed(tale, "others", at_length=True).wrong == []


# --- the same on PostgreSQL ---------------------------------------------------------------------------------------


class StoredLog:
    """The log and guard of a database, as a market reads it."""

    def __init__(self, wired: Wired) -> None:
        self._wired = wired
        log: EventLog = wired.lodger.log
        self.load, self.append, self.claims = log.load, log.append, log.claims
        self.load_with_claims, self.load_with_people = log.load_with_claims, log.load_with_people

    @property
    def told(self) -> list[Event]:
        return list(self._wired.log.read(0, self._wired.log.safe_position(2.0), 1000))


@pytest.fixture
def stored(postgres: Databases) -> Iterator[StoredLog]:
    url = postgres.create()
    wired = wire(settings_for(url), wake=lambda: None)
    yield StoredLog(wired)
    wired.database.close()
    postgres.drop(url)


@pytest.mark.parametrize("seed", range(24 if is_long() else 12))
def test_a_database_tells_the_same_tale(stored: StoredLog, seed: int) -> None:
    """Else what was found out in memory would say nothing."""
    random, tale = Random(seed), TALES[seed % len(TALES)]
    imagined, real = Market(tale, MemoryLog(), Till(), NOW), Market(tale, stored, Till(), NOW)
    imagined.begin()
    real.begin()
    left: set[Step] = set(PEOPLES)
    for _ in range(16):
        step = random.choice([s for s in (*sorted(left), *MACHINES) if is_possible(state_of(imagined), s)])
        left.discard(step)
        imagined.take(step)
        real.take(step)
        real.followed = imagined.followed
    assert at_rest(real) == at_rest(imagined)
    assert tale_of(real) == tale_of(imagined)


def tale_of(market: Market) -> list[tuple[UUID, int, Fact]]:
    """Each stream's facts."""
    told = sorted(market.log.told, key=lambda event: (event.stream_id, event.version))
    return [(event.stream_id, event.version, event.fact) for event in told]
