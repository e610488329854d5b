"""Fields with one spelling per value: whatever else is written is refused, not guessed at.

`openapi` of each says in JSON Schema exactly what is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final, Literal, get_args
from uuid import UUID

import langcodes
import phonenumbers
from marshmallow import Schema, ValidationError, fields, validate

from domain.money import EXPONENTS, Money
from domain.policies import MINOR_MAX
from domain.rejections import Rejected

FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)


class Strict(Schema):
    """Refuses fields that it does not know, and those that only the server writes. JSON keeps the fields' order."""

    class Meta:
        unknown = "raise"

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """What is shown is a dict or one of our values and has no dotted paths: nothing to be tried in turn."""
        return obj.get(attr, default) if isinstance(obj, dict) else getattr(obj, attr, default)


class NothingSchema(Strict):
    """No field at all: the body may be left out."""


class Documented(fields.Field[Any]):
    """A field that says itself what it is in JSON Schema, and how it is read and written."""

    openapi: Mapping[str, Any]

    def read(self, value: Any) -> Any:
        """What the JSON value means. Raises ValidationError."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """The value in JSON."""
        return value

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return self.read(value)

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return None if value is None else self.write(value)


class Text(fields.String):
    """Text of bounded length that a database can store: no NUL."""

    def __init__(self, maximum: int, minimum: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=minimum, max=maximum), **kwargs)

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(*args, **kwargs)
        if "\x00" in text:
            raise ValidationError("NUL is not text.")
        return text


class Choice(fields.String):
    """One word of a Literal type, or of a table."""

    def __init__(self, words: Any, **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(get_args(words) or sorted(words)), **kwargs)


class Count(fields.Integer):
    """A whole number in a range; `5.0`, `"5"` and `true` are none."""

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(minimum, maximum), **kwargs)


class NumberText(fields.Integer):
    """A whole number in a query string."""

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(validate=[validate.Range(minimum, maximum)], **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if not re.fullmatch(r"-?[0-9]{1,12}", str(value), re.ASCII):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, *args, **kwargs)


class Flag(Documented):
    """`true` or `false`, nothing that looks like it."""

    openapi: Mapping[str, Any] = {"type": "boolean"}

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Not true or false.")
        return value


class FlagText(Flag):
    """`true` or `false` in a query string."""

    def read(self, value: Any) -> bool:
        return super().read({"true": True, "false": False}.get(value))


class Id(Documented):
    """A UUID in its usual spelling."""

    openapi: Mapping[str, Any] = {"type": "string", "format": "uuid"}
    _SPELLING: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)

    def write(self, value: UUID) -> str:
        return str(value)

    def read(self, value: Any) -> UUID:
        if not isinstance(value, str) or not self._SPELLING.fullmatch(value):
            raise ValidationError("Not a UUID.")
        return UUID(value)


class Day(Documented):
    """A calendar date, YYYY-MM-DD, of this century or the next."""

    openapi: Mapping[str, Any] = {"type": "string", "format": "date"}
    _SPELLING: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

    def write(self, value: date) -> str:
        return value.isoformat()

    def read(self, value: Any) -> date:
        if not isinstance(value, str) or not self._SPELLING.fullmatch(value):
            raise ValidationError("Not a date like 2026-06-11.")
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            raise ValidationError("There is no such date.") from error
        if not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(f"Not from {FIRST_DAY} to {LAST_DAY}.")
        return day


class Month(Day):
    """A month of the calendar, YYYY-MM: its first day."""

    openapi: Mapping[str, Any] = {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$", "examples": ["2027-03"]}

    def write(self, value: date) -> str:
        return f"{value:%Y-%m}"

    def read(self, value: Any) -> date:
        return super().read(f"{value}-01")


class WallClock(Documented):
    """A local time of day, HH:MM."""

    openapi: Mapping[str, Any] = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
    _SPELLING: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)

    def write(self, value: time) -> str:
        return f"{value:%H:%M}"

    def read(self, value: Any) -> time:
        if not isinstance(value, str) or not self._SPELLING.fullmatch(value):
            raise ValidationError("Not a time like 15:00.")
        return time.fromisoformat(value)


class Instant(Documented):
    """An instant in UTC, as RFC 3339 writes it; read with any offset."""

    openapi: Mapping[str, Any] = {"type": "string", "format": "date-time"}
    _SPELLING: Final = re.compile(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
    )

    def write(self, value: datetime) -> str:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def read(self, value: Any) -> datetime:
        if not isinstance(value, str) or not self._SPELLING.fullmatch(value):
            raise ValidationError("Not an instant like 2026-06-11T15:00:00Z.")
        try:
            instant = datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError("There is no such instant.") from error
        if not FIRST_DAY <= instant.date() <= LAST_DAY:
            raise ValidationError(f"Not from {FIRST_DAY} to {LAST_DAY}.")
        return instant


class MoneyField(Documented):
    """`{"amount": "129.50", "currency": "USD"}`: a decimal string with exactly the currency's digits.

    Read amounts are prices and fees: from `minimum` to 10^9 minor units.
    """

    openapi: Mapping[str, Any] = {"$ref": "#/components/schemas/Money"}

    def __init__(self, minimum: Literal[0, 1] = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.minimum = minimum

    def write(self, value: Money) -> dict[str, str]:
        return {"amount": value.decimal(), "currency": value.currency}

    def read(self, value: Any) -> Money:
        if not isinstance(value, dict) or value.keys() != {"amount", "currency"}:
            raise ValidationError('Not money like {"amount": "129.50", "currency": "USD"}.')
        if not all(isinstance(part, str) for part in value.values()):
            raise ValidationError("Amount and currency are strings.")
        try:
            money = Money.parse(value["amount"], value["currency"])
        except Rejected as rejected:
            raise ValidationError(rejected.message) from rejected
        if not self.minimum <= money.minor <= MINOR_MAX:
            least, most = Money(self.minimum, money.currency), Money(MINOR_MAX, money.currency)
            raise ValidationError(f"Not from {least} to {most}.")
        return money


MONEY_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "An amount as a decimal string that has exactly the currency's digits (ISO 4217), never a float.",
    "properties": {
        "amount": {"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{2,3})?$"},
        "currency": {"type": "string", "enum": sorted(EXPONENTS)},
    },
    "required": ["amount", "currency"],
    "additionalProperties": False,
    "examples": [{"amount": "129.50", "currency": "USD"}, {"amount": "5000", "currency": "UGX"}],
}


class Scaled(Documented):
    """A JSON number that is kept as a whole number of 1/`per_unit`; finer digits are rounded half to even."""

    def __init__(self, per_unit: int, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.per_unit = per_unit
        self.minimum, self.maximum = minimum, maximum
        self.openapi = {"type": "number", "minimum": minimum, "maximum": maximum}

    def write(self, value: int) -> float:
        return value / self.per_unit

    def read(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValidationError("Not a number.")
        if not self.minimum <= value <= self.maximum:
            raise ValidationError(f"Not from {self.minimum} to {self.maximum}.")
        return round(Decimal(value) * self.per_unit)


class LanguageTag(Documented):
    """A language as BCP 47 writes it, such as en, pt-BR or zh-Hant; in the registry's spelling."""

    openapi: Mapping[str, Any] = {
        "type": "string",
        "pattern": "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$",
        "examples": ["en", "pt-BR", "zh-Hant"],
    }

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(self.openapi["pattern"][1:-1], value, re.ASCII):
            raise ValidationError("Not a language like en or pt-BR.")
        if not langcodes.tag_is_valid(value):
            raise ValidationError("There is no such language.")
        return langcodes.standardize_tag(value)


class Phone(Documented):
    """A telephone number in the international spelling, such as +256772123456."""

    openapi: Mapping[str, Any] = {"type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$", "examples": ["+256772123456"]}

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"\+[1-9][0-9]{6,14}", value, re.ASCII):
            raise ValidationError("Not a number like +256772123456.")
        try:
            possible = phonenumbers.is_possible_number(phonenumbers.parse(value))
        except phonenumbers.NumberParseException:
            possible = False
        if not possible:
            raise ValidationError("No telephone has this number.")
        return value
