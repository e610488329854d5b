"""What guests do with nights: ask for a price, book, alter, give back; and what operators give back for them."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import urlencode

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.api.stack import json_of
from tests.campaigns.model import ANSWER, HOLD, QUOTE, Alteration, Booking, Home, Quoted, Range, Side, local, minor
from tests.campaigns.stage import (
    BOOKINGS,
    FROM_TODAY,
    GUESTS,
    NIGHTS,
    PEOPLE,
    WHICH,
    Stage,
    homes,
    pick,
    refused,
    stay_of,
)

DAYS = st.sampled_from([0, 1, -1, 2, -2])


class Guests(Stage):
    def quoted(self, home: Home, stay: Range, guests: int) -> Quoted | None:
        body = {"property": home.id, **stay_of(stay, guests)}
        answer = self.market.send(None, "POST", "/v1/quotes", body)
        if stay[0] < self.today():
            refused(answer, "stay-in-past")
            return None
        quote = json_of(answer)
        assert quote["available"] == self.is_free(home, stay)
        total = minor(quote["total_price"])
        self.all_quotes.append(Quoted(home, {**body, "quote": quote["quote"]}, total, self.market.now + QUOTE))
        return self.all_quotes[-1]

    @precondition(lambda self: len(self.all_bookings) < BOOKINGS)
    @rule(home=homes, guest=GUESTS, first=FROM_TODAY, nights=NIGHTS, guests=PEOPLE, is_sure=st.integers(0, 3))
    def book(self, home: Home, guest: str, first: int, nights: int, guests: int, is_sure: int) -> None:
        """Those who are not sure ask the price, and perhaps come back to it."""
        if is_sure:
            self.booked(home, guest, self.nights(first, nights), guests)
        else:
            self.quoted(home, self.nights(first, nights), guests)

    @precondition(lambda self: len(self.all_bookings) < BOOKINGS and self.all_quotes)
    @rule(which=WHICH, guest=GUESTS)
    def book_as_quoted(self, which: int, guest: str) -> None:
        quote = pick(which, self.all_quotes)
        stay = date.fromisoformat(quote.body["check_in"]), date.fromisoformat(quote.body["check_out"])
        self.booked(quote.home, guest, stay, quote.body["guests"], quote)

    def booked(self, home: Home, guest: str, stay: Range, guests: int, quote: Quoted | None = None) -> Booking | None:
        now, who = self.market.now, self.people[guest]
        price = quote or self.quoted(home, stay, guests)
        body = quote.body if quote else {"property": home.id, **stay_of(stay, guests)}
        answer = self.wish(who, "POST", "/v1/bookings", body)
        if quote and now >= quote.until:
            refused(answer, "quote-expired")
            return None
        if stay[0] < self.today():
            refused(answer, "stay-in-past")
            return None
        if not home.on_request and not self.makes_way(home, stay):
            refused(answer, "nights-taken")
            return None
        assert answer.status_code == 201, answer.text
        assert price is not None
        booking = Booking(
            id=str(json_of(answer)["id"]),
            home=home,
            guest=who,
            stay=stay,
            guests=guests,
            total=price.total,
            state="asked" if home.on_request else "held",
            until=min(now + ANSWER, local(stay[0] + timedelta(days=1), 0)) if home.on_request else now + HOLD,
        )
        self.all_bookings.append(booking)
        return booking

    @precondition(lambda self: self.all_bookings)
    @rule(which=WHICH, by=st.sampled_from(["guest", "guest", "host", "platform"]))
    def cancel(self, which: int, by: str) -> None:
        side: Side = "host" if by == "host" else "guest"
        booking = self.able(which, "cancel", side)
        who = {"guest": booking.guest, "host": booking.home.host, "platform": self.operator}[by]
        path = f"/v1/bookings/{booking.id}"
        preview = self.market.send(booking.guest, "GET", f"{path}/cancellation-preview")
        command = f"/v1/operator/bookings/{booking.id}/cancel" if by == "platform" else f"{path}/cancel"
        may = "cancel" in booking.actions(side, self.market.now)
        answer = self.wish(who, "POST", command, {"reason": "The flu."})
        if not may:
            refused(preview, "booking-not-cancellable")
            refused(answer, "booking-not-cancellable")
            return
        assert answer.status_code == 200
        refund = minor(json_of(answer)["cancellation"]["refund"])
        everything = booking.total if booking.is_paid else 0
        assert refund == (minor(json_of(preview)["refund"]) if by == "guest" else everything)
        assert 0 <= refund <= everything
        booking.cancel(refund)

    @precondition(lambda self: self.all_able("alter"))
    @rule(which=WHICH, earlier=DAYS, later=DAYS, guests=PEOPLE)
    def alter(self, which: int, earlier: int, later: int, guests: int) -> None:
        booking = self.able(which, "alter")
        stay = booking.stay[0] + timedelta(days=earlier), booking.stay[1] + timedelta(days=later)
        body, path = stay_of(stay, guests), f"/v1/bookings/{booking.id}"
        may = "alter" in booking.actions("guest", self.market.now)
        preview = self.market.send(booking.guest, "GET", f"{path}/alteration-preview?{urlencode(body)}")
        answer = self.wish(booking.guest, "POST", f"{path}/alter", body)
        if preview.status_code != 200:
            wrong = ["stay-reversed", "stay-empty"]
            wrong += ["stay-in-past", "alteration-too-late", "nothing-altered"] if may else ["booking-not-alterable"]
            refused(preview, *wrong)
            assert json_of(answer)["type"] == json_of(preview)["type"]
            return
        assert may
        offer = json_of(preview)
        total, due, refund = (minor(offer[name]) for name in ("total_price", "due", "refund"))
        assert booking.total + due - refund == total
        assert 0 in (due, refund)
        if not self.makes_way(booking.home, stay, other_than=booking):
            refused(answer, "nights-taken")
            return
        assert answer.status_code == 200
        if due:
            booking.alteration = Alteration(stay, guests, total, due, self.market.now + HOLD)
        else:
            booking.alter(stay, guests, total)
