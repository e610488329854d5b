"""A made-up city in snapshots, imported into a real database; every number is counted by hand.

The city on the 10th, and its nights of the 10th to the 15th (t: available, f: not):

| line | listing | host | price     | nights | becomes                                                    |
|------|---------|------|-----------|--------|------------------------------------------------------------|
| 2    | BIG     | 11   | $1,234.00 | tffftt | published, minimum of 2 nights, blocked 11th to 14th (3)   |
| 3    | 2       | 11   | $80.00    | tttttt | published                                                  |
| 4    | 3       | 12   | none      | ffffff | a draft, blocked 10th to 16th (6)                          |
| 5    | 4       | 12   | $50.00    | fttttf | published, blocked on the 10th and on the 15th (2)         |
| 6    | 5       | 13   | $60.00    |        | refused: its latitude is 91                                |
| 7    | 6       | 13   | $60.00    |        | refused: it takes no guests                                |
| 8    | 7       | 14   | $70.00    | tttttt | published                                                  |
| 9    | BIG     | 11   | $1.00     |        | refused: line 2 was it                                     |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application import bookings, properties, users
from application.imported_listings import FileDamaged, Imported, Noted, Outcome, RowRefused
from application.imports import property_id_of, user_id_of
from application.streams import PROPERTY
from domain.events import Actor, Event, Fact
from domain.money import Money
from domain.pricing import Pricing
from domain.properties import (
    Changes,
    HouseRules,
    Property,
    PropertyPublished,
    PropertyUnpublished,
    Source,
    must_exist,
)
from domain.rejections import Rejected
from tests.imports.city import in_larkville, listing, run, write
from tests.support.servers import Databases
from tests.support.world import World

BIG = "9007199254740993"
TENTH, TWELFTH, FOURTEENTH = date(2025, 1, 10), date(2025, 1, 12), date(2025, 1, 14)


def first_snapshot(folder: Path) -> Path:
    return write(
        folder / "larkville-2025-01",
        TENTH,
        [
            listing(BIG, price="$1,234.00", minimum_nights="2"),
            listing("2"),
            listing("3", host_id="12", price=""),
            listing("4", host_id="12", price="$50.00"),
            listing("5", host_id="13", latitude="91", price="$60.00"),
            listing("6", host_id="13", accommodates="0", price="$60.00"),
            listing("7", host_id="14", price="$70.00"),
            listing(BIG, price="$1.00"),
        ],
        {BIG: "tffftt", "2": "tttttt", "3": "ffffff", "4": "fttttf", "7": "tttttt"},
        gzipped=True,
    )


def second_snapshot(folder: Path) -> Path:
    """The 12th: BIG costs more, and has the 13th free and the 15th taken; 3 has a price; 4 is renamed; 7 is gone."""
    return write(
        folder / "larkville-2025-02",
        TWELFTH,
        [
            listing(BIG, price="$1,300.00", minimum_nights="2"),
            listing("2", amenities='["Kitchen", "Wifi"]'),
            listing("3", host_id="12", price="$90.00"),
            listing("4", host_id="12", price="$50.00", name="A quieter room"),
            listing("8", host_id="14"),
        ],
        {BIG: "ftt" + "ftt", "2": "tttttt", "3": "ffffff", "4": "tttftt", "8": "tttttt"},
    )


def results(outcomes: Iterable[Outcome]) -> dict[str, str]:
    return {each.external_id: each.result for each in outcomes if isinstance(each, Imported)}


def refused(outcomes: Iterable[Outcome]) -> list[tuple[str, int, str | None, str]]:
    return [(e.file, e.line, e.external_id, e.reason) for e in outcomes if isinstance(e, RowRefused)]


def nights_changed(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    imported = [each for each in outcomes if isinstance(each, Imported)]
    return sum(each.nights_blocked for each in imported), sum(each.nights_freed for each in imported)


def the_property(world: World, listing_id: str) -> Property:
    return must_exist(world.lodger.load(PROPERTY, property_id_of(listing_id)).state)


def blocked(world: World, listing_id: str) -> list[tuple[int, int]]:
    """Days of January by the guard itself."""
    claims = world.lodger.log.claims(property_id_of(listing_id), date(2025, 1, 1), date(2025, 1, 31))
    return [(claim.first.day, claim.until.day) for claim in claims if claim.kind == "block"]


def events_since(world: World, count: int) -> list[Event]:
    return world.events()[count:]


def count(world: World) -> int:
    return len(world.events())


def imported(world: World, folder: Path, **options: Any) -> list[Outcome]:
    return run(world.wired, world.lodger, folder, **options)


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


# --- a later snapshot --------------------------------------------------------------------------------------


def test_a_later_snapshot_adds_only_what_changed(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    before = count(world)

    outcomes = imported(world, second_snapshot(tmp_path))

    assert results(outcomes) == {
        BIG: "changed",
        "2": "unchanged",
        "3": "changed",
        "4": "changed",
        "8": "created",
        "7": "gone",
    }
    new = {
        name: [event.fact.TOPIC for event in events_since(world, before) if event.stream_id == property_id_of(name)]
        for name in (BIG, "2", "3", "4", "7")
    }
    assert new == {
        BIG: ["PropertyPricingChanged", "NightsUnblocked", "NightsBlocked"],
        "2": [],
        "3": ["PropertyPricingChanged", "PropertyPublished", "NightsBlocked"],
        "4": ["PropertyDetailsChanged"],
        "7": ["PropertyUnpublished"],
    }
    assert len(events_since(world, before)) == 13  # these 8, and five of listing 8


def test_nights_of_a_later_snapshot_are_blocked_and_freed_one_by_one(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    outcomes = imported(world, second_snapshot(tmp_path))
    # BIG: the 13th is free again, the 15th taken now; the 11th, before the scrape, stays. 3: the 16th and the 17th.
    assert nights_changed(outcomes) == (3, 1)
    assert blocked(world, BIG) == [(11, 13), (15, 16)]
    assert blocked(world, "3") == [(10, 16), (16, 18)]
    assert blocked(world, "4") == [(10, 11), (15, 16)]


def test_the_later_snapshot_again_adds_no_event(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    imported(world, second_snapshot(tmp_path))
    before = count(world)
    assert set(results(imported(world, second_snapshot(tmp_path))).values()) == {"unchanged"}
    assert count(world) == before


def test_a_listing_that_is_gone_leaves_the_market_with_the_reason(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    imported(world, second_snapshot(tmp_path))
    assert the_property(world, "7").status == "unpublished"
    assert world.events()[-1].fact == PropertyUnpublished("not in inside-airbnb larkville of 2025-01-12")


def test_a_listing_that_comes_back_is_published_again(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    imported(world, second_snapshot(tmp_path))
    before = count(world)
    back = write(
        tmp_path / "larkville-2025-03",
        FOURTEENTH,
        [listing("2"), listing("7", host_id="14", price="$70.00")],
        {"7": "tt"},
    )

    outcomes = imported(world, back)

    assert results(outcomes)["7"] == "returned"
    assert [e.fact for e in events_since(world, before) if e.stream_id == property_id_of("7")] == [PropertyPublished()]


def test_a_host_who_took_it_off_the_market_is_not_overruled(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    host = user_id_of("11")
    properties.unpublish(world.lodger, world.call(host), property_id_of(BIG), host)

    outcomes = imported(world, second_snapshot(tmp_path))

    assert the_property(world, BIG).status == "unpublished"
    note = "its host took it off the market: stays unpublished"
    assert Noted("listings.csv", 2, BIG, note) in outcomes


def test_a_price_that_is_no_longer_told_stays(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    silent = write(tmp_path / "larkville", TWELFTH, [listing("2", price="")], {"2": "tttttt"})

    outcomes = imported(world, silent)

    assert results(outcomes)["2"] == "unchanged"
    assert the_property(world, "2").status == "published"
    assert Noted("listings.csv", 2, "2", "no price: the last one stays") in outcomes


def test_what_no_file_tells_stays_as_the_host_set_it(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    state, host = the_property(world, BIG), user_id_of("11")
    assert state.pricing is not None
    own = Changes(
        pricing=replace(state.pricing, cleaning_fee=Money(2500, "USD")),
        house_rules=replace(state.house_rules, advance_notice_days=2),
    )
    properties.change(world.lodger, world.call(host), property_id_of(BIG), host, state.revision, own)

    imported(world, second_snapshot(tmp_path))

    later = the_property(world, BIG)
    assert later.pricing == Pricing(Money(130_000, "USD"), cleaning_fee=Money(2500, "USD"))
    assert later.house_rules.advance_notice_days == 2


def test_a_host_who_changes_is_noted_and_the_first_one_stays(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    moved = write(tmp_path / "larkville", TWELFTH, [listing("2", host_id="99")], {"2": "tt"})

    outcomes = imported(world, moved)

    assert the_property(world, "2").host_id == user_id_of("11")
    assert Noted("listings.csv", 2, "2", "its host is now 99; the property stays with its first host") in outcomes
    assert user_id_of("99") not in world.lodger.people.get([user_id_of("99")])


def test_an_older_snapshot_is_refused_before_anything_changes(world: World, tmp_path: Path) -> None:
    first = first_snapshot(tmp_path)
    imported(world, second_snapshot(tmp_path))
    before = count(world)
    with pytest.raises(Rejected, match="larkville was imported as of 2025-01-12 already; this is older") as refusal:
        imported(world, first)
    assert (refusal.value.code, count(world)) == ("snapshot_older", before)


def test_another_city_under_a_markets_name_is_refused(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    other = write(tmp_path / "elsewhere", FOURTEENTH, [listing("77")], {"77": "tt"})
    with pytest.raises(Rejected, match="None of the 5 listings known in larkville is here"):
        imported(world, other, market="larkville")


def test_a_listing_of_another_market_is_refused(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    other = write(tmp_path / "elsewhere", TENTH, [listing("77"), listing("2")], {"77": "tt"})
    outcomes = imported(world, other)
    assert results(outcomes) == {"77": "created"}
    assert refused(outcomes) == [("listings.csv", 3, "2", "It is in Lodger already, from inside-airbnb larkville.")]


def test_rows_that_are_refused_or_left_out_are_not_gone(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    rows = [listing(BIG), listing("2", latitude="91"), listing("3", host_id="12"), listing("4", host_id="12")]
    later = write(tmp_path / "larkville", TWELFTH, [*rows, listing("7", host_id="14")], {})
    assert "gone" not in results(imported(world, later)).values()
    assert "gone" not in results(imported(world, second_snapshot(tmp_path), limit=1)).values()


def test_a_truncated_file_takes_nobody_for_gone(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    rows = [listing(str(n), description=f"{n * 7919:x}" * 40) for n in range(2, 400)]
    folder = write(tmp_path / "larkville", TWELFTH, rows, {}, gzipped=True)
    file = folder / "listings.csv.gz"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    outcomes = imported(world, folder)

    assert [each.reason for each in outcomes if isinstance(each, FileDamaged)] == ["the file ends in the middle"]
    assert results(outcomes)["2"] == "changed"
    assert BIG not in results(outcomes)
    assert the_property(world, BIG).status == "published"


# --- stays in the way --------------------------------------------------------------------------------------


def taken_later(folder: Path) -> Path:
    """On the 12th, listing 2 is not available until the 17th."""
    return write(folder / "larkville-2025-04", TWELFTH, [listing("2")], {"2": "ffffff"})


def test_nights_of_a_stay_are_reported_and_the_others_blocked(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    booking = world.confirmed(property_id_of("2"), ("2025-01-13", "2025-01-15"))

    outcomes = imported(world, taken_later(tmp_path))

    assert blocked(world, "2") == [(12, 13), (15, 18)]
    # The calendar's header is line 1, the 12th line 2.
    assert refused(outcomes) == [("calendar.csv", 3, "2", f"2025-01-13 to 2025-01-15 is booked ({booking})")]
    assert nights_changed(outcomes) == (4, 0)


def test_nights_left_out_for_a_stay_are_tried_again(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    booking = world.confirmed(property_id_of("2"), ("2025-01-13", "2025-01-15"))
    folder = taken_later(tmp_path)
    imported(world, folder)
    before = count(world)

    assert len(refused(imported(world, folder))) == 1
    assert count(world) == before

    guest = world.booking(booking).made.guest_id
    bookings.cancel(world.lodger, world.call(guest), booking, guest, None)
    assert refused(imported(world, folder)) == []
    assert blocked(world, "2") == [(12, 13), (13, 15), (15, 18)]


def test_a_hold_that_has_lapsed_is_not_in_the_way(world: World, tmp_path: Path) -> None:
    imported(world, first_snapshot(tmp_path))
    world.hold(property_id_of("2"), nights=("2025-01-13", "2025-01-15"))
    world.clock.pass_(timedelta(minutes=16))
    assert refused(imported(world, taken_later(tmp_path))) == []
    assert blocked(world, "2") == [(12, 18)]
