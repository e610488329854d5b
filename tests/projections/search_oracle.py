"""Listings and searches drawn at random, and what a plain loop over them finds: slow, and unlike the real thing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from hypothesis import strategies as st

from domain.bookings import BookingCancelled, BookingExpired, BookingHeld, BookingReinstated
from domain.events import Fact
from domain.flexible_stays import around, in_month, weekends_in
from domain.money import Money
from domain.pricing import PriceOverride, Pricing, quote
from domain.properties import (
    Block,
    Details,
    HouseRules,
    Location,
    NightsBlocked,
    NightsUnblocked,
    Property,
    PropertyCreated,
    PropertyDetailsChanged,
    PropertyHouseRulesChanged,
    PropertyLocationChanged,
    PropertyPricingChanged,
    PropertyPublished,
    PropertyUnpublished,
)
from domain.rejections import Rejected
from domain.requests import must_take
from domain.reviews import Ratings, ReviewRemoved, ReviewRevealed, ReviewSubmitted
from domain.stays import Stay
from projections.geography import Around, Box
from projections.wanted import Search, Sort
from tests.support.examples import GUEST, HELD, HOST, NO_REFUND, PAYMENT
from tests.support.tales import Tale

Fate = str
LONGITUDES = (-180_000_000, -179_999_990, -5, 100_005, 180_000_000)
LATITUDES = (-90_000_000, -10, 0, 60_010, 90_000_000)
ZONES = ("America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC")
OFFSETS = (0, 3, 6, 9, 12, 700, 725, 762, 766, 768, 771, 774, -768, -765)
"""Days from the base on which somebody may have nights: where a window of 768 ends, and where it would begin anew."""

NOWS = (timedelta(hours=12), timedelta(hours=1), timedelta(hours=23), timedelta(days=40), timedelta(days=742))
TITLES = ("Quiet cabin", "Cosy Apartment", "Villa Río", "Garden house by the river")
TEXTS = ("cabin", "cabni", "apartmnt", "RIO", "gardn hous", "rivers", "quiet wifi", "lake", "ca")
AMENITIES = ("Wifi", "Pool", "Fire pit")
SORTS: tuple[Sort, ...] = ("price", "-price", "rating", "newest", "distance")


@dataclass(frozen=True)
class Place:
    """A listing as the oracle knows it. `taken` are nights that somebody has, `stars` what reviews count."""

    number: int
    details: Details
    location: Location
    pricing: Pricing
    rules: HouseRules
    taken: frozenset[date]
    claims: tuple[tuple[UUID, Fact], ...]
    stars: tuple[int, ...]
    reviews: tuple[tuple[UUID, Fact], ...]
    published: bool

    @property
    def id(self) -> UUID:
        return UUID(int=self.number)

    @property
    def rating_e2(self) -> int:
        """Rounded half up."""
        return math.floor(100 * sum(self.stars) / len(self.stars) + 0.5) if self.stars else 0

    def tell(self, tale: Tale) -> None:
        tale.tell(
            self.id,
            PropertyCreated(HOST),
            PropertyDetailsChanged(self.details),
            PropertyLocationChanged(self.location),
            PropertyPricingChanged(self.pricing),
            PropertyHouseRulesChanged(self.rules),
            PropertyPublished(),
            *([] if self.published else [PropertyUnpublished()]),
        )
        for stream_id, fact in (*self.claims, *self.reviews):
            tale.tell(stream_id, fact)


@dataclass(frozen=True)
class Expected:
    """A hit, as the oracle has it."""

    place: Place
    stay: Stay | None
    total: Money | None
    distance_m: int | None


# --- what there is ------------------------------------------------------------------------------------------


def dates(first: date, until: date) -> frozenset[date]:
    return frozenset(first + timedelta(days=n) for n in range((until - first).days))


Told = tuple[UUID, Fact]


def _claim(
    base: date, listing: int, number: int, nights: tuple[int, int], fate: Fate
) -> tuple[list[Told], frozenset[date]]:
    """A booking or a block that comes and perhaps goes: what is told of it, and which nights it has in the end."""
    claim_id, property_id = UUID(int=listing * 1000 + number + 1), UUID(int=listing)
    begin = base + timedelta(days=nights[0])
    end = begin + timedelta(days=nights[1])
    if fate in ("blocked", "unblocked"):
        told: list[tuple[UUID, Fact]] = [(property_id, NightsBlocked((Block(claim_id, begin, end),)))]
        if fate == "unblocked":
            told.append((property_id, NightsUnblocked((claim_id,))))
        return told, dates(begin, end) if fate == "blocked" else frozenset()
    held: BookingHeld = replace(HELD, property_id=property_id, quote=replace(HELD.quote, stay=Stay(begin, end)))
    after: dict[str, list[Fact]] = {
        "held": [],
        "expired": [BookingExpired()],
        "reinstated": [BookingExpired(), BookingReinstated(PAYMENT)],
        "cancelled": [BookingCancelled("guest", NO_REFUND)],
    }
    has = fate in ("held", "reinstated")
    return [(claim_id, fact) for fact in [held, *after[fate]]], dates(begin, end) if has else frozenset()


def _review(listing: int, number: int, stars: int, fate: Fate) -> list[tuple[UUID, Fact]]:
    review_id = UUID(int=listing * 1000 + 500 + number)
    at = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
    written = ReviewSubmitted(UUID(int=1), UUID(int=listing), "guest", GUEST, HOST, Ratings(stars), "", at, at)
    after: dict[str, list[Fact]] = {
        "sealed": [],
        "revealed": [ReviewRevealed("guest")],
        "removed": [ReviewRevealed("guest"), ReviewRemoved()],
        "removed while sealed": [ReviewRemoved()],
    }
    return [(review_id, fact) for fact in [written, *after[fate]]]


_REVIEW_FATES = ("sealed", "revealed", "revealed", "removed", "removed while sealed")
_FATES = ("blocked", "unblocked", "held", "expired", "reinstated", "cancelled")


@st.composite
def pricings(draw: st.DrawFn, base: date) -> Pricing:
    currency = draw(st.sampled_from(["EUR", "EUR", "UGX"]))

    def money(*amounts: int) -> Money:
        return Money(draw(st.sampled_from(amounts)), currency)

    overrides = draw(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 9)), max_size=2))
    return Pricing(
        money(10_000, 10_000, 20_001, 30_300),
        weekend=draw(st.sampled_from([None, money(12_345)])),
        overrides=tuple(
            PriceOverride(base + timedelta(days=first), base + timedelta(days=first + nights), money(7_777, 55_555))
            for first, nights in overrides
        ),
        weekly_discount_percent=draw(st.sampled_from([0, 0, 7, 100])),
        monthly_discount_percent=draw(st.sampled_from([0, 13])),
        cleaning_fee=draw(st.sampled_from([None, money(0, 3_333)])),
        extra_guest_fee=draw(st.sampled_from([None, money(505)])),
        guests_included=draw(st.integers(1, 2)),
        tax_bp=draw(st.sampled_from([0, 875, 1_250])),
    )


@st.composite
def places(draw: st.DrawFn, base: date, country: str = "US", most: int = 9) -> list[Place]:
    return [_place(draw, base, country, number) for number in range(1, draw(st.integers(1, most)) + 1)]


def _place(draw: st.DrawFn, base: date, country: str, number: int) -> Place:
    told, taken = list[tuple[UUID, Fact]](), frozenset[date]()
    claim = st.tuples(st.sampled_from(OFFSETS), st.integers(1, 4), st.sampled_from(_FATES))
    for n, (first, count, fate) in enumerate(draw(st.lists(claim, max_size=4))):
        facts, has = _claim(base, number, n, (first, count), fate)
        told += facts
        taken |= has
    reviewed = draw(
        st.lists(
            st.tuples(
                st.integers(1, 5),
                st.sampled_from(_REVIEW_FATES),
            ),
            max_size=3,
        )
    )
    return Place(
        number=number,
        details=Details(
            draw(st.sampled_from(TITLES)),
            property_type=draw(st.sampled_from(["cabin", "apartment"])),
            room_type=draw(st.sampled_from(["entire_place", "private_room"])),
            guests=draw(st.integers(1, 3)),
            bedrooms=draw(st.sampled_from([None, 0, 2])),
            beds=draw(st.sampled_from([None, 1, 3])),
            amenities=tuple(draw(st.lists(st.sampled_from(AMENITIES), max_size=3, unique=True))),
        ),
        location=Location(
            "1 Street",
            draw(st.sampled_from(["Albany", "albany", "Troy"])),
            country,
            draw(st.sampled_from(LATITUDES)),
            draw(st.sampled_from(LONGITUDES)),
            draw(st.sampled_from(ZONES)),
        ),
        pricing=draw(pricings(base)),
        rules=HouseRules(
            draw(st.integers(1, 2)),
            draw(st.sampled_from([3, 365, 365])),
            time(15),
            time(11),
            draw(st.sampled_from([0, 0, 1, 2, 30])),
            draw(st.sampled_from(["flexible", "non_refundable"])),
            draw(st.sampled_from(["instant", "request"])),
        ),
        taken=taken,
        claims=tuple(told),
        stars=tuple(stars for stars, fate in reviewed if fate == "revealed"),
        reviews=tuple(fact for n, (stars, fate) in enumerate(reviewed) for fact in _review(number, n, stars, fate)),
        published=draw(st.sampled_from([True, True, True, True, False])),
    )


# --- what is asked ------------------------------------------------------------------------------------------


@st.composite
def stays(draw: st.DrawFn, base: date) -> tuple[Stay, ...]:
    first = base + timedelta(days=draw(st.sampled_from(OFFSETS[:12])) + draw(st.integers(-1, 2)))
    stay = Stay(first, first + timedelta(days=draw(st.sampled_from([1, 2, 3, 7, 28]))))
    match draw(st.sampled_from(["none", "exact", "exact", "around", "month", "weekend"])):
        case "none":
            return ()
        case "exact":
            return (stay,)
        case "around":
            return around(stay, draw(st.integers(1, 3)))
        case "month":
            return in_month(stay.check_in.replace(day=1), draw(st.sampled_from([2, 5, 28])))
        case _:
            return weekends_in(stay.check_in.replace(day=1))


@st.composite
def questions(draw: st.DrawFn, base: date) -> Search:
    """A few filters at a time: with all of them nothing is ever found."""

    def perhaps(strategy: st.SearchStrategy[object]) -> object:
        return draw(strategy) if draw(st.integers(0, 4)) == 0 else None

    def span(*bounds: int) -> tuple[int | None, int | None]:
        low, high = draw(st.sampled_from([None, *bounds])), draw(st.sampled_from([None, *bounds]))
        return (low, high) if low is None or high is None or low <= high else (high, low)

    wanted = draw(stays(base))
    currency = draw(st.sampled_from([None, None, "EUR", "UGX"]))
    price = span(10_000, 20_001) if currency else (None, None)
    total = span(20_000, 34_000, 70_000) if currency and wanted else (None, None)
    centre = Around(draw(st.sampled_from(LATITUDES)), draw(st.sampled_from(LONGITUDES)))
    edges = [st.sampled_from(each) for each in (LATITUDES[:3], LONGITUDES, LATITUDES[2:], LONGITUDES)]
    circles = [centre, *(replace(centre, radius_m=metres) for metres in (1, 500, 20_000, 3_000_000))]
    given: dict[str, object] = {
        "box": perhaps(st.builds(Box, *edges)),
        "around": perhaps(st.sampled_from(circles)),
        "place": perhaps(st.sampled_from(["TROY", "us", "troy, US", "Albany, CA"])),
        "city": perhaps(st.sampled_from(["ALBANY", "Troy"])),
        "text": perhaps(st.sampled_from(TEXTS)),
        "beds": perhaps(st.sampled_from([0, 1, 2])),
        "bedrooms": perhaps(st.sampled_from([0, 2])),
        "rating_from": perhaps(st.sampled_from([100, 350, 500])),
    }
    return Search(
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
        stays=wanted,
        guests=draw(st.sampled_from([1, 1, 2, 3])),
        room_types=draw(st.sampled_from([(), (), (), ("private_room",), ("entire_place", "private_room")])),
        property_types=draw(st.sampled_from([(), (), (), ("cabin",)])),
        amenities=draw(st.sampled_from([(), (), (), ("wifi",), ("POOL", "Fire  pit")])),
        currency=currency,
        price_from=price[0],
        price_to=price[1],
        total_from=total[0],
        total_to=total[1],
        instant=draw(st.sampled_from([False, False, False, True])),
    )


# --- what is found ------------------------------------------------------------------------------------------


def expected(there: list[Place], wanted: Search, now: datetime) -> list[Expected]:
    found = [hit for place in there for hit in _hit(place, wanted, now)]
    return sorted(found, key=_ORDERS[wanted.sort], reverse=wanted.sort in ("-price", "rating", "newest"))


_ORDERS: dict[Sort, Callable[[Expected], tuple[object, ...]]] = {
    "price": lambda hit: (hit.place.pricing.currency, hit.place.pricing.nightly.minor, hit.place.number),
    "-price": lambda hit: (hit.place.pricing.currency, hit.place.pricing.nightly.minor, hit.place.number),
    "rating": lambda hit: (hit.place.rating_e2, len(hit.place.stars), hit.place.number),
    "newest": lambda hit: (hit.place.number,),  # they were made in the order of their numbers
    "distance": lambda hit: (hit.distance_m, hit.place.number),
}


def _hit(place: Place, wanted: Search, now: datetime) -> list[Expected]:
    metres = None if wanted.around is None else _metres(wanted.around, place.location)
    if not (place.published and _is_there(place, wanted, metres) and _is_so(place, wanted)):
        return []
    if not wanted.stays:
        return [Expected(place, None, None, metres)]
    for stay in wanted.stays:
        total = _price(place, stay, wanted, now)
        if total is not None:
            return [Expected(place, stay, total, metres)]
    return []


def _is_there(place: Place, wanted: Search, metres: int | None) -> bool:
    box, where = wanted.box, place.location
    if box is not None:
        between = box.west_e6 <= where.longitude_e6 <= box.east_e6
        outside = where.longitude_e6 >= box.west_e6 or where.longitude_e6 <= box.east_e6
        across = between if box.west_e6 <= box.east_e6 else outside
        if not (box.south_e6 <= where.latitude_e6 <= box.north_e6 and across):
            return False
    if wanted.around is not None and wanted.around.radius_m is not None:
        assert metres is not None
        if metres > wanted.around.radius_m:
            return False
    names = {where.city.lower(), where.country.lower(), f"{where.city}, {where.country}".lower()}
    return (
        (wanted.place is None or wanted.place.lower() in names)
        and (wanted.city is None or wanted.city.lower() == where.city.lower())
        and (wanted.country is None or wanted.country.lower() == where.country.lower())
    )


def _metres(centre: Around, where: Location) -> int:
    """By vectors: the real one takes haversines."""

    def vector(latitude_e6: int, longitude_e6: int) -> tuple[float, float, float]:
        latitude, longitude = math.radians(latitude_e6 / 1e6), math.radians(longitude_e6 / 1e6)
        return math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)

    one, other = vector(centre.latitude_e6, centre.longitude_e6), vector(where.latitude_e6, where.longitude_e6)
    return round(2 * 6_371_009 * math.asin(min(1.0, math.dist(one, other) / 2)))


def _is_so(place: Place, wanted: Search) -> bool:
    details = place.details
    has = {amenity.lower() for amenity in details.amenities}
    price = place.pricing.nightly
    return (
        details.guests >= wanted.guests
        and (wanted.beds is None or (details.beds is not None and details.beds >= wanted.beds))
        and (wanted.bedrooms is None or (details.bedrooms is not None and details.bedrooms >= wanted.bedrooms))
        and (not wanted.room_types or details.room_type in wanted.room_types)
        and (not wanted.property_types or details.property_type in wanted.property_types)
        and {" ".join(amenity.lower().split()) for amenity in wanted.amenities} <= has
        and (not wanted.instant or place.rules.booking_mode == "instant")
        and (wanted.rating_from is None or place.rating_e2 >= wanted.rating_from)
        and (wanted.text is None or all(_is_said(word, details) for word in wanted.text.lower().split()))
        and (wanted.currency is None or wanted.currency == price.currency)
        and (wanted.price_from is None or price.minor >= wanted.price_from)
        and (wanted.price_to is None or price.minor <= wanted.price_to)
    )


def _is_said(word: str, details: Details) -> bool:
    said = " ".join((details.title, details.description, *details.amenities)).lower().replace("í", "i")
    words = sorted(set(said.split()))
    runs = [words[i:j] for i in range(len(words)) for j in range(i + 1, len(words) + 1)]
    return any(each.startswith(word) for each in words) or any(_likeness([word], run) >= 0.4 for run in runs)


def _likeness(one: list[str], other: list[str]) -> float:
    a, b = _trigrams(one), _trigrams(other)
    return len(a & b) / len(a | b)


def _trigrams(words: list[str]) -> set[str]:
    padded = [f"  {word} " for word in words]
    return {word[i : i + 3] for word in padded for i in range(len(word) - 2)}


def _price(place: Place, stay: Stay, wanted: Search, now: datetime) -> Money | None:
    """What somebody would be quoted who asks for this stay, if it can be booked at all and suits."""
    offered = Property(HOST, "published", None, place.details, place.location, place.pricing, place.rules)
    try:
        must_take(offered, stay, wanted.guests, now)
    except Rejected:
        return None
    total = quote(place.pricing, stay, wanted.guests, place.rules.cancellation_policy).total
    is_within = (wanted.total_from or 0) <= total.minor <= (wanted.total_to or total.minor)
    return total if is_within and not place.taken & set(stay.dates()) else None


def counted(hits: list[Expected]) -> tuple[Counter[str], Counter[str]]:
    """By kind of room, and by amenity."""
    rooms = Counter[str](hit.place.details.room_type for hit in hits)
    return rooms, Counter(amenity.lower() for hit in hits for amenity in hit.place.details.amenities)
