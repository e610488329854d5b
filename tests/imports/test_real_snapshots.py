"""Real snapshots, where somebody has them: what was imported is counted against a plain scan of the files.

They are looked for in LODGER_DATA_SAMPLES, or else in ../shared/data beside the repository. They are imported once,
with the reviews of every tenth listing or so; in the long profile with all of them.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.imported_listings import Imported, Outcome, ReviewsImported, property_id_of
from application.imported_reviews import review_id_of
from domain.events import Event
from domain.properties import PropertyDetailsChanged, PropertyPricingChanged
from domain.reviews import ReviewImported
from tests.api.people import book, pay, register, stay
from tests.api.stack import Stack, json_of, running
from tests.imports.city import as_csv, put, run
from tests.support.effort import is_long
from tests.support.servers import Databases

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES = Path(os.environ.get("LODGER_DATA_SAMPLES") or ROOT.parent / "shared" / "data")
ALBANY, ALBANY_LATER = SAMPLES / "albany-2024-11", SAMPLES / "albany-2025-03"
NOON = "2024-11-05T12:00:00Z"

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


@cache
def reviews(folder: Path) -> dict[str, dict[str, str]]:
    """Those that are imported here, by their ids."""
    return {r["id"]: r for r in scanned(folder, "reviews") if is_long() or r["listing_id"].endswith("3")}


def sample(folder: Path, into: Path) -> Path:
    """The folder with these reviews alone."""
    linked = into / folder.name
    linked.mkdir()
    for name in ("listings", "calendar"):
        (linked / f"{name}.csv.gz").symlink_to(folder / f"{name}.csv.gz")
    put(linked, "reviews", as_csv(list(reviews(folder).values())), gzipped=True)
    return linked


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    into = tmp_path_factory.mktemp("snapshots")
    return {folder: sample(folder, into) for folder in (ALBANY, ALBANY_LATER)}


@pytest.fixture(scope="module")
def imported_url(postgres: Databases, folders: dict[Path, Path]) -> Iterator[str]:
    """Albany as of November 2024, with its read models."""
    url = postgres.create()
    with running(url, LODGER_CLOCK=NOON) as stack:
        run(stack.wired, stack.wired.lodger, folders[ALBANY])
        stack.projector.run()
        assert stack.count("SELECT count(*) FROM parked_events") == 0
    yield url
    postgres.drop(url)


@pytest.fixture(scope="module")
def albany(postgres: Databases, imported_url: str) -> Iterator[Stack]:
    """Nothing is added to it."""
    url = postgres.copy(imported_url)
    with running(url, LODGER_CLOCK=NOON) as stack:
        yield stack
    postgres.drop(url)


@pytest.fixture(scope="module")
def market(postgres: Databases, imported_url: str) -> Iterator[Stack]:
    """Where people book."""
    url = postgres.copy(imported_url)
    with running(url, LODGER_CLOCK=NOON) as stack:
        yield stack
    postgres.drop(url)


@dataclass
class Later:
    """Albany once the snapshot of March 2025 was imported too. `added` are its events."""

    stack: Stack
    outcomes: list[Outcome]
    before: int

    @cached_property
    def told(self) -> list[Event]:
        return events(self.stack)

    @property
    def added(self) -> list[Event]:
        return self.told[self.before :]


@pytest.fixture(scope="module")
def later(postgres: Databases, imported_url: str, folders: dict[Path, Path]) -> Iterator[Later]:
    url = postgres.copy(imported_url)
    with running(url, LODGER_CLOCK=NOON) as stack:
        before = stack.count_events()
        yield Later(stack, run(stack.wired, stack.wired.lodger, folders[ALBANY_LATER]), before)
    postgres.drop(url)


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
    assert count(albany, "ReviewImported") == len(reviews(ALBANY))
    assert count(albany, "PropertyScoresImported") == sum(row["review_scores_rating"] != "" for row in rows) == 372
    assert albany.count("SELECT count(DISTINCT author_id) FROM reviews") == len(
        {review["reviewer_id"] for review in reviews(ALBANY).values()}
    )


def test_the_most_reviewed_property_shows_its_reviews_and_its_marketplaces_average(albany: Stack) -> None:
    written = Counter(review["listing_id"] for review in reviews(ALBANY).values())
    ((listing_id, number),) = written.most_common(1)
    asked = f"/v1/properties/{property_id_of(listing_id)}/reviews?limit=100"

    page = json_of(albany.anybody().get(asked))
    shown: list[dict[str, Any]] = page["reviews"]
    while page["next_cursor"]:
        page = json_of(albany.anybody().get(f"{asked}&cursor={page['next_cursor']}"))
        shown += page["reviews"]

    said = [review for review in reviews(ALBANY).values() if review["listing_id"] == listing_id]
    assert len(shown) == number
    assert {each["id"]: each["created_at"][:10] for each in shown} == {
        str(review_id_of(r["id"])): r["date"] for r in said
    }
    assert {each["imported_from"] for each in shown} == {"inside-airbnb"}
    assert not [each for each in shown if "<br" in each["comment"] or not each["comment"]]
    row = listings(ALBANY)[listing_id]
    assert page["rated"]["overall"] == {
        "count": int(row["number_of_reviews"]),
        "average": str(Decimal(row["review_scores_rating"]).quantize(Decimal("0.01"))),
    }


def test_the_same_folder_again_adds_no_event(albany: Stack, folders: dict[Path, Path]) -> None:
    before = albany.count_events()
    again = run(albany.wired, albany.wired.lodger, folders[ALBANY])
    assert {each.result for each in again if isinstance(each, Imported)} == {"unchanged"}
    assert albany.count_events() == before

    albany.count("WITH gone AS (DELETE FROM imported_listings RETURNING 1) SELECT count(*) FROM gone")
    run(albany.wired, albany.wired.lodger, folders[ALBANY])
    assert albany.count_events() == before


def test_a_later_snapshot_adds_what_an_independent_comparison_finds(later: Later) -> None:
    old, new = listings(ALBANY), listings(ALBANY_LATER)
    imported = [each for each in later.outcomes if isinstance(each, Imported)]
    assert {each.external_id for each in imported if each.result == "created"} == new.keys() - old.keys()
    assert {each.external_id for each in imported if each.result == "gone"} == old.keys() - new.keys()
    assert (len(new.keys() - old.keys()), len(old.keys() - new.keys())) == (48, 45)

    both = old.keys() & new.keys()
    prices = {e.stream_id for e in later.added if isinstance(e.fact, PropertyPricingChanged)}
    dearer_or_cheaper = {i for i in both if new[i]["price"] and new[i]["price"] != old[i]["price"]}
    assert prices & {property_id_of(i) for i in both} == {property_id_of(i) for i in dearer_or_cheaper}
    assert len(dearer_or_cheaper) == 279  # 268 had another price before, 11 had none

    amenities = {i for i in both if set(json.loads(new[i]["amenities"])) != set(json.loads(old[i]["amenities"]))}
    assert with_other_amenities(later) == {property_id_of(i) for i in amenities}
    assert len(amenities) == 59


def test_a_later_snapshot_adds_the_reviews_that_are_new_and_keeps_the_others(later: Later) -> None:
    old, new = reviews(ALBANY), reviews(ALBANY_LATER)
    added = [event for event in later.added if isinstance(event.fact, ReviewImported)]
    assert {event.stream_id for event in added} == {review_id_of(each) for each in new.keys() - old.keys()}
    assert sum(each.added for each in later.outcomes if isinstance(each, ReviewsImported)) == len(added) > 100
    assert sum(isinstance(event.fact, ReviewImported) for event in later.told) == len(old.keys() | new.keys())


def with_other_amenities(later: Later) -> set[UUID]:
    """Properties that were there and whose amenities the later snapshot changed."""
    latest: dict[UUID, tuple[str, ...]] = {}
    changed = set()
    for number, event in enumerate(later.told):
        if isinstance(event.fact, PropertyDetailsChanged):
            known = latest.get(event.stream_id)
            if number >= later.before and known is not None and known != event.fact.details.amenities:
                changed.add(event.stream_id)
            latest[event.stream_id] = event.fact.details.amenities
    return changed


def test_a_later_calendar_blocks_and_frees_night_by_night(later: Later) -> None:
    imported = [each for each in later.outcomes if isinstance(each, Imported)]
    was_taken, is_taken, is_free = nights(ALBANY, "f"), nights(ALBANY_LATER, "f"), nights(ALBANY_LATER, "t")
    assert sum(each.nights_blocked for each in imported) == len(is_taken - was_taken)
    assert sum(each.nights_freed for each in imported) == len(was_taken & is_free)
    assert len(is_taken - was_taken) > 10_000
    assert len(was_taken & is_free) > 10_000


def test_a_stay_found_by_search_is_booked_and_confirmed(market: Stack) -> None:
    market.run_workers()
    guest = register(market, "guest")
    search = "city=Albany&check_in=2024-11-20&check_out=2024-11-23&guests=2"

    found = json_of(guest.get(f"/v1/properties?{search}"))["properties"]

    by_property = {str(property_id_of(i)): i for i in listings(ALBANY)}
    free = nights(ALBANY, "t")
    wanted = ("2024-11-20", "2024-11-21", "2024-11-22")
    assert found
    assert all((by_property[each["id"]], night) in free for each in found for night in wanted)
    booking = book(guest, found[0]["id"], "2024-11-20", "2024-11-23")
    pay(guest, booking)
    market.run_workers()
    assert json_of(guest.get(f"/v1/bookings/{booking}"))["status"] == "confirmed"


def test_a_stay_that_overlaps_an_imported_block_is_refused(market: Stack) -> None:
    listing_id, check_in = next(beside_a_block())
    check_out = date.fromisoformat(check_in) + timedelta(days=2)

    answer = register(market, "guest").wish(
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
