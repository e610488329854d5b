"""The cache when somebody is forgotten: what was kept of them is not there any more."""

from __future__ import annotations

from dataclasses import replace

from api.edge import EXTENSION
from infrastructure.cache import cache
from tests.api.people import host, listing
from tests.api.stack import running
from tests.erasure.canaries import MARK, found_in_redis
from tests.erasure.forgetting import erase


def test_nothing_of_somebody_who_was_erased_is_kept(database_url: str, redis_url: str) -> None:
    with running(database_url, REDIS_URL=redis_url) as stack:
        edge = stack.app.extensions[EXTENSION]
        kept = replace(edge.options, cache=cache(stack.wired.settings))
        stack.app.extensions[EXTENSION] = replace(edge, options=kept)
        ada = host(stack)
        listing(ada, title=f"{MARK} cabin")
        stack.run_workers()
        assert MARK in stack.anybody().get("/v1/properties").text
        assert found_in_redis(redis_url) != []

        erase(ada)

        assert found_in_redis(redis_url) == []
        assert MARK not in stack.anybody().get("/v1/properties").text
