"""Connections: every node once and in its order, whatever the pages' size, behind cursors that fit nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api.people import book, host, register
from tests.api.stack import Client, Stack, json_of
from tests.graph.asking import code, data
from tests.graph.market import crowd, homes
from tests.support.effort import effort

NUMBER = 9


class Many:
    """Nine of everything, of one host and one guest."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.host, self.guest = host(stack), register(stack, "guest")
        self.homes = [str(each) for each in homes(stack, self.host, NUMBER)]
        self.bookings = [book(self.guest, each) for each in self.homes]
        (self.reviewed,) = crowd(stack, hosts=1, each=1, reviews=NUMBER)
        stack.run_workers()


@pytest.fixture(scope="module")
def many(shared: Stack) -> Many:
    return Many(shared)


CONNECTIONS = {
    "search": 'properties(where: {sort: newest, place: "Catskill"}, first: $first, after: $after) { %s }',
    "by price": "properties(first: $first, after: $after) { %s }",
    "bookings": "bookings(as: guest, first: $first, after: $after) { %s }",
    "of a host": "user(id: $host) { properties(first: $first, after: $after) { %s } }",
    "reviews": "reviews(user: $reviewed, first: $first, after: $after) { %s }",
    "reviews of a user": "user(id: $reviewed) { reviews(first: $first, after: $after) { %s } }",
}
_PAGE = "edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


def page(many: Many, name: str, first: int, after: str | None = None) -> Any:
    subject, who = ("$host", many.host) if "$host" in CONNECTIONS[name] else ("$reviewed", many.reviewed)
    declared = f", {subject}: ID!" if subject in CONNECTIONS[name] else ""
    query = f"query ($first: Int!, $after: String{declared}) {{ {CONNECTIONS[name] % _PAGE} }}"
    (found,) = data(many.guest, query, first=first, after=after, **{subject[1:]: who.id}).values()
    return found if "edges" in found else next(iter(found.values()))


def ids(found: Any) -> list[str]:
    return [each["node"]["id"] for each in found["edges"]]


@pytest.mark.parametrize("name", CONNECTIONS)
def test_pages_of_any_size_are_the_whole_in_its_order(many: Many, name: str) -> None:
    whole = page(many, name, 100)
    assert not whole["pageInfo"]["hasNextPage"]
    expected = ids(whole)
    assert len(expected) == len(set(expected)) >= NUMBER

    @settings(effort(), max_examples=effort().max_examples // 10)
    @given(size=st.integers(1, NUMBER + 2))
    def walk(size: int) -> None:
        seen: list[str] = []
        after = None
        while True:
            found = page(many, name, size, after)
            info = found["pageInfo"]
            assert info["hasPreviousPage"] == (after is not None)
            assert info["startCursor"] == found["edges"][0]["cursor"]
            assert info["endCursor"] == found["edges"][-1]["cursor"]
            seen += ids(found)
            assert len(found["edges"]) == min(size, len(expected) - len(seen) + len(found["edges"]))
            if not info["hasNextPage"]:
                break
            after = info["endCursor"]
        assert seen == expected

    walk()


@pytest.mark.parametrize("name", CONNECTIONS)
def test_behind_any_edge_comes_what_follows_it(many: Many, name: str) -> None:
    whole = page(many, name, 100)
    for place in (0, len(whole["edges"]) // 2):
        assert ids(page(many, name, 3, whole["edges"][place]["cursor"])) == ids(whole)[place + 1 : place + 4]
    assert page(many, name, 3, whole["edges"][-1]["cursor"])["edges"] == []


def test_a_cursor_is_of_its_connection_only(many: Many) -> None:
    cursor = page(many, "bookings", 1)["pageInfo"]["endCursor"]
    query = "query ($after: String!) { %s }"
    for other in (
        "properties(after: $after) { edges { cursor } }",
        "bookings(as: host, after: $after) { edges { cursor } }",
        "bookings(as: guest, where: {status: [pending]}, after: $after) { edges { cursor } }",
    ):
        assert code(many.guest, query % other, after=cursor) == "cursor_invalid"
    own = "bookings(as: guest, after: $after) { edges { cursor } }"
    assert code(many.guest, query % own, after=cursor[:-3] + "xyz") == "cursor_invalid"
    assert code(many.host, query % own, after=cursor) == "cursor_invalid"
    assert data(many.guest, query % own, after=cursor)["bookings"]["edges"] != []


def test_rest_goes_on_where_the_graph_stopped(many: Many) -> None:
    first = page(many, "bookings", 4)
    rest = json_of(_rest(many.guest, first["pageInfo"]["endCursor"]))["bookings"]
    assert [*ids(first), *(each["id"] for each in rest)] == ids(page(many, "bookings", 100))


def _rest(client: Client, cursor: str) -> Any:
    return client.get(f"/v1/bookings?as=guest&limit=100&cursor={cursor}")
