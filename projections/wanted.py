"""What guests look for: the words of a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from domain.properties import PropertyType, RoomType
from domain.rejections import Rejected
from domain.stays import Stay
from projections.geography import Around, Box
from projections.listing_rows import words_in

Sort = Literal["price", "-price", "rating", "distance", "newest"]
"""`price` is the nightly base price; `rating` begins with the best, `distance` with the nearest to the centre."""

TEXT_LENGTH_MAX: Final = 200
TOTAL_MAX: Final = 10**15
"""The largest total that may be asked for, in minor units."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a guest looks for; None and () mean anything, and whatever is said holds all at once.

    `city`, `country` and `place` are compared without regard to case; a `place` is "a city", "a country" or "a city,
    a country". Each word of `text` must be like one of the title's, description's or amenities'. Of `stays` one must be
    free, within the house rules and bookable at the time of asking; the first that is will be the hit's. Prices and
    totals are in minor units of `currency`, both ends included, and not looked at without one: `price_*` is the nightly
    base price, `total_*` what the hit's stay costs with all fees and taxes. `rating_from` is in hundredths. Sorted by
    price, amounts of different currencies do not compare: one currency comes after the other.
    """

    box: Box | None = None
    around: Around | None = None
    place: str | None = None
    city: str | None = None
    country: str | None = None
    text: str | None = None
    stays: tuple[Stay, ...] = ()
    guests: int = 1
    beds: int | None = None
    bedrooms: int | None = None
    room_types: tuple[RoomType, ...] = ()
    property_types: tuple[PropertyType, ...] = ()
    amenities: tuple[str, ...] = ()
    currency: str | None = None
    price_from: int | None = None
    price_to: int | None = None
    total_from: int | None = None
    total_to: int | None = None
    instant: bool = False
    rating_from: int | None = None
    sort: Sort = "price"


def must_make_sense(wanted: Search) -> None:
    """Refuse what nobody can be looking for. Raises Rejected `search_contradictory`."""
    for name, low, high in (
        ("price", wanted.price_from, wanted.price_to),
        ("total", wanted.total_from, wanted.total_to),
    ):
        if low is not None and high is not None and low > high:
            raise Rejected("search_contradictory", f"The lowest {name} is above the highest.")
    if wanted.currency is None and (wanted.total_from, wanted.total_to) != (None, None):
        raise Rejected("search_contradictory", "Totals are compared in one currency.")
    if not wanted.stays and (wanted.total_from, wanted.total_to) != (None, None):
        raise Rejected("search_contradictory", "What a stay costs depends on its dates.")
    if wanted.sort == "distance" and wanted.around is None:
        raise Rejected("search_contradictory", "Distances are from a centre.")
    if wanted.text is not None and not any(words_in(wanted.text)):
        raise Rejected("search_contradictory", "There is no word in the text.")
