"""How PostgreSQL is asked which listings fit: conditions, and squares of the map to look into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from psycopg2.extras import DateRange

from domain.policies import (
    HORIZON_DAYS,
    MONTHLY_NIGHTS,
    NON_REFUNDABLE_DISCOUNT_BP,
    SERVICE_FEE_BP,
    WEEKLY_NIGHTS,
)
from domain.stays import Stay
from projections.geography import CELL_E6, EARTH_RADIUS_M, REGION_E6, SQUARES_MAX, Around, Box
from projections.listing_rows import key_of, words_in
from projections.nights_bitmap import WINDOW_NIGHTS, mask
from projections.wanted import Search

LIKE: Final = 0.4
"""How similar two words must be, by their trigrams: a wrong letter in a word of six is, two are not."""

_NOTICE_MAX: Final = 365
_WEEKEND: Final = (5, 6)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sql:
    """Some SQL, and the values of its placeholders in order."""

    text: str
    values: tuple[object, ...] = ()


PUBLISHED: Final = Sql("status = 'published'")


def all_of(parts: Iterable[Sql]) -> Sql:
    return _joined(parts, " AND ")


def any_of(parts: Iterable[Sql]) -> Sql:
    """In parentheses; of no part it is false."""
    found = list(parts)
    return Sql(f"({_joined(found, ' OR ').text})", _joined(found, " OR ").values) if found else Sql("false")


def _joined(parts: Iterable[Sql], word: str) -> Sql:
    found = list(parts)
    return Sql(word.join(part.text for part in found), tuple(value for part in found for value in part.values))


@dataclass(frozen=True, slots=True)
class Squares:
    """Which of the map's squares may hold what is looked for: numbers of the column `name`."""

    name: str
    numbers: Sequence[int]


def squares(wanted: Search) -> Squares | None:
    """Where to look; None is everywhere."""
    boxes = [wanted.box] if wanted.box is not None else []
    boxes += [wanted.around.box()] if wanted.around is not None and wanted.around.radius_m is not None else []
    if not boxes:
        return None
    smallest = min(boxes, key=lambda box: box.squares(CELL_E6))
    for name, size in (("cell", CELL_E6), ("region", REGION_E6)):
        if smallest.squares(size) <= SQUARES_MAX:
            return Squares(name, smallest.numbers(size))
    return None


def conditions(wanted: Search, now: datetime, *, roughly: bool = False) -> Sql:
    """What a published row of listings must be to fit, dates among it.

    `roughly`, for what is reckoned anyhow: only the bitmap is asked, and nights that it does not know (years after the
    calendar last changed) are taken for free; and the day is everywhere that of UTC.
    """
    parts = [*_places(wanted), *_properties(wanted), *_prices(wanted)]
    if wanted.stays:
        parts.append(any_of(stays_that_fit(wanted, now, roughly=roughly).values()))
    return all_of(parts)


# --- where --------------------------------------------------------------------------------------------------


def _places(wanted: Search) -> Iterable[Sql]:
    if wanted.box is not None:
        yield any_of(map(_inside, wanted.box.parts()))
    if wanted.around is not None and wanted.around.radius_m is not None:
        yield any_of(map(_inside, wanted.around.box().parts()))
        near = distance(wanted.around)
        yield Sql(f"{near.text} <= %s", (*near.values, wanted.around.radius_m))
    if wanted.city is not None:
        yield Sql("city_key = %s", (key_of(wanted.city),))
    if wanted.country is not None:
        yield Sql("country_key = %s", (key_of(wanted.country),))
    if wanted.place is not None:
        yield _named(wanted.place)


def _inside(box: Box) -> Sql:
    return Sql(
        "latitude_e6 BETWEEN %s AND %s AND longitude_e6 BETWEEN %s AND %s",
        (box.south_e6, box.north_e6, box.west_e6, box.east_e6),
    )


def _named(place: str) -> Sql:
    """A city, or a country, or what is before the last comma in what is after it."""
    whole = key_of(place)
    city, comma, country = (key_of(part) for part in place.rpartition(","))
    either = [Sql("city_key = %s", (whole,)), Sql("country_key = %s", (whole,))]
    return any_of([*either, *([Sql("city_key = %s AND country_key = %s", (city, country))] if comma else [])])


def distance(around: Around) -> Sql:
    """Metres from the centre along a great circle of a round earth, as a whole number."""
    return Sql(
        """round(2 * %s * asin(sqrt(least(1,
               power(sin(radians((latitude_e6 - %s) / 2e6::float8)), 2)
               + cos(radians(latitude_e6 / 1e6::float8)) * cos(radians(%s / 1e6::float8))
               * power(sin(radians((longitude_e6 - %s) / 2e6::float8)), 2)))))::integer""",
        (EARTH_RADIUS_M, around.latitude_e6, around.latitude_e6, around.longitude_e6),
    )


# --- what ---------------------------------------------------------------------------------------------------


def _properties(wanted: Search) -> Iterable[Sql]:
    yield Sql("guests >= %s", (wanted.guests,))
    for column, least in (("beds", wanted.beds), ("bedrooms", wanted.bedrooms), ("rating_e2", wanted.rating_from)):
        if least is not None:
            yield Sql(f"{column} >= %s", (least,))
    if wanted.room_types:
        yield Sql("room_type = ANY (%s)", (list(wanted.room_types),))
    if wanted.property_types:
        yield Sql("property_type = ANY (%s)", (list(wanted.property_types),))
    if wanted.amenities:
        yield Sql("amenity_keys @> %s::text[]", (list(map(key_of, wanted.amenities)),))
    if wanted.instant:
        yield Sql("booking_mode = 'instant'")
    if wanted.text is not None:
        yield from map(_said, dict.fromkeys(words_in(wanted.text)))


def _said(word: str) -> Sql:
    """A word that begins like this, or one that is so much like it: see LIKE. (Of letters and digits: no wildcards.)"""
    return Sql("(words LIKE %s OR %s <<%% words)", (f"% {word}%", word))


def _prices(wanted: Search) -> Iterable[Sql]:
    if wanted.currency is None:
        return
    yield Sql("currency = %s", (wanted.currency,))
    if wanted.price_from is not None:
        yield Sql("nightly_minor >= %s", (wanted.price_from,))
    if wanted.price_to is not None:
        yield Sql("nightly_minor <= %s", (wanted.price_to,))


# --- when ---------------------------------------------------------------------------------------------------


def stays_that_fit(wanted: Search, now: datetime, *, roughly: bool = False) -> dict[int, Sql]:
    """By the number of each stay that anybody can book at all: what a row must be for it to fit."""
    bookable, free = (_bookable_in_utc, _free_for_all_we_know) if roughly else (_bookable, _free)
    possible = {number: bookable(stay, now) for number, stay in enumerate(wanted.stays)}
    return {
        number: all_of([*parts, *_rules(stay), free(stay), *_totals(wanted, stay)])
        for number, stay in enumerate(wanted.stays)
        if (parts := possible[number]) is not None
    }


def _rules(stay: Stay) -> Iterable[Sql]:
    yield Sql("minimum_nights <= %s AND maximum_nights >= %s", (stay.nights, stay.nights))


def _bookable(stay: Stay, now: datetime) -> list[Sql] | None:
    """What `domain.requests.must_take` says of a stay's distance from today, which is not everywhere the same day."""
    utc = now.date()
    if stay.check_in < utc - _DAY or (stay.check_out - utc - _DAY).days > HORIZON_DAYS:
        return None
    parts = []
    notice = (stay.check_in - utc - _DAY).days  # wherever it is tomorrow already
    if notice < _NOTICE_MAX:
        today = _today(now)
        parts.append(
            Sql(
                f"(advance_notice_days <= %s OR advance_notice_days <= %s::date - {today.text})",
                (notice, stay.check_in, *today.values),
            )
        )
    if (stay.check_out - utc + _DAY).days > HORIZON_DAYS:
        today = _today(now)
        parts.append(Sql(f"%s::date - {today.text} <= %s", (stay.check_out, *today.values, HORIZON_DAYS)))
    return parts


def _bookable_in_utc(stay: Stay, now: datetime) -> list[Sql] | None:
    ahead = (stay.check_in - now.date()).days
    is_possible = ahead >= 0 and (stay.check_out - now.date()).days <= HORIZON_DAYS
    return [Sql("advance_notice_days <= %s", (ahead,))] if is_possible else None


def _today(now: datetime) -> Sql:
    """The date at the listing. Zones are reckoned here, as the domain does it: servers know others than Python."""
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    ahead, behind = _zones_of_other_days(quarter)
    return Sql(
        "(%s::date + CASE WHEN zone = ANY (%s) THEN 1 WHEN zone = ANY (%s) THEN -1 ELSE 0 END)",
        (now.date(), ahead, behind),
    )


@lru_cache(maxsize=8)
def _zones_of_other_days(now: datetime) -> tuple[list[str], list[str]]:
    """Where it is tomorrow already, and where still yesterday, as UTC has it. Days begin on a quarter."""
    dates = {zone: now.astimezone(ZoneInfo(zone)).date() for zone in available_timezones()}
    today: date = now.date()
    return sorted(z for z, day in dates.items() if day > today), sorted(z for z, day in dates.items() if day < today)


def _free(stay: Stay) -> Sql:
    """The bitmap where it knows, the ranges elsewhere."""
    nights = DateRange(stay.check_in, stay.check_out)
    return _by_bitmap(stay, Sql("NOT unavailable && %s::daterange", (nights,)))


def _free_for_all_we_know(stay: Stay) -> Sql:
    return _by_bitmap(stay, Sql("true"))


def _by_bitmap(stay: Stay, otherwise: Sql) -> Sql:
    bits = mask(stay.check_in, stay.check_out)
    free = " AND ".join(f"{column} & %s::bigint = 0" for column in bits)
    return Sql(
        f"CASE WHEN nights_from BETWEEN %s::date AND %s::date THEN {free} ELSE {otherwise.text} END",
        (
            *(stay.check_out - timedelta(days=WINDOW_NIGHTS), stay.check_in),
            *map(str, bits.values()),
            *otherwise.values,
        ),
    )


def _totals(wanted: Search, stay: Stay) -> Iterable[Sql]:
    """What the stay costs in the end, as `domain.pricing.quote` has it."""
    if wanted.total_from is None and wanted.total_to is None:
        return
    total = stay_total(stay, wanted.guests)
    low, high = wanted.total_from or 0, wanted.total_to
    bound = Sql("BETWEEN %s AND %s", (low, high)) if high is not None else Sql(">= %s", (low,))
    yield Sql(f"{total.text} {bound.text}", (*total.values, *bound.values))


def stay_total(stay: Stay, guests: int) -> Sql:
    """The total of `domain.pricing.quote` in minor units."""
    weekend_nights = sum(night.isoweekday() in _WEEKEND for night in stay.dates())
    if stay.nights >= MONTHLY_NIGHTS:
        discount = """CASE WHEN monthly_discount_percent > 0 THEN monthly_discount_percent
                           ELSE weekly_discount_percent END"""
    else:
        discount = "weekly_discount_percent" if stay.nights >= WEEKLY_NIGHTS else "0"
    return Sql(
        f"""stay_total(
                nights_price(%s, %s, %s, nightly_minor, weekend_minor,
                             override_firsts, override_untils, override_minors),
                {discount},
                CASE cancellation_policy WHEN 'non_refundable' THEN %s ELSE 0 END,
                coalesce(extra_guest_fee_minor, 0) * greatest(%s - guests_included, 0) * %s,
                coalesce(cleaning_fee_minor, 0), %s, tax_bp)""",
        (
            *(stay.check_in, stay.check_out, weekend_nights, NON_REFUNDABLE_DISCOUNT_BP),
            *(guests, stay.nights, SERVICE_FEE_BP),
        ),
    )
