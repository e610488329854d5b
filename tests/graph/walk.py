"""The whole graph in one operation: every field of every type, from every field of Query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask
from graphql import GraphQLNamedType, GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from api.edge import EXTENSION
from api.graph.limits import Limits
from api.graph.schema import SCHEMA
from tests.permissions.fields import ASKINGS, VARIABLES


def everything(variables: Mapping[str, str], *, depth: int = 4) -> dict[str, object]:
    """What is sent. `variables` are those of `tests.permissions.fields`; a type is gone through once on each way."""
    query = SCHEMA.core.query_type
    assert query is not None
    inside = " ".join(_field("Query", name, query, (), depth) for name in query.fields)
    used = {name: value for name, value in variables.items() if f"${name}" in inside}
    declared = ", ".join(f"${name}: {VARIABLES[name]}" for name in used)
    return {"query": f"query Everything({declared}) {{ {inside} }}", "variables": used}


@contextmanager
def without_limits(app: Flask) -> Iterator[None]:
    """While this lasts, one operation may ask for everything."""
    edge = app.extensions[EXTENSION]
    wide = Limits(depth=100, cost=10**9, tokens=100_000)
    app.extensions[EXTENSION] = replace(edge, options=replace(edge.options, graph=wide))
    try:
        yield
    finally:
        app.extensions[EXTENSION] = edge


def _field(kind: str, name: str, of: GraphQLObjectType, way: tuple[str, ...], depth: int) -> str:
    """A field with all that is in it; nothing where that is nothing new."""
    field = of.fields[name]
    asked = name
    if kind == "Query" or any(is_required_argument(argument) for argument in field.args.values()):
        asked = ASKINGS[f"{kind}.{name}"].steps[-1]
    inside = _selection(get_named_type(field.type), way, depth - 1)
    return asked if inside is None else f"{asked} {inside}" if inside else ""


def _selection(kind: GraphQLNamedType, way: tuple[str, ...], depth: int) -> str | None:
    if is_leaf_type(kind):
        return None
    assert isinstance(kind, GraphQLObjectType), "nothing but objects is read"
    if kind.name in way or depth < 0:
        return ""
    parts = [_field(kind.name, name, kind, (*way, kind.name), depth) for name in kind.fields]
    return "{ " + " ".join(filter(None, parts)) + " }" if any(parts) else ""
