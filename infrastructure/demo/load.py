"""Loads a city as its people would: each of them over the public HTTP API, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar, assert_never

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infrastructure.demo.city import WAITING, City, Person, PlannedBooking, PlannedListing, Story
from infrastructure.demo.client import PASSWORD, Answer, Api, DemoFailed, wait_until
from infrastructure.demo.listings import Json

THREADS: Final = 8
PASSWORDS_AT_ONCE: Final = 2
"""One process of the API looks at no more."""
T = TypeVar("T")

ENDINGS: Final[Mapping[Story, tuple[str, str | None]]] = {
    "paid by card": ("confirmed", "paid"),
    "paid by mobile money": ("confirmed", "paid"),
    "declined, then paid": ("confirmed", "paid"),
    "cancelled in time": ("cancelled", "refunded"),
    "cancelled late": ("cancelled", "partially_refunded"),
    "cancelled by the host": ("cancelled", "refunded"),
    "cancelled unpaid": ("cancelled", None),
    "never paid": ("expired", None),
    "declined, then left": ("expired", "failed"),
    "left at the payment page": ("expired", "failed"),
    "held": ("pending", None),
    "at the payment page": ("pending", "pending"),
}
"""The status that each story ends with: the booking's and its last payment's (None: it has none)."""


@dataclass
class Loader:
    """What is known of a city while it is loaded: tokens by username, ids by number.

    `held_until` is when each booking's hold lapses, unless it is paid for.
    """

    api: Api
    city: City
    console: Console
    operator_token: str
    tokens: dict[str, str] = field(default_factory=dict)
    properties: dict[int, str] = field(default_factory=dict)
    bookings: dict[int, str] = field(default_factory=dict)
    held_until: list[datetime] = field(default_factory=list)

    def load(self) -> None:
        """Everything but the bookings that shall be pending in the end. Raises DemoFailed."""
        planned = [each for each in self.city.bookings if each.story not in WAITING]
        with self._bars() as bars:
            self._each(bars, "people", [*self.city.hosts, *self.city.guests], self._join, threads=PASSWORDS_AT_ONCE)
            self._each(bars, "addresses confirmed by mail", [*self.city.hosts, *self.city.guests], self._confirm)
            self._each(bars, "listings", self.city.listings, self._list)
            self._each(bars, "bookings", planned, self._book)
            self._each(bars, "changes of mind", planned, self._change_mind)
            self.api.move_clock(self.operator_token, max(self.held_until) + timedelta(minutes=1))
            self._each(bars, "holds lapse, all is as planned", planned, self._check)

    def leave_waiting(self) -> list[str]:
        """Make the bookings that stay pending; returns the payment pages that wait for an answer."""
        waiting = [each for each in self.city.bookings if each.story in WAITING]
        with self._bars() as bars:
            self._each(bars, "bookings", waiting, self._book)
            self._each(bars, "they wait", waiting, self._check)
        return [page for each in waiting for page in self._pages(each)]

    # --- what each of them does ---------------------------------------------------------------------------

    def _join(self, person: Person) -> None:
        account = {
            "username": person.username,
            "email": person.email,
            "name": person.name,
            "password": PASSWORD,
        }
        self._command("/v1/users", account, None, f"join-{person.username}", 201)
        credentials = {"email": person.email, "password": PASSWORD}
        self.tokens[person.username] = self.api.call("POST", "/v1/auth/tokens", credentials).body["access_token"]
        if person in self.city.hosts:
            self._command("/v1/users/me/hosting", None, person, f"host-{person.username}")

    def _confirm(self, person: Person) -> None:
        self.api.confirm_address(person.email)

    def _list(self, planned: PlannedListing) -> None:
        made = self._command("/v1/properties", planned.body, planned.host, f"listing-{planned.number}", 201)
        address = f"/v1/properties/{made.body['id']}"
        self.properties[planned.number] = made.body["id"]
        if planned.fate != "draft":
            self._command(f"{address}/publish", None, planned.host, f"publish-{planned.number}")
        if planned.fate == "unpublished":
            self._command(f"{address}/unpublish", None, planned.host, f"unpublish-{planned.number}")
        for first, until in planned.blocks:
            block = {"from": first.isoformat(), "until": until.isoformat()}
            self._command(f"{address}/blocks", block, planned.host, f"block-{planned.number}-{first}", 201)

    def _book(self, planned: PlannedBooking) -> None:
        stay = {
            "property": self.properties[planned.listing.number],
            "check_in": planned.stay.check_in.isoformat(),
            "check_out": planned.stay.check_out.isoformat(),
            "guests": planned.guests,
        }
        quote = self.api.call("POST", "/v1/quotes", stay).body["quote"]
        made = self._command("/v1/bookings", {**stay, "quote": quote}, planned.guest, f"book-{planned.number}", 201)
        self.bookings[planned.number] = made.body["id"]
        self.held_until.append(datetime.fromisoformat(made.body["expires_at"]))
        self._pay(planned)

    def _pay(self, planned: PlannedBooking) -> None:
        match planned.story:
            case "paid by card" | "cancelled in time" | "cancelled late" | "cancelled by the host":
                self._answer(self._start_paying(planned, 1), "approve")
            case "paid by mobile money":
                self._answer(self._start_paying(planned, 1, planned.guest.phone), "approve")
            case "declined, then paid":
                self._answer(self._start_paying(planned, 1), "decline")
                self._answer(self._start_paying(planned, 2, planned.guest.phone), "approve")
            case "declined, then left":
                self._answer(self._start_paying(planned, 1), "decline")
            case "left at the payment page" | "at the payment page":
                self._start_paying(planned, 1)
            case "cancelled unpaid" | "never paid" | "held":
                pass
            case _:
                assert_never(planned.story)

    def _start_paying(self, planned: PlannedBooking, attempt: int, phone: str | None = None) -> Json:
        body = {"payment_method": "mobile_money", "phone": phone} if phone else {"payment_method": "card"}
        path = f"/v1/bookings/{self.bookings[planned.number]}/payments"
        started: Json = self._command(path, body, planned.guest, f"pay-{planned.number}-{attempt}", 201).body
        return started

    def _answer(self, payment: Json, answer: str) -> None:
        self.api.answer_payment(payment["next_action"]["url"], answer)

    def _change_mind(self, planned: PlannedBooking) -> None:
        match planned.story:
            case "cancelled unpaid":
                self._cancel(planned, planned.guest, "Found it with my sister instead.")
            case "cancelled in time" | "cancelled late":
                self._wait_for(planned, ("confirmed", "paid"))
                self._cancel(planned, planned.guest, "The ferry does not run that week.")
            case "cancelled by the host":
                self._wait_for(planned, ("confirmed", "paid"))
                self._cancel(planned, planned.listing.host, "The roof leaks.")
            case _:
                pass

    def _cancel(self, planned: PlannedBooking, who: Person, reason: str) -> None:
        path = f"/v1/bookings/{self.bookings[planned.number]}/cancel"
        self._command(path, {"reason": reason}, who, f"cancel-{planned.number}")

    def _check(self, planned: PlannedBooking) -> None:
        self._wait_for(planned, ENDINGS[planned.story])

    # --- asking and telling ------------------------------------------------------------------------------

    def _wait_for(self, planned: PlannedBooking, statuses: tuple[str, str | None]) -> None:
        """Until booking and last payment have these statuses: what the workers do takes a moment."""
        what = f"the booking {self.bookings[planned.number]} ({planned.story}) is {statuses}"
        wait_until(what, lambda: statuses if self._statuses(planned) == statuses else None)

    def _statuses(self, planned: PlannedBooking) -> tuple[str, str | None]:
        token = self.tokens[planned.guest.username]
        path = f"/v1/bookings/{self.bookings[planned.number]}"
        payments = self.api.call("GET", f"{path}/payments", token=token).body["payments"]
        booking = self.api.call("GET", path, token=token).body
        return booking["status"], payments[-1]["status"] if payments else None

    def _pages(self, planned: PlannedBooking) -> list[str]:
        path = f"/v1/bookings/{self.bookings[planned.number]}/payments"
        payments = self.api.call("GET", path, token=self.tokens[planned.guest.username]).body["payments"]
        return [payment["next_action"]["url"] for payment in payments if payment["next_action"]]

    def _command(self, path: str, body: Json | None, who: Person | None, what: str, expect: int = 200) -> Answer:
        token = self.tokens[who.username] if who else None
        return self.api.call("POST", path, body, expect=expect, token=token, key=f"demo-{self.city.seed}-{what}")

    def _bars(self) -> Progress:
        columns = (TextColumn("    {task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self.console)

    def _each(
        self, bars: Progress, what: str, things: Sequence[T], do: Callable[[T], None], threads: int = THREADS
    ) -> None:
        """Do it to all of them, several at a time; the first failure ends it."""
        task = bars.add_task(what, total=len(things))
        with ThreadPoolExecutor(threads) as pool:
            try:
                for _ in pool.map(do, things):
                    bars.advance(task)
            except DemoFailed:
                pool.shutdown(cancel_futures=True)
                raise
