"""A small marketplace over a real database, for tests of the use cases: clock and payer are in the test's hands."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg2

from application import alterations, bookings, payments, properties, settlement, users
from application.calls import Call
from application.lodger import Lodger
from application.ports import Answer, Idempotency
from application.reactions import react
from application.streams import BOOKING, PAYMENT, PROPERTY
from domain.bookings import Booking, Role, must_be_made
from domain.events import Actor, Event
from domain.money import Money
from domain.payments import Payment, PaymentMethod, must_be_started
from domain.pricing import Pricing
from domain.properties import Changes, Details, HouseRules, Location, must_exist
from domain.requests import RequestBooking
from domain.stays import Stay
from infrastructure.bootstrap import Wired, wire
from infrastructure.gateways.sandbox import SandboxGateway
from infrastructure.settings import Settings

SECRET_KEY = "secret-key-of-the-tests-0123456789abcdef"
"""That of the API's tests too: what one of them sealed, the other opens."""

_DATA = TemporaryDirectory(prefix="lodger-tests-")
"""Where workers of this process's tests write checkpoints."""

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class HandClock:
    """Shows what the test says."""

    def __init__(self, now: datetime) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def pass_(self, span: timedelta) -> None:
        self.time += span


def settings_for(database_url: str, **changes: Any) -> Settings:
    """Settings of a process that has no Redis to wake."""
    given: dict[str, Any] = {
        "secret_key": SECRET_KEY,
        "operator_token": "o" * 32,
        "env": "test",
        "rate_limits": False,
    }
    given["redis_url"] = "redis://127.0.0.1:1/0"
    given["checkpoint_store"] = f"{_DATA.name}/checkpoints"
    return Settings(database_url=database_url, **{**given, **changes})


class World:
    """Lodger with one host, and words for what tests do to it. `settings` are other than the tests' usual ones."""

    def __init__(self, database_url: str, now: datetime = NOON, **settings: Any) -> None:
        self.wired: Wired = wire(settings_for(database_url, **settings), wake=lambda: None)
        self.clock = HandClock(now)
        self.lodger: Lodger = replace(self.wired.lodger, clock=self.clock)
        self.log = self.wired.log
        self.reacted_upto = 0
        self._names = iter(range(1, 1_000_000))
        self.host = self.person()
        users.become_host(self.lodger, self.call(self.host), self.host)

    @property
    def sandbox(self) -> SandboxGateway:
        assert self.wired.sandbox is not None
        return self.wired.sandbox

    def close(self) -> None:
        self.wired.database.close()
        self.wired.projecting.close()

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Behind the application's back, as the login that may do everything."""
        with closing(psycopg2.connect(self.wired.settings.database_url)) as login, login, login.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def at(self, time: str) -> None:
        """Set the clock to an instant in UTC, such as "2026-07-01 18:59:59"."""
        self.clock.time = datetime.fromisoformat(time).replace(tzinfo=UTC)

    def call(
        self, user_id: UUID | None = None, key: str | None = None, body: str = "", actor: Actor | None = None
    ) -> Call:
        """A user's call; with a `key`, one that keeps its answer (the shown stream's state, as text)."""
        caller = actor or Actor("user", str(user_id or UUID(int=0)))
        call = Call(caller, self.clock.now(), self.lodger.new_id(), self.lodger.new_id())
        if key is None:
            return call
        idempotency = Idempotency(str(user_id), "test", key, self.lodger.signer.digest("request body", body))
        return replace(call, idempotency=idempotency, render=lambda stream: Answer(200, repr(stream.state)))

    def person(self) -> UUID:
        user_id, name = self.lodger.new_id(), f"person-{next(self._names)}"
        command = users.Register(name, f"{name}@example.org", name, None)
        users.register(self.lodger, self.call(user_id), user_id, command)
        return user_id

    def listing(
        self, *, published: bool = True, price: str = "100.00", currency: str = "USD", rules: HouseRules | None = None
    ) -> UUID:
        property_id = self.lodger.new_id()
        changes = Changes(
            Details("A room", guests=4),
            Location("1 Lark Street", "Albany", "US", 42_652_220, -73_767_240, "America/New_York"),
            Pricing(Money.parse(price, currency)),
            rules or HouseRules(),
        )
        properties.create(self.lodger, self.call(self.host), property_id, self.host, changes)
        if published:
            properties.publish(self.lodger, self.call(self.host), property_id, self.host)
        return property_id

    def price(self, property_id: UUID, nightly: str) -> None:
        """The host asks another price from now on."""
        revision = must_exist(self.lodger.load(PROPERTY, property_id).state).revision
        changes = Changes(pricing=Pricing(Money.parse(nightly, "USD")))
        properties.change(self.lodger, self.call(self.host), property_id, self.host, revision, changes)

    def hold(
        self,
        property_id: UUID,
        guest: UUID | None = None,
        nights: tuple[str, str] = ("2026-07-01", "2026-07-04"),
        call: Call | None = None,
        quote: str | None = None,
    ) -> UUID:
        """A booking of two guests; its id."""
        guest = guest or self.person()
        stay = Stay(date.fromisoformat(nights[0]), date.fromisoformat(nights[1]))
        command = RequestBooking(property_id, guest, stay, 2)
        booking_id = self.lodger.new_id()
        done = bookings.request(self.lodger, call or self.call(guest), booking_id, command, quote)
        return done.stream.id

    def pay(self, booking_id: UUID, method: PaymentMethod = "card", phone: str | None = None) -> UUID:
        """Start a payment; its id."""
        guest = must_be_made(self.booking(booking_id)).made.guest_id
        return payments.start(self.lodger, self.call(guest), booking_id, guest, method, phone).stream.id

    def approve(self, payment_id: UUID, *, react: bool = False) -> None:
        """The payer approves, and the provider's hint arrives."""
        self.sandbox.approve(self._reference(payment_id))
        settlement.look(self.lodger, self.call(), payment_id)
        if react:
            self.react()

    def decline(self, payment_id: UUID) -> None:
        self.sandbox.decline(self._reference(payment_id))
        settlement.look(self.lodger, self.call(), payment_id)

    def confirmed(self, property_id: UUID, nights: tuple[str, str] = ("2026-07-01", "2026-07-04")) -> UUID:
        """A paid booking; its id."""
        booking_id = self.hold(property_id, nights=nights)
        self.approve(self.pay(booking_id))
        self.react()
        return booking_id

    def alter(self, booking_id: UUID, nights: tuple[str, str], guests: int = 2) -> None:
        """The guest wants another stay instead."""
        guest = must_be_made(self.booking(booking_id)).made.guest_id
        stay = Stay(date.fromisoformat(nights[0]), date.fromisoformat(nights[1]))
        alterations.alter(self.lodger, self.call(guest), booking_id, guest, stay, guests)

    def cancel(self, booking_id: UUID, by: Role = "guest") -> None:
        made = self.booking(booking_id).made
        user_id = made.guest_id if by == "guest" else made.host_id
        bookings.cancel(self.lodger, self.call(user_id), booking_id, user_id, None)

    def react(self) -> None:
        """Let the reactions do all that follows from what happened."""
        while events := self.log.read(self.reacted_upto, self.log.safe_position(2.0), 1000):
            for event in events:
                react(self.lodger, event)
                self.reacted_upto = event.position or 0

    def booking(self, booking_id: UUID) -> Booking:
        return must_be_made(self.lodger.load(BOOKING, booking_id).state)

    def payment(self, payment_id: UUID) -> Payment:
        return must_be_started(self.lodger.load(PAYMENT, payment_id).state)

    def events(self) -> list[Event]:
        """The whole log."""
        return list(self.log.read(0, self.log.safe_position(2.0), 100_000))

    def kept_by_provider(self) -> int:
        """Minor units that the sandbox's own ledger says were taken and not given back."""
        with self.wired.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("""SELECT coalesce((SELECT sum(minor) FROM sandbox_charges WHERE status = 'captured'), 0)
                                   - coalesce((SELECT sum(minor) FROM sandbox_refunds), 0)""")
            row = cursor.fetchone()
            assert row is not None
            return int(row[0])

    def claims(self, property_id: UUID) -> list[UUID]:
        """Who has nights of a property."""
        return [c.claim_id for c in self.lodger.log.claims(property_id, date(2020, 1, 1), date(2040, 1, 1))]

    def nights(self, property_id: UUID, claim_id: UUID) -> list[str]:
        """The nights of a property that somebody has, in order."""
        claims = self.lodger.log.claims(property_id, date(2020, 1, 1), date(2040, 1, 1))
        mine = [Stay(claim.first, claim.until) for claim in claims if claim.claim_id == claim_id]
        return sorted(night.isoformat() for stay in mine for night in stay.dates())

    def _reference(self, payment_id: UUID) -> str:
        reference = self.payment(payment_id).reference
        assert reference is not None
        return reference
