"""The API with a cache, and the same API without one beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.cache import Cache
from api.edge import EXTENSION
from infrastructure.cache import RedisCache
from tests.api.people import host, listing
from tests.api.stack import Client, Stack, app_of, json_of, running


@dataclass
class Beside:
    """Searches asked with a cache and without; commands go to either. `listing_ids` are published properties."""

    stack: Stack
    plain: Stack
    host: Client
    listing_ids: list[str]
    cache: RedisCache = field(init=False)
    prices: int = 1_000

    def put(self, cache: Cache | None) -> None:
        """Have the first API keep its answers there."""
        edge = self.stack.app.extensions[EXTENSION]
        self.stack.app.extensions[EXTENSION] = replace(edge, options=replace(edge.options, cache=cache))

    def kept(self, query: str = "", **headers: str) -> TestResponse:
        return self.stack.anybody().get(f"/v1/properties?{query}", **headers)

    def asked_both(self, query: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
        """What both answer; a cursor says when it was made."""
        plain = self.plain.anybody().get(f"/v1/properties?{query}")
        found = [json_of(answer) for answer in (self.kept(query), plain)]
        for each in found:
            each["next_cursor"] = bool(each.get("next_cursor"))
        return found[0], found[1]

    def change(self, number: int, **said: Any) -> TestResponse:
        address = f"/v1/properties/{self.listing_ids[number]}"
        return self.host.patch(address, said, If_Match=self.host.get(address).headers["ETag"])

    def new_price(self) -> dict[str, str]:
        """One that nothing costs yet."""
        self.prices += 1
        return {"amount": f"{self.prices}.00", "currency": "USD"}


@pytest.fixture(scope="module")
def town(shared_database_url: str) -> Iterator[Beside]:
    with running(shared_database_url) as stack:
        there = host(stack)
        listing_ids = [listing(there, title=f"Cabin {n}") for n in range(3)]
        yield Beside(stack, replace(stack, app=app_of(stack.wired)), there, listing_ids)


@pytest.fixture
def beside(town: Beside, redis_url: str) -> Beside:
    """With an empty cache, and read models that show everything."""
    town.stack.projector.run()
    town.cache = RedisCache(redis_url, 50, 60)
    town.put(town.cache)
    return town
