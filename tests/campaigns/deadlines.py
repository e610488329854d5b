"""What time does: deadlines come, and are met when somebody looks after them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.campaigns.model import local
from tests.campaigns.stage import WHICH, Stage


class Deadlines(Stage):
    @rule(
        until=st.sampled_from(["deadline", "deadline", "in", "out", 1, 31, 24 * 60]), early=st.booleans(), which=WHICH
    )
    def wait(self, until: str | int, early: bool, which: int) -> None:
        """So many minutes; or until the next deadline, checking in or checking out, or a second less."""
        if isinstance(until, int):
            self.market.clock.pass_(timedelta(minutes=until))
            return
        instants = self._deadlines()
        if until != "deadline" and self.all_bookings:
            stay = self.able(which, "alter").stay
            instants = [local(stay[0], 15) if until == "in" else local(stay[1], 11)]
        if instants:
            instant = min(instants).astimezone(UTC) - timedelta(seconds=early)
            self.market.clock.time = max(self.market.now, instant)

    def _deadlines(self) -> list[datetime]:
        until = [booking.until for booking in self.all_bookings if booking.state in ("asked", "held")]
        until += [booking.alteration.until for booking in self.all_bookings if booking.alteration]
        return [instant for instant in until if instant > self.market.now]
