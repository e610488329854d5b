"""What becomes of money: started, answered by the payer, and followed by reactions, whenever those run."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.api.stack import json_of
from tests.campaigns.model import Attempt, Booking, minor
from tests.campaigns.stage import METHODS, WHICH, Stage, pick, refused

AGAIN = 10
"""Events that are followed once more."""


class Payers(Stage):
    @precondition(lambda self: self.all_able("pay"))
    @rule(which=WHICH, method=METHODS)
    def pay(self, which: int, method: str) -> None:
        self.paying(self.able(which, "pay"), method)

    def paying(self, booking: Booking, method: str) -> Attempt | None:
        may = "pay" in booking.actions("guest", self.market.now)
        purpose = booking.alteration
        body = {"payment_method": method} | ({"phone": "+256772123456"} if method == "mobile_money" else {})
        path = f"/v1/bookings/{booking.id}/payments"
        tried = json_of(self.market.send(booking.guest, "GET", path))["payments"]
        answer = self.wish(booking.guest, "POST", path, body)
        if not may:
            refused(answer, "booking-not-payable")
            return None
        if any(self._in_the_way(each, booking) for each in tried):
            refused(answer, "payment-in-progress")
            return None
        assert answer.status_code == 201, answer.text
        payment = json_of(answer)
        assert minor(payment["amount"]) == (purpose.due if purpose else booking.total)
        attempt = Attempt(payment["id"], booking, purpose, payment["next_action"]["url"])
        booking.attempts.append(attempt)
        return attempt

    def _in_the_way(self, shown: dict[str, Any], booking: Booking) -> bool:
        """What is under way, or has paid for the same already though nobody has drawn the conclusion yet."""
        if shown["status"] in ("pending", "authorized"):
            return True
        (attempt,) = (each for each in booking.attempts if each.id == shown["id"])
        return shown["status"] != "failed" and attempt.purpose is booking.alteration

    @precondition(lambda self: self._answerable())
    @rule(which=WHICH, button=st.sampled_from(["approve", "approve", "decline"]))
    def answer_payment(self, which: int, button: str) -> None:
        """The payer answers: perhaps again, perhaps too late."""
        self.answered(pick(which, self._answerable()), button)

    def _answerable(self) -> list[Attempt]:
        return [attempt for booking in self.all_bookings for attempt in booking.attempts if attempt.answers < 2]

    def answered(self, payment: Attempt, button: str) -> None:
        payment.answers += 1
        self.market.press(payment.page, button)
        charge = self.market.charges()[payment.id]
        payment.approved = charge.status in ("authorized", "captured")

    @rule(what=st.sampled_from(["all", "all", "again", "some", "deadlines"]))
    def work(self, what: str) -> None:
        """All or some of what follows happens, or all and then again, as the worker died before it said so."""
        match what:
            case "deadlines":
                self.market.meet_deadlines()
                for booking in self.all_bookings:
                    booking.elapse(self.market.now)
            case "some":
                self.market.react(at_most=1)
                self.take_over()
            case _:
                self.react_to_all()
        if what == "again":
            self.market.reacted_upto = max(0, self.market.reacted_upto - AGAIN)
            self.react_to_all()

    def react_to_all(self) -> None:
        ledger = self.market.charges()
        too_late = [b for b in self.all_bookings if b.state == "expired" and self.is_free(b.home, b.stay)]
        paid = [b for b in too_late if any(ledger[a.id].captured > ledger[a.id].refunded for a in b.attempts)]
        self.market.drain()
        self.take_over()
        for booking in paid:  # it has them again, or another one whose money came too late was first
            assert booking.state == "confirmed" or not self.is_free(booking.home, booking.stay)

    def take_over(self) -> None:
        """Reactions may have moved bookings: look where, and whether they were allowed to."""
        now = self.market.now
        for booking in self.all_bookings:
            shown = self.shown(booking, "guest")
            other, paid_for = booking.alteration, {a.purpose for a in booking.attempts if a.approved}
            if booking.state in ("held", "expired") and shown["status"] == "confirmed":
                assert None in paid_for
                booking.buy()
            elif booking.state == "held" and shown["status"] == "expired":
                booking.elapse(now)  # a rival's late money made it
            elif other and shown["alteration"] is None:
                if (shown["stay"], shown["guests"]) == (other.stay, other.guests):
                    assert other in paid_for
                    booking.alter(other.stay, other.guests, other.total)
                else:
                    booking.elapse(now)
