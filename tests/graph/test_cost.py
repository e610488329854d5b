"""What operations cost, worked out by hand, and bombs: each is refused, and fast."""

from __future__ import annotations

from statistics import median
from time import thread_time
from typing import Any, Final

import msgspec
import pytest
import strawberry
from graphql import GraphQLSchema, build_schema, get_introspection_query
from hypothesis import given
from hypothesis import strategies as st

from api.graph import documents
from api.graph.access import allowed
from api.graph.cost import weigh
from api.graph.documents import Asked, operations
from api.graph.limits import Limits
from domain.rejections import Rejected
from infrastructure.graph_limits import graph_limits
from tests.api.stack import settings
from tests.support.effort import SHORT

SCHEMA: Final = build_schema("""
    type Query { now: String  me: User  users(first: Int = 20, after: String): UserConnection!  user(id: ID!): User
                 people(ids: [ID!]!): [User]! }
    type Mutation { rename(name: String!): User }
    type User { id: ID!  name: String  best: User  tags: [String!]!  photos: [Photo!]!
                friends(first: Int! = 10): UserConnection! }
    type Photo { url: String }
    type UserConnection { edges: [UserEdge!]!  nodes: [User!]!  pageInfo: PageInfo!  totalCount: Int }
    type UserEdge { node: User!  cursor: String! }
    type PageInfo { hasNextPage: Boolean! }
""")
LIMITS: Final = Limits()


def cost(text: str, limits: Limits = LIMITS, schema: GraphQLSchema = SCHEMA, **variables: Any) -> int:
    document = documents._parsed(text, limits)
    return weigh(schema, document.node, variables, limits).cost


def refusal(*texts: str, limits: Limits = LIMITS, **variables: Any) -> str | None:
    """The code that a request is refused with."""
    try:
        operations(SCHEMA, [Asked(text, variables, None) for text in texts], limits)
    except Rejected as rejected:
        return rejected.code
    return None


COSTS = {
    "{ __typename }": 0,
    "{ now }": 10,
    '{ people(ids: ["1", "2", "3"]) { best { id } } }': 10 + 3 * (1 + 1),
    "{ a: now }": 11,
    "{ me { id name tags } }": 10,
    "{ me { best { id } } }": 10 + 1,
    "{ me { a: name b: id } }": 10 + 2,
    "{ me { photos { url } } }": 10 + 1 + 10 * 1,
    "{ users(first: 100) { nodes { id name } } }": 10 + 100,
    "{ users(first: 100) { edges { cursor node { id name } } } }": 10 + 100,
    "{ users(first: 5) { nodes { id } edges { cursor } } }": 10 + 5 + 5,
    "{ users { nodes { id } } }": 10 + 20,
    "{ users(first: 100) { totalCount pageInfo { hasNextPage } } }": 10,
    "{ users(first: 7) { nodes { best { id } } } }": 10 + 7 * (1 + 1),
    "{ users(first: 7) { nodes { a: name } } }": 10 + 7 * (1 + 1),
    "{ users(first: 7) { nodes { friends(first: 3) { nodes { id } } } } }": 10 + 7 * (1 + 1 + 3),
    "{ users(first: 7) { nodes { friends { edges { node { id } } } } } }": 10 + 7 * (1 + 1 + 10),
    "{ users(first: 7) { ...page } } fragment page on UserConnection { nodes { id } }": 10 + 7,
    "{ users(first: 7) { ... on UserConnection { nodes { ... { id } } } } }": 10 + 7,
    "{ me { ...a best { ...a } } } fragment a on User { best { id } }": 10 + 1 + 1 + 1,
    'mutation { rename(name: "x") { id } }': 10,
    "query a { now } query b { now }": 20,
    "{ users(first: -5) { nodes { id } } }": 10,
    "{ users(first: null) { nodes { id } } }": 10 + 100,
    "{ nowhere { nothing { at } } }": 10 + 1,
}


@pytest.mark.parametrize(("text", "points"), COSTS.items())
def test_what_an_operation_costs(text: str, points: int) -> None:
    assert cost(text) == points


@strawberry.type
class Price:
    amount: str = "1.00"


@strawberry.type
class Hit:
    cursor: str

    @allowed("anyone")
    def node(self) -> Place:
        """What was found."""
        raise NotImplementedError


@strawberry.type
class Page:
    has_next_page: bool


@strawberry.type
class Hits:
    edges: list[Hit]
    page_info: Page
    prices: list[Price]


@strawberry.type
class Place:
    name: str
    price: Price
    prices: list[Price]

    @allowed("anyone")
    def unread(self) -> int:
        """Somebody has to count."""
        raise NotImplementedError

    @allowed("anyone", entries=30)
    def nights(self) -> list[Price]:
        """Many."""
        raise NotImplementedError

    @allowed("anyone")
    def around(self, first: int = 5) -> Hits:
        """A connection by what it has, not by its name."""
        raise NotImplementedError


@strawberry.type
class Places:
    @allowed("anyone")
    def place(self) -> Place:
        """Where it begins."""
        raise NotImplementedError


PARTS = {
    "{ place { name price { amount } prices { amount } } }": 10,
    "{ place { a: name price { b: amount } } }": 10 + 2,
    "{ place { unread } }": 10 + 1,
    "{ place { nights { amount } } }": 10 + 1 + 30,
    "{ place { around { edges { node { name } } prices { amount } } } }": 10 + 1 + 5,
    "{ place { around(first: 9) { edges { cursor node { unread price { amount } } } } } }": 10 + 1 + 9 * (1 + 1),
}


@pytest.mark.parametrize(("text", "points"), PARTS.items())
def test_what_comes_with_something_is_free_and_what_is_looked_up_is_not(text: str, points: int) -> None:
    assert cost(text, schema=strawberry.Schema(Places)._schema) == points


def test_a_page_may_be_a_variable_with_or_without_a_value() -> None:
    by_default, without = (
        "query ($n: Int = 7) { users(first: $n) { nodes { id } } }",
        "query ($n: Int) {users(first: $n) {nodes {id}}}",
    )
    assert cost(by_default) == 10 + 7
    assert cost(by_default, n=50) == 10 + 50
    assert cost(without, n=2) == 10 + 2
    assert cost(without) == cost(without, n=None) == cost(without, n="a") == cost(without, n=True) == 10 + 100


def test_a_list_of_ids_may_be_a_variable() -> None:
    text = "query ($ids: [ID!]!) { people(ids: $ids) { id } }"
    assert cost(text, ids=["1"] * 90) == 10 + 90
    assert cost(text) == cost(text, ids="1") == 10 + 100


def test_operations_that_differ_in_a_default_are_weighed_by_the_greater() -> None:
    text = "query a($n: Int = 3) { ...x } query b($n: Int = 30) { ...x }"
    text += " fragment x on Query { users(first: $n) { nodes { id } } }"
    assert cost(text) == 2 * (10 + 30)


NAMES = st.sampled_from(["best", "photos", "friends", "name"])


@SHORT
@given(
    st.recursive(st.just(["id"]), lambda inside: st.dictionaries(NAMES, inside, min_size=1, max_size=2), max_leaves=6)
)
def test_fragments_cost_what_they_would_written_out(tree: Any) -> None:
    """The same selections, once in place and once each in a fragment of its own."""
    fragments: list[str] = []

    def written(tree: Any, kind: str, *, split: bool) -> str:
        parts = tree if isinstance(tree, list) else [part(name, inside, split=split) for name, inside in tree.items()]
        text = " ".join(["__typename"] if kind == "Photo" else parts)
        if not split:
            return f"{{ {text} }}"
        fragments.append(f"fragment f{len(fragments)} on {kind} {{ {text} }}")
        return f"{{ ...f{len(fragments) - 1} }}"

    def part(name: str, inside: Any, *, split: bool) -> str:
        match name:
            case "name":
                return "name"
            case "photos":
                return f"photos {written(inside, 'Photo', split=split)}"
            case "friends":
                return f"friends(first: 3) {{ nodes {written(inside, 'User', split=split)} }}"
            case _:
                return f"best {written(inside, 'User', split=split)}"

    wide = Limits(depth=1000, tokens=100_000)
    whole = f"{{ me {written(tree, 'User', split=False)} }}"
    split = f"{{ me {written(tree, 'User', split=True)} }} " + " ".join(fragments)
    assert cost(split, wide) == cost(whole, wide)


def nested(levels: int) -> str:
    """Fragments that each spread the next one twice: 2 to the power of `levels` fields."""
    each = [f"fragment a{n} on Query{{...a{n + 1} ...a{n + 1}}}" for n in range(levels)]
    return "{...a0}" + "".join(each) + f"fragment a{levels} on Query{{__typename}}"


BOMBS: Final[dict[str, tuple[str, str]]] = {
    "fragments in fragments": (nested(23), "graphql_too_long"),
    "as many fragments as there may be": (nested(29), "graphql_too_long"),
    "too many fragments": (nested(30), "graphql_too_many_fragments"),
    "a fragment in itself": ("{ me { ...a } } fragment a on User { best { ...a } }", "graphql_too_deep"),
    "fragments in a circle": ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "graphql_too_deep"),
    "a circle that nobody asks for": ("{ now } fragment a on Query { ...a }", "graphql_too_deep"),
    "one fragment again and again": (
        "{" + "...a " * 300 + "} fragment a on Query { __typename now }",
        "graphql_too_costly",
    ),
    "two fragments of one name": (
        "{ now } fragment a on Query { now } fragment a on Query { now }",
        "graphql_malformed",
    ),
    "aliases": ("{" + " ".join(f"a{n}: me {{ id }}" for n in range(160)) + "}", "graphql_too_costly"),
    "aliases in a list": (
        "{ users(first: 100) { nodes {" + " ".join(f"a{n}: name" for n in range(300)) + "} } }",
        "graphql_too_costly",
    ),
    "ten thousand aliases": ("{" + " ".join(f"a{n}: now" for n in range(1_100)) + "}", "graphql_too_long"),
    "directives": ("{ now " + "@a" * 490 + "}", "graphql_too_long"),
    "directives that are known": ("{ now " + "@skip(if: false)" * 150 + "}", "graphql_too_long"),
    "directives of an operation": ("query " + "@a" * 490 + " { now }", "graphql_too_long"),
    "directives of a spread": ("{ ...a " + "@a" * 490 + "} fragment a on Query { now }", "graphql_too_long"),
    "directives of a fragment": ("{ ...a } fragment a on Query " + "@a" * 480 + "{ now }", "graphql_too_long"),
    "the same field": ("{" + "__typename " * 990 + "}", "graphql_too_long"),
    "the same object": ("{" + "me { name } " * 240 + "}", "graphql_too_long"),
    "the same field in fragments without a name": ("{" + "... { __typename }" * 240 + "}", "graphql_too_long"),
    "nine levels": ("{ me {" + "best {" * 7 + "id" + "}" * 9, "graphql_too_deep"),
    "hundreds of levels": ("{ me {" + "best {" * 300 + "id" + "}" * 302, "graphql_too_deep"),
    "levels without an end": ("{ me {" + "best {" * 490, "graphql_too_deep"),
    "levels of fragments without a name": ("{" + "... {" * 240 + "now" + "}" * 241, "graphql_too_deep"),
    "levels in fragments": (
        "{ me { best { best { best { best { ...a } } } } } } fragment a on User { best { best { best { id } } } }",
        "graphql_too_deep",
    ),
    "lists in lists": ("{ users { nodes { friends { nodes { friends { nodes { id } } } } } } }", "graphql_too_costly"),
    "a list without an end": ("{ users(first: 1000000000) { nodes { id } } }", "graphql_too_costly"),
    "a page of three hundred digits": ("{ users(first: " + "9" * 300 + ") { nodes { id } } }", "graphql_too_costly"),
    "a page of five thousand digits": ("{ users(first: " + "9" * 5_000 + ") { nodes { id } } }", "graphql_malformed"),
    "a value of hundreds of levels": ("{ user(id: " + "[" * 480 + "]" * 480 + ") { id } }", "graphql_too_deep"),
    "a string of a megabyte": ('{ user(id: "' + "a" * 1_000_000 + '") { id } }', "graphql_too_long"),
    "a megabyte of nothing": ("{" + "," * 1_000_000 + "now }", "graphql_too_long"),
    "comments": ("{" + "#\n" * 9_000 + "now }", "graphql_too_long"),
    "the schema": (
        "{ __schema { types { fields { type { fields { type { name } } } } } } }",
        "graphql_introspection_off",
    ),
    "a type": ('{ __type(name: "User") { name } }', "graphql_introspection_off"),
    "the schema in a fragment": (
        "{ ...a } fragment a on Query { x: __schema { types { name } } }",
        "graphql_introspection_off",
    ),
    "nothing": ("", "graphql_malformed"),
    "no GraphQL": ("DROP TABLE events", "graphql_malformed"),
    "a NUL": ('{ user(id: "\\u0000") { id } }', "graphql_malformed"),
    "half a character": ('{ user(id: "\\ud800") { id } }', "graphql_malformed"),
    "no operation": ("fragment a on Query { now }", "graphql_malformed"),
    "a subscription": ("subscription { now }", "graphql_malformed"),
    "which operation?": ("query a { now } query b { now }", "graphql_malformed"),
}


@pytest.mark.parametrize(("text", "code"), BOMBS.values(), ids=BOMBS)
def test_bombs_are_refused_within_a_tenth_of_a_second(text: str, code: str) -> None:
    """What takes as long as it may is refused within 30 ms; stock limiters take minutes. Others' do not count."""
    took = []
    for _ in range(3):
        documents._parsed.cache_clear()
        began = thread_time()
        assert refusal(text) == code
        took.append(thread_time() - began)
    assert median(took) < 0.1


PASSING: Final = {
    "as many aliases as fit": "{" + " ".join(f"a{n}: __typename" for n in range(330)) + "}",
    "variables that nobody uses": "query (" + " ".join(f"$a{n}: Int" for n in range(240)) + ") { me { id } }",
    "arguments that there are not": "{ me(" + " ".join(f"a{n}: 1" for n in range(300)) + ") { id } }",
    "fragments that overlap": "{ me {"
    + " ".join(f"...f{n}" for n in range(29))
    + "} }"
    + "".join(
        f"fragment f{n} on User {{ best {{ best {{ best {{ name id photos {{ url }} tags }} }} }} }}" for n in range(29)
    ),
}


@pytest.mark.parametrize("text", PASSING.values(), ids=PASSING)
def test_what_is_moderate_keeps_the_validation_busy_for_a_moment_only(text: str) -> None:
    took = []
    for _ in range(3):
        documents._parsed.cache_clear()
        documents._invalid.cache_clear()
        began = thread_time()
        assert refusal(text) is None
        took.append(thread_time() - began)
    assert median(took) < 0.3


def test_a_batch_is_weighed_as_a_whole() -> None:
    half = "{ users(first: 100) { nodes { friends(first: 3) { nodes { id } } } } }"
    assert cost(half) == 10 + 100 * (1 + 1 + 3)
    assert refusal(half) is None
    assert refusal(half, "{ now }") is None
    assert refusal(half, half) == "graphql_too_costly"
    fragment = "{ me { ...a } } fragment a on User { id }"
    assert refusal(*[fragment] * 30) is None
    assert refusal(*[fragment] * 31) == "graphql_too_many_fragments"
    words = "{ " + "__typename " * 50 + "}"
    assert refusal(words) is None
    assert refusal(words, words) == "graphql_too_long"


@pytest.mark.parametrize(
    ("limits", "fits", "too_much", "code"),
    [
        (Limits(depth=2), "{ me { id } }", "{ me { best { id } } }", "graphql_too_deep"),
        (Limits(cost=11), "{ a: now }", "{ a: now __typename me { id } }", "graphql_too_costly"),
        (Limits(tokens=5), "{ me { id }", "{ me { id } }", "graphql_too_long"),
        (Limits(fragments=0), "{ now }", "{ now } fragment a on Query { now }", "graphql_too_many_fragments"),
    ],
)
def test_each_limit_is_a_setting(limits: Limits, fits: str, too_much: str, code: str) -> None:
    assert refusal(fits, limits=limits) in (None, "graphql_malformed")
    assert refusal(too_much, limits=limits) == code


def test_the_limits_are_settings_and_production_is_not_asked_for_its_schema() -> None:
    assert graph_limits(settings("postgresql:///nowhere")) == Limits(8, 1_000, 1_000, 30, 10, introspection=True)
    changes = {f"LODGER_GRAPHQL_{name}": "7" for name in ("DEPTH", "COST", "TOKENS", "FRAGMENTS", "BATCH")}
    changed = settings("postgresql:///nowhere", **changes)
    assert graph_limits(changed) == Limits(7, 7, 7, 7, 7, introspection=True)
    production = msgspec.structs.replace(changed, env="production")
    assert graph_limits(production) == Limits(7, 7, 7, 7, 7, introspection=False)


def test_a_schema_that_answers_for_itself_does_so_to_the_usual_question() -> None:
    assert refusal(get_introspection_query(), limits=Limits(introspection=True)) is None
    deep = "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"
    open_ = Limits(introspection=True)
    [operation] = operations(SCHEMA, [Asked(deep, {}, None)], open_)
    assert [error.message for error in operation.invalid] == ["Maximum introspection depth exceeded"]
