"""A level of a query costs a statement, however many things it is of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from api.edge import EXTENSION
from api.graph.limits import Limits
from tests.api.people import book, draft, host, register
from tests.api.stack import Client, Stack
from tests.graph.asking import data
from tests.graph.market import crowd
from tests.support.statements import executed

_FRAME = ("BEGIN", "ROLLBACK", "PREPARE", "SELECT set_config")
"""What asks nothing: a search's one moment, and what a connection does once."""
_OWN = ("sandbox_clock", "token_families", "keyring")
"""The tests' clock, which logins have ended, and the keys: each process asks for these now and then."""


def counted(client: Client, query: str) -> tuple[Any, list[str]]:
    """What is answered, and the statements for it; whatever is made once was made before."""
    data(client, query)
    with executed(client.stack.wired.database) as statements:
        answer = data(client, query)
    return answer, [
        each for each in statements if not each.startswith(_FRAME) and not any(table in each for table in _OWN)
    ]


@pytest.fixture(scope="module")
def crowded(shared: Stack) -> Stack:
    """A hundred published properties of four hosts, each with three reviews."""
    crowd(shared)
    before = shared.app.extensions[EXTENSION]
    limits = Limits(depth=20, cost=1_000_000)
    shared.app.extensions[EXTENSION] = replace(before, options=replace(before.options, graph=limits))
    return shared


def test_100_listings_with_hosts_their_listings_and_reviews_are_four_statements(crowded: Stack) -> None:
    query = """{ properties(first: 100, where: {sort: newest}) { edges { node {
        id title
        host { username isHost properties(first: 5) { edges { node { id title } } pageInfo { hasNextPage } } }
        reviews(first: 2) { edges { node { rating comment } } pageInfo { hasNextPage } }
    } } } }"""
    answer, statements = counted(crowded.anybody(), query)
    found = [each["node"] for each in answer["properties"]["edges"]]

    assert len(found) == 100
    assert {len(each["host"]["properties"]["edges"]) for each in found} == {5}
    assert all(each["host"]["properties"]["pageInfo"]["hasNextPage"] for each in found)
    assert {len(each["reviews"]["edges"]) for each in found} == {2}
    assert all(each["reviews"]["pageInfo"]["hasNextPage"] for each in found)
    assert len(statements) == 4, statements  # hits; hosts; their listings; reviews


def test_as_deep_as_one_likes_a_level_is_a_statement(crowded: Stack) -> None:
    query = """{ properties(first: 50) { edges { node { host {
        reviews(first: 2) { edges { node { author { username } property { title } } } } rating { overall { count } }
    } rating { overall { count } } houseRules { minimumNights } } } } }"""
    _, statements = counted(crowded.anybody(), query)
    # hits; hosts; their reviews; authors; properties; ratings of both levels; details of properties
    assert len(statements) == 8, statements


def test_calendars_and_quotes_of_many_are_a_statement_each(crowded: Stack) -> None:
    query = """{ properties(first: 30) { edges { node {
        availability(from: "2031-07-01", to: "2031-07-03") { available }
        quote(checkIn: "2031-07-01", checkOut: "2031-07-03", guests: 2) { totalPrice { amount } }
    } } } }"""
    answer, statements = counted(crowded.anybody(), query)
    found = [each["node"] for each in answer["properties"]["edges"]]
    assert {night["available"] for each in found for night in each["availability"]} == {True}
    assert all(each["quote"] for each in found)
    assert len(statements) == 3, statements  # hits; calendars; quotes


def test_a_page_of_bookings_with_all_that_belongs_to_them(crowded: Stack) -> None:
    ada, bob = host(crowded), register(crowded, "bob")
    booked = [_booked(ada, bob, day) for day in range(1, 7)]
    crowded.run_workers()
    query = """{ bookings(as: guest) { edges { node { id lines { kind }
        property { title } host { username } guest { username }
        payments { status } reviews { writeUntil } history { type } unreadMessages
    } } } }"""
    answer, statements = counted(bob, query)
    assert {each["node"]["id"] for each in answer["bookings"]["edges"]} == set(booked)
    # the page; prices; properties; people; payments; reviews; histories; unread
    assert len(statements) == 8, statements


def _booked(ada: Client, bob: Client, day: int) -> str:
    property_id = draft(ada)
    assert ada.post(f"/v1/properties/{property_id}/publish").status_code == 200
    return book(bob, property_id, f"2031-07-{day:02}", f"2031-07-{day + 2:02}")
