"""What is read of the calendars that marketplaces write."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import pytest

from application.linked_calendars import CalendarUnreadable
from domain.calendar_sync import Entry, Reading
from infrastructure.calendars.ical import ENTRIES_MAX, RECURRING_MAX, UNREAD_MAX, read
from tests.calendars.shapes import calendar, days, feed

TODAY, HORIZON = date(2026, 6, 1), date(2028, 5, 31)


def reading(content: bytes) -> Reading:
    return read(content, TODAY, HORIZON)


def entries(content: bytes) -> list[tuple[str, str, str]]:
    """UID up to its first dash or at sign, start and end."""
    found = reading(content)
    assert not found.unread
    return [
        (each.uid.split("@")[0].split("-")[0], each.start.isoformat(), each.end.isoformat()) for each in found.entries
    ]


def test_airbnb() -> None:
    assert entries(feed("airbnb")) == [
        ("1418fb94e984", "2026-07-03", "2026-07-08"),
        ("6fec1092d3fa", "2027-06-01", "2028-06-01"),
    ]


def test_vrbo_with_a_day_that_ends_as_it_begins_and_a_cancelled_stay() -> None:
    assert entries(feed("vrbo")) == [
        ("8d3c1f5a", "2026-07-10", "2026-07-13"),
        ("e1b07d02", "2026-07-20", "2026-07-20"),
    ]


def test_booking_com_without_time_stamps() -> None:
    assert entries(feed("booking_com")) == [
        ("f2c5a1b89d3e4f60718293a4b5c6d7e8", "2026-06-01", "2026-06-03"),
        ("0a1b2c3d4e5f60718293a4b5c6d7e8f9", "2026-08-15", "2026-08-22"),
    ]


def test_google_with_times_zones_and_what_recurs() -> None:
    """Summer time in New York is four hours behind UTC. Of four Wednesdays one is left out and one is moved a day."""
    found = reading(feed("google"))

    assert not found.unread
    by_uid: dict[str, list[tuple[str, str]]] = {}
    for each in found.entries:
        by_uid.setdefault(each.uid[:4], []).append((each.start.isoformat(), each.end.isoformat()))
    assert {uid: sorted(spans) for uid, spans in by_uid.items()} == {
        "3kq1": [("2026-07-04", "2026-07-06")],  # shown as free, as Google's whole days are: still taken
        "7hj2": [("2026-07-10T22:00:00+00:00", "2026-07-12T13:00:00+00:00")],
        "9ab8": [
            ("2026-08-05T22:00:00+00:00", "2026-08-06T00:00:00+00:00"),
            ("2026-08-20T22:00:00+00:00", "2026-08-21T00:00:00+00:00"),
            ("2026-08-26T22:00:00+00:00", "2026-08-27T00:00:00+00:00"),
        ],
        "1zz2": [("2026-09-01T16:00:00+00:00", "2026-09-01T18:00:00+00:00")],
    }


def test_a_time_without_a_zone_stays_local() -> None:
    found = reading(calendar("UID:a\nDTSTART:20260701T180000\nDTEND:20260701T190000"))
    assert [(str(each.start), str(each.end)) for each in found.entries] == [
        ("2026-07-01 18:00:00", "2026-07-01 19:00:00")
    ]


def test_windows_names_of_zones_are_known() -> None:
    body = 'UID:a\nDTSTART;TZID="Eastern Standard Time":20260701T180000\nDURATION:PT2H'
    (entry,) = reading(calendar(body)).entries
    assert (entry.start, entry.end) == (
        datetime(2026, 7, 1, 22, tzinfo=UTC),
        datetime(2026, 7, 2, 0, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ("DTSTART;VALUE=DATE:20260701", date(2026, 7, 2)),
        ("DTSTART;VALUE=DATE:20260701\nDURATION:P3D", date(2026, 7, 4)),
    ],
)
def test_whole_days_without_an_end(body: str, end: date) -> None:
    assert [each.end for each in reading(calendar(f"UID:a\n{body}")).entries] == [end]


def test_what_recurs_without_end_is_read_up_to_the_horizon() -> None:
    body = "UID:a\nDTSTART;VALUE=DATE:20200106\nDTEND;VALUE=DATE:20200107\nRRULE:FREQ=WEEKLY;BYDAY=MO"
    found = sorted(each.start for each in reading(calendar(body)).entries)
    assert (found[0], found[1], found[-1]) == (date(2026, 6, 1), date(2026, 6, 8), date(2028, 5, 29))
    assert len(found) == 105  # Mondays in 730 days that begin with one


@pytest.mark.parametrize(
    "body",
    [
        "DTSTART:garbage\nDTEND;VALUE=DATE:20260702",
        "SUMMARY:no dates at all",
        "DTSTART;VALUE=DATE:20260703\nDTEND;VALUE=DATE:20260701",
        "DTSTART;VALUE=DATE:20260701\nDTEND:20260702T100000Z",
        "DTSTART:00010101T000000Z\nDTEND:00010102T000000Z",
        "DTSTART:20260701T000000Z\nDTEND:99991231T235959Z",
        "DTSTART;VALUE=DATE:20260701\nRRULE:FREQ=NEVER",
        "DTSTART:20260701T000000Z\nRRULE:FREQ=SECONDLY",
        "DTSTART:20260701T000000Z\nRRULE:FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=1,2;BYSECOND=1,2",
        "DTSTART;VALUE=DATE:20260701\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "DTSTART;VALUE=DATE:20260701\nRRULE:FREQ=MONTHLY;BYDAY=9MO",
        "DTSTART;VALUE=DATE:20260701\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "DTSTART;VALUE=DATE:20260701\nRRULE:FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
        "DTSTART;VALUE=DATE:19000101\nRRULE:FREQ=DAILY",
    ],
)
def test_an_entry_that_cannot_be_understood_is_named_and_the_others_are_read(body: str) -> None:
    found = reading(calendar(f"UID:odd\n{body}", days("fine", "2026-07-10", "2026-07-12")))
    assert found == Reading((Entry("fine", date(2026, 7, 10), date(2026, 7, 12)),), frozenset({"odd"}))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><title>Log in</title>",
        b"\x00\xff\xfe\x80",
        b"BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\n",
        feed("airbnb")[:-25],
        feed("airbnb") + feed("vrbo"),
    ],
    ids=["nothing", "a page", "bytes", "an event alone", "cut off", "two"],
)
def test_what_is_no_whole_calendar_is_unreadable(content: bytes) -> None:
    with pytest.raises(CalendarUnreadable) as unreadable:
        reading(content)
    assert unreadable.value.code == "not_a_calendar"


def test_an_empty_calendar_says_that_nothing_is_taken() -> None:
    assert reading(calendar()) == Reading(())


def test_too_many_entries_are_unreadable() -> None:
    one = days("a", "2026-07-01", "2026-07-02")
    with pytest.raises(CalendarUnreadable) as unreadable:
        reading(calendar(*[one] * (ENTRIES_MAX + 1)))
    assert unreadable.value.code == "too_many_entries"


def test_too_much_that_is_not_understood_is_unreadable() -> None:
    with pytest.raises(CalendarUnreadable) as unreadable:
        reading(calendar(*[f"UID:{n}\nDTSTART:garbage" for n in range(UNREAD_MAX + 1)]))
    assert unreadable.value.code == "not_understood"


@pytest.mark.slow
def test_rules_made_to_keep_us_busy_do_not() -> None:
    """The most expensive rule that is followed, as often as one is: a tenth of a second each."""
    rule = "DTSTART;VALUE=DATE:19700101\nRRULE:FREQ=DAILY"
    begun = time.process_time()
    found = reading(calendar(*[f"UID:{n}\n{rule}" for n in range(RECURRING_MAX + 10)]))
    assert len(found.unread) == 10
    assert time.process_time() - begun < 30
