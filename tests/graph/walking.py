"""Every field of the graph, with everything that it leads to, as operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_required_argument,
)

from api.edge import EXTENSION
from api.graph.limits import Limits
from api.graph.schema import SCHEMA
from tests.api.stack import Stack

_LEVELS: Final = 9
_SAID: Final[Mapping[str, str]] = {
    "as": "host",
    "checkIn": '"2031-12-01"',
    "checkOut": '"2031-12-03"',
    "guests": "1",
    "first": "5",
    "from": '"2031-07-01"',
    "to": '"2031-07-02"',
}
"""What arguments are given that are no ids."""
_NEVER_THE_SAME: Final = {"quote", "now", "asOf"}
"""Signed for a time, and how far the log has come."""


@contextmanager
def unlimited(stack: Stack) -> Iterator[None]:
    """Operations may ask for everything at once."""
    before = stack.app.extensions[EXTENSION]
    limits = Limits(depth=100, cost=10**9, tokens=10**6, fragments=100)
    stack.app.extensions[EXTENSION] = replace(before, options=replace(before.options, graph=limits))
    yield
    stack.app.extensions[EXTENSION] = before


def everything(ids: Mapping[str, str]) -> dict[str, str]:
    """An operation for each field of Query: with all fields of what it is, of what that leads to, and so on.

    `ids` are by argument, or by field and argument ("booking.id"); an empty one is not sent. On no way the same type
    is come to twice.
    """
    query = SCHEMA.core.query_type
    assert query is not None
    return {
        name: f"{{ {name}{_arguments(name, field, ids)} {_inside(field, frozenset(), ids)} }}"
        for name, field in query.fields.items()
        if name not in _NEVER_THE_SAME
    }


def _inside(field: GraphQLField, above: frozenset[str], ids: Mapping[str, str]) -> str:
    kind = get_named_type(field.type)
    if not is_composite_type(kind):
        return ""
    assert isinstance(kind, GraphQLObjectType), "no field of Query is a union"
    below = above | {kind.name}
    parts = [
        f"{name}{_arguments(name, each, ids)} {_inside(each, below, ids)}"
        for name, each in kind.fields.items()
        if name not in _NEVER_THE_SAME and get_named_type(each.type).name not in below and len(below) < _LEVELS
    ]
    return f"{{ {' '.join(parts or ['__typename'])} }}"


def _arguments(name: str, field: GraphQLField, ids: Mapping[str, str]) -> str:
    said = {each: _value(f"{name}.{each}", argument, ids) for each, argument in field.args.items()}
    given = ", ".join(f"{each}: {value}" for each, value in said.items() if value is not None)
    return f"({given})" if given else ""


def _value(about: str, argument: GraphQLArgument, ids: Mapping[str, str]) -> str | None:
    name = about.rpartition(".")[2]
    known = ids.get(about, ids.get(name))
    if known and get_named_type(argument.type).name == "ID":
        return f'"{known}"'
    assert name in _SAID or not is_required_argument(argument), f"say what {about} is given"
    return _SAID.get(name)
