"""One row of listings.csv as a listing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from application.imported_listings import Listing
from domain.amenities import normalise
from domain.money import EXPONENTS, Money
from domain.policies import AMENITIES_MAX, RATING_MAX, RATING_MIN, STAY_NIGHTS_MAX
from domain.properties import Details, PropertyType, RoomType
from domain.rejections import Rejected
from domain.scores import Scores
from infrastructure.inside_airbnb.texts import one_line, plain

REQUIRED: Final = (
    "id",
    "last_scraped",
    "host_id",
    "name",
    "latitude",
    "longitude",
    "room_type",
    "accommodates",
)
OPTIONAL: Final = (
    "host_name",
    "description",
    "neighbourhood_cleansed",
    "property_type",
    "bathrooms_text",
    "bathrooms",
    "bedrooms",
    "beds",
    "amenities",
    "price",
    "minimum_nights",
    "maximum_nights",
)
_SCORES: Final = {
    "overall": "review_scores_rating",
    "cleanliness": "review_scores_cleanliness",
    "accuracy": "review_scores_accuracy",
    "check_in": "review_scores_checkin",
    "communication": "review_scores_communication",
    "location": "review_scores_location",
    "value": "review_scores_value",
}
"""Optional too, with number_of_reviews; the files for maps come without them."""

TITLE_MAX: Final = 200
DESCRIPTION_MAX: Final = 5_000
NAME_MAX: Final = 100
AMENITY_MAX: Final = 100 - len("other:")
ROOMS_MAX: Final = 100
BEDS_MAX: Final = 200
"""Nothing comes in that the API would not take from a host."""

_ROOM_TYPES: Final[Mapping[str, RoomType]] = {
    "Entire home/apt": "entire_place",
    "Private room": "private_room",
    "Shared room": "shared_room",
    "Hotel room": "hotel_room",
}
_PROPERTY_TYPES: Final[Mapping[PropertyType, re.Pattern[str]]] = {
    "hotel": re.compile(r"hotel|hostel|resort|ryokan|pension", re.IGNORECASE),
    "guesthouse": re.compile(r"guest ?house|guest suite|bed and breakfast|in-law", re.IGNORECASE),
    "boat": re.compile(r"boat", re.IGNORECASE),
    "cabin": re.compile(r"cabin|chalet|tiny home|\bhut\b|lodge", re.IGNORECASE),
    "apartment": re.compile(r"rental unit|apartment|condo|loft|flat", re.IGNORECASE),
    "house": re.compile(r"home|house|villa|bungalow|cottage|casa", re.IGNORECASE),
}
"""Words of Inside Airbnb's some hundred property types ("Private room in villa"); the first that is found decides."""

_ID: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_PRICE: Final = re.compile(r"\$?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12})(?:\.([0-9]{1,4}))?", re.ASCII)
_BATHS: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9])?)(?: .*)?", re.ASCII)
_HALF_BATH: Final = dict.fromkeys(("half-bath", "private half-bath", "shared half-bath"), Decimal(1))


class RowError(ValueError):
    """This row is no listing; the message says why."""


def listing_id(row: Mapping[str, str]) -> str:
    """The id, as text: it may be beyond 2^53. Raises RowError."""
    return external_id(row, "id")


def parse(row: Mapping[str, str], line: int, currency: str) -> Listing:
    """Read one row; optional columns may be absent from it. Raises RowError."""
    notes: list[str] = []
    host = external_id(row, "host_id")
    latitude, longitude = coordinates(row)
    reviews = reviews_told(row)
    return Listing(
        line=line,
        external_id=listing_id(row),
        host_id=host,
        host_name=_text(row, "host_name", NAME_MAX, notes) or f"Host {host}",
        details=_details(row, notes),
        neighbourhood=_text(row, "neighbourhood_cleansed", NAME_MAX, notes),
        latitude_e6=latitude,
        longitude_e6=longitude,
        nightly=_price(row, currency),
        minimum_nights=_nights(row, "minimum_nights", 1, notes),
        maximum_nights=_nights(row, "maximum_nights", STAY_NIGHTS_MAX, notes),
        scraped=scraped(row),
        reviews=reviews,
        scores=_scores(row, notes) if reviews else None,
        notes=tuple(notes),
    )


def scraped(row: Mapping[str, str]) -> date:
    """The day the row was written down. Raises RowError."""
    try:
        return date.fromisoformat(row["last_scraped"])
    except ValueError:
        raise RowError(f"last_scraped {_quoted(row['last_scraped'])} is not a date") from None


def reviews_told(row: Mapping[str, str]) -> int:
    """How many reviews the row says that there are; none where it says nothing that could be read."""
    return _whole(row.get("number_of_reviews", "")) or 0


def coordinates(row: Mapping[str, str]) -> tuple[int, int]:
    """Latitude and longitude in millionths of a degree. Raises RowError."""
    return _degrees(row, "latitude", 90), _degrees(row, "longitude", 180)


def _details(row: Mapping[str, str], notes: list[str]) -> Details:
    title = _text(row, "name", TITLE_MAX, notes)
    if not title:
        raise RowError("name is blank")
    description, cut = plain(row.get("description", ""), DESCRIPTION_MAX)
    if cut:
        notes.append(f"description cut to {DESCRIPTION_MAX} characters")
    room_type = _ROOM_TYPES.get(row["room_type"])
    if room_type is None:
        raise RowError(f"room_type {_quoted(row['room_type'])} is not one of {', '.join(_ROOM_TYPES)}")
    guests = _whole(row["accommodates"])
    if guests is None:
        raise RowError(f"accommodates {_quoted(row['accommodates'])} is not a number of guests")
    kind = row.get("property_type", "")
    return Details(
        title=title,
        description=description,
        property_type=next((known for known, pattern in _PROPERTY_TYPES.items() if pattern.search(kind)), "other"),
        room_type=room_type,
        guests=guests,
        bedrooms=_optional(row, "bedrooms", ROOMS_MAX, notes),
        beds=_optional(row, "beds", BEDS_MAX, notes),
        bathrooms_halves=_bathrooms(row, notes),
        amenities=_amenities(row.get("amenities", ""), notes),
    )


def _price(row: Mapping[str, str], currency: str) -> Money | None:
    """`$1,234.00`, in whatever the market's currency is; None when blank."""
    text = row.get("price", "").strip()
    if not text:
        return None
    found = _PRICE.fullmatch(text)
    digits = EXPONENTS[currency]
    fraction = (found[2] or "").rstrip("0") if found else ""
    if found is None or len(fraction) > digits:
        raise RowError(f"price {_quoted(text)} is not an amount of {currency}")
    whole = found[1].replace(",", "").lstrip("0") or "0"
    try:
        return Money.parse(f"{whole}.{fraction:0<{digits}}" if digits else whole, currency)
    except Rejected as rejected:
        raise RowError(f"price {_quoted(text)}: {rejected.message}") from rejected


def _nights(row: Mapping[str, str], column: str, default: int, notes: list[str]) -> int:
    text = row.get(column, "").strip()
    if not text:
        return default
    nights = _whole(text)
    if nights is None:
        raise RowError(f"{column} {_quoted(text)} is not a number of nights")
    kept = min(max(nights, 1), STAY_NIGHTS_MAX)
    # That a maximum stands for "any" is the rule in these files, not worth a note.
    if kept != nights and column == "minimum_nights":
        notes.append(f"minimum_nights {nights} became {kept}")
    return kept


def _scores(row: Mapping[str, str], notes: list[str]) -> Scores | None:
    """Averages from 1 to 5 ("4.75"), in hundredths; none at all without the overall one."""
    found = {part: _score(row, column, notes) for part, column in _SCORES.items()}
    overall = found.pop("overall")
    return Scores(overall, **found) if overall is not None else None


def _score(row: Mapping[str, str], column: str, notes: list[str]) -> int | None:
    text = row.get(column, "").strip()
    number = _decimal(text)
    hundredths = int((number * 100).to_integral_value()) if number is not None else 0
    if text and not 100 * RATING_MIN <= hundredths <= 100 * RATING_MAX:
        notes.append(f"{column} {_quoted(text)} left out: not from {RATING_MIN} to {RATING_MAX}")
    return hundredths if 100 * RATING_MIN <= hundredths <= 100 * RATING_MAX else None


def _bathrooms(row: Mapping[str, str], notes: list[str]) -> int | None:
    """Half bathrooms, from "1.5 shared baths", "Half-bath" or a number."""
    text = (row.get("bathrooms_text", "") or row.get("bathrooms", "")).strip()
    if not text:
        return None
    number = _BATHS.fullmatch(text)
    halves = Decimal(number[1]) * 2 if number else _HALF_BATH.get(text.lower())
    if halves is None or halves != int(halves) or halves > 2 * ROOMS_MAX:
        notes.append(f"bathrooms {_quoted(text)} left out: not a number of bathrooms")
        return None
    return int(halves)


def _amenities(text: str, notes: list[str]) -> tuple[str, ...]:
    """Sorted, since the files list the same amenities in another order every time."""
    if not text.strip():
        return ()
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        notes.append("amenities left out: not a JSON array")
        return ()
    words = (one_line(item, AMENITY_MAX)[0] for item in items if isinstance(item, str))
    known = sorted({normalise(word) for word in words if word})
    if len(known) > AMENITIES_MAX:
        notes.append(f"the first {AMENITIES_MAX} of {len(known)} amenities kept")
    return tuple(known[:AMENITIES_MAX])


def _optional(row: Mapping[str, str], column: str, most: int, notes: list[str]) -> int | None:
    text = row.get(column, "").strip()
    number = _whole(text)
    if text and (number is None or number > most):
        notes.append(f"{column} {_quoted(text)} left out: not a number from 0 to {most}")
        return None
    return number


def _text(row: Mapping[str, str], column: str, most: int, notes: list[str]) -> str:
    kept, cut = one_line(row.get(column, ""), most)
    if cut:
        notes.append(f"{column} cut to {most} characters")
    return kept


def external_id(row: Mapping[str, str], column: str) -> str:
    """The other marketplace's id in a column. Raises RowError."""
    text = row[column].strip()
    if not _ID.fullmatch(text):
        raise RowError(f"{column} {_quoted(text)} is not an id")
    return text


def _degrees(row: Mapping[str, str], column: str, most: int) -> int:
    number = _decimal(row[column])
    if number is None or abs(number) > most:
        raise RowError(f"{column} {_quoted(row[column])} is not between -{most} and {most}")
    return int((number * 1_000_000).to_integral_value())


def _whole(text: str) -> int | None:
    """A count such as "2" or "2.0"; at most 1,000,000."""
    number = _decimal(text)
    if number is None or number != number.to_integral_value() or not 0 <= number <= 1_000_000:
        return None
    return int(number)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text) if len(text) <= 40 else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and number.adjusted() < 20 else None


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
