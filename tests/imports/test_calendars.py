"""calendar.csv with the rows it should not have."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from application.imported_listings import Availability, FileDamaged, RowRefused, RowsRead
from infrastructure.inside_airbnb.calendars import REQUIRED, Calendars
from infrastructure.inside_airbnb.tables import Table
from tests.imports.city import put

DAY = date(2025, 1, 10)
HEADER = "listing_id,date,available\n"


def read(folder: Path, text: str, *ids: str) -> tuple[Calendars, list[RowRefused]]:
    put(folder, "calendar", HEADER + text)
    calendars = Calendars(Table(folder, "calendar", REQUIRED), DAY)
    found = list(calendars.read(ids))
    assert not [each for each in found if isinstance(each, FileDamaged)]
    return calendars, [each for each in found if isinstance(each, RowRefused)]


def days(*of_january: int) -> frozenset[date]:
    return frozenset(date(2025, 1, day) for day in of_january)


def test_nights_are_kept_by_listing_in_whatever_order_rows_come(tmp_path: Path) -> None:
    calendars, refused = read(
        tmp_path,
        "1,2025-01-11,f\n2,2025-01-10,t\n1,2025-01-10,t\n2,2025-01-11,t\n1,2025-01-12,f\n",
        "1",
        "2",
    )
    assert refused == []
    assert calendars.availability("1", DAY) == Availability(days(10), days(11, 12))
    assert calendars.availability("2", DAY) == Availability(days(10, 11), frozenset())
    assert calendars.availability("3", DAY) == Availability()


def test_bad_rows_are_refused_with_their_line_and_the_rest_is_read(tmp_path: Path) -> None:
    calendars, refused = read(
        tmp_path,
        "1,2025-01-10,f\n1,2025-01-11,maybe\n1,soon,f\n1,2025-01-10,t\n1,2024-01-01,f\n1,2027-02-01,f\n1,2025-01-12,f\n",
        "1",
    )
    assert [(row.line, row.external_id, row.reason) for row in refused] == [
        (3, "1", "available is 'maybe', neither t nor f"),
        (4, "1", "date 'soon' is not a date"),
        (5, "1", "2025-01-10 was on an earlier line already"),
        (6, "1", "2024-01-01 is not between 2024-12-10 and 2027-01-10"),
        (7, "1", "2027-02-01 is not between 2024-12-10 and 2027-01-10"),
    ]
    assert calendars.availability("1", DAY).unavailable == days(10, 12)


def test_nights_before_a_listing_was_scraped_are_not_spoken_of(tmp_path: Path) -> None:
    calendars, _ = read(tmp_path, "1,2025-01-10,f\n1,2025-01-11,f\n1,2025-01-12,t\n", "1")
    assert calendars.availability("1", date(2025, 1, 11)) == Availability(days(12), days(11))


def test_a_listing_nobody_knows_is_reported_once(tmp_path: Path) -> None:
    _, refused = read(tmp_path, "1,2025-01-10,f\n9,2025-01-10,f\n9,2025-01-11,f\n", "1")
    reason = "the listings name no such listing (2 rows, the first is at this line)"
    assert refused == [RowRefused("calendar.csv", 3, "9", reason)]


def test_every_good_row_counts_as_read(tmp_path: Path) -> None:
    put(tmp_path, "calendar", HEADER + "1,2025-01-10,f\n1,2025-01-11,f\n")
    found = list(Calendars(Table(tmp_path, "calendar", REQUIRED), DAY).read(["1"]))
    assert found == [RowsRead("calendar", 2)]


def test_rows_of_some_nights_are_found_again(tmp_path: Path) -> None:
    calendars, _ = read(tmp_path, "1,2025-01-10,f\n2,2025-01-10,f\n1,2025-01-11,f\n", "1", "2")
    found = list(calendars.refused_nights({"1": [(date(2025, 1, 11), "taken")], "2": [(date(2025, 1, 10), "too")]}))
    assert found == [RowRefused("calendar.csv", 3, "2", "too"), RowRefused("calendar.csv", 4, "1", "taken")]
