"""Random lives of a small marketplace, for what must hold whatever happened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from hypothesis import strategies as st

from application import properties, reviews
from domain.bookings import Cancelled, Completed, Confirmed, Held
from domain.properties import Block
from domain.rejections import Rejected
from domain.reviews import Ratings
from infrastructure.workers.deadlines import meet_deadlines, reveal_reviews
from tests.support.world import World

HAPPENINGS = (
    "list",
    "hold",
    "hold",
    "pay",
    "pay",
    "pay",
    "decline",
    "cancel",
    "alter",
    "price",
    "block",
    "wait",
    "review",
)
happenings = st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 9)), min_size=8, max_size=25)


class Lives:
    """What happens to properties and bookings of a world; what a rule refuses has not happened."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.listings = [world.listing()]
        self.bookings: list[UUID] = []
        self.turn = 0

    def happen(self, what: str, number: int) -> None:
        """`number` chooses among what there is."""
        self.turn += 1
        act: Callable[[int], object] = getattr(self, f"_{what}")
        with suppress(Rejected):
            act(number)
        self.world.react()

    def _list(self, number: int) -> None:
        self.listings.append(self.world.listing(price=f"{50 + number}.10", published=number % 4 > 0))

    def _hold(self, number: int) -> None:
        first = (self.world.clock.now() + timedelta(days=10 + 4 * self.turn)).date()
        nights = first.isoformat(), (first + timedelta(days=1 + number % 3)).isoformat()
        self.bookings.append(self.world.hold(self.listings[number % len(self.listings)], nights=nights))

    def _of(self, kind: type, number: int) -> UUID | None:
        found = [each for each in self.bookings if isinstance(self.world.booking(each), kind)]
        return found[number % len(found)] if found else None

    def _pay(self, number: int) -> None:
        if booking_id := self._of(Held, number):
            self.world.approve(self.world.pay(booking_id))

    def _decline(self, number: int) -> None:
        if booking_id := self._of(Held, number):
            self.world.decline(self.world.pay(booking_id))

    def _cancel(self, number: int) -> None:
        if booking_id := self._of(Confirmed, number):
            self.world.cancel(booking_id, by="host" if number % 2 else "guest")

    def _alter(self, number: int) -> None:
        if booking_id := self._of(Confirmed, number):
            first = (self.world.clock.now() + timedelta(days=300 + 4 * self.turn)).date()
            self.world.alter(booking_id, (first.isoformat(), (first + timedelta(days=2)).isoformat()))

    def _price(self, number: int) -> None:
        self.world.price(self.listings[number % len(self.listings)], f"{90 + number}.00")

    def _block(self, number: int) -> None:
        world, first = self.world, (self.world.clock.now() + timedelta(days=600 + 4 * self.turn)).date()
        block = Block(world.lodger.new_id(), first, first + timedelta(days=2))
        listing = self.listings[number % len(self.listings)]
        properties.block(world.lodger, world.call(world.host), listing, world.host, (block,))

    def _wait(self, number: int) -> None:
        self.world.clock.pass_(timedelta(minutes=20) if number < 6 else timedelta(days=40))
        meet_deadlines(self.world.lodger, self.world.wired.database)
        reveal_reviews(self.world.lodger, self.world.wired.database)

    def _review(self, number: int) -> None:
        if booking_id := self._of(Completed, number) or self._of(Cancelled, number):
            made = self.world.booking(booking_id).made
            author = made.host_id if number % 2 else made.guest_id
            ratings = Ratings(1 + number % 5)
            reviews.submit(self.world.lodger, self.world.call(author), booking_id, author, ratings, "Well.")
