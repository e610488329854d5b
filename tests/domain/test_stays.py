"""Stays: half-open ranges of local dates, 1 to 365 nights, today to the horizon; local times as instants."""

from __future__ import annotations

from datetime import UTC, date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rejections import Rejected
from domain.stays import Stay, local_date, local_instant, must_be_within_horizon, must_lie_ahead
from tests.domain.strategies import stays
from tests.support.examples import instant

TODAY = date(2026, 6, 1)


@given(stays())
def test_a_stay_has_a_night_for_each_date_but_the_last(stay: Stay) -> None:
    nights = list(stay.dates())
    assert len(nights) == stay.nights
    assert nights[0] == stay.check_in
    assert nights[-1] == stay.check_out - timedelta(days=1)
    assert stay.check_out not in nights
    assert len(set(nights)) == stay.nights


@given(stays(longest=20), stays(longest=20))
def test_stays_overlap_when_they_share_a_night_and_either_way_round(one: Stay, other: Stay) -> None:
    assert one.overlaps(other) == bool(set(one.dates()) & set(other.dates()))
    assert one.overlaps(other) == other.overlaps(one)


@given(stays(), st.integers(1, 365))
def test_back_to_back_stays_do_not_overlap(stay: Stay, nights: int) -> None:
    following = Stay(stay.check_out, stay.check_out + timedelta(days=nights))
    assert not stay.overlaps(following)
    assert not following.overlaps(stay)
    assert stay.overlaps(stay)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-800, 800))
def test_only_1_to_365_nights_make_a_stay(check_in: date, nights: int) -> None:
    check_out = check_in + timedelta(days=nights)
    if 1 <= nights <= 365:
        assert Stay(check_in, check_out).nights == nights
        return
    with pytest.raises(Rejected) as refused:
        Stay(check_in, check_out)
    assert refused.value.code == ("stay_over_limit" if nights > 365 else "stay_reversed" if nights else "stay_empty")


def test_a_stay_may_begin_today_and_end_on_the_last_day_of_the_horizon() -> None:
    must_lie_ahead(Stay(TODAY, date(2026, 6, 2)), TODAY)
    # 1 June 2026 and 730 days: 365 to 1 June 2027, 365 more to 31 May 2028 (2028 is a leap year).
    must_be_within_horizon(Stay(date(2028, 5, 30), date(2028, 5, 31)), TODAY)


@pytest.mark.parametrize(
    ("stay", "code", "details"),
    [
        (Stay(date(2026, 5, 31), date(2026, 6, 2)), "stay_in_past", {"today": "2026-06-01"}),
        (Stay(date(2028, 5, 30), date(2028, 6, 1)), "stay_beyond_horizon", {"last": "2028-05-31"}),
    ],
)
def test_a_stay_out_of_the_bookable_days_is_refused(stay: Stay, code: str, details: dict[str, str]) -> None:
    with pytest.raises(Rejected) as refused:
        _must_be_bookable(stay)
    assert (refused.value.code, refused.value.details) == (code, details)


def _must_be_bookable(stay: Stay) -> None:
    must_lie_ahead(stay, TODAY)
    must_be_within_horizon(stay, TODAY)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Pacific/Kiritimati", date(2026, 6, 2)),
        ("UTC", date(2026, 6, 1)),
        ("Pacific/Niue", date(2026, 5, 31)),
    ],
)
def test_today_is_the_date_at_the_property(zone: str, expected: date) -> None:
    # 10:30 UTC is 00:30 of the next day at UTC+14 and 23:30 of the day before at UTC-11.
    assert local_date(instant("2026-06-01 10:30:00"), zone) == expected


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        (date(2026, 3, 7), "America/New_York", "2026-03-07 20:00:00"),  # EST, UTC-5
        (date(2026, 3, 8), "America/New_York", "2026-03-08 19:00:00"),  # EDT, UTC-4
        (date(2026, 10, 24), "Europe/Berlin", "2026-10-24 13:00:00"),  # CEST, UTC+2
        (date(2026, 10, 25), "Europe/Berlin", "2026-10-25 14:00:00"),  # CET, UTC+1
    ],
)
def test_a_change_of_the_clocks_moves_the_instant_of_a_local_time(day: date, zone: str, expected: str) -> None:
    assert local_instant(day, time(15, 0), zone) == instant(expected)


@pytest.mark.parametrize(
    ("day", "zone"),
    [
        (date(2026, 3, 8), "America/New_York"),
        (date(2026, 11, 1), "America/New_York"),
        (date(2026, 3, 29), "Europe/Berlin"),
        (date(2026, 10, 25), "Europe/Berlin"),
    ],
)
def test_hours_are_counted_as_they_pass_though_the_clocks_change(day: date, zone: str) -> None:
    check_in = local_instant(day, time(15, 0), zone)
    assert check_in.timestamp() - (check_in - timedelta(hours=24)).timestamp() == 24 * 60 * 60


def test_a_local_time_is_handed_on_as_a_utc_instant() -> None:
    assert local_instant(TODAY, time(15, 0), "America/New_York").tzinfo is UTC
