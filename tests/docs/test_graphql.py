"""The operations on docs/graphql.md work as they stand there, and what it says they cost they do."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from api.graph import documents
from api.graph.cost import weigh
from api.graph.limits import Limits
from api.graph.schema import SCHEMA
from infrastructure.settings import ROOT
from tests.api.people import host, listing, register
from tests.api.stack import json_of, running

PAGE = (ROOT / "docs" / "graphql.md").read_text()
OPERATIONS: list[str] = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)


def test_the_tour_is_gone_through_as_it_stands_there(database_url: str) -> None:
    with running(database_url) as stack:
        bob = register(stack)
        known = {
            "property": listing(host(stack)),
            "checkIn": "2031-07-01",
            "checkOut": "2031-07-04",
            "key": str(uuid4()),
        }
        answered: dict[str, Any] = {}
        for operation in OPERATIONS:
            stack.run_workers()
            variables = {name: value for name, value in known.items() if f"${name}" in operation}
            told = json_of(bob.post("/graphql", {"query": operation, "variables": variables}))
            assert "errors" not in told, told
            answered |= told["data"]
    assert len(OPERATIONS) == 5
    (hit,) = answered["properties"]["edges"]
    assert hit["node"]["id"] == known["property"]
    assert (
        hit["stay"]["total"] == answered["quote"]["totalPrice"] == answered["requestBooking"]["booking"]["totalPrice"]
    )
    (trip,) = answered["bookings"]["edges"]
    assert (trip["node"]["checkIn"], trip["node"]["status"]) == ("2031-07-01", "pending")


def test_what_the_page_says_of_limits_is_so() -> None:
    limits = Limits()
    values = re.findall(r"\| ([\d,]+) \| `LODGER_GRAPHQL_(\w+)` \|", PAGE)
    assert {name: int(value.replace(",", "")) for value, name in values} == {
        name.upper(): getattr(limits, name) for name in ("depth", "cost", "tokens", "fragments", "batch")
    }
    example = """{ properties(first: 100) { edges { node { title
      host { username properties(first: 2) { edges { node { title } } } }
      reviews(first: 2) { edges { node { comment } } } } } } }"""
    node = documents._parsed(example, limits).node
    assert weigh(SCHEMA.core, node, {}, limits).cost == 810
    assert "= 810 points" in PAGE
