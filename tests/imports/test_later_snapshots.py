"""A later snapshot of the same city adds only what changed; stays are never in danger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from application import bookings, properties
from application.imported_listings import FileDamaged, Noted, property_id_of, user_id_of
from domain.money import Money
from domain.pricing import Pricing
from domain.properties import (
    Changes,
    PropertyPublished,
    PropertyUnpublished,
)
from domain.rejections import Rejected
from tests.imports.city import listing, write
from tests.imports.larkville import (
    BIG,
    FOURTEENTH,
    TENTH,
    TWELFTH,
    blocked,
    count,
    events_since,
    first_snapshot,
    imported,
    nights_changed,
    refused,
    results,
    second_snapshot,
    the_property,
)
from tests.support.world import World

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
