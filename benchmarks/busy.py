"""A property with a long past beside fresh ones: asking its price and booking it, in turn over one connection."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPConnection
from itertools import count
from statistics import median
from time import perf_counter
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg2
from psycopg2.extras import execute_values
from uuid_utils.compat import uuid7

from benchmarks import sample
from benchmarks.harness import Bench, Contender, Figures
from benchmarks.marketplace import listed, marketplace, registered, standing_still, token
from benchmarks.report import Bar, Report
from benchmarks.servers import disk_folder, durable_postgres
from domain.bookings import BookingCompleted, BookingConfirmed
from domain.catalogue import FACTS
from domain.events import Event, Fact
from domain.money import Money
from domain.payments import PaymentStarted, attempt_id
from domain.pricing import Pricing, quote
from domain.properties import Block, NightsBlocked, NightsUnblocked, PropertyPricingChanged
from domain.stays import Stay
from infrastructure.event_store.mapper import Mapper
from tests.support.examples import CAPTURED, GUESTS, HELD

BAR: Final = 1.5
BOOKINGS, EVENTS = 5_000, 10_000
"""The past: bookings of the property, and events of its own stream."""

QUICK: Final = 50
"""A quick run's past is shorter by this."""

LEFT: Final = 400
"""Blocks that were never given back."""

PAIRS: Final = 60
"""Bookings of each in a round, at most: there are only so many nights."""

BUSY, FRESH = "a long past", "fresh"
_WARM_UP: Final = 10
_AHEAD: Final = 10
"""Days until the first night that is booked here."""

_PRICING: Final = Pricing(Money.parse("100.00", "USD"))


def run(bench: Bench) -> Report:
    """Both in one process and one database; the workers stand still, as commands do not wait for them."""
    shorter = QUICK if bench.quick else 1
    with durable_postgres() as server, ExitStack() as stack:
        folder = stack.enter_context(disk_folder())
        running, api, url = stack.enter_context(marketplace(server, "busy", folder))
        host, guest = registered(api, "host"), registered(api, "guest")
        stack.enter_context(standing_still(running))
        api.call("POST", "/v1/users/me/hosting", token=token(api, host))
        busy = listed(api, token(api, host))
        with bench.console.status("writing a long past"):
            written = _write(url, UUID(busy), BOOKINGS // shorter, EVENTS // shorter)
            server.checkpoint()
        wire = stack.enter_context(closing(HTTPConnection("127.0.0.1", running.settings.http_port, timeout=30)))
        first = _Client(wire, token(api, guest)).quote(busy, 0)

        def measure(seconds: float) -> Figures:
            fresh = listed(api, token(api, host))
            return _in_turn(_Client(wire, token(api, guest)), {BUSY: busy, FRESH: fresh}, seconds)

        found = bench.measure([Contender("both", "ours", measure)])["both"]
    return _report(found, first, written)


# --- measuring ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Client:
    """A guest on a connection that is kept; each method returns the seconds it took."""

    connection: HTTPConnection
    token: str

    def quote(self, property_id: str, night: int) -> float:
        return self._post("/v1/quotes", _stay(property_id, night), 200)[0]

    def book(self, property_id: str, night: int) -> tuple[float, str]:
        seconds, booked = self._post("/v1/bookings", _stay(property_id, night), 201)
        return seconds, str(booked["id"])

    def cancel(self, booking_id: str) -> None:
        self._post(f"/v1/bookings/{booking_id}/cancel", {}, 200)

    def _post(self, path: str, body: object, expected: int) -> tuple[float, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": str(uuid4())} if path != "/v1/quotes" else {}
        sent = json.dumps(body)
        began = perf_counter()
        self.connection.request("POST", path, sent, headers)
        answer = self.connection.getresponse()
        told = answer.read()
        seconds = perf_counter() - began
        if answer.status != expected:
            raise RuntimeError(f"{path} answered {answer.status}: {told.decode(errors='replace')}")
        return seconds, json.loads(told)


def _in_turn(client: _Client, homes: dict[str, str], seconds: float) -> Figures:
    """Medians in milliseconds. The nights are given back afterwards, off the clock, for the next round."""
    quotes: dict[str, list[float]] = {name: [] for name in homes}
    for _ in _for(seconds / 2):
        for name, property_id in homes.items():
            quotes[name].append(client.quote(property_id, 0))
    bookings: dict[str, list[tuple[float, str]]] = {name: [] for name in homes}
    for night in _for(seconds / 2, _WARM_UP + PAIRS):
        for name, property_id in homes.items():
            bookings[name].append(client.book(property_id, night))
    for made in bookings.values():
        for _, booking_id in made:
            client.cancel(booking_id)
    figures = {}
    for name in homes:
        figures[f"{name}: quote"] = median(quotes[name][_WARM_UP:]) * 1e3
        figures[f"{name}: booking"] = median(took for took, _ in bookings[name][_WARM_UP:]) * 1e3
    return figures


def _for(seconds: float, at_most: int | None = None) -> Iterator[int]:
    """Numbers until the time is over, but enough to drop those of the warm-up."""
    until = perf_counter() + seconds
    for number in count():
        if number == at_most or (number > _WARM_UP and perf_counter() > until):
            return
        yield number


def _stay(property_id: str, night: int) -> dict[str, object]:
    check_in = datetime.now(UTC).date() + timedelta(days=_AHEAD + night)
    check_out = check_in + timedelta(days=1)
    return {"property": property_id, "check_in": f"{check_in}", "check_out": f"{check_out}", "guests": 2}


# --- the past -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Past:
    """Events of a property that has been on offer for long, its bookings' and payments' among them; and its nights."""

    events: list[Event]
    nights: list[tuple[UUID, Stay]]
    blocks: list[Block]


def _past(property_id: UUID, listed: int, bookings: int, events: int) -> _Past:
    """What follows the `listed` events of its own that it has already."""
    facts, blocks = _kept_by_its_host(events)
    past = _Past(_stream(property_id, property_id, facts, after=listed), [], blocks)
    for stay in _stays(bookings):
        booking_id = uuid7()
        payment_id = attempt_id(booking_id, 1)
        agreed = quote(_PRICING, stay, GUESTS, "flexible")
        held = replace(HELD, property_id=property_id, quote=agreed)
        started = PaymentStarted(booking_id, property_id, HELD.guest_id, agreed.total, "card", "sandbox", 1)
        past.events.extend(_stream(property_id, booking_id, [held, BookingConfirmed(payment_id), BookingCompleted()]))
        past.events.extend(_stream(property_id, payment_id, [started, *CAPTURED[1:]]))
        past.nights.append((booking_id, stay))
    return past


def _kept_by_its_host(events: int) -> tuple[list[Fact], list[Block]]:
    """Blocks that were taken and given back, and those that stay; every fiftieth event is another price."""
    facts: list[Fact] = []
    blocked: list[Block] = []
    for number in range(events - 1):
        if number % 50 == 49:
            facts.append(PropertyPricingChanged(replace(_PRICING, nightly=Money(10_000 + number, "USD"))))
        elif len(blocked) > LEFT:
            facts.append(NightsUnblocked((blocked.pop(0).block_id,)))
        else:
            begins = date(2001, 1, 1) + timedelta(days=number % 1_000)
            blocked.append(Block(uuid7(), begins, begins + timedelta(days=2)))
            facts.append(NightsBlocked((blocked[-1],)))
    return [*facts, PropertyPricingChanged(_PRICING)], blocked


def _stays(bookings: int) -> list[Stay]:
    """One night each, one after the other, up to yesterday."""
    first = datetime.now(UTC).date() - timedelta(days=bookings + 1)
    return [Stay(first + timedelta(days=n), first + timedelta(days=n + 1)) for n in range(bookings)]


def _stream(partition: UUID, stream_id: UUID, facts: Sequence[Fact], after: int = 0) -> list[Event]:
    return [sample.event(fact, stream_id, version, partition) for version, fact in enumerate(facts, start=after + 1)]


def _write(url: str, property_id: UUID, bookings: int, events: int) -> int:
    """Put a past into the log and its nights into the guard's table; how many events it has."""
    mapper = Mapper(FACTS)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SELECT count(*) FROM events WHERE stream_id = %s", [str(property_id)])
        ((listed,),) = cursor.fetchall()
        past = _past(property_id, listed, bookings, events)
        rows = [
            (e.partition_key, e.stream_id, e.version, row.topic, row.schema_version, row.state.decode(), row.meta)
            for e in past.events
            for row in [mapper.to_stored_event(e)]
        ]
        into = "INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta) VALUES %s"
        execute_values(cursor, into, rows, page_size=1_000)
        into = "INSERT INTO nights (property_id, claim_id, nights, lane) VALUES %s"
        stays = [(property_id, claim_id, stay.check_in, stay.check_out) for claim_id, stay in past.nights]
        execute_values(cursor, into, stays, template="(%s, %s, daterange(%s, %s), int8range(NULL, NULL))")
        blocks = [(property_id, block.block_id, block.first, block.until) for block in past.blocks]
        execute_values(cursor, into, blocks, template="(%s, %s, daterange(%s, %s), own_lane())")
        cursor.execute("VACUUM ANALYZE")
    return len(rows)


# --- the report -----------------------------------------------------------------------------------------


def _report(found: Figures, first: float, events: int) -> Report:
    kinds = ("quote", "booking")
    ratios = {kind: found[f"{BUSY}: {kind}"] / found[f"{FRESH}: {kind}"] for kind in kinds}
    return Report(
        title="a property with a long past beside a fresh one, over HTTP",
        columns=["", *(f"{kind}, ms" for kind in kinds)],
        rows=[
            *([name, *(f"{found[f'{name}: {kind}']:.2f}" for kind in kinds)] for name in (FRESH, BUSY)),
            ["× fresh", *(f"{ratios[kind]:.2f}" for kind in kinds)],
        ],
        bars=[Bar(f"{kind}, a long past / fresh", ratios[kind], BAR, at_most=True) for kind in kinds],
        notes=[
            f"The long past is {events:,} events in the property's partition and what they left in the nights guard.",
            f"{EVENTS:,} of them are on its own stream (blocks, prices), the rest of {BOOKINGS:,} completed bookings.",
            "One connection asks both in turn: whatever else happens, happens to both.",
            "Each round has another fresh property, and cancels what it booked off the clock.",
            f"The first {_WARM_UP} of each do not count: a process reads a property whole once, then only what is new.",
            f"That first time took {first * 1e3:.0f} ms for the long past.",
            "The workers stand still meanwhile: commands read nothing that workers write.",
        ],
    )
