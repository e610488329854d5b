"""Types of the graph that show what REST shows: each is made of the JSON that a schema of REST dumps.

So there is one place that says what of a thing is shown to whom, and how it is written: REST's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from inspect import getdoc
from typing import Any, ClassVar, Final, Self, TypeVar, dataclass_transform

import strawberry
from marshmallow import Schema
from strawberry.types.base import StrawberryList, StrawberryOptional, get_object_definition
from strawberry.types.field import StrawberryField
from strawberry.types.private import is_private

from api.answers import dumped

T = TypeVar("T", bound="Shown")

_KEY: Final = "rest"


class Shown:
    """A value of REST as a type of the graph, with edges to others."""

    SCHEMA: ClassVar[type[Schema]]

    @classmethod
    def of(cls, values: Any, **also: Any) -> Self:
        """What the schema shows of `values`; `also` are private fields."""
        return cls.read(dumped(cls.SCHEMA, values), **also)

    @classmethod
    def read(cls, json: Mapping[str, Any], **also: Any) -> Self:
        """The same of JSON that the schema has dumped before (a kept answer)."""
        kind: Any = cls
        return cls(**{name: build(json.get(key)) for name, key, build in _plan(kind)}, **also)


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def shows(schema: type[Schema]) -> Callable[[type[T]], type[T]]:
    """A type that shows what the schema does: fields have its names, and its descriptions unless they have one."""

    def declare(cls: type[T]) -> type[T]:
        cls.SCHEMA = schema
        shown = strawberry.type(cls, description=getdoc(cls))
        described = {field.data_key or name: field.metadata for name, field in schema._declared_fields.items()}
        for field in _stored(shown):
            field.description = field.description or described.get(key_of(field), {}).get("description")
        return shown

    return declare


def at(key: str, **given: Any) -> Any:
    """A field of another name than REST's `key`."""
    return strawberry.field(metadata={_KEY: key}, **given)


def shown_names(cls: type[Shown]) -> set[str]:
    """Which of REST's names a type has as fields of its own."""
    return {key_of(field) for field in _stored(cls)}


def rest_names(schema: type[Schema]) -> set[str]:
    """What a schema dumps."""
    excluded = set(schema.Meta.exclude) if hasattr(schema.Meta, "exclude") else set()
    return {field.data_key or name for name, field in schema._declared_fields.items() if name not in excluded}


def _stored(cls: type[Any]) -> list[StrawberryField]:
    """Those that are kept as they were shown: no edges, nothing private."""
    definition = get_object_definition(cls, strict=True)
    return [field for field in definition.fields if field.base_resolver is None and not is_private(field.type)]


def key_of(field: StrawberryField) -> str:
    return str(field.metadata.get(_KEY, field.python_name))


Build = Callable[[Any], Any]


@cache
def _plan(cls: Any) -> list[tuple[str, str, Build]]:
    """Of each field its name, REST's, and what makes its value."""
    return [(field.python_name, key_of(field), _builder(field.type)) for field in _stored(cls)]


def _builder(kind: Any) -> Build:
    if isinstance(kind, StrawberryOptional):
        build = _builder(kind.of_type)
        return lambda value: None if value is None else build(value)
    if isinstance(kind, StrawberryList):
        build = _builder(kind.of_type)
        return lambda value: [build(each) for each in value]
    if isinstance(kind, type) and issubclass(kind, Shown):
        return kind.read
    return str if kind is str else _same


def _same(value: Any) -> Any:
    return value
