"""A snapshot imported once, again, and after a crash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application import users
from application.imported_listings import Noted, user_id_of
from domain.events import Actor, Fact
from domain.money import Money
from domain.properties import (
    HouseRules,
    Source,
)
from tests.imports.city import in_larkville, listing, run, write
from tests.imports.larkville import (
    BIG,
    TENTH,
    blocked,
    count,
    events_since,
    first_snapshot,
    imported,
    nights_changed,
    refused,
    results,
    the_property,
)
from tests.support.servers import Databases
from tests.support.world import World

# --- the first snapshot ------------------------------------------------------------------------------------


def test_a_snapshot_becomes_hosts_properties_and_blocks(world: World, tmp_path: Path) -> None:
    before = count(world)

    outcomes = imported(world, first_snapshot(tmp_path))

    assert results(outcomes) == dict.fromkeys([BIG, "2", "3", "4", "7"], "created")
    assert nights_changed(outcomes) == (11, 0)
    assert Counter(event.fact.TOPIC for event in events_since(world, before)) == {
        "UserRegistered": 3,  # the host of the refused listings has not come in
        "UserBecameHost": 3,
        "PropertyCreated": 5,
        "PropertyDetailsChanged": 5,
        "PropertyLocationChanged": 5,
        "PropertyPricingChanged": 4,
        "PropertyHouseRulesChanged": 1,
        "PropertyPublished": 4,
        "NightsBlocked": 3,
    }
    assert (blocked(world, BIG), blocked(world, "3"), blocked(world, "4")) == (
        [(11, 14)],
        [(10, 16)],
        [(10, 11), (15, 16)],
    )


def test_a_listing_is_all_that_its_row_says(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))

    found = the_property(world, BIG)
    assert found.source == Source("inside-airbnb", "larkville", BIG)
    assert found.host_id == user_id_of("11")
    assert found.status == "published"
    assert found.pricing is not None
    assert found.pricing.nightly == Money(123_400, "USD")
    assert found.house_rules == HouseRules(minimum_nights=2, maximum_nights=365)
    assert found.location is not None
    assert (found.location.address, found.location.city, found.location.country, found.location.zone) == (
        "Lark Street",
        "Larkville",
        "US",
        "America/New_York",
    )
    assert {each.origin for each in found.blocks.values()} == {"inside-airbnb"}


def test_hosts_have_a_name_and_no_password(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))

    person = world.lodger.people.get([user_id_of("11")])[user_id_of("11")]
    assert (person.username, person.email, person.name, person.password_hash) == (
        "airbnb-host-11",
        "airbnb-host-11@import.invalid",
        "Ada",
        None,
    )


def test_a_hosts_id_of_twenty_digits_still_makes_a_username(world: World, tmp_path: Path) -> None:
    longest = "18446744073709551615"
    imported(world, write(tmp_path / "larkville", TENTH, [listing("1", host_id=longest)], {}))
    assert world.lodger.people.get([user_id_of(longest)])[user_id_of(longest)].username == f"airbnb-{longest}"


def test_every_event_says_who_imported_what(world: World, tmp_path: Path) -> None:
    before = count(world)
    imported(world, first_snapshot(tmp_path))
    new = events_since(world, before)
    assert {event.actor for event in new} == {Actor("operator", "import", "inside-airbnb larkville 2025-01-10")}
    assert len({event.correlation_id for event in new}) == 1


def test_refused_rows_are_reported_with_line_and_reason(world: World, tmp_path: Path) -> None:
    outcomes = imported(world, first_snapshot(tmp_path))
    assert refused(outcomes) == [
        ("listings.csv.gz", 6, "5", "latitude '91' is not between -90 and 90"),
        ("listings.csv.gz", 7, "6", "A property takes from 1 to 50 guests."),
        ("listings.csv.gz", 9, BIG, "this listing was on line 2 already"),
    ]
    assert [each for each in outcomes if isinstance(each, Noted)] == [
        Noted("listings.csv.gz", 4, "3", "no price: stays a draft")
    ]


def test_the_first_listings_alone_can_be_imported(world: World, tmp_path: Path) -> None:
    assert results(imported(world, first_snapshot(tmp_path), limit=2)) == {BIG: "created", "2": "created"}


def test_a_username_that_is_taken_costs_its_listings_only(world: World, tmp_path: Path) -> None:
    somebody = users.Register("airbnb-host-14", "somebody@example.org", "Somebody", None)
    users.register(world.lodger, world.call(), world.lodger.new_id(), somebody)
    outcomes = imported(world, first_snapshot(tmp_path))
    assert ("listings.csv.gz", 8, "7", "This username belongs to an account already.") in refused(outcomes)
    assert len(results(outcomes)) == 4


# --- again, and after a crash ------------------------------------------------------------------------------


def test_the_same_folder_again_adds_no_event(world: World, tmp_path: Path) -> None:
    folder = first_snapshot(tmp_path)
    imported(world, folder)
    before = count(world)

    again = imported(world, folder)

    assert count(world) == before
    assert set(results(again).values()) == {"unchanged"}
    assert len(refused(again)) == 3


def test_the_streams_decide_though_nothing_is_remembered(world: World, tmp_path: Path) -> None:
    folder = first_snapshot(tmp_path)
    imported(world, folder)
    before = count(world)
    forget_everything(world)

    again = imported(world, folder)

    assert count(world) == before
    assert set(results(again).values()) == {"unchanged"}


def forget_everything(world: World) -> None:
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM imported_listings")


class Killed(BaseException):
    """The process ends here."""


class DyingLog:
    """An event log whose process is killed right before, or right after, one of its appends."""

    def __init__(self, log: Any, dies_at: int, *, before: bool) -> None:
        self._log, self._left, self._before = log, dies_at, before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append(self, *args: Any, **kwargs: Any) -> int:
        self._left -= 1
        if self._left == 0 and self._before:
            raise Killed
        position: int = self._log.append(*args, **kwargs)
        if self._left == 0:
            raise Killed
        return position


def told(world: World) -> dict[UUID, list[Fact]]:
    """What each stream of the city says."""
    streams: dict[UUID, list[Fact]] = {}
    for event in world.events():
        if event.actor.id == "import":
            streams.setdefault(event.stream_id, []).append(event.fact)
    return streams


@pytest.fixture(scope="module")
def told_in_one_run(postgres: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[UUID, list[Fact]]]:
    url = postgres.create()
    world = in_larkville(World(url))
    imported(world, first_snapshot(tmp_path_factory.mktemp("whole")))
    yield told(world)
    world.close()
    postgres.drop(url)


# The first snapshot makes 11 appends: two per host and one per listing.
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("dies_at", [1, 2, 3, 4, 7, 11])
def test_a_run_that_is_killed_and_run_again_ends_like_one_run(
    world: World, tmp_path: Path, told_in_one_run: dict[UUID, list[Fact]], dies_at: int, before: bool
) -> None:
    folder = first_snapshot(tmp_path)
    dying = replace(world.lodger, log=DyingLog(world.lodger.log, dies_at, before=before))
    with pytest.raises(Killed):
        run(world.wired, dying, folder)
    forget_everything(world)  # killed so hard that what was done was not written down

    run(world.wired, world.lodger, folder)

    assert told(world) == told_in_one_run


def test_what_a_killed_run_did_is_not_done_again(world: World, tmp_path: Path) -> None:
    folder = first_snapshot(tmp_path)
    dying = replace(world.lodger, log=DyingLog(world.lodger.log, 11, before=True))
    with pytest.raises(Killed):
        run(world.wired, dying, folder)

    assert results(imported(world, folder)) == {
        BIG: "unchanged",
        "2": "unchanged",
        "3": "unchanged",
        "4": "unchanged",
        "7": "created",
    }
