"""One world for all rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.stack import Stack, json_of, running
from tests.permissions.world import World

if TYPE_CHECKING:
    from infrastructure.embedded.valkey import Valkey
    from tests.support.servers import Databases


@pytest.fixture(scope="session")
def stack(postgres: Databases, valkey: Valkey) -> Iterator[Stack]:
    url = postgres.create()
    with running(url, REDIS_URL=valkey.url()) as started:
        yield started
    postgres.drop(url)


@pytest.fixture(scope="session")
def world(stack: Stack) -> World:
    return World(stack)


@pytest.fixture(scope="session")
def examples(stack: Stack) -> Mapping[str, object]:
    """The body that the description of each route sends, if it sends one."""
    paths: dict[str, dict[str, Any]] = json_of(stack.anybody().get("/openapi.json"))["paths"]
    return {
        f"{method.upper()} {path}": described["requestBody"]["content"]["application/json"].get("example")
        for path, methods in paths.items()
        for method, described in methods.items()
        if isinstance(described, dict) and "application/json" in described.get("requestBody", {}).get("content", {})
    }
