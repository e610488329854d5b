"""Quotes worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.money import Money
from domain.pricing import Line, PriceOverride, Pricing, Quote, keeping, quote
from domain.stays import Stay
from tests.support.examples import GUESTS, PRICING, QUOTE, STAY, usd


def test_three_nights_with_a_weekend_a_third_guest_cleaning_and_tax() -> None:
    # Thursday 100.00, Friday and Saturday 120.00 each: nights 340.00.
    # Two guests are included, the third pays 15.00 a night: 45.00. Cleaning 30.00. Together 415.00.
    # Service fee 12% of 415.00 = 49.80.
    # Tax 8.75%: nights 29.75; extra guest 3.9375 → 3.94; cleaning 2.625 → 2.62 (half to even).
    # 415.00 + 49.80 + 29.75 + 3.94 + 2.62 = 501.11.
    assert quote(PRICING, STAY, GUESTS, "flexible") == Quote(
        STAY,
        GUESTS,
        (
            Line("night", usd("100.00"), night=date(2026, 6, 11)),
            Line("night", usd("120.00"), night=date(2026, 6, 12)),
            Line("night", usd("120.00"), night=date(2026, 6, 13)),
            Line("extra_guests", usd("45.00")),
            Line("cleaning_fee", usd("30.00")),
            Line("service_fee", usd("49.80")),
            Line("occupancy_tax", usd("29.75"), taxes="nights"),
            Line("occupancy_tax", usd("3.94"), taxes="extra_guests"),
            Line("occupancy_tax", usd("2.62"), taxes="cleaning"),
        ),
        usd("501.11"),
    )
    assert usd("501.11") == QUOTE.total


def _first_of_june(nights: int) -> Stay:
    return Stay(date(2026, 6, 1), date(2026, 6, 1) + timedelta(days=nights))


@pytest.mark.parametrize(
    ("nights", "discount", "total"),
    [
        (6, "0.00", "672.00"),  # 600.00 + 12% 72.00
        (7, "-70.00", "705.60"),  # 700.00 - 10% = 630.00; + 12% 75.60
        (27, "-270.00", "2721.60"),  # 2,700.00 - 10% = 2,430.00; + 12% 291.60
        (28, "-700.00", "2352.00"),  # 2,800.00 - 25% = 2,100.00; + 12% 252.00
    ],
)
def test_a_week_and_four_weeks_are_where_the_discounts_begin(nights: int, discount: str, total: str) -> None:
    pricing = Pricing(usd("100.00"), weekly_discount_percent=10, monthly_discount_percent=25)
    priced = quote(pricing, _first_of_june(nights), 1, "flexible")
    assert priced.sum_of("weekly_discount", "monthly_discount") == usd(discount)
    assert priced.total == usd(total)


def test_four_weeks_without_a_monthly_discount_have_the_weekly_one() -> None:
    # 2,800.00 - 10% = 2,520.00; + 12% 302.40.
    priced = quote(Pricing(usd("100.00"), weekly_discount_percent=10), _first_of_june(28), 1, "flexible")
    assert priced.sum_of("weekly_discount") == usd("-280.00")
    assert priced.total == usd("2822.40")


def test_a_stay_that_gives_nothing_back_is_ten_percent_cheaper() -> None:
    # Nights 340.00 less 10% = 306.00; extra guest 45.00; cleaning 30.00: 381.00. Service fee 45.72.
    # Tax 8.75%: nights 26.775 → 26.78 (half to even); extra guest 3.94; cleaning 2.62. Together 460.06.
    priced = quote(PRICING, STAY, GUESTS, "non_refundable")
    assert [(line.kind, line.amount.decimal()) for line in priced.lines] == [
        ("night", "100.00"),
        ("night", "120.00"),
        ("night", "120.00"),
        ("non_refundable_discount", "-34.00"),
        ("extra_guests", "45.00"),
        ("cleaning_fee", "30.00"),
        ("service_fee", "45.72"),
        ("occupancy_tax", "26.78"),
        ("occupancy_tax", "3.94"),
        ("occupancy_tax", "2.62"),
    ]
    assert priced.total == usd("460.06")


def test_it_is_ten_percent_of_what_the_discount_for_a_week_left() -> None:
    # 700.00 - 10% = 630.00; - 10% = 567.00; + 12% 68.04.
    priced = quote(Pricing(usd("100.00"), weekly_discount_percent=10), _first_of_june(7), 1, "non_refundable")
    assert priced.sum_of("weekly_discount") == usd("-70.00")
    assert priced.sum_of("non_refundable_discount") == usd("-63.00")
    assert priced.total == usd("635.04")


def test_an_altered_booking_pays_todays_price_for_the_nights_it_adds_only() -> None:
    # Bought: 1 and 2 June at 100.00. Today a night is 150.00: 1 June is given up, 2 June stays, 3 June is added.
    agreed = quote(Pricing(usd("100.00")), _first_of_june(2), 1, "flexible")
    altered = Stay(date(2026, 6, 2), date(2026, 6, 4))
    priced = quote(keeping(Pricing(usd("150.00")), agreed), altered, 1, "flexible")
    assert [line.amount.decimal() for line in priced.lines if line.night] == ["100.00", "150.00"]
    assert priced.total == usd("280.00")  # and 12% of 250.00


def test_shillings_have_no_smaller_unit() -> None:
    # 2 × 150,001 = 300,002; service fee 12% = 36,000.24 → 36,000; tax 18% of nights = 54,000.36 → 54,000.
    priced = quote(Pricing(Money(150_001, "UGX"), tax_bp=1_800), _first_of_june(2), 1, "flexible")
    assert priced.sum_of("service_fee").decimal() == "36000"
    assert priced.sum_of("occupancy_tax").decimal() == "54000"
    assert priced.total.decimal() == "390002"


@pytest.mark.parametrize(
    ("nightly", "discount", "total"),
    [
        # 7 × 10.010 = 70.070; 5% = 3.5035 → 3.504 (half to even); 66.566 + 12% 7.98792 → 7.988.
        ("10.010", "-3.504", "74.554"),
        # 7 × 10.030 = 70.210; 5% = 3.5105 → 3.510 (half to even); 66.700 + 12% 8.004.
        ("10.030", "-3.510", "74.704"),
    ],
)
def test_dinars_are_counted_in_thousandths(nightly: str, discount: str, total: str) -> None:
    priced = quote(Pricing(Money.parse(nightly, "KWD"), weekly_discount_percent=5), _first_of_june(7), 1, "flexible")
    assert priced.sum_of("weekly_discount").decimal() == discount
    assert priced.total.decimal() == total


@pytest.mark.parametrize(("nightly", "tax"), [("0.10", "0.00"), ("0.30", "0.02"), ("0.50", "0.02"), ("0.70", "0.04")])
def test_half_a_cent_of_tax_goes_to_the_even_cent(nightly: str, tax: str) -> None:
    # 5% of 0.10, 0.30, 0.50, 0.70 is half a cent above 0.00, 0.01, 0.02, 0.03.
    priced = quote(Pricing(usd(nightly), tax_bp=500), _first_of_june(1), 1, "flexible")
    assert priced.sum_of("occupancy_tax") == usd(tax)


def test_overrides_price_their_own_nights_and_the_later_one_wins() -> None:
    # Base 100.00; 2 and 3 June 80.00; then 3 and 4 June 90.00 → 100 + 80 + 90 + 90 = 360.00; + 12% 43.20.
    june = [date(2026, 6, day) for day in range(1, 6)]
    pricing = Pricing(
        usd("100.00"),
        overrides=(
            PriceOverride(june[1], june[3], usd("80.00")),
            PriceOverride(june[2], june[4], usd("90.00")),
        ),
    )
    priced = quote(pricing, _first_of_june(4), 1, "flexible")
    assert [line.amount.decimal() for line in priced.lines if line.night] == ["100.00", "80.00", "90.00", "90.00"]
    assert priced.total == usd("403.20")


def test_an_override_beats_the_weekend_price() -> None:
    friday = date(2026, 6, 12)
    pricing = Pricing(
        usd("100.00"),
        weekend=usd("120.00"),
        overrides=(PriceOverride(friday, friday + timedelta(days=1), usd("95.00")),),
    )
    priced = quote(pricing, STAY, 1, "flexible")
    assert [line.amount.decimal() for line in priced.lines if line.night] == ["100.00", "95.00", "120.00"]


@pytest.mark.parametrize(("guests", "fee"), [(1, "0.00"), (2, "0.00"), (3, "45.00"), (5, "135.00")])
def test_guests_beyond_those_included_pay_each_night(guests: int, fee: str) -> None:
    # 15.00 a night over three nights for each guest after the second.
    assert quote(PRICING, STAY, guests, "flexible").sum_of("extra_guests") == usd(fee)


def test_a_stay_with_nothing_but_nights_shows_nights_and_the_service_fee_only() -> None:
    priced = quote(Pricing(usd("100.00")), _first_of_june(1), 8, "flexible")
    assert [line.kind for line in priced.lines] == ["night", "service_fee"]
    assert priced.total == usd("112.00")
