"""Inputs of the graph, made of the schemas that judge REST's bodies and query strings.

An input has the names of its schema, camel-cased, and what is sent in it becomes the very dict that REST would have
read: the schema then judges it. The graph's own types say only what JSON Schema would say of the shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, Final

import strawberry
from marshmallow import Schema, fields
from strawberry.types.base import get_object_definition

from api.graph.scalars import Date, Instant, Number
from api.graph.words import enum_of
from api.schemas.fields import Choice, Day, Flag, FlagText, Id, MoneyField, Month, Scaled
from api.schemas.fields import Instant as InstantField

_KEY: Final = "rest"
_FLAG: Final = "flag"
"""Of what is "true" or "false" in a query string."""


@strawberry.input
class MoneyInput:
    """An amount as a decimal string that has exactly the currency's digits: "129.50" USD, "5000" UGX."""

    amount: str
    currency: str


@cache
def input_of(schema: type[Schema], name: str, without: frozenset[str] = frozenset()) -> Any:
    """The input that is called `name` and has a schema's names but some."""
    described = [each for each in _described(schema) if each[0] not in without]
    namespace: dict[str, Any] = {str(field.name): _declared(key, field) for key, field in described}
    namespace["__annotations__"] = {field.name: _kind(field) for _, field in described}
    return strawberry.input(type(name, (), namespace), description=_sentence(schema))


def asked(given: Any) -> dict[str, Any]:
    """What was given in an input as REST would have read it: only what was said."""
    definition = get_object_definition(type(given), strict=True)
    values = ((field, getattr(given, field.python_name)) for field in definition.fields)
    return {
        field.metadata.get(_KEY, field.python_name): _read(value, text=field.metadata.get(_FLAG, False))
        for field, value in values
        if value is not strawberry.UNSET
    }


def loaded(schema: type[Schema], given: Any, **also: Any) -> dict[str, Any]:
    """What the schema makes of an input, and of what was said beside it. Raises ValidationError."""
    read: dict[str, Any] = schema().load({**({} if given is None else asked(given)), **also})
    return read


def said(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Those arguments that were given: in a query string nothing is null."""
    return {name: value for name, value in arguments.items() if value is not None}


def names_of(declared: Any) -> set[str]:
    """The names that an input has in its schema."""
    return {field.metadata[_KEY] for field in get_object_definition(declared, strict=True).fields}


def _described(schema: type[Schema]) -> list[tuple[str, fields.Field[Any]]]:
    """What may be sent, by the name that it has in JSON."""
    made = schema()
    return [(field.data_key or name, field) for name, field in made.load_fields.items()]


def _declared(key: str, field: fields.Field[Any]) -> Any:
    # "first" is called "from" in JSON, which no name of Python's may be
    given: dict[str, Any] = {} if key == field.name else {"name": _camel(key)}
    if not field.required:
        given["default"] = strawberry.UNSET
    metadata = {_KEY: key, _FLAG: isinstance(field, FlagText)}
    return strawberry.field(description=field.metadata.get("description"), metadata=metadata, **given)


def _kind(field: fields.Field[Any]) -> Any:
    kind = _type(field)
    return kind if field.required else kind | None


def _type(field: fields.Field[Any]) -> Any:
    match field:
        case fields.Nested():
            return input_of(type(field.schema), f"{type(field.schema).__name__.removesuffix('Schema')}Input")
        case fields.List():
            return list[_type(field.inner)]  # type: ignore[misc]  # made at run time
        case Choice():
            return enum_of(field.validate.choices) or str  # type: ignore[union-attr]  # Choice has OneOf
        case _:
            return next((kind for known, kind in _KINDS.items() if isinstance(field, known)), str)


_KINDS: Final[dict[type[fields.Field[Any]], Any]] = {
    MoneyField: MoneyInput,
    Id: strawberry.ID,
    Month: str,
    Day: Date,
    InstantField: Instant,
    Scaled: Number,
    Flag: bool,
    FlagText: bool,
    fields.Integer: int,
}
"""What is none of these is a text, as in JSON."""


def _read(value: Any, *, text: bool = False) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list):
        return [_read(each) for each in value]
    if get_object_definition(type(value)) is not None:
        return asked(value)
    return str(value).lower() if text and isinstance(value, bool) else value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return "".join([first, *(each.title() for each in others)])


def _sentence(schema: type[Schema]) -> str | None:
    """The schema's own docstring, not one that it inherited."""
    return schema.__dict__.get("__doc__")
