"""One listing as its host would type it in: the body of POST /v1/properties."""

from __future__ import annotations

from random import Random
from typing import Any

from infrastructure.demo import words
from infrastructure.demo.words import Kind, Quarter

Json = dict[str, Any]


def listing(random: Random) -> Json:
    kind = random.choices(words.KINDS, [kind.share for kind in words.KINDS])[0]
    quarter = random.choice(words.QUARTERS)
    bedrooms = random.randint(*kind.bedrooms)
    guests = bedrooms * kind.guests_per_bedroom
    return {
        "title": f"{random.choice(words.ADJECTIVES)} {kind.noun} {random.choice(quarter.near)}",
        "description": " ".join(map(random.choice, (words.INSIDE, words.OUTSIDE, words.PRACTICAL))),
        "property_type": kind.property_type,
        "room_type": kind.room_type,
        "guests": guests,
        "bedrooms": bedrooms,
        "beds": bedrooms + random.randint(0, 1),
        "bathrooms": random.choice((1, 1, 1.5, 2)) if bedrooms > 1 else 1,
        "amenities": _amenities(random, quarter),
        "location": _location(random, quarter),
        **_prices(random, kind, quarter, bedrooms),
        "house_rules": _house_rules(random),
    }


def _amenities(random: Random, quarter: Quarter) -> list[str]:
    some = random.sample(words.AMENITIES, random.randint(4, 12))
    lake = words.ON_THE_LAKE if quarter.name == "Papyrus Shore" else ()
    return [*words.EVERYWHERE, *some, *lake]


def _location(random: Random, quarter: Quarter) -> Json:
    """Within about 400 metres of the quarter's middle."""
    return {
        "address": f"{random.randint(1, 98)} {random.choice(quarter.streets)}, {quarter.name}",
        "city": words.CITY,
        "country": words.COUNTRY,
        "coordinates": {
            "latitude": round(quarter.latitude + random.uniform(-0.0035, 0.0035), 6),
            "longitude": round(quarter.longitude + random.uniform(-0.0035, 0.0035), 6),
        },
        "zone": words.ZONE,
    }


def _prices(random: Random, kind: Kind, quarter: Quarter, bedrooms: int) -> Json:
    """A larger place costs more, though not in proportion; hosts round to thousands."""
    size = 1 + 0.45 * (bedrooms - kind.bedrooms[0])
    nightly = round(kind.price * size * quarter.level / 100 * random.uniform(0.8, 1.25))
    pricing: Json = {}
    if random.random() < 0.6:
        pricing["weekend_price"] = shillings(round(nightly * random.uniform(1.1, 1.3)))
    if random.random() < 0.5:
        pricing["weekly_discount_percent"] = random.choice((5, 8, 10, 12))
        pricing["monthly_discount_percent"] = random.choice((15, 20, 25))
    if kind.room_type == "entire_place":
        pricing["cleaning_fee"] = shillings(random.choice((20, 30, 40, 60)))
        if bedrooms > 1:
            pricing |= {"extra_guest_fee": shillings(random.choice((10, 15, 20))), "guests_included": bedrooms}
    if kind.room_type == "hotel_room" or random.random() < 0.3:
        pricing["tax_basis_points"] = 600
    return {"price_per_night": shillings(nightly), "pricing": pricing}


def _house_rules(random: Random) -> Json:
    return {
        "minimum_nights": random.choice((1, 1, 1, 2, 2, 3)),
        "maximum_nights": random.choice((30, 60, 365)),
        "check_in_time": random.choice(("14:00", "15:00", "16:00")),
        "check_out_time": random.choice(("10:00", "11:00")),
        "advance_notice_days": random.choice((0, 0, 0, 1, 2)),
    }


def shillings(thousands: int) -> Json:
    """Money of the city's currency, which has no smaller coin."""
    return {"amount": f"{thousands}000", "currency": words.CURRENCY}
