"""A listing as a row: everything that is shown, asked for or priced of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from domain.money import Money
from domain.pricing import PriceOverride, Pricing
from domain.properties import Details, HouseRules, Location, Status

_ANY: Final = HouseRules()


@dataclass(frozen=True, slots=True)
class Listing:
    """A property as it is shown. What its host has not told yet is None; a published one has everything.

    `revision` counts the changes of what is shown, as the domain's Property does. `rating_e2` is the average of
    `ratings` that everybody may read, in hundredths; 0 without any. Of the house rules a row has what a search asks.
    """

    property_id: UUID
    host_id: UUID
    status: Status
    revision: int
    created_at: datetime
    updated_at: datetime
    rules: HouseRules = _ANY
    pricing: Pricing | None = None
    details: Details | None = None
    location: Location | None = None
    photos: tuple[UUID, ...] = ()
    ratings: int = 0
    rating_e2: int = 0

    @property
    def nightly(self) -> Money | None:
        return None if self.pricing is None else self.pricing.nightly


_OWN: Final = ("property_id", "host_id", "status", "revision", "created_at", "updated_at")
_RULES: Final = (
    *("minimum_nights", "maximum_nights", "advance_notice_days"),
    *("cancellation_policy", "booking_mode"),
)
_AMOUNTS: Final = ("nightly", "weekend", "cleaning_fee", "extra_guest_fee")
_NUMBERS: Final = ("weekly_discount_percent", "monthly_discount_percent", "guests_included", "tax_bp")
_OVERRIDES: Final = ("override_firsts", "override_untils", "override_minors")
_PRICING: Final = ("currency", *(f"{amount}_minor" for amount in _AMOUNTS), *_NUMBERS, *_OVERRIDES)
_DETAILS: Final = tuple(field.name for field in fields(Details))
_LOCATION: Final = tuple(field.name for field in fields(Location))
_SHOWN: Final = (*_OWN, *_RULES, *_PRICING, *_DETAILS, *_LOCATION, "photos")
_KEYS: Final = ("city_key", "country_key", "amenity_keys", "words")
_RATED: Final = ("ratings", "rating_e2")

SAVED: Final = (*_SHOWN, *_KEYS)
"""The columns of `row_of`. The calendar's and the ratings' are written by their own files."""

SELECTED: Final = ", ".join((*_SHOWN, *_RATED))
"""The columns of `listing_of`."""

_rules_of: Final = attrgetter(*_RULES)
_numbers_of: Final = attrgetter(*_NUMBERS)


def searched_rules(rules: HouseRules) -> HouseRules:
    """What a row has of the house rules."""
    return HouseRules(**dict(zip(_RULES, _rules_of(rules), strict=True)))


def row_of(listing: Listing) -> tuple[object, ...]:
    details, location = listing.details, listing.location
    return (
        *(getattr(listing, name) for name in _OWN),
        *_rules_of(listing.rules),
        *_priced(listing.pricing),
        *(_listed(astuple(details)) if details else (None,) * len(_DETAILS)),
        *(astuple(location) if location else (None,) * len(_LOCATION)),
        list(listing.photos),
        *((key_of(location.city), key_of(location.country)) if location else (None, None)),
        *((list(map(key_of, details.amenities)), words_of(details)) if details else (None, None)),
    )


def _priced(pricing: Pricing | None) -> tuple[object, ...]:
    if pricing is None:
        return (None,) * len(_PRICING)
    amounts: list[Money | None] = [getattr(pricing, amount) for amount in _AMOUNTS]
    overrides = [(override.first, override.until, override.nightly.minor) for override in pricing.overrides]
    columns = [list(column) for column in zip(*overrides, strict=True)] or [[], [], []]
    return (pricing.currency, *(amount and amount.minor for amount in amounts), *_numbers_of(pricing), *columns)


def _listed(values: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(list(value) if isinstance(value, tuple) else value for value in values)


def listing_of(row: tuple[Any, ...]) -> Listing:
    """The listing whose columns SELECTED names."""
    values = dict(zip((*_SHOWN, *_RATED), row, strict=True))
    taken = {name: {each: values[each] for each in names} for name, names in _PARTS.items()}
    details, location = taken["details"], taken["location"]
    return Listing(
        **taken["own"],
        rules=HouseRules(**taken["rules"]),
        pricing=None if values["currency"] is None else _pricing(values),
        details=None if details["title"] is None else Details(**{**details, "amenities": tuple(details["amenities"])}),
        location=None if location["city"] is None else Location(**location),
        photos=tuple(values["photos"]),
        **taken["rated"],
    )


_PARTS: Final = {"own": _OWN, "rules": _RULES, "details": _DETAILS, "location": _LOCATION, "rated": _RATED}


def _pricing(values: dict[str, Any]) -> Pricing:
    currency = values["currency"]
    minors = {amount: values[f"{amount}_minor"] for amount in _AMOUNTS}
    amounts: dict[str, Any] = {amount: None if m is None else Money(m, currency) for amount, m in minors.items()}
    return Pricing(
        **amounts,
        **{number: values[number] for number in _NUMBERS},
        overrides=tuple(
            PriceOverride(first, until, Money(minor, currency))
            for first, until, minor in zip(*(values[column] for column in _OVERRIDES), strict=True)
        ),
    )


# --- words --------------------------------------------------------------------------------------------------


def key_of(name: str) -> str:
    """One spelling of a name, so that case, width and spacing do not matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def words_in(text: str) -> Iterator[str]:
    """The words of a text in one spelling: case, width and accents do not matter."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return iter(re.findall(r"[^\W_]+", "".join(char for char in plain if not unicodedata.combining(char))))


def words_of(details: Details) -> str:
    """Each word of a listing once, a blank before each."""
    text = " ".join((details.title, details.description, *details.amenities))
    return "".join(f" {word}" for word in sorted(set(words_in(text))))
