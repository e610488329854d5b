"""Kept searches: the same as without, visible at once after a command, and whole without Redis."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from api import cache, searches
from api.metrics import KEPT_ANSWERS, SAVED_SECONDS
from infrastructure.cache import VALUE_BYTES_MAX, RedisCache
from projections import positions
from tests.api.stack import json_of
from tests.cache.conftest import Beside


def lookups(outcome: str) -> float:
    return float(KEPT_ANSWERS.labels("search", outcome)._value.get())


def prices(answer: Any) -> list[str]:
    return sorted(each["price_per_night"]["amount"] for each in json_of(answer)["properties"])


def test_the_same_search_again_is_answered_from_the_cache(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    # It takes 5 s to find, and 0.5 s to look for.
    monkeypatch.setattr(cache, "perf_counter", iter([0.0, 1.0, 6.0, 7.0, 7.5]).__next__)
    hits, misses, saved = lookups("hit"), lookups("miss"), SAVED_SECONDS.labels("search")._value.get()

    first, again = beside.kept("facets=true"), beside.kept("facets=true")

    assert first.json == again.json
    assert (lookups("hit") - hits, lookups("miss") - misses) == (1, 1)
    assert SAVED_SECONDS.labels("search")._value.get() - saved == pytest.approx(4.5)


def test_a_change_is_seen_at_once_by_whoever_sends_its_position(beside: Beside) -> None:
    price = beside.new_price()
    assert price["amount"] not in prices(beside.kept())

    changed = beside.change(0, price_per_night=price)
    beside.stack.projector.run()

    assert changed.status_code == 200, changed.text
    seen = beside.kept(Lodger_Position=changed.headers["Lodger-Position"])
    assert price["amount"] in prices(seen)


def test_who_is_ahead_of_the_read_model_is_not_answered_from_the_cache(beside: Beside) -> None:
    beside.kept()
    changed = beside.change(0, price_per_night=beside.new_price())  # and no worker comes
    answer = beside.kept(Lodger_Position=changed.headers["Lodger-Position"])
    assert (answer.status_code, json_of(answer)["type"]) == (503, "/problems/read-model-behind")


def test_what_does_not_concern_listings_takes_nothing_out_of_the_cache(beside: Beside) -> None:
    first = json_of(beside.kept())
    hits = lookups("hit")
    asked = beside.stack.anybody().post(
        "/v1/users", {"username": "gil", "name": "Gil", "email": "gil@example.org", "password": "correct horse battery"}
    )
    beside.stack.projector.run()

    again = json_of(beside.kept())

    assert asked.status_code == 201, asked.text
    assert lookups("hit") == hits + 1
    assert again["properties"] == first["properties"]
    assert again["as_of"]["position"] > first["as_of"]["position"], "it is still as fresh as the read model"


def test_other_pages_and_other_days_are_other_questions(beside: Beside) -> None:
    one, all_of_them = json_of(beside.kept("limit=1")), json_of(beside.kept("limit=3"))
    two = json_of(beside.kept(f"limit=1&cursor={one['next_cursor']}"))
    assert [one["properties"][0], two["properties"][0]] == all_of_them["properties"][:2]


def test_an_emptied_redis_changes_no_answer(beside: Beside, redis_url: str) -> None:
    first = beside.kept("facets=true").json
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    assert beside.kept("facets=true").json == first


def test_redis_away_changes_no_answer(beside: Beside) -> None:
    first = beside.kept("facets=true").json
    beside.put(RedisCache("redis://127.0.0.1:1/0", 50, 60))
    for _ in range(3):
        assert beside.kept("facets=true").json == first


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[1,2]", b'[0.1,{"hits":7}]'])
def test_what_another_version_kept_is_found_anew(beside: Beside, rubbish: bytes) -> None:
    class Rubbish:
        def get(self, key: bytes) -> bytes | None:
            return rubbish

        def put(self, key: bytes, value: bytes) -> None:
            pass

    beside.put(Rubbish())
    kept, plain = beside.asked_both("facets=true")
    assert kept == plain


def test_a_slow_answer_is_not_what_the_next_one_gets(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything changes while it is being found: it is kept where nobody looks any more."""
    slowly, price = searches._find, beside.new_price()

    def change_meanwhile(*asked: Any, **more: Any) -> searches.Found:
        monkeypatch.setattr(searches, "_find", slowly)
        assert beside.change(0, price_per_night=price).status_code == 200
        beside.stack.projector.run()
        return slowly(*asked, **more)

    monkeypatch.setattr(searches, "_find", change_meanwhile)
    old = beside.kept()
    assert price["amount"] not in prices(old)
    assert price["amount"] in prices(beside.kept())


def test_the_cache_has_no_more_places_than_it_was_given_and_each_ends(redis_url: str) -> None:
    cache = RedisCache(redis_url, 4, 60)
    for number in range(40):
        cache.put(number.to_bytes(8) * 4, b"x")
    cache.put(bytes(32), b"x" * (VALUE_BYTES_MAX + 1))
    with redis.Redis.from_url(redis_url) as client:
        keys = list(client.scan_iter())
        assert len(keys) == 4
        assert all(0 < client.ttl(key) <= 60 for key in keys)
    assert [number for number in range(40) if cache.get(number.to_bytes(8) * 4)] == [36, 37, 38, 39]
    cache.clear()
    with redis.Redis.from_url(redis_url) as client:
        assert list(client.scan_iter()) == []


def test_the_checker_cries_out_when_changes_are_not_counted(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard: what `test_laws` holds fails as soon as the projector's transaction does not say what it changed."""
    counted = positions.commit
    monkeypatch.setattr(positions, "commit", lambda cursor, names, at, changed: counted(cursor, names, at, []))
    beside.asked_both()
    beside.change(0, price_per_night=beside.new_price())
    beside.stack.projector.run()
    kept, plain = beside.asked_both()
    assert kept["properties"] != plain["properties"]
