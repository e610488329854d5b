"""A type's own fields, all of them, as a query selects them, and what comes back as REST writes it."""

from __future__ import annotations

from typing import Any

from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import StrawberryContainer, get_object_definition
from strawberry.types.field import StrawberryField
from strawberry.types.private import is_private

from api.graph.shown import Shown, key_of

_NAMES = NameConverter()


def selection(kind: type[Any], *also: str) -> str:
    """Every field of the type that is no edge, and what else is said."""
    parts = [f"{_name(field)} {selection(nested) if (nested := _nested(field)) else ''}" for field in _own(kind)]
    return "{ " + " ".join([*parts, *also]) + " }"


def as_rest(kind: type[Any], answer: Any) -> Any:
    """What was answered to such a selection, by REST's names."""
    if answer is None or isinstance(answer, list):
        return answer and [as_rest(kind, each) for each in answer]
    found = {}
    for field in _own(kind):
        value, nested = answer[_name(field)], _nested(field)
        found[key_of(field)] = as_rest(nested, value) if nested else value
    return found


def _own(kind: type[Any]) -> list[StrawberryField]:
    definition = get_object_definition(kind, strict=True)
    return [field for field in definition.fields if field.base_resolver is None and not is_private(field.type)]


def _name(field: StrawberryField) -> str:
    return _NAMES.get_graphql_name(field)


def _nested(field: StrawberryField) -> type[Shown] | None:
    kind: Any = field.type
    while isinstance(kind, StrawberryContainer):
        kind = kind.of_type
    return kind if isinstance(kind, type) and issubclass(kind, Shown) else None
