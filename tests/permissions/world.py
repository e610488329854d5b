"""What there is to ask for: each method makes something new, of `guest` and `host` where it belongs to somebody."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from time import sleep
from typing import Any
from uuid import UUID

from application import passwords
from domain.calendar_sync import Entry
from tests.api.people import PASSWORD, answer_page, book, follow, listing, pay, wait
from tests.api.refusals.host_accounts import end, scheduled
from tests.api.stack import Client, Stack, json_of
from tests.permissions.cast import Cast, registered
from tests.photos.files import picture
from tests.webhooks.post import carry, deliveries, hook

NIGHTS = timedelta(days=2)
PICTURE = picture(16, 16)


class World:
    """One marketplace for the whole table."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.cast = Cast(stack)
        self._days = 0
        self.cast["host"].json("PUT", "/v1/me/payout-destination", {"method": "bank"})
        _wait_until_out(self.cast["suspended"])

    @cached_property
    def cottage(self) -> str:
        """The listing that most bookings are of."""
        return listing(self.cast["host"])

    def nights(self) -> tuple[str, str]:
        """Two nights that nobody has asked for."""
        self._days += 2
        first = self.stack.now().date() + timedelta(days=10 + self._days)
        return first.isoformat(), (first + NIGHTS).isoformat()

    def tokens(self) -> dict[str, Any]:
        """Those of one more login of the guest."""
        credentials = {"email": self.cast["guest"].user["email"], "password": PASSWORD}
        return json_of(self.stack.anybody().post("/v1/auth/tokens", credentials))

    def login(self) -> str:
        self.tokens()
        return str(json_of(self.cast["guest"].get("/v1/auth/tokens"))["logins"][0]["id"])

    def session(self) -> str:
        """One of the guest's, in a browser."""
        credentials = {"email": self.cast["guest"].user["email"], "password": PASSWORD}
        begun = self.stack.anybody().post("/v1/sessions", credentials)
        assert begun.status_code == 201, begun.text
        return str(json_of(begun)["id"])

    @cached_property
    def forgetful(self) -> Client:
        """Who resets their password again and again."""
        return registered(self.stack)

    def reset_token(self) -> str:
        """What the link says that somebody was sent who forgot their password."""
        lodger, user_id = self.stack.wired.lodger, UUID(self.forgetful.id)
        return passwords.token_for(lodger, lodger.people.get([user_id])[user_id])

    def key(self) -> str:
        made = self.cast["guest"].post("/v1/api-keys", {"name": "a machine", "scopes": ["bookings:read"]})
        assert made.status_code == 201, made.text
        return str(json_of(made)["id"])

    def property(self) -> str:
        return listing(self.cast["host"])

    def booking(self) -> str:
        """One that waits to be paid."""
        return book(self.cast["guest"], self.cottage, *self.nights())

    def confirmed(self) -> str:
        booking_id = self.booking()
        pay(self.cast["guest"], booking_id)
        self.stack.run_workers()
        return booking_id

    def requested(self) -> str:
        """One that waits for its host's answer."""
        asked = listing(self.cast["host"], house_rules={"booking_mode": "request"})
        return book(self.cast["guest"], asked, *self.nights())

    def begun(self) -> str:
        """A confirmed one whose guest should be there by now: the clock moves on."""
        first = self.stack.now().date() + timedelta(days=3)
        last = first + timedelta(days=20)
        booking_id = book(self.cast["guest"], self.property(), first.isoformat(), last.isoformat())
        pay(self.cast["guest"], booking_id)
        self.stack.run_workers()
        wait(self.stack, 5 * 24 * 60)
        return booking_id

    def over(self) -> str:
        """One whose guest has checked out: the clock moves on."""
        first = self.stack.now().date() + timedelta(days=2)
        booking_id = book(self.cast["guest"], self.property(), first.isoformat(), (first + NIGHTS / 2).isoformat())
        pay(self.cast["guest"], booking_id)
        self.stack.run_workers()
        wait(self.stack, 4 * 24 * 60)
        return booking_id

    def review(self) -> str:
        """The guest's, which everybody may read."""
        booking_id = self.over()
        written = self.cast["guest"].post(f"/v1/bookings/{booking_id}/reviews", {"rating": 4})
        assert written.status_code == 201, written.text
        self.cast["host"].post(f"/v1/bookings/{booking_id}/reviews", {"rating": 5})
        self.stack.run_workers()
        return str(json_of(written)["id"])

    def payment(self) -> str:
        return pay(self.cast["guest"], self.booking())

    def refused_refund(self) -> tuple[str, str]:
        """A payment, and its refund that waits for an operator."""
        guest, booking_id = self.cast["guest"], self.booking()
        payment_id = pay(guest, booking_id)
        self.stack.run_workers()
        answer_page(guest, payment_id, "refuse_refunds")
        guest.post(f"/v1/bookings/{booking_id}/cancel")
        self.stack.run_workers()
        (refund,) = json_of(guest.get(f"/v1/payments/{payment_id}"))["refunds"]
        return payment_id, refund["id"]

    def contradicted(self) -> str:
        """A payment whose provider took back its word."""
        payment_id = self.payment()
        self.stack.run_workers()
        answer_page(self.cast["guest"], payment_id, "deny")
        return payment_id

    def message(self) -> str:
        """The booking that the host has written about."""
        booking_id = self.booking()
        written = self.cast["host"].wish(f"/v1/bookings/{booking_id}/messages", {"text": "Welcome!"})
        assert written.status_code == 201, written.text
        return booking_id

    def endpoint(self, server: str = "https://93.184.216.34") -> dict[str, Any]:
        """The only one that the guest has then: there may be few."""
        guest = self.cast["guest"]
        for former in json_of(guest.get("/v1/webhook-endpoints"))["webhook_endpoints"]:
            guest.delete(f"/v1/webhook-endpoints/{former['id']}")
        return hook(guest, f"{server}/{self.stack.wired.lodger.new_id()}")

    def delivery(self) -> dict[str, str]:
        """An endpoint of the guest's and what waits to be sent there: nobody listens."""
        endpoint = self.endpoint("http://127.0.0.1:1")
        self.booking()
        carry(self.stack)
        return {"endpoint_id": endpoint["id"], "delivery_id": deliveries(self.cast["guest"], endpoint)[0]["id"]}

    def photo(self) -> str:
        path = f"/v1/properties/{self.property()}/photos"
        uploaded = self.cast["host"].raw("POST", path, PICTURE, "image/jpeg")
        assert uploaded.status_code == 201, uploaded.text
        return str(json_of(uploaded)["photos"][0]["id"])

    def block(self) -> tuple[str, str]:
        """A property and the id of nights that its host keeps."""
        first, until = self.nights()
        body = {"from": first, "until": until}
        property_id = self.property()
        return property_id, json_of(self.cast["host"].post(f"/v1/properties/{property_id}/blocks", body))["id"]

    def feed(self) -> dict[str, str]:
        """A property that follows a calendar with a conflict."""
        host, property_id = self.cast["host"], self.property()
        first, until = self.nights()
        book(self.cast["guest"], property_id, first, until)
        entry = Entry("a", date.fromisoformat(first), date.fromisoformat(until))
        feed_id = follow(self.stack, host, property_id, entry)
        (shown,) = json_of(host.get(f"/v1/properties/{property_id}/calendar-feeds"))["feeds"]
        return {"property_id": property_id, "feed_id": feed_id, "conflict_id": shown["conflicts"][0]["id"]}

    def calendar(self) -> str:
        """The secret part of a published calendar's address."""
        published = self.cast["host"].post(f"/v1/properties/{self.property()}/calendar-address")
        return str(json_of(published)["url"]).rpartition("/")[2].removesuffix(".ics")

    def failed_payout(self) -> dict[str, str]:
        """Of a host who is nobody of the table."""
        paid, payout_id = scheduled(self.stack)
        end(self.stack, paid, payout_id)
        return {"host_id": paid.id, "payout_id": str(payout_id), "hold_id": f"payout_failed:{payout_id}"}

    def sandbox_charge(self) -> str:
        """The provider's own reference of a payment that waits for its payer."""
        guest = self.cast["guest"]
        started = json_of(guest.wish(f"/v1/bookings/{self.booking()}/payments", {"payment_method": "card"}))
        return str(started["next_action"]["url"]).rpartition("/")[2]


def version_of(client: Client, path: str) -> str:
    """What If-Match has to name."""
    return client.get(path).headers["ETag"]


def _wait_until_out(client: Client) -> None:
    """Tokens that were ended are let in for a second or two."""
    while client.get("/v1/users/me").status_code != 401:
        sleep(0.05)
