"""What time does: deadlines come, and are met when somebody looks after them."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.campaigns.model import Booking, local
from tests.campaigns.stage import Stage, bookings


class Deadlines(Stage):
    @rule()
    def meet_deadlines(self) -> None:
        self.market.meet_deadlines()
        for booking in self.all_bookings:
            booking.elapse(self.market.now)

    @rule(minutes=st.sampled_from([1, 14, 15, 31, 6 * 60, 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.market.clock.pass_(timedelta(minutes=minutes))

    @rule(booking=bookings, seconds=st.sampled_from([-1, 0]))
    def wait_for_a_deadline(self, booking: Booking, seconds: int) -> None:
        until = booking.alteration.until if booking.alteration else booking.until
        self._wait_until(until + timedelta(seconds=seconds))

    @rule(booking=bookings, seconds=st.sampled_from([-1, 0]), hour=st.sampled_from(["in", "out"]))
    def wait_for_check(self, booking: Booking, seconds: int, hour: str) -> None:
        at = local(booking.stay[0], 15) if hour == "in" else local(booking.stay[1], 11)
        self._wait_until(at + timedelta(seconds=seconds))

    def _wait_until(self, instant: datetime) -> None:
        self.market.clock.time = max(self.market.now, instant.astimezone(self.market.now.tzinfo))
