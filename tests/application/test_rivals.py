"""The same command twice at once: the slower one decides anew on what the faster one has made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from application import bookings, nights
from application.lodger import Lodger
from application.ports import Events
from domain.bookings import Confirmed, Held
from tests.application.test_requests import ON_REQUEST, accept
from tests.application.test_stay import LATE, TOTAL, rejected
from tests.support.world import World


class Overtaken:
    """A log whose first answer about a stream is out of date when it comes: the rival has acted in between."""

    def __init__(self, lodger: Lodger, stream_id: UUID, rival: Callable[[], object]) -> None:
        self._log = lodger.log
        self._stream_id = stream_id
        self._rivals = [rival]

    def load(self, stream_ids: Sequence[UUID], *others: Any, **named: Any) -> Mapping[UUID, Events]:
        found = self._log.load(stream_ids, *others, **named)
        if self._stream_id in stream_ids and self._rivals:
            self._rivals.pop()()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def overtaken(world: World, stream_id: UUID, rival: Callable[[], object]) -> Lodger:
    return replace(world.lodger, log=Overtaken(world.lodger, stream_id, rival))


def test_accepting_what_was_accepted_meanwhile_is_refused_as_that_and_not_for_its_own_nights(world: World) -> None:
    listing = world.listing(rules=ON_REQUEST)
    asked = world.hold(listing)
    slower = overtaken(world, asked, lambda: accept(world, asked))
    rejected("booking_not_acceptable", lambda: bookings.accept(slower, world.call(world.host), asked, world.host))
    assert isinstance(world.booking(asked), Held)
    assert world.claims(listing) == [asked]


def test_late_money_that_is_settled_twice_at_once_reinstates_the_booking_and_is_kept(world: World) -> None:
    listing = world.listing()
    booking = world.hold(listing)
    payment = world.pay(booking, "mobile_money", phone="+256772123456")
    world.approve(payment)
    world.clock.pass_(LATE)
    nights.elapse(world.lodger, world.call(), booking)

    slower = overtaken(world, booking, lambda: bookings.settle(world.lodger, world.call(), payment))
    bookings.settle(slower, world.call(), payment)

    world.react()
    assert isinstance(world.booking(booking), Confirmed)
    assert world.claims(listing) == [booking]
    assert world.kept_by_provider() == TOTAL
