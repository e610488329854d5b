"""A property that was loaded before is read on from there, and decided on as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from application import properties, quotes
from application.ports import EventLog, Range
from application.streams import PROPERTY
from domain.money import Money
from domain.pricing import Pricing
from domain.properties import Changes, must_exist
from domain.rejections import Rejected
from domain.stays import Stay
from infrastructure.memory import StreamMemory
from tests.support.world import World

STAY = Stay(date(2026, 7, 1), date(2026, 7, 4))


class Watched:
    """A log that notes how many events each load of it brought."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.brought: list[int] = []

    def load(self, stream_ids: Sequence[UUID], idempotency: Any = None, after: int = 0) -> Any:
        found = self._log.load(stream_ids, idempotency, after)
        self.brought.append(sum(map(len, found.values())))
        return found

    def load_with_claims(self, asked: Sequence[Range], after: Mapping[UUID, int]) -> Any:
        told, claims = self._log.load_with_claims(asked, after)
        self.brought.append(sum(map(len, told.values())))
        return told, claims

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def watch(world: World) -> Watched:
    log = Watched(world.lodger.log)
    world.lodger = replace(world.lodger, log=log)
    return log


def price(world: World, property_id: UUID, nightly: str) -> None:
    revision = must_exist(world.lodger.load(PROPERTY, property_id).state).revision
    changes = Changes(pricing=Pricing(Money.parse(nightly, "USD")))
    properties.change(world.lodger, world.call(world.host), property_id, world.host, revision, changes)


def test_only_what_is_new_is_read(world: World) -> None:
    listing = world.listing()
    log = watch(world)
    first = world.lodger.load(PROPERTY, listing)
    again = world.lodger.load(PROPERTY, listing)
    assert again == first
    price(world, listing, "120.00")
    assert must_exist(world.lodger.load(PROPERTY, listing).state).pricing == Pricing(Money.parse("120.00", "USD"))
    # Publishing, the last of the five facts, had loaded the first four. Then it is loaded again, twice in order to
    # change its price, and once to see that.
    assert (first.version, log.brought) == (5, [1, 0, 0, 0, 1])


def test_quotes_of_many_read_only_what_is_new_in_one_round_trip(world: World) -> None:
    known, unknown = world.listing(), world.listing()
    world.lodger = replace(world.lodger, memory=StreamMemory(world.wired.database))
    length = world.lodger.load(PROPERTY, known).version
    log = watch(world)
    asked = [quotes.Asked(known, STAY, 2), quotes.Asked(unknown, STAY, 2), quotes.Asked(known, STAY, 1)]
    first = quotes.offers(world.lodger, asked)
    again = [quotes.offer(world.lodger, each.property_id, each.stay, each.guests) for each in asked]
    assert [first[each] for each in asked] == again
    assert log.brought == [length, 0, 0, 0]  # the other one in full, as long; then neither


def test_several_properties_read_only_what_is_new_in_one_round_trip(world: World) -> None:
    known, changed, unknown = world.listing(), world.listing(), world.listing()
    other, world.lodger = world.lodger, replace(world.lodger, memory=StreamMemory(world.wired.database))
    length = world.lodger.load(PROPERTY, known).version
    world.lodger.load(PROPERTY, changed)
    properties.unpublish(other, world.call(world.host), changed, world.host)
    log = watch(world)
    loaded = world.lodger.load_properties([known, changed, unknown])
    assert log.brought == [0 + 1 + length]
    assert loaded == {each: world.lodger.load(PROPERTY, each) for each in (known, changed, unknown)}
    assert log.brought[1:] == [0, 0, 0]


def test_what_another_process_changed_is_seen_at_once(world: World) -> None:
    listing = world.listing()
    world.lodger.load(PROPERTY, listing)
    other = replace(world.lodger, memory=StreamMemory(world.wired.database))
    properties.unpublish(other, world.call(world.host), listing, world.host)
    with pytest.raises(Rejected) as refused:
        world.hold(listing)
    assert refused.value.code == "property_not_listed"


def test_a_quote_books_at_its_price_though_a_later_version_is_remembered(world: World) -> None:
    listing = world.listing(price="100.00")
    offer = quotes.offer(world.lodger, listing, STAY, 2)
    price(world, listing, "200.00")
    assert quotes.offer(world.lodger, listing, STAY, 2).quote.total != offer.quote.total
    assert world.booking(world.hold(listing, quote=offer.token)).made.quote == offer.quote


def test_all_is_forgotten_when_the_log_may_be_another_one(world: World) -> None:
    listing = world.listing()
    length = world.lodger.load(PROPERTY, listing).version
    log = watch(world)
    assert world.lodger.load(PROPERTY, listing).version == length
    world.wired.database.losses += 1
    assert world.lodger.load(PROPERTY, listing).version == length
    assert log.brought == [0, length]


def test_what_was_found_lost_while_reading_is_read_anew(world: World) -> None:
    listing = world.listing()
    length = world.lodger.load(PROPERTY, listing).version

    class Losing(Watched):
        def load(self, stream_ids: Sequence[UUID], idempotency: Any = None, after: int = 0) -> Any:
            if not self.brought:
                world.wired.database.losses += 1  # the pool meets the first connection that the server has closed
            return super().load(stream_ids, idempotency, after)

        def load_with_claims(self, asked: Sequence[Range], after: Mapping[UUID, int]) -> Any:
            if len(self.brought) == 2:
                world.wired.database.losses += 1
            return super().load_with_claims(asked, after)

    log = Losing(world.lodger.log)
    world.lodger = replace(world.lodger, log=log)
    assert world.lodger.load(PROPERTY, listing).version == length
    assert log.brought == [0, length]
    assert quotes.offer(world.lodger, listing, STAY, 2).available
    assert log.brought == [0, length, 0, length]
