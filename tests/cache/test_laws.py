"""Under random changes, late writes to the cache and an emptied Redis, kept answers are those found anew."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from infrastructure.cache import RedisCache
from tests.cache.conftest import Beside
from tests.support.effort import effort, is_long

QUERIES = (
    "facets=true",
    "sort=-price&limit=2",
    "q=cabin&currency=USD&price_max=150.00",
    "check_in=2031-07-01&check_out=2031-07-04&facets=true",
)
STEPS = st.sampled_from(("price", "title", "publish", "block", "project", "ask", "ask", "deliver", "flush", "time"))


class Late:
    """A cache whose writers are slow: what they put is there when it is delivered."""

    def __init__(self, cache: RedisCache) -> None:
        self._cache = cache
        self.waiting: list[tuple[bytes, bytes]] = []

    def get(self, key: bytes) -> bytes | None:
        return self._cache.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        self.waiting.append((key, value))

    def deliver(self) -> None:
        for key, value in self.waiting:
            self._cache.put(key, value)
        self.waiting.clear()


@settings(effort(), max_examples=100 if is_long() else 5)
@given(data=st.data(), steps=st.lists(STEPS, min_size=8, max_size=20))
def test_kept_answers_are_those_found_anew(beside: Beside, data: st.DataObject, steps: list[str]) -> None:
    late = Late(beside.cache)
    beside.put(late)
    for step in [*steps, "ask", "deliver", "project", "ask"]:
        number, amount = data.draw(st.tuples(st.integers(0, 2), st.integers(1, 200)))
        address = f"/v1/properties/{beside.listing_ids[number]}"
        match step:
            case "price":
                beside.change(number, price_per_night={"amount": f"{amount}.00", "currency": "USD"})
            case "title":
                beside.change(number, title=f"Cabin {amount}")
            case "publish":
                beside.host.post(f"{address}/{'publish' if amount % 2 else 'unpublish'}")
            case "block":
                beside.host.post(f"{address}/blocks", {"from": f"2031-07-{1 + amount % 20:02}", "until": "2031-07-22"})
            case "project":
                beside.stack.projector.run()
            case "deliver":
                late.deliver()
            case "flush":
                beside.cache.clear()
            case "time":
                beside.stack.wired.clock.advance_to(beside.stack.now() + timedelta(minutes=amount))  # type: ignore[attr-defined]
            case _:
                query = QUERIES[amount % len(QUERIES)]
                kept, plain = beside.asked_both(query)
                assert kept == plain, query
