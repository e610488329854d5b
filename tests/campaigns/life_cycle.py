"""The whole life cycle as a state machine: whatever is asked for in whatever order, the invariants hold after each.

The rules say what should come of each request; `model` says what a booking is. Reactions and deadlines happen only by
rules of their own, so that most of what is tried is tried while the workers are off.
"""

from __future__ import annotations

from typing import cast
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.api.stack import json_of
from tests.campaigns.clients import Clients
from tests.campaigns.deadlines import Deadlines
from tests.campaigns.guests import Guests
from tests.campaigns.hosts import POLICIES, Hosts
from tests.campaigns.model import Attempt, Booking, Home, Range
from tests.campaigns.payers import Payers
from tests.campaigns.stage import BOOKINGS, FROM_TODAY, GUESTS, METHODS, NIGHTS, homes
from tests.support.checkers import Outcome, broken_promises, gaps_in_streams, overlapping_nights
from tests.support.servers import Databases

METHODS_LATE = ["mobile_money", "mobile_money", "card"]
"""What is taken when it is approved comes late; what is only reserved then never comes."""


def run(databases: Databases, effort: settings) -> None:
    """Try as many lives as `effort` says, each in a database of its own. Raises what is wrong, as short as it gets."""
    machine = cast("type[LifeCycle]", lambda: LifeCycle(databases))  # a function will do, says its documentation
    run_state_machine_as_test(machine, settings=effort)


class LifeCycle(Hosts, Guests, Payers, Deadlines, Clients):
    @initialize(target=homes, policy=POLICIES, held=NIGHTS, bought=st.integers(2, 4))
    def begin(self, policy: str, held: int, bought: int) -> Home:
        """With something to lose."""
        home = self.listed(policy, on_request=False)
        self.booked(home, "eve", self.nights(1, held), 2)
        self.bought(home, "bob", self.nights(1 + held, bought), "card")
        return home

    @precondition(lambda self: len(self.all_bookings) < BOOKINGS)
    @rule(home=homes, guest=GUESTS, first=FROM_TODAY, nights=NIGHTS, method=METHODS)
    def buy(self, home: Home, guest: str, first: int, nights: int, method: str) -> None:
        """All that most bookings ever see, in one step: or the others are hardly ever reached."""
        self.bought(home, guest, self.nights(first, nights), method)

    def bought(self, home: Home, guest: str, stay: Range, method: str) -> None:
        booking = self.booked(home, guest, stay, 2)
        if booking is None:
            return
        if booking.state == "asked":
            self.accepted(booking)
        if "pay" in booking.actions("guest", self.market.now):
            payment = self.paying(booking, method)
            assert payment is not None
            self.answered(payment, "approve")
            self.react_to_all()
            assert booking.state == "confirmed"

    @precondition(lambda self: len(self.all_bookings) < BOOKINGS)
    @rule(
        home=homes, first=st.integers(8, 14), nights=NIGHTS, method=st.sampled_from(METHODS_LATE), rival=st.booleans()
    )
    def pay_too_late(self, home: Home, first: int, nights: int, method: str, rival: bool) -> None:
        """The payer answers when the hold has lapsed and, with a `rival`, somebody else has the nights."""
        stay = self.nights(first, nights)
        booking = self.booked(home, "bob", stay, 2)
        if booking is None or booking.state == "asked":
            return
        payment = self.paying(booking, method)
        assert payment is not None
        self.market.clock.time = max(self.market.now, booking.until)
        if rival:
            self.booked(home, "eve", stay, 2)
        else:
            self.work("deadlines")
        self.answered(payment, "approve")
        self.react_to_all()

    @precondition(lambda self: len(self.all_bookings) < BOOKINGS)
    @rule(home=homes, first=st.integers(8, 14), nights=NIGHTS, method=METHODS, approved=st.booleans())
    def think_better_of_it(self, home: Home, first: int, nights: int, method: str, approved: bool) -> None:
        """The guest cancels while the payment is under way."""
        booking = self.booked(home, "bob", self.nights(first, nights), 2)
        if booking is None or booking.state == "asked":
            return
        payment = self.paying(booking, method)
        assert payment is not None
        if approved:
            self.answered(payment, "approve")
        self.cancel(0, "guest")
        self.react_to_all()

    @invariant()
    def what_is_shown_is_what_should_be(self) -> None:
        for booking in self.all_bookings:
            assert self.shown(booking, "guest") == booking.shown("guest", self.market.now)
            assert self.shown(booking, "host") == booking.shown("host", self.market.now)

    @invariant()
    def no_two_stays_overlap_and_the_nights_are_those_of_the_bookings(self) -> None:
        """O."""
        assert overlapping_nights(self.market.url) == []
        claims = [claim for booking in self.all_bookings for claim in booking.claims()]
        claims += [(home.id, block, *taken, None) for home in self.all_homes for block, taken in home.blocks.items()]
        assert sorted(self.market.claims(), key=str) == sorted(claims, key=str)

    @invariant()
    def versions_are_dense_and_positions_unique(self) -> None:
        """V."""
        assert gaps_in_streams(self.market.url) == []
        assert self.market.rows("SELECT position FROM events GROUP BY position HAVING count(*) > 1") == []

    @invariant()
    def one_key_has_one_effect(self) -> None:
        """K, of the bookings; `send_again` compares the answers."""
        made = [wish for wish in self.wishes if wish.path == "/v1/bookings"]
        outcomes = [Outcome(wish.key, wish.answer.text, UUID(json_of(wish.answer)["id"])) for wish in made]
        assert broken_promises(self.market.url, outcomes) == []
        assert len(outcomes) == len(self.all_bookings)

    @invariant()
    def money_is_where_it_belongs(self) -> None:
        ledger, drained = self.market.charges(), self.market.drained
        for booking in self.all_bookings:
            charges = [ledger[attempt.id] for attempt in booking.attempts]
            kept = sum(charge.captured - charge.refunded for charge in charges)
            assert all(0 <= charge.refunded <= charge.captured for charge in charges)
            if booking.state in ("confirmed", "completed", "no_show"):
                assert kept >= booking.total
            if not drained:
                continue
            assert kept == booking.keeps()
            for attempt, charge in zip(booking.attempts, charges, strict=True):
                self._must_be_settled(booking, attempt, charge.status)

    def _must_be_settled(self, booking: Booking, attempt: Attempt, status: str) -> None:
        """Nothing stays reserved; only what is waited for may still be paid; what was paid in time has bought it."""
        assert status != "authorized"
        waits = booking.state == "held" if attempt.purpose is None else attempt.purpose is booking.alteration
        assert waits or status != "waiting"
        if waits:
            until = attempt.purpose.until if attempt.purpose else booking.until
            assert not attempt.approved or self.market.now >= until
