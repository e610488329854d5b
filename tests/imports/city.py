"""A made-up city in Inside Airbnb's format: small enough to count by hand."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from application.imported_listings import Outcome
from application.imports import bring_in
from application.lodger import Lodger
from infrastructure.bootstrap import Wired
from infrastructure.inside_airbnb.imported_listings import ImportedListingsTable
from infrastructure.inside_airbnb.snapshot import FolderSnapshot
from tests.support.world import World

Row = Mapping[str, str]

_USUAL: Row = {
    "host_id": "11",
    "host_name": "Ada",
    "name": "A room",
    "description": "",
    "neighbourhood_cleansed": "Lark Street",
    "latitude": "42.65789",
    "longitude": "-73.7537",
    "property_type": "Private room in home",
    "room_type": "Private room",
    "accommodates": "2",
    "bathrooms_text": "1 bath",
    "bathrooms": "1.0",
    "bedrooms": "1",
    "beds": "1",
    "amenities": '["Wifi", "Kitchen"]',
    "price": "$80.00",
    "minimum_nights": "1",
    "maximum_nights": "1125",
}


def listing(listing_id: str, **differing: str) -> Row:
    """A row with everything, but for what differs."""
    return {"id": listing_id, **_USUAL, **differing}


def write(
    folder: Path,
    scraped: date,
    listings: Sequence[Row],
    nights: Mapping[str, str],
    reviews: Sequence[Row] = (),
    *,
    gzipped: bool = False,
) -> Path:
    """A snapshot: `nights` spells each listing's calendar from the scrape date on, such as "ttff"."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"id": row["id"], "last_scraped": f"{scraped}", **row} for row in listings]
    calendar = [
        {"listing_id": listing_id, "date": f"{scraped + timedelta(days=n)}", "available": available, "price": "$1.00"}
        for listing_id, spelled in nights.items()
        for n, available in enumerate(spelled)
    ]
    for name, content in (("listings", rows), ("calendar", calendar), ("reviews", reviews)):
        if content or name != "reviews":
            put(folder, name, as_csv(content), gzipped=gzipped)
    return folder


def review(review_id: str, listing_id: str, **differing: str) -> Row:
    """A row of reviews.csv, but for what differs."""
    return {
        "listing_id": listing_id,
        "id": review_id,
        "date": "2024-07-01",
        "reviewer_id": "501",
        "reviewer_name": "Grace",
        "comments": "Quiet at night.",
        **differing,
    }


def as_csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    columns = list(rows[0]) if rows else ["listing_id", "date", "available"]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def put(folder: Path, name: str, text: str, *, gzipped: bool = False) -> Path:
    data = text.encode("utf-8", "surrogateescape")
    path = folder / (f"{name}.csv.gz" if gzipped else f"{name}.csv")
    path.write_bytes(gzip.compress(data) if gzipped else data)
    return path


def run(
    wired: Wired, lodger: Lodger, folder: Path, *, market: str | None = None, limit: int | None = None
) -> list[Outcome]:
    """Import a folder and tell what became of each row."""
    snapshot = FolderSnapshot(folder, wired.lodger.zones, market=market)
    return list(bring_in(lodger, ImportedListingsTable(wired.database), snapshot, limit))


class NewYorkTime:
    """Spares every test the second that the real map takes to load."""

    def zone_at(self, latitude_e6: int, longitude_e6: int) -> str:
        return "America/New_York"


def in_larkville(world: World) -> World:
    """The world, with the made-up city's time zone."""
    world.lodger = replace(world.lodger, zones=NewYorkTime())
    return world
