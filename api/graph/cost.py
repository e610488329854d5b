"""What an operation may cost, weighed before anything else walks through it.

Fragments are what makes that needed: thirty that each spread the next one twice are a thousand bytes and a thousand
million fields, and whoever walks through them as they are spread never comes back. Here each is weighed once.

- What is a part of something (a scalar, a price, an address) costs nothing, what is looked up 1, one more when it has
  an alias, and a field of Query or Mutation 10.
- A connection costs its entries, `first` of them; another list as many as `ids` it is asked for, or as many as its
  declaration says, or ten.
- Beside that an operation has a size: its fields with all fragments written out, by no page's number. A directive, or
  a field that its selection has already, counts ten there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from api.graph.limits import Limits
from domain.rejections import Rejected

_ROOT_FIELD: Final = 10
"""Each is at least a question to the database, or a command."""
_LIST: Final = 10
"""Entries that a list without `first` is taken for."""
_PAGE: Final = 100
"""Entries of a page whose size nobody can tell."""
_WORDY: Final = 10
"""What directives and repeated fields count: they do nothing but keep the validation busy."""
_DIGITS: Final = 9
PAGING: Final = ("cursor", "pageInfo")
"""What connections have of their own."""
_DEFINITION: Final = "strawberry-definition"
ENTRIES: Final = "entries"
"""In a field's metadata: how many entries its list is taken for."""
_INTROSPECTION: Final = {"__schema": "__Schema", "__type": "__Type"}


@dataclass(frozen=True, slots=True)
class Weight:
    """Of selections. `depth` in levels and `size` in fields; `own` is what they cost once, `each` what they cost for
    each entry of the connection that they are in.
    """

    depth: int = 0
    size: int = 0
    own: int = 0
    each: int = 0

    @property
    def cost(self) -> int:
        return self.own + self.each

    def __add__(self, other: Weight) -> Weight:
        return Weight(
            max(self.depth, other.depth), self.size + other.size, self.own + other.own, self.each + other.each
        )


_NOTHING: Final = Weight()


def weigh(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any], limits: Limits) -> Weight:
    """Everything in a document, also what is not asked for: the validation goes through it all.

    Raises Rejected `graphql_too_deep` (fragments inside themselves too), `graphql_introspection_off`,
    `graphql_malformed`.
    """
    scales = _Scales(schema, document, variables, limits)
    try:
        return scales.weigh(document)
    except RecursionError as error:
        raise _too_deep(limits) from error


class _Scales:
    """For one document, whose fragments are put on them once each."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any], limits: Limits
    ) -> None:
        self._schema = schema
        self._roots = (schema.query_type, schema.mutation_type)
        self._limits = limits
        self._variables = {**_defaults(document), **variables}
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        self._weighed: dict[str, Weight | None] = {}
        for definition in document.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                if definition.name.value in self._fragments:
                    raise Rejected("graphql_malformed", "Two fragments have the same name.")
                self._fragments[definition.name.value] = definition

    def weigh(self, document: DocumentNode) -> Weight:
        total = _NOTHING
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                root = self._schema.get_root_type(definition.operation)
                total += Weight(size=_WORDY * len(definition.directives or ()))
                total += self._selections(definition.selection_set, root, 1, set())
        for name in self._fragments:
            self._fragment(name, 1)
        return total

    def _selections(
        self, node: SelectionSetNode, parent: GraphQLNamedType | None, level: int, seen: set[str]
    ) -> Weight:
        total = _NOTHING
        for selection in node.selections:
            wordy = _WORDY * len(selection.directives or ())
            total += Weight(size=wordy) + self._selection(selection, parent, level, seen)
        return total

    def _selection(self, node: SelectionNode, parent: GraphQLNamedType | None, level: int, seen: set[str]) -> Weight:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value, level)
        if isinstance(node, InlineFragmentNode):
            condition = self._schema.get_type(node.type_condition.name.value) if node.type_condition else parent
            return Weight(size=1) + self._selections(node.selection_set, condition, level, seen)
        assert isinstance(node, FieldNode)
        return self._field(node, parent, level, seen)

    def _fragment(self, name: str, level: int) -> Weight:
        if name not in self._fragments:
            return Weight(size=1)  # which the validation tells
        if name not in self._weighed:
            self._weighed[name] = None  # begun
            node = self._fragments[name]
            condition = self._schema.get_type(node.type_condition.name.value)
            directives = Weight(size=1 + _WORDY * len(node.directives or ()))
            self._weighed[name] = directives + self._selections(node.selection_set, condition, level, set())
        weight = self._weighed[name]
        if weight is None:
            raise Rejected("graphql_too_deep", "A fragment is inside itself.")
        if level - 1 + weight.depth > self._limits.depth:
            raise _too_deep(self._limits)
        return weight

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, level: int, seen: set[str]) -> Weight:
        name, shown = node.name.value, (node.alias or node.name).value
        if level > self._limits.depth:
            raise _too_deep(self._limits)
        size = 1 + (_WORDY if shown in seen else 0)
        seen.add(shown)
        alias = 1 if node.alias else 0
        if name in _INTROSPECTION or (parent is not None and parent.name.startswith("__")):
            return self._introspection(node, parent, level) + Weight(0, size, alias)
        known = getattr(parent, "fields", {}).get(name)
        inside = _NOTHING
        if node.selection_set:
            type_ = get_named_type(known.type) if known else None
            inside = self._selections(node.selection_set, type_, level + 1, set())
        own, each = self._cost(node, known, parent, inside)
        return Weight(1 + inside.depth, size + inside.size, alias + own, each + (alias if each else 0))

    def _introspection(self, node: FieldNode, parent: GraphQLNamedType | None, level: int) -> Weight:
        """The schema asked for itself. How deep it goes inside, the library has a rule for; nothing of it is read."""
        if not self._limits.introspection:
            raise Rejected("graphql_introspection_off", "The schema is at /graphql/schema.graphql.")
        name = _INTROSPECTION.get(node.name.value)
        known = getattr(parent, "fields", {}).get(node.name.value)
        type_ = self._schema.get_type(name) if name else known and get_named_type(known.type)
        size = self._selections(node.selection_set, type_, level, set()).size if node.selection_set else 0
        return Weight(1 if name else 0, size, _ROOT_FIELD if name else 0)

    def _cost(
        self, node: FieldNode, known: GraphQLField | None, parent: GraphQLNamedType | None, inside: Weight
    ) -> tuple[int, int]:
        """What a field costs once, and for each entry of the connection that it is of."""
        name, is_leaf = node.name.value, not node.selection_set
        if parent in self._roots and not name.startswith("__"):
            price = _ROOT_FIELD
        else:
            price = int(_is_looked_up(name, known, otherwise=not is_leaf))
        if known is None or is_leaf:
            return price + inside.cost, 0
        if _is_connection(get_named_type(known.type)):
            return price + inside.own + self._page(node, known) * inside.each, 0
        if is_list_type(get_nullable_type(known.type)):
            if _is_connection(parent) and name in ("edges", "nodes"):
                return 0, 1 + inside.cost
            return price + self._entries(node, known) * (min(1, price) + inside.cost), 0
        if _is_edge(parent):
            return inside.cost, 0  # the edge has been counted
        return price + inside.cost, 0

    def _page(self, node: FieldNode, known: GraphQLField) -> int:
        """How many entries a connection is asked for."""
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                return self._number(argument.value)
        first = known.args.get("first")
        return _PAGE if first is None else _by_default(first)

    def _entries(self, node: FieldNode, known: GraphQLField) -> int:
        """How many a list has: as many as `ids` it is asked for, or what its declaration says."""
        for argument in node.arguments or ():
            if argument.name.value == "ids":
                if isinstance(argument.value, ListValueNode):
                    return len(argument.value.values)
                if isinstance(argument.value, VariableNode):
                    sent = self._variables.get(argument.value.name.value)
                    return len(sent) if isinstance(sent, list) else _PAGE
        definition = known.extensions.get(_DEFINITION)
        entries: int = definition.metadata.get(ENTRIES, _LIST) if definition else _LIST
        return entries

    def _number(self, value: ValueNode) -> int:
        if isinstance(value, IntValueNode):
            return _literal(value)
        if isinstance(value, VariableNode):
            return _at_most(self._variables.get(value.name.value))
        return _PAGE


def _defaults(document: DocumentNode) -> dict[str, int]:
    """Numbers that variables have by default; the greatest, where operations differ."""
    found: dict[str, int] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            for each in definition.variable_definitions or ():
                if isinstance(each.default_value, IntValueNode):
                    name = each.variable.name.value
                    found[name] = max(found.get(name, 0), _literal(each.default_value))
    return found


def _literal(node: IntValueNode) -> int:
    """Its first digits: no page is that long, and Python does not read thousands of them."""
    return max(0, int(node.value[:_DIGITS]))


def _by_default(argument: GraphQLArgument) -> int:
    """Strawberry says it as a value, a schema in text as a literal."""
    if argument.default is not None and isinstance(argument.default.literal, IntValueNode):
        return _literal(argument.default.literal)
    return _at_most(argument.default_value)


def _at_most(value: object) -> int:
    return max(0, value) if isinstance(value, int) and not isinstance(value, bool) else _PAGE


def _is_looked_up(name: str, known: GraphQLField | None, *, otherwise: bool) -> bool:
    """Whether somebody has to look for it; what has no resolver came with what it is a part of, and so did pages."""
    if name in PAGING:
        return False
    definition = known.extensions.get(_DEFINITION) if known else None
    return otherwise if definition is None else definition.base_resolver is not None


def _is_connection(type_: GraphQLNamedType | None) -> bool:
    return {"pageInfo", "edges"} <= getattr(type_, "fields", {}).keys()


def _is_edge(type_: GraphQLNamedType | None) -> bool:
    return {"cursor", "node"} <= getattr(type_, "fields", {}).keys()


def _too_deep(limits: Limits) -> Rejected:
    return Rejected("graphql_too_deep", f"An operation goes at most {limits.depth} levels deep.", maximum=limits.depth)
