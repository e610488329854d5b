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

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from application.imported_listings import Imported, Outcome, RowRefused, property_id_of
from application.streams import PROPERTY
from domain.events import Event
from domain.properties import (
    Property,
    must_exist,
)
from tests.imports.city import listing, run, write
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
