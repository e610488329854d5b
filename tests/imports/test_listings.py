"""One row of listings.csv at a time, with every trap that real files hold."""

from __future__ import annotations

import json
from datetime import date

import pytest

from application.imported_listings import Listing
from domain.money import Money
from domain.properties import Details
from infrastructure.inside_airbnb import listings
from infrastructure.inside_airbnb.listings import RowError
from tests.imports.city import listing


def parse(currency: str = "USD", **differing: str) -> Listing:
    return listings.parse({**listing("7", last_scraped="2025-01-10"), **differing}, 2, currency)


def test_a_usual_row_is_read_as_it_stands() -> None:
    found = parse()
    assert found.details == Details(
        title="A room",
        description="",
        property_type="house",
        room_type="private_room",
        guests=2,
        bedrooms=1,
        beds=1,
        bathrooms_halves=2,
        amenities=("kitchen", "wifi"),
    )
    assert (found.latitude_e6, found.longitude_e6) == (42_657_890, -73_753_700)
    assert (found.nightly, found.minimum_nights, found.maximum_nights) == (Money(8000, "USD"), 1, 365)
    assert (found.scraped, found.notes) == (date(2025, 1, 10), ())


def test_ids_beyond_two_to_the_53_keep_every_digit() -> None:
    found = parse(id="9007199254740993", host_id="18446744073709551615")
    assert (found.external_id, found.host_id) == ("9007199254740993", "18446744073709551615")


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [
        ("USD", "$70.00", 7000),
        ("USD", "$1,234.00", 123_400),
        ("USD", "$12,345,678.90", 1_234_567_890),
        ("USD", "0070.5", 7050),
        ("USD", "70", 7000),
        ("JPY", "$12,000.00", 12_000),
        ("KWD", "$1.50", 1500),
    ],
)
def test_prices_are_exact_in_the_markets_currency(currency: str, written: str, minor: int) -> None:
    assert parse(currency, price=written).nightly == Money(minor, currency)


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_price_is_none(blank: str) -> None:
    assert parse(price=blank).nightly is None


@pytest.mark.parametrize(
    ("differing", "reason"),
    [
        ({"id": ""}, "id '' is not an id"),
        ({"id": "12e3"}, "id '12e3' is not an id"),
        ({"host_id": "Ada"}, "host_id 'Ada' is not an id"),
        ({"last_scraped": "yesterday"}, "last_scraped 'yesterday' is not a date"),
        ({"name": " <br/> "}, "name is blank"),
        ({"latitude": ""}, "latitude '' is not between -90 and 90"),
        ({"latitude": "90.000001"}, "latitude '90.000001' is not between -90 and 90"),
        ({"longitude": "NaN"}, "longitude 'NaN' is not between -180 and 180"),
        ({"longitude": "1e99999999"}, "longitude '1e99999999' is not between -180 and 180"),
        ({"accommodates": "two"}, "accommodates 'two' is not a number of guests"),
        ({"accommodates": "2.5"}, "accommodates '2.5' is not a number of guests"),
        ({"price": "$-5.00"}, "price '$-5.00' is not an amount of USD"),
        ({"price": "$1,23.00"}, "price '$1,23.00' is not an amount of USD"),
        ({"price": "$1.005"}, "price '$1.005' is not an amount of USD"),
        ({"price": "1e3"}, "price '1e3' is not an amount of USD"),
        ({"minimum_nights": "some"}, "minimum_nights 'some' is not a number of nights"),
        (
            {"room_type": "Igloo"},
            "room_type 'Igloo' is not one of Entire home/apt, Private room, Shared room, Hotel room",
        ),
    ],
)
def test_a_row_that_makes_no_sense_says_why(differing: dict[str, str], reason: str) -> None:
    with pytest.raises(RowError) as error:
        parse(**differing)
    assert str(error.value) == reason


def test_coordinates_of_many_digits_and_with_exponents_are_rounded_to_six() -> None:
    found = parse(latitude="52.364070000000005", longitude="-5e-05")
    assert (found.latitude_e6, found.longitude_e6) == (52_364_070, -50)


@pytest.mark.parametrize(
    ("text", "halves"),
    [
        ("1.5 baths", 3),
        ("1.5 shared baths", 3),
        ("0 shared baths", 0),
        ("Half-bath", 1),
        ("Shared half-bath", 1),
        ("12 baths", 24),
        ("2.0", 4),
    ],
)
def test_bathrooms_are_counted_in_halves(text: str, halves: int | None) -> None:
    found = parse(bathrooms_text=text)
    assert (found.details.bathrooms_halves, found.notes) == (halves, ())


def test_the_older_column_of_bathrooms_counts_where_the_newer_is_blank() -> None:
    assert parse(bathrooms_text="", bathrooms="1.5").details.bathrooms_halves == 3
    assert parse(bathrooms_text="", bathrooms="").details.bathrooms_halves is None


def test_what_is_optional_and_makes_no_sense_is_left_out_with_a_note() -> None:
    found = parse(bathrooms_text="1.3 baths", bedrooms="many", beds="201", amenities="{not json", minimum_nights="1000")
    details = found.details
    assert (details.bathrooms_halves, details.bedrooms, details.beds, details.amenities) == (None, None, None, ())
    assert found.minimum_nights == 365
    assert found.notes == (
        "bedrooms 'many' left out: not a number from 0 to 100",
        "beds '201' left out: not a number from 0 to 200",
        "bathrooms '1.3 baths' left out: not a number of bathrooms",
        "amenities left out: not a JSON array",
        "minimum_nights 1000 became 365",
    )


def test_counts_written_as_floats_are_whole_numbers() -> None:
    assert parse(bedrooms="2.0", accommodates="4.0").details.bedrooms == 2


def test_amenities_are_words_of_the_vocabulary_sorted_and_once() -> None:
    found = parse(amenities='["Wifi", "Free parking on premises", "wifi", "TV", 5, "", "\\ud83d"]')
    assert found.details.amenities == ("other:Free parking on premises", "tv", "wifi")


def test_too_many_and_too_long_amenities_are_bounded() -> None:
    found = parse(amenities=json.dumps([f"{n:03}{'x' * 200}" for n in range(300)]))
    assert len(found.details.amenities) == 200
    assert {len(word) for word in found.details.amenities} == {100}
    assert found.notes == ("the first 200 of 300 amenities kept",)


@pytest.mark.parametrize("nested", ["[" * 50_000, '[["wifi"]]', '{"wifi": true}', '"wifi"'])
def test_amenities_of_another_shape_give_none(nested: str) -> None:
    assert parse(amenities=nested).details.amenities == ()


def test_long_texts_are_cut_with_a_note() -> None:
    found = parse(name="n" * 201, description="d" * 5001)
    assert (len(found.details.title), len(found.details.description)) == (200, 5000)
    assert found.notes == ("name cut to 200 characters", "description cut to 5000 characters")


def test_optional_columns_may_be_absent() -> None:
    row = {name: text for name, text in listing("7", last_scraped="2025-01-10").items() if name in listings.REQUIRED}
    found = listings.parse(row, 2, "USD")
    assert (found.nightly, found.host_name, found.neighbourhood) == (None, "Host 11", "")
    assert (found.minimum_nights, found.maximum_nights, found.details.amenities) == (1, 365, ())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Entire rental unit", "apartment"),
        ("Private room in villa", "house"),
        ("Room in aparthotel", "hotel"),
        ("Private room in bed and breakfast", "guesthouse"),
        ("Houseboat", "boat"),
        ("Tiny home", "cabin"),
        ("Entire vacation home", "house"),
        ("Cave", "other"),
    ],
)
def test_property_types_are_told_by_their_words(text: str, kind: str) -> None:
    assert parse(property_type=text).details.property_type == kind
