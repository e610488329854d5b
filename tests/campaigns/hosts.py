"""What hosts do: list, ask other prices, keep nights free, answer guests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule

from tests.api.people import PROPERTY
from tests.api.stack import json_of
from tests.campaigns.model import HOLD, Booking, Home
from tests.campaigns.stage import FROM_TODAY, HOMES, NIGHTS, WHICH, Stage, blocks, homes, refused, usd

POLICIES = st.sampled_from(["flexible", "moderate", "strict", "non_refundable"])


class Hosts(Stage):
    @precondition(lambda self: len(self.all_homes) < HOMES)
    @rule(target=homes, policy=POLICIES, on_request=st.booleans())
    def list_another(self, policy: str, on_request: bool) -> Home:
        return self.listed(policy, on_request)

    def listed(self, policy: str, on_request: bool) -> Home:
        ada = self.people["ada"]
        rules = {"cancellation_policy": policy, "booking_mode": "request" if on_request else "instant"}
        pricing = {"cleaning_fee": usd(20), "extra_guest_fee": usd(7), "guests_included": 2, "tax_basis_points": 450}
        made = self.wish(ada, "POST", "/v1/properties", {**PROPERTY, "house_rules": rules, "pricing": pricing})
        home = Home(str(json_of(made)["id"]), ada, on_request)
        assert self.wish(ada, "POST", f"/v1/properties/{home.id}/publish").status_code == 200
        self.all_homes.append(home)
        return home

    @rule(home=homes, price=st.sampled_from([80, 100, 131]))
    def change_the_price(self, home: Home, price: int) -> None:
        path = f"/v1/properties/{home.id}"
        etag = self.market.send(None, "GET", path).headers["ETag"]
        changed = self.market.send(home.host, "PATCH", path, {"price_per_night": usd(price)}, If_Match=etag)
        assert changed.status_code == 200

    @rule(target=blocks, home=homes, first=FROM_TODAY, nights=NIGHTS)
    def block(self, home: Home, first: int, nights: int) -> Any:
        taken = self.nights(first, nights)
        body = {"from": taken[0].isoformat(), "until": taken[1].isoformat()}
        answer = self.wish(home.host, "POST", f"/v1/properties/{home.id}/blocks", body)
        if not self.makes_way(home, taken, are_blocks=True):
            refused(answer, "nights-taken")
            return multiple()
        assert answer.status_code == 201
        block_id = str(json_of(answer)["id"])
        home.blocks[block_id] = taken
        return home, block_id

    @rule(block=blocks)
    def unblock(self, block: tuple[Home, str]) -> None:
        home, block_id = block
        answer = self.wish(home.host, "DELETE", f"/v1/properties/{home.id}/blocks?id={block_id}")
        if home.blocks.pop(block_id, None):
            assert answer.status_code == 204
        else:
            refused(answer, "block-not-found")

    @precondition(lambda self: self.all_able("accept", "host"))
    @rule(which=WHICH, accepted=st.booleans())
    def answer_a_request(self, which: int, accepted: bool) -> None:
        booking = self.able(which, "accept", "host")
        if accepted:
            self.accepted(booking)
        else:
            self.declined(booking)

    def accepted(self, booking: Booking) -> None:
        may = "accept" in booking.actions("host", self.market.now)
        answer = self.wish(booking.home.host, "POST", f"/v1/bookings/{booking.id}/accept")
        if not may:
            refused(answer, "booking-not-acceptable")
        elif not self.makes_way(booking.home, booking.stay):
            refused(answer, "nights-taken")
        else:
            assert answer.status_code == 200
            booking.state, booking.until = "held", self.market.now + HOLD

    def declined(self, booking: Booking) -> None:
        may = "decline" in booking.actions("host", self.market.now)
        answer = self.wish(booking.home.host, "POST", f"/v1/bookings/{booking.id}/decline", {"reason": "No."})
        if not may:
            refused(answer, "booking-not-declinable")
            return
        assert answer.status_code == 200
        booking.state = "declined"

    @precondition(lambda self: self.all_able("record_no_show", "host"))
    @rule(which=WHICH)
    def say_that_nobody_came(self, which: int) -> None:
        booking = self.able(which, "record_no_show", "host")
        may = "record_no_show" in booking.actions("host", self.market.now)
        answer = self.wish(booking.home.host, "POST", f"/v1/bookings/{booking.id}/no-show")
        if not may:
            refused(answer, "booking-not-missed")
            return
        assert answer.status_code == 200
        booking.state, booking.alteration = "no_show", None
