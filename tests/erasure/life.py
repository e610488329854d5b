"""A life over HTTP: somebody who leaves a canary in every field that a client can set, and those they meet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any, Final
from uuid import uuid4

import psycopg2
import urllib3

from infrastructure.embedded.stack import Stack
from tests.erasure.canaries import LATITUDE, MARK, PAYOUT_PHONE, PHONE, found_in
from tests.photos.files import picture

PASSWORD: Final = f"horse {MARK} battery"
SITE: Final = f"https://{MARK}.example"


@dataclass
class Town:
    """A running stack, and what was said to it. `told` are the fields in which a canary was taken."""

    stack: Stack
    told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._http = urllib3.PoolManager(timeout=30.0, retries=False)

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str], body: object = None, raw: bytes | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        url = path if path.startswith("http") else f"{self.stack.url}{path}"
        given: dict[str, Any] = {"json": body} if body is not None else {"body": raw} if raw is not None else {}
        answer = self._http.request(method, url, headers=dict(headers), redirect=False, **given)
        is_json = "json" in answer.headers.get("Content-Type", "") and answer.data
        return answer.status, json.loads(answer.data) if is_json else answer.data.decode(), answer.headers

    def press(self, payment_id: str, answer: str) -> None:
        """A button of the sandbox's page about a payment."""
        ((reference,),) = self.rows("SELECT reference FROM sandbox_charges WHERE payment_id = %s", payment_id)
        url = f"{self.stack.url}/sandbox/payments/{reference}"
        pressed = self._http.request("POST", url, fields={"answer": answer}, encode_multipart=False, redirect=False)
        assert pressed.status == 303, pressed.data

    def now(self) -> datetime:
        """What the sandbox's clock shows."""
        ((now,),) = self.rows("SELECT clock_timestamp() + coalesce((SELECT ahead FROM sandbox_clock), '0')")
        assert isinstance(now, datetime)
        return now

    def pass_(self, days: float) -> None:
        """Let time pass, by the operator's hand."""
        operator = {"Authorization": f"Bearer {self.stack.settings.operator_token}"}
        later = (self.now() + timedelta(days=days)).isoformat()
        status, answer, _ = self.send("POST", "/v1/operator/clock", headers=operator, body={"now": later})
        assert status == 200, answer

    def rows(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.stack.settings.database_url)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            found = cursor.fetchall() if cursor.description else []
        connection.close()
        return found

    def mails(self) -> list[dict[str, Any]]:
        _, found, _ = self.send("GET", f"{self.stack.inbox_url}/messages.json", headers={})
        return list(found["messages"])


@dataclass
class Person:
    """Somebody signed in. One with `marks` leaves canaries in the headers too, and their fields are counted."""

    town: Town
    email: str
    marks: bool
    token: str = ""
    id: str = ""

    def ask(self, method: str, path: str, body: object = None, expect: int = 200, route: str = "", **more: Any) -> Any:
        status, answer, headers = self.town.send(
            method, path, headers=self._headers(more), body=body, raw=more.get("raw")
        )
        assert status == expect, f"{method} {path}: {status} {answer}"
        if self.marks and body is not None:
            self.town.told |= {f"{method} {route or path} {name}" for name in _marked(body)}
        return answer if not more.get("etag") else (answer, headers["ETag"])

    def _headers(self, more: Mapping[str, Any]) -> dict[str, str]:
        mark = f"{MARK}-" if self.marks else ""
        headers = {"Idempotency-Key": f"{mark}{uuid4()}", "User-Agent": f"{mark}phone", "X-Request-ID": f"{mark}1"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return headers | dict(more.get("headers", {}))


def _marked(value: object, path: str = "") -> Iterator[str]:
    """The paths of what has a canary."""
    match value:
        case dict():
            for name, each in value.items():
                yield from _marked(each, f"{path}.{name}")
        case list():
            for each in value:
                yield from _marked(each, f"{path}[]")
        case str() if found_in(value):
            yield path
        case _:
            pass


def until(what: str, look: Any, seconds: float = 30.0) -> Any:
    deadline = monotonic() + seconds
    while not (seen := look()):
        assert monotonic() < deadline, f"waited in vain until {what}"
        sleep(0.1)
    return seen


def newcomer(town: Town, name: str, *, marks: bool) -> Person:
    """Somebody with a verified address, signed in, who hosts."""
    person = Person(town, f"mail-{name}@{name}.example", marks)
    credentials = {"email": person.email, "password": PASSWORD if marks else "correct horse battery"}
    account = person.ask("POST", "/v1/users", {"username": name, "name": f"{name} it is", **credentials}, 201)
    person.id = account["id"]
    letter = until("they are welcomed", lambda: [m for m in town.mails() if m["to"] == [person.email]])[0]
    token = re.search(r"token=([\w.-]+)", letter["text"])
    assert token is not None, letter
    person.ask("POST", "/v1/auth/email-verification", {"token": token[1]}, 204)
    person.token = person.ask("POST", "/v1/auth/tokens", credentials)["access_token"]
    person.ask("POST", "/v1/users/me/hosting")
    return person


def place(host: Person, mark: str, **rules: Any) -> str:
    """The id of a published listing."""
    said = {
        "title": f"{mark} cabin",
        "description": f"{mark} under old oaks",
        "amenities": [f"{mark}_sauna"],
        "guests": 4,
        "location": {
            "address": f"1 {mark} Road",
            "city": f"{mark}ville",
            "country": "US",
            "coordinates": {"latitude": LATITUDE if host.marks else 42.5, "longitude": -73.8646},
        },
        "price_per_night": {"amount": "100.00", "currency": "USD"},
        "house_rules": rules,
    }
    property_id = str(host.ask("POST", "/v1/properties", said, 201)["id"])
    host.ask("POST", f"/v1/properties/{property_id}/publish")
    return property_id


def book(guest: Person, property_id: str, day: int) -> str:
    """The id of a booking of two nights, beginning so many days from now."""
    now = guest.town.now().date()
    stay: dict[str, object] = {"property": property_id, "check_in": str(now + timedelta(days=day))}
    stay |= {"check_out": str(now + timedelta(days=day + 2)), "guests": 2}
    return str(guest.ask("POST", "/v1/bookings", stay, 201)["id"])


def pay(guest: Person, booking_id: str, method: str = "card", phone: str | None = None) -> None:
    """Pay, approve, and wait until it is confirmed."""
    said = {"payment_method": method, **({"phone": phone} if phone else {})}
    payment = guest.ask(
        "POST", f"/v1/bookings/{booking_id}/payments", said, 201, route="/v1/bookings/{booking_id}/payments"
    )
    guest.town.press(payment["id"], "approve")
    until("it is confirmed", lambda: guest.ask("GET", f"/v1/bookings/{booking_id}")["status"] == "confirmed")


def write(author: Person, booking_id: str, text: str) -> None:
    path = "/v1/bookings/{booking_id}/messages"
    author.ask("POST", f"/v1/bookings/{booking_id}/messages", {"text": text}, 201, route=path)


def live(town: Town) -> tuple[Person, Person]:
    """Two lives with each other; the first person's are all canaries, and nothing of theirs is under way any more."""
    her, other = newcomer(town, f"{MARK}-ada", marks=True), newcomer(town, "otto", marks=False)
    _settle_in(her)
    hers, his = place(her, MARK), place(other, "plain")
    on_request = place(her, MARK, booking_mode="request")
    _furnish(her, hers)
    stayed = _as_guest(her, other, his)
    hosted = _as_host(her, other, hers, on_request)
    _review(her, other, stayed, hosted)
    return her, other


def _settle_in(her: Person) -> None:
    said = {"name": f"{MARK} Ada", "phone": PHONE, "bio": f"{MARK} likes creeks", "languages": ["en"]}
    _, etag = her.ask("GET", "/v1/users/me", etag=True)
    her.ask("PATCH", "/v1/users/me", said, headers={"If-Match": etag})
    her.ask("PUT", "/v1/users/me/photo", raw=picture(40, 30), headers={"Content-Type": "image/jpeg"})
    her.ask("PUT", "/v1/me/payout-destination", {"method": "mobile_money", "phone": PAYOUT_PHONE})
    endpoint = her.ask("POST", "/v1/webhook-endpoints", {"url": f"{SITE}/{MARK}"}, 201)
    her.ask(
        "PATCH",
        f"/v1/webhook-endpoints/{endpoint['id']}",
        {"url": f"{SITE}/{MARK}/moved"},
        headers={"If-Match": '"1"'},
        route="/v1/webhook-endpoints/{endpoint_id}",
    )
    her.ask("POST", "/v1/api-keys", {"name": f"{MARK} books", "scopes": ["bookings:read"]}, 201)
    her.ask("PUT", "/v1/users/me/notification-preferences", {"updates": {"email": True, "in_app": False}})
    her.ask("POST", "/v1/users/me/second-factor", {"password": PASSWORD}, 201)
    her.ask("POST", "/v1/auth/email-verification/requests", {"email": her.email}, 202)
    her.ask("POST", "/v1/auth/password-reset/requests", {"email": her.email}, 202)
    her.ask("POST", "/v1/sessions", {"email": her.email, "password": PASSWORD}, 201)
    for former, new in ((PASSWORD, f"{PASSWORD}!"), (f"{PASSWORD}!", PASSWORD)):
        her.ask("PUT", "/v1/users/me/password", {"current_password": former, "new_password": new}, 204)
        her.token = her.ask("POST", "/v1/auth/tokens", {"email": her.email, "password": new})["access_token"]
    her.ask("GET", f"/v1/properties?city={MARK}")
    her.ask("POST", "/v1/users/me/deactivation", expect=204)
    credentials = {"email": her.email, "password": PASSWORD}
    her.ask("POST", "/v1/auth/reactivation", credentials, 204)
    her.token = her.ask("POST", "/v1/auth/tokens", credentials)["access_token"]


def _furnish(her: Person, hers: str) -> None:
    path = "/v1/properties/{property_id}"
    _, etag = her.ask("GET", f"/v1/properties/{hers}", etag=True)
    changed = {
        "title": f"{MARK} house",
        "description": MARK,
        "amenities": [f"{MARK}_pond"],
        "location": {
            "address": f"2 {MARK} Road",
            "city": f"New {MARK}",
            "country": "US",
            "coordinates": {"latitude": LATITUDE, "longitude": -73.8646},
        },
    }
    her.ask("PATCH", f"/v1/properties/{hers}", changed, headers={"If-Match": etag}, route=path)
    her.ask(
        "POST", f"/v1/properties/{hers}/photos", expect=201, raw=picture(64, 48), headers={"Content-Type": "image/jpeg"}
    )
    link = {"name": f"{MARK} calendar", "url": f"{SITE}/{MARK}.ics?s={MARK}"}
    her.ask("POST", f"/v1/properties/{hers}/calendar-feeds", link, 201, route=f"{path}/calendar-feeds")
    her.ask("POST", f"/v1/properties/{hers}/calendar-address", expect=201)


def _as_guest(her: Person, other: Person, his: str) -> str:
    """She stays once (its booking's id), and cancels once; both times they write to each other."""
    stayed = book(her, his, 3)
    pay(her, stayed, "mobile_money", PHONE)
    write(her, stayed, f"{MARK} comes by the late train")
    write(other, stayed, "That is all right.")
    left = book(her, his, 10)
    pay(her, left)
    reason = {"reason": f"{MARK} has the flu"}
    her.ask("POST", f"/v1/bookings/{left}/cancel", reason, route="/v1/bookings/{booking_id}/cancel")
    return stayed


def _as_host(her: Person, other: Person, hers: str, on_request: str) -> str:
    """She takes a guest (the booking's id), cancels another and declines a third. Time passes until she is paid."""
    stays = book(other, hers, 3)
    pay(other, stays)
    write(her, stays, f"{MARK} has put the key under the mat")
    sent_away = book(other, hers, 20)
    pay(other, sent_away)
    reason = {"reason": f"{MARK} is being painted"}
    her.ask("POST", f"/v1/bookings/{sent_away}/cancel", reason, route="/v1/bookings/{booking_id}/cancel")
    asked = book(other, on_request, 5)
    her.ask("POST", f"/v1/bookings/{asked}/decline", reason, route="/v1/bookings/{booking_id}/decline")
    her.town.pass_(days=8)
    until(
        "she is paid",
        lambda: her.town.rows("SELECT 1 FROM host_payouts WHERE host_id = %s AND status = 'paid'", her.id),
    )
    until("the stays are over", lambda: not _live(her))
    return stays


def _review(her: Person, other: Person, as_guest: str, as_host: str) -> None:
    """They review each other both times, and each replies: who does is answered with the other's words too."""
    path, words = "/v1/bookings/{booking_id}/reviews", f"{MARK} would come again"
    for booking_id in (as_guest, as_host):
        her.ask("POST", f"/v1/bookings/{booking_id}/reviews", {"rating": 5, "comment": words}, 201, route=path)
        other.ask("POST", f"/v1/bookings/{booking_id}/reviews", {"rating": 4, "comment": "Fine."}, 201)
    theirs = until("both are revealed", lambda: her.ask("GET", f"/v1/bookings/{as_host}/reviews")["other"])
    reply = {"text": f"{MARK} says thank you"}
    her.ask("POST", f"/v1/reviews/{theirs['id']}/reply", reply, route="/v1/reviews/{review_id}/reply")
    hers = other.ask("GET", f"/v1/bookings/{as_host}/reviews")["other"]
    other.ask("POST", f"/v1/reviews/{hers['id']}/reply", {"text": "Come again."})


def _live(her: Person) -> list[tuple[Any, ...]]:
    return her.town.rows(
        """SELECT 1 FROM bookings LEFT JOIN payments USING (booking_id)
           WHERE %s IN (guest_id, host_id) AND (status IN ('pending', 'confirmed') OR under_way)""",
        her.id,
    )
