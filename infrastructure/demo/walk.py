"""One stay on screen, from registration to its history and a night more, and some that do not get that far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from infrastructure.demo import words
from infrastructure.demo.client import PASSWORD, POSITION, Answer, Api, wait_until
from infrastructure.demo.screen import Screen, money

Json = dict[str, Any]

NIGHTS: Final = 4
COTTAGE: Final[Json] = {
    "title": "The lighthouse keeper's cottage",
    "description": "Two rooms under the lamp, which has been dark since 1961. You will sleep well.",
    "property_type": "house",
    "room_type": "entire_place",
    "guests": 4,
    "bedrooms": 2,
    "amenities": ["wifi", "kitchen", "waterfront"],
    "location": {
        "address": "1 Lighthouse Point",
        "city": words.CITY,
        "country": words.COUNTRY,
        "coordinates": {"latitude": 0.4207, "longitude": 33.2149},
    },
    "price_per_night": {"amount": "240000", "currency": words.CURRENCY},
    "pricing": {
        "weekend_price": {"amount": "280000", "currency": words.CURRENCY},
        "cleaning_fee": {"amount": "50000", "currency": words.CURRENCY},
        "tax_basis_points": 600,
    },
    "house_rules": {"minimum_nights": 2},
}
_AROUND_THE_POINT: Final = "33.205,0.415,33.225,0.4235"


@dataclass
class Walk:
    """The steps, each checked. `today` is the city's date, `run` names this run in idempotency keys."""

    api: Api
    screen: Screen
    operator_token: str
    today: date
    run: str
    rival: str = ""
    host: str = ""
    guest: str = ""
    cottage: str = ""
    quote: str = ""
    booking: str = ""
    payment_page: str = ""
    position: str | None = None

    def take(self) -> None:
        """Walk all steps. Raises DemoFailed at the first that is not as it should be."""
        self.screen.chapter("One stay, step by step")
        for step in (
            self.register,
            self.confirm_address,
            self.become_host,
            self.create,
            self.publish,
            self.search,
            self.ask_price,
            self.book,
            self.pay,
            self.confirm,
            self.read_mail,
            self.read_history,
            self.stay_longer,
            self.ask_the_host,
            self.let_a_hold_lapse,
            self.refuse_a_rival,
        ):
            step()

    # --- a host and a place -------------------------------------------------------------------------------

    def register(self) -> None:
        self.screen.step("Somebody registers and gets a token")
        account = {
            "username": "keeper",
            "email": "keeper@mirembe.example",
            "name": "Ada Keeper",
            "password": PASSWORD,
        }
        made = self._post("/v1/users", account, "join-keeper", expect=201, show=("id", "username", "is_host"))
        self.screen.check(made.body["is_host"] is False, "a new account does not host yet")
        credentials = {"email": account["email"], "password": PASSWORD}
        self.host = self._post("/v1/auth/tokens", credentials, None, show=("token_type", "expires_in")).body[
            "access_token"
        ]

    def confirm_address(self) -> None:
        self.screen.step("They follow the link in their mail: before that they may look, and neither host nor book")
        me = partial(self._get, "/v1/users/me", token=self.host, show=("email", "email_verified"))
        self.screen.check(me().body["email_verified"] is False, "the address is not confirmed yet")
        confirmed = self.api.confirm_address("keeper@mirembe.example")
        body = {"token": "… from the mail"}
        self.screen.exchange("POST", "/v1/auth/email-verification", body, confirmed, {})
        self.screen.check(me().body["email_verified"] is True, "the link in the mail confirmed it, and works once")

    def become_host(self) -> None:
        self.screen.step("They become a host")
        hosting = partial(self._post, "/v1/users/me/hosting", None, "host-keeper", token=self.host)
        answer = hosting(show=("username", "is_host"))
        self.screen.check(answer.body["is_host"] is True, "they may list properties now")
        again = hosting(show=())
        replayed = again.headers.get("Idempotency-Replayed") == "true" and again.body == answer.body
        self.screen.check(replayed, "the same request again, with its Idempotency-Key, changes nothing: same answer")

    def create(self) -> None:
        self.screen.step("They describe a place: a draft that only they see")
        made = self._post("/v1/properties", COTTAGE, "cottage", token=self.host, expect=201, show=("id", "status"))
        self.cottage = made.body["id"]
        zone = made.body["location"]["zone"]
        self.screen.check(zone == words.ZONE, f"its time zone was found from its coordinates: {zone}")
        self._get(f"/v1/properties/{self.cottage}", expect=404, show=("title",))
        self.screen.check(True, "for everybody else there is no such property")

    def publish(self) -> None:
        self.screen.step("They publish it")
        path = f"/v1/properties/{self.cottage}/publish"
        answer = self._post(path, None, "publish", token=self.host, show=("status",))
        self.screen.check(answer.body["status"] == "published", "guests can find and book it")
        self.position = answer.headers[POSITION]
        self.screen.note(f"{POSITION}: {self.position}. Sent back, it makes a list wait until it knows of this.")

    def search(self) -> None:
        self.screen.step("A guest searches near the point, for four nights and two people")
        found = self._get(f"/v1/properties?{self.search_query()}", position=self.position, show=()).body["properties"]
        rows = [[each["title"], each["room_type"], money(each["price_per_night"])] for each in found]
        self.screen.table(["title", "room", "amount"], rows)
        self.screen.check(self.cottage in [each["id"] for each in found], f"{len(found)} fit, the cottage among them")

    def search_query(self) -> str:
        return urlencode({"bbox": _AROUND_THE_POINT, **self._dates(), "guests": 2, "sort": "price"}, safe=",")

    # --- a booking ----------------------------------------------------------------------------------------

    def ask_price(self) -> None:
        self.screen.step("The guest asks for the price, line by line")
        quote = self._post("/v1/quotes", self._stay(), None, show=("expires_at",)).body
        self.quote = quote["quote"]
        rows = [[line["kind"], line["night"] or line["taxes"] or "", money(line["amount"])] for line in quote["lines"]]
        self.screen.table(["line", "of", "amount"], [*rows, ["total", "", money(quote["total_price"])]])
        total = sum(int(line["amount"]["amount"]) for line in quote["lines"])
        self.screen.check(str(total) == quote["total_price"]["amount"], "the lines add up to the total exactly")

    def book(self) -> None:
        self.screen.step("The guest books at that price: the nights are held for 15 minutes")
        self.guest = self._token("guest")
        body = {**self._stay(), "quote": f"{self.quote[:12]}…"}
        shown = ("id", "status", "pending_reason", "expires_at", "available_actions")
        made = self._post(
            "/v1/bookings",
            {**body, "quote": self.quote},
            "book",
            token=self.guest,
            expect=201,
            show=shown,
            shown_body=body,
        )
        self.booking = made.body["id"]
        self.screen.check(made.body["status"] == "pending", "it waits for the payment")

    def pay(self) -> None:
        self.screen.step("The guest pays by card, on the payment provider's page")
        path = f"/v1/bookings/{self.booking}/payments"
        card = {"payment_method": "card"}
        shown = ("id", "amount", "status", "next_action", "payment_date")
        started = self._post(path, card, "pay", token=self.guest, expect=201, show=shown)
        self.payment_page = started.body["next_action"]["url"]
        pressed = self.api.answer_payment(self.payment_page, "approve")
        self.screen.exchange("POST", self.payment_page, {"answer": "approve"}, pressed, {})
        self.screen.check(pressed.status == 303, "the sandbox's page took the approval, as a person would give it")

    def confirm(self) -> None:
        self.screen.step("The workers capture the money and confirm the booking")
        began = datetime.now().astimezone()
        booking = self._wait_for(self.booking, self.guest, status="confirmed")
        waited = (datetime.now().astimezone() - began).total_seconds()
        self.screen.exchange("GET", f"/v1/bookings/{self.booking}", None, booking, _of(booking.body, ("status",)))
        self.screen.check(booking.body["status"] == "confirmed", f"confirmed {waited * 1000:.0f} ms after the approval")
        paid = self._get(f"/v1/bookings/{self.booking}/payments", token=self.guest, show=()).body["payments"][-1]
        is_paid = paid["status"] == "paid" and paid["payment_date"] is not None
        self.screen.check(is_paid, f"{money(paid['amount'])} paid on {paid['payment_date']}")

    def read_mail(self) -> None:
        self.screen.step("Guest and host get mail")
        for name in ("guest", "keeper"):
            path = f"{self.api.inbox_url}/messages.json?to={name}@mirembe.example"
            mail = wait_until(f"the {name} has mail about the cottage", partial(self._confirmation, path))
            self.screen.exchange("GET", path, None, mail, {"subject": self._about_the_cottage(mail)[0]})
        self.screen.check(True, "both know that it is confirmed")

    def read_history(self) -> None:
        self.screen.step("Everything that happened can be read, as it was stored")
        path = f"/v1/bookings/{self.booking}/history"
        events = self._get(path, token=self.guest, show=()).body["events"]
        rows = [
            [str(each["position"]), each["type"], str(each["version"]), each["actor"], each["occurred_at"][11:23]]
            for each in events
        ]
        self.screen.table(["position", "event", "version", "by", "at"], rows)
        told = [each["type"] for each in events]
        expected = [
            "BookingHeld",
            "PaymentStarted",
            "PaymentActionRequired",
            "PaymentAuthorized",
            "PaymentCaptureStarted",
            "PaymentCaptured",
            "BookingConfirmed",
        ]
        self.screen.check(told == expected, "from hold to confirmation, seven facts in their order")

    def stay_longer(self) -> None:
        self.screen.step("The guest would like to stay a night longer, and pays the difference")
        path = f"/v1/bookings/{self.booking}"
        longer = {**self._dates(), "guests": 2, "check_out": self._dates(days=1)["check_out"]}
        asked = self._post(f"{path}/alter", longer, "longer", token=self.guest, show=("check_out", "alteration"))
        due = asked.body["alteration"]["due"]
        self.screen.check(asked.body["nights"] == NIGHTS, f"the fifth night is held, until {money(due)} are paid")
        card = {"payment_method": "card"}
        started = self._post(
            f"{path}/payments", card, "pay-longer", token=self.guest, expect=201, show=("amount", "status")
        )
        self.api.answer_payment(started.body["next_action"]["url"], "approve")
        longer_stay = self._wait_for(self.booking, self.guest, nights=NIGHTS + 1)
        told = _of(longer_stay.body, ("check_out", "nights", "total_price"))
        self.screen.exchange("GET", path, None, longer_stay, told)
        paid = int(asked.body["total_price"]["amount"]) + int(due["amount"])
        self.screen.check(str(paid) == longer_stay.body["total_price"]["amount"], "what was paid is the new price")

    def ask_the_host(self) -> None:
        self.screen.step("Another place of the keeper is booked on request")
        loft = {**COTTAGE, "title": "The loft above the lamp room", "house_rules": {"booking_mode": "request"}}
        made = self.api.call("POST", "/v1/properties", loft, expect=201, token=self.host, key=f"{self.run}-loft")
        self.api.call("POST", f"/v1/properties/{made.body['id']}/publish", token=self.host)
        stay = {**self._stay(), "property": made.body["id"]}
        shown = ("status", "pending_reason", "expires_at", "available_actions")
        asked = self._post("/v1/bookings", stay, "ask", token=self.guest, expect=201, show=shown)
        waits = asked.body["pending_reason"] == "host_approval"
        self.screen.check(waits, "the host has 24 hours to answer; no nights are taken")
        path = f"/v1/bookings/{asked.body['id']}/accept"
        accepted = self._post(path, None, "accept", token=self.host, show=("status", "pending_reason", "expires_at"))
        self.screen.check(accepted.body["pending_reason"] == "payment", "accepted: the nights are held for 15 minutes")

    # --- what does not get that far -----------------------------------------------------------------------

    def let_a_hold_lapse(self) -> None:
        self.screen.step("Another booking is never paid: the clock is moved past its hold")
        later = self._stay(weeks=2)
        held = self._post("/v1/bookings", later, "lapse", token=self.guest, expect=201, show=("status", "expires_at"))
        after = datetime.fromisoformat(held.body["expires_at"]) + timedelta(minutes=1)
        moved = self.api.move_clock(self.operator_token, after)
        self.screen.exchange("POST", "/v1/operator/clock", None, moved, moved.body)
        expired = self._wait_for(held.body["id"], self.guest, status="expired")
        self.screen.exchange("GET", f"/v1/bookings/{held.body['id']}", None, expired, _of(expired.body, ("status",)))
        self.screen.check(expired.body["available_actions"] == [], "expired: there is nothing left to do with it")
        path = f"/v1/properties/{self.cottage}/calendar?from={later['check_in']}&to={later['check_out']}"
        nights = self._get(path, show=()).body["nights"]
        free = [night["available"] for night in nights] == [True] * NIGHTS
        self.screen.check(free, f"its {NIGHTS} nights are free again")

    def refuse_a_rival(self) -> None:
        self.screen.step("Somebody else wants nights of the confirmed stay")
        self.rival = self._token("host")
        stay = self._stay(days=1)
        shown = ("title", "detail")
        refused = self._post("/v1/bookings", stay, "rival", token=self.rival, expect=409, show=shown)
        self.screen.check(
            refused.body["type"] == "/problems/nights-taken", "refused: two stays of a property never overlap"
        )
        back_to_back = self._stay(days=NIGHTS + 1)
        self._post("/v1/bookings", back_to_back, "next", token=self.rival, expect=201, show=("check_in", "status"))
        self.screen.check(True, "a stay that begins on the day this one ends is welcome")

    # --- telling and showing ------------------------------------------------------------------------------

    def _dates(self, *, weeks: int = 0, days: int = 0) -> Json:
        """Four nights from a Thursday on, three to four weeks from today, so that a weekend is among them."""
        thursday = self.today + timedelta(days=21 + (3 - self.today.weekday()) % 7)
        first = thursday + timedelta(weeks=weeks, days=days)
        return {"check_in": first.isoformat(), "check_out": (first + timedelta(days=NIGHTS)).isoformat()}

    def _stay(self, *, weeks: int = 0, days: int = 0) -> Json:
        return {"property": self.cottage, **self._dates(weeks=weeks, days=days), "guests": 2}

    def _post(
        self,
        path: str,
        body: Json | None,
        key: str | None,
        *,
        show: tuple[str, ...],
        expect: int = 200,
        token: str | None = None,
        shown_body: Json | None = None,
    ) -> Answer:
        named = f"{self.run}-{key}" if key else None
        answer = self.api.call("POST", path, body, expect=expect, token=token, key=named)
        self.screen.exchange("POST", path, shown_body or body, answer, _of(answer.body, show))
        return answer

    def _get(
        self,
        path: str,
        *,
        show: tuple[str, ...],
        expect: int = 200,
        token: str | None = None,
        position: str | None = None,
    ) -> Answer:
        answer = self.api.call("GET", path, expect=expect, token=token, position=position)
        self.screen.exchange("GET", path, None, answer, _of(answer.body, show))
        return answer

    def _token(self, username: str) -> str:
        credentials = {"email": f"{username}@mirembe.example", "password": PASSWORD}
        token: str = self.api.call("POST", "/v1/auth/tokens", credentials).body["access_token"]
        return token

    def _wait_for(self, booking: str, token: str, **told: object) -> Answer:
        def look() -> Answer | None:
            answer = self.api.call("GET", f"/v1/bookings/{booking}", token=token)
            return answer if _of(answer.body, tuple(told)) == told else None

        return wait_until(f"the booking tells {told}", look)

    def _confirmation(self, path: str) -> Answer | None:
        mails = self.api.call("GET", path)
        return mails if self._about_the_cottage(mails) else None

    def _about_the_cottage(self, mails: Answer) -> list[str]:
        """The subjects of mails that say it is booked, for either side."""
        subjects = [mail["subject"].strip() for mail in mails.body["messages"]]
        return [each for each in subjects if COTTAGE["title"] in each and each.startswith(("Confirmed", "New booking"))]


def _of(body: Any, names: tuple[str, ...]) -> Json:
    return {name: body[name] for name in names}
