"""What clients do without meaning to change anything: send again, mix up keys, look at what is not theirs."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.campaigns.model import Booking
from tests.campaigns.stage import WHICH, Stage, pick, refused, stay_of

ANOTHER = {"guests": 9, "reason": "Another.", "title": "Another", "phone": "+256772123457", "until": "2032-01-01"}


class Clients(Stage):
    @precondition(lambda self: self.wishes)
    @rule(which=WHICH, another=st.booleans())
    def send_again(self, which: int, another: bool) -> None:
        """A key that was used: for the same wish, or for another one."""
        wish, before = pick(which, self.wishes), self.market.events()
        body = (
            {name: ANOTHER.get(name, value) for name, value in wish.body.items()}
            if another and wish.body
            else wish.body
        )
        again = self.market.send(wish.who, wish.method, wish.path, body, Idempotency_Key=wish.key)
        if body == wish.body:
            assert (again.status_code, again.data) == (wish.answer.status_code, wish.answer.data)
            assert again.headers["Idempotency-Replayed"] == "true"
            assert again.headers.get("Location") == wish.answer.headers.get("Location")
        else:
            refused(again, "idempotency-key-reused")
        assert self.market.events() == before

    @precondition(lambda self: self._unpried())
    @rule(which=WHICH)
    def pry(self, which: int) -> None:
        """Whom it does not concern finds nothing; the other side may not do what is not its own."""
        booking = pick(which, self._unpried())
        booking.pried_in.add(booking.state)
        mallory, path = self.people["mallory"], f"/v1/bookings/{booking.id}"
        for page in ("", "/payments", "/history", "/cancellation-preview"):
            refused(self.market.send(mallory, "GET", path + page), "booking-not-found")
        for attempt in booking.attempts:
            refused(self.market.send(mallory, "GET", f"/v1/payments/{attempt.id}"), "payment-not-found")
        altered = stay_of(booking.stay, booking.guests)
        commands = {"cancel": None, "accept": None, "decline": None, "no-show": None, "alter": altered}
        for command, body in commands.items():
            refused(self.wish(mallory, "POST", f"{path}/{command}", body), "booking-not-found")
        refused(self.wish(booking.guest, "POST", f"{path}/accept"), "host-required")
        refused(self.wish(booking.home.host, "POST", f"{path}/alter", altered), "guest-required")

    def _unpried(self) -> list[Booking]:
        return [booking for booking in self.all_bookings if booking.state not in booking.pried_in]
