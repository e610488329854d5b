"""What time does: deadlines come, and are met when somebody looks after them."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.campaigns.model import local
from tests.campaigns.stage import WHICH, Stage


class Deadlines(Stage):
    @rule()
    def meet_deadlines(self) -> None:
        self.market.meet_deadlines()
        for booking in self.all_bookings:
            booking.elapse(self.market.now)

    @rule(minutes=st.sampled_from([1, 14, 15, 31, 6 * 60, 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.market.clock.pass_(timedelta(minutes=minutes))

    @precondition(lambda self: any(self._deadlines()))
    @rule(seconds=st.sampled_from([-1, 0]))
    def wait_for_a_deadline(self, seconds: int) -> None:
        """Until the next one, or a second less."""
        self._wait_until(min(self._deadlines()) + timedelta(seconds=seconds))

    @precondition(lambda self: self.all_bookings)
    @rule(which=WHICH, seconds=st.sampled_from([-1, 0]), hour=st.sampled_from(["in", "out"]))
    def wait_for_check(self, which: int, seconds: int, hour: str) -> None:
        booking = self.able(which, "alter")
        at = local(booking.stay[0], 15) if hour == "in" else local(booking.stay[1], 11)
        self._wait_until(at + timedelta(seconds=seconds))

    def _deadlines(self) -> list[datetime]:
        until = [booking.until for booking in self.all_bookings if booking.state in ("asked", "held")]
        until += [booking.alteration.until for booking in self.all_bookings if booking.alteration]
        return [instant for instant in until if instant > self.market.now]

    def _wait_until(self, instant: datetime) -> None:
        self.market.clock.time = max(self.market.now, instant.astimezone(self.market.now.tzinfo))
