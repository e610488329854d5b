"""Real snapshots, where somebody has them: what was imported is counted against a plain scan of the files.

They are looked for in LODGER_DATA_SAMPLES, or else in ../shared/data beside the repository.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest

from application.imported_listings import Imported, property_id_of
from domain.events import Event
from domain.properties import PropertyDetailsChanged, PropertyPricingChanged
from tests.api.people import book, pay, register, stay
from tests.api.stack import Stack, json_of, running
from tests.imports.city import run

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES = Path(os.environ.get("LODGER_DATA_SAMPLES") or ROOT.parent / "shared" / "data")
ALBANY, ALBANY_LATER = SAMPLES / "albany-2024-11", SAMPLES / "albany-2025-03"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (ALBANY.is_dir() and ALBANY_LATER.is_dir()), reason=f"no real snapshots in {SAMPLES} (LODGER_DATA_SAMPLES)"
    ),
]


def scanned(folder: Path, name: str) -> list[dict[str, str]]:
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def listings(folder: Path) -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in scanned(folder, "listings")}


@cache
def nights(folder: Path, available: str) -> frozenset[tuple[str, str]]:
    """(listing, date) of the calendar's rows that say `available`."""
    return frozenset((r["listing_id"], r["date"]) for r in scanned(folder, "calendar") if r["available"] == available)


@pytest.fixture
def albany(database_url: str) -> Iterator[Stack]:
    """Albany as of November 2024, and the clock shows that day."""
    with running(database_url, LODGER_CLOCK="2024-11-05T12:00:00Z") as stack:
        run(stack.wired, stack.wired.lodger, ALBANY)
        yield stack


def count(stack: Stack, topic: str) -> int:
    return stack.count(f"SELECT count(*) FROM events WHERE type = '{topic}'")


def events(stack: Stack) -> list[Event]:
    log = stack.wired.log
    return list(log.read(0, log.safe_position(2.0), 100_000))


def test_the_counts_equal_the_files(albany: Stack) -> None:
    rows = listings(ALBANY).values()
    assert len(rows) == 421
    assert count(albany, "PropertyCreated") == 421
    hosts = {row["host_id"] for row in rows}
    assert count(albany, "UserRegistered") == count(albany, "UserBecameHost") == len(hosts) == 189
    assert count(albany, "PropertyPublished") == sum(row["price"] != "" for row in rows) == 384
    blocked = "SELECT count(DISTINCT (property_id, night)) FROM nights, {} AS night".format(
        "generate_series(lower(nights), upper(nights) - 1, interval '1 day')"
    )
    assert albany.count(blocked) == len(nights(ALBANY, "f")) == 57_673


def test_the_same_folder_again_adds_no_event(albany: Stack) -> None:
    before = albany.count_events()
    again = run(albany.wired, albany.wired.lodger, ALBANY)
    assert {each.result for each in again if isinstance(each, Imported)} == {"unchanged"}
    assert albany.count_events() == before

    albany.count("WITH gone AS (DELETE FROM imported_listings RETURNING 1) SELECT count(*) FROM gone")
    run(albany.wired, albany.wired.lodger, ALBANY)
    assert albany.count_events() == before


def test_a_later_snapshot_adds_what_an_independent_comparison_finds(albany: Stack) -> None:
    before = albany.count_events()

    outcomes = run(albany.wired, albany.wired.lodger, ALBANY_LATER)

    old, new = listings(ALBANY), listings(ALBANY_LATER)
    imported = [each for each in outcomes if isinstance(each, Imported)]
    assert {each.external_id for each in imported if each.result == "created"} == new.keys() - old.keys()
    assert {each.external_id for each in imported if each.result == "gone"} == old.keys() - new.keys()
    assert (len(new.keys() - old.keys()), len(old.keys() - new.keys())) == (48, 45)

    both = old.keys() & new.keys()
    added = events(albany)[before:]
    prices = {e.stream_id for e in added if isinstance(e.fact, PropertyPricingChanged)}
    dearer_or_cheaper = {i for i in both if new[i]["price"] and new[i]["price"] != old[i]["price"]}
    assert prices & {property_id_of(i) for i in both} == {property_id_of(i) for i in dearer_or_cheaper}
    assert len(dearer_or_cheaper) == 279  # 268 had another price before, 11 had none

    amenities = {i for i in both if set(json.loads(new[i]["amenities"])) != set(json.loads(old[i]["amenities"]))}
    assert with_other_amenities(albany, before) == {property_id_of(i) for i in amenities}
    assert len(amenities) == 59


def with_other_amenities(stack: Stack, before: int) -> set[UUID]:
    """Properties that were there and whose amenities changed after the first `before` events."""
    latest: dict[UUID, tuple[str, ...]] = {}
    changed = set()
    for position, event in enumerate(events(stack)):
        if isinstance(event.fact, PropertyDetailsChanged):
            known = latest.get(event.stream_id)
            if position >= before and known is not None and known != event.fact.details.amenities:
                changed.add(event.stream_id)
            latest[event.stream_id] = event.fact.details.amenities
    return changed


def test_a_later_calendar_blocks_and_frees_night_by_night(albany: Stack) -> None:
    outcomes = run(albany.wired, albany.wired.lodger, ALBANY_LATER)

    imported = [each for each in outcomes if isinstance(each, Imported)]
    was_taken, is_taken, is_free = nights(ALBANY, "f"), nights(ALBANY_LATER, "f"), nights(ALBANY_LATER, "t")
    assert sum(each.nights_blocked for each in imported) == len(is_taken - was_taken)
    assert sum(each.nights_freed for each in imported) == len(was_taken & is_free)
    assert len(is_taken - was_taken) > 10_000
    assert len(was_taken & is_free) > 10_000


def test_a_stay_found_by_search_is_booked_and_confirmed(albany: Stack) -> None:
    albany.run_workers()
    guest = register(albany, "guest")
    search = "city=Albany&check_in=2024-11-20&check_out=2024-11-23&guests=2"

    found = json_of(guest.get(f"/v1/properties?{search}"))["properties"]

    by_property = {str(property_id_of(i)): i for i in listings(ALBANY)}
    free = nights(ALBANY, "t")
    wanted = ("2024-11-20", "2024-11-21", "2024-11-22")
    assert found
    assert all((by_property[each["id"]], night) in free for each in found for night in wanted)
    booking = book(guest, found[0]["id"], "2024-11-20", "2024-11-23")
    pay(guest, booking)
    albany.run_workers()
    assert json_of(guest.get(f"/v1/bookings/{booking}"))["status"] == "confirmed"


def test_a_stay_that_overlaps_an_imported_block_is_refused(albany: Stack) -> None:
    listing_id, check_in = next(beside_a_block())
    check_out = date.fromisoformat(check_in) + timedelta(days=2)

    answer = register(albany, "guest").wish(
        "/v1/bookings", stay(str(property_id_of(listing_id)), check_in, f"{check_out}", guests=1)
    )

    assert answer.status_code == 409
    assert json_of(answer)["type"] == "/problems/nights-taken"


def beside_a_block() -> Iterator[tuple[str, str]]:
    """Listings that take two nights, and a free night of theirs before one that is not."""
    for listing_id, day in sorted(nights(ALBANY, "t")):
        row = listings(ALBANY)[listing_id]
        next_day = f"{date.fromisoformat(day) + timedelta(days=1)}"
        if row["price"] and int(row["minimum_nights"]) <= 2 and (listing_id, next_day) in nights(ALBANY, "f"):
            yield listing_id, day
