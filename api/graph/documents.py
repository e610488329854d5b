"""Documents: read from their text, weighed, and held against the schema; what many clients send is read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isinf
from typing import Any, Final, Literal

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationType,
    TokenKind,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.graph.cost import Weight, weigh
from api.graph.limits import Limits
from domain.rejections import Rejected

_REMEMBERED: Final = 64
_NUMBERS: Final = (TokenKind.INT, TokenKind.FLOAT)
_RULES: Final = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation as it was sent."""

    text: str
    variables: Mapping[str, Any]
    name: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation that may be executed. `invalid` is what in its document does not fit the schema."""

    text: str
    name: str | None
    kind: Literal["query", "mutation"]
    variables: Mapping[str, Any]
    document: DocumentNode
    invalid: Sequence[GraphQLError]


@dataclass(frozen=True, slots=True)
class Document:
    """A text that is GraphQL. `tokens` and `fragments` are how many it has."""

    node: DocumentNode
    tokens: int
    fragments: int


def operations(schema: GraphQLSchema, asked: Sequence[Asked], limits: Limits) -> Sequence[Operation]:
    """What a request asks for, found to be moderate as a whole before the validation sees any of it.

    Raises the refusals of `cost`, and Rejected `graphql_malformed`.
    """
    documents = [_read(each.text, limits) for each in asked]
    cost(schema, documents, asked, limits)
    return [_operation(schema, *each, limits) for each in zip(documents, asked, strict=True)]


def cost(schema: GraphQLSchema, documents: Sequence[Document], asked: Sequence[Asked], limits: Limits) -> int:
    """What all operations of a request cost together.

    Raises Rejected `graphql_too_long`, `graphql_too_many_fragments`, `graphql_too_deep`, `graphql_too_costly`,
    `graphql_introspection_off`.
    """
    _must_be_at_most("too_long", "tokens", sum(each.tokens for each in documents), limits.tokens)
    fragments = sum(each.fragments for each in documents)
    _must_be_at_most("too_many_fragments", "fragments", fragments, limits.fragments)
    total = Weight()
    for document, each in zip(documents, asked, strict=True):
        total += weigh(schema, document.node, each.variables, limits)
        _must_be_at_most("too_long", "fields with all fragments written out", total.size, limits.tokens)
        _must_be_at_most("too_costly", "points", total.cost, limits.cost)
    return total.cost


def _operation(schema: GraphQLSchema, document: Document, asked: Asked, limits: Limits) -> Operation:
    chosen = get_operation_ast(document.node, asked.name)
    if chosen is None:
        raise Rejected("graphql_malformed", "The operation is not in the document, or it is not said which.")
    if chosen.operation == OperationType.SUBSCRIPTION:
        raise Rejected("graphql_malformed", "There are no subscriptions.")
    kind: Literal["query", "mutation"] = "query" if chosen.operation == OperationType.QUERY else "mutation"
    name = chosen.name.value if chosen.name else None
    return Operation(asked.text, name, kind, asked.variables, document.node, _invalid(schema, asked.text, limits))


@lru_cache(_REMEMBERED)
def _invalid(schema: GraphQLSchema, text: str, limits: Limits) -> Sequence[GraphQLError]:
    return validate(schema, _parsed(text, limits).node, _RULES, hide_suggestions=not limits.introspection)


def _read(text: str, limits: Limits) -> Document:
    _must_be_at_most("too_long", "characters", len(text), limits.characters)
    return _parsed(text, limits)


@lru_cache(_REMEMBERED)
def _parsed(text: str, limits: Limits) -> Document:
    try:
        node = parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
    except GraphQLSyntaxError as error:
        if "contains more than" in error.message:
            raise _too_much("too_long", "tokens", limits.tokens) from error
        if "too deeply" in error.message:
            raise Rejected("graphql_too_deep", error.message[:200]) from error
        raise Rejected("graphql_malformed", error.message[:200], locations=_places(error)) from error
    return Document(node, _tokens(node), sum(each.kind == "fragment_definition" for each in node.definitions))


def _tokens(node: DocumentNode) -> int:
    """How many there are.

    Raises Rejected `graphql_malformed` where a string has a NUL, which no database takes, or a number is infinite.
    """
    assert node.loc is not None, "parsed with places"
    count, token = 0, node.loc.start_token.next
    while token is not None and token.kind != TokenKind.EOF:
        if "\x00" in (token.value or ""):
            raise Rejected("graphql_malformed", "A string has a NUL in it.")
        if token.kind in _NUMBERS and isinf(float(token.value or 0)):
            raise Rejected("graphql_malformed", "A number is too great.")
        count += token.kind != TokenKind.COMMENT
        token = token.next
    return count


def _places(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]


def _must_be_at_most(what: str, unit: str, found: int, maximum: int) -> None:
    if found > maximum:
        raise _too_much(what, unit, maximum)


def _too_much(what: str, unit: str, maximum: int) -> Rejected:
    return Rejected(f"graphql_{what}", f"A request has at most {maximum} {unit}.", maximum=maximum)
