"""Who is told of which facts, and that following them by a cursor skips none."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.bookings import BookingFact, BookingHeld
from domain.events import Fact
from domain.payments import PaymentFact, PaymentStarted, attempt_id
from infrastructure.database import Database
from infrastructure.workers.projector import Projector
from projections import changes
from projections.changes import CHANGES, SILENT, TYPES, Entry, of_user
from projections.projection import Cursor
from tests.support.examples import (
    BOOKING,
    BOOKING_HISTORIES,
    GUEST,
    HELD,
    HOST,
    PAYMENT,
    PAYMENT_HISTORIES,
    STARTED,
    STRANGER,
)
from tests.support.projection_checkers import unlike_rebuilt
from tests.support.tales import Tale, minute
from tests.support.world import World

FACTS: tuple[type[Fact], ...] = (*get_args(BookingFact), *get_args(PaymentFact))


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_of_bookings_and_payments_is_told_or_silent_for_a_reason(fact: type[Fact]) -> None:
    assert (fact in TYPES) != (fact in SILENT)
    assert SILENT.get(fact, "a reason") != ""


def test_nothing_else_is_told_and_no_two_facts_by_the_same_name() -> None:
    assert set(TYPES) | set(SILENT) == set(FACTS)
    assert len(set(TYPES.values())) == len(TYPES)


def test_names_say_of_what_they_are() -> None:
    for fact, name in TYPES.items():
        assert name.startswith("booking." if fact in get_args(BookingFact) else "payment."), name


def everything(cursor: Cursor, user_id: UUID, limit: int = 100) -> list[Entry]:
    """All pages, each behind the last position of the one before."""
    found: list[Entry] = []
    while page := of_user(cursor, user_id, found[-1].position if found else 0, limit).items:
        found += page
    return found


@pytest.mark.parametrize("history", BOOKING_HISTORIES, ids=lambda history: type(history[-1]).__name__)
def test_a_bookings_facts_are_told_to_guest_and_host_and_nobody_else(cursor: Cursor, history: Sequence[Fact]) -> None:
    tale = Tale()
    CHANGES.apply(cursor, [event for event in tale.tell(BOOKING, *history) if isinstance(event.fact, CHANGES.facts)])
    told = everything(cursor, GUEST)
    assert [entry.type for entry in told] == [TYPES[type(fact)] for fact in history if type(fact) in TYPES]
    assert {(entry.booking_id, entry.stream_id) for entry in told} == {(BOOKING, BOOKING)}
    assert everything(cursor, HOST) == told
    assert everything(cursor, STRANGER) == []


@pytest.mark.parametrize("history", PAYMENT_HISTORIES, ids=lambda history: type(history[-1]).__name__)
def test_a_payments_facts_are_told_to_both_sides_of_its_booking(cursor: Cursor, history: Sequence[Fact]) -> None:
    tale = Tale()
    CHANGES.apply(cursor, tale.tell(BOOKING, HELD))
    # In another batch than the booking: who is concerned is remembered.
    CHANGES.apply(cursor, [event for event in tale.tell(PAYMENT, *history) if isinstance(event.fact, CHANGES.facts)])
    told = everything(cursor, HOST)[1:]
    assert [entry.type for entry in told] == [TYPES[type(fact)] for fact in history if type(fact) in TYPES]
    assert {(entry.booking_id, entry.stream_id) for entry in told} == {(BOOKING, PAYMENT)}
    assert everything(cursor, GUEST)[1:] == told


def test_since_an_instant_begins_with_the_first_change_then_or_later(cursor: Cursor) -> None:
    tale = Tale()
    CHANGES.apply(cursor, [*tale.tell(BOOKING, HELD), *tale.tell(PAYMENT, STARTED)])
    assert [changes.last_before(cursor, GUEST, minute(at)) for at in (0, 1, 2, 3)] == [0, 0, 1, 2]
    assert changes.last_before(cursor, STRANGER, minute(1)) == 0


PEOPLE = [UUID(int=n) for n in range(1, 5)]


@st.composite
def tales(draw: st.DrawFn) -> Tale:
    """Bookings of a few people among each other, with payments, their histories mixed at random."""
    tale = Tale()
    waiting: list[tuple[UUID, list[Fact]]] = []
    for number in range(draw(st.integers(1, 5))):
        host, guest = draw(st.permutations(PEOPLE).map(lambda people: people[:2]))
        booking_id = UUID(int=1_000 + number)
        opened = BookingHeld(HELD.property_id, host, guest, HELD.quote, HELD.terms, HELD.held_until)
        history = draw(st.sampled_from([h for h in BOOKING_HISTORIES if isinstance(h[0], BookingHeld)]))
        payment = draw(st.sampled_from(PAYMENT_HISTORIES))
        first = payment[0]
        assert isinstance(first, PaymentStarted)
        started = PaymentStarted(
            booking_id, first.property_id, guest, first.amount, first.payment_method, first.provider, 1
        )
        waiting.append((booking_id, [opened, *history[1:]]))
        waiting.append((attempt_id(booking_id, 1), [started, *payment[1:]]))
    told: set[UUID] = set()
    while waiting := [each for each in waiting if each[1]]:
        ready = [
            each for each in waiting if not isinstance(each[1][0], PaymentStarted) or each[1][0].booking_id in told
        ]
        stream_id, facts = draw(st.sampled_from(ready))
        tale.tell(stream_id, facts.pop(0))
        told.add(stream_id)
    return tale


@given(tale=tales(), batch=st.integers(1, 7), limit=st.integers(1, 5))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_all_pages_of_somebody_are_exactly_their_events_in_the_logs_order(
    shared_database_url: str, tale: Tale, batch: int, limit: int
) -> None:
    """Whatever the sizes of the projector's batches and of the pages; worked out from the facts alone."""
    concerned: dict[UUID, tuple[UUID, UUID]] = {}
    for event in tale.events:
        if isinstance(event.fact, BookingHeld):
            concerned[event.stream_id] = (event.fact.guest_id, event.fact.host_id)
        elif isinstance(event.fact, PaymentStarted):
            concerned[event.stream_id] = concerned[event.fact.booking_id]
    wanted = [event for event in tale.events if type(event.fact) in TYPES]
    database = Database(shared_database_url, pool_size=1, role=None)
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for begin in range(0, len(wanted), batch):
            CHANGES.apply(cursor, wanted[begin : begin + batch])
        for person in PEOPLE:
            expected = [event.event_id for event in wanted if person in concerned[event.stream_id]]
            assert [entry.event_id for entry in everything(cursor, person, limit)] == expected
        cursor.execute("ROLLBACK")
    database.close()


def test_a_client_that_asks_while_many_write_misses_nothing_and_sees_it_in_order(database_url: str) -> None:
    """Four guests of one host write at once; the host asks again and again, and comes back with what it got."""
    world = World(database_url)
    listings = [world.listing() for _ in range(4)]
    guests = [world.person() for _ in listings]
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for day in range(1, 26):
                world.hold(listings[number], guests[number], (f"2026-07-{day:02}", f"2026-07-{day + 1:02}"))
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    writers = [Thread(target=write, args=[number]) for number in range(4)]
    for writer in writers:
        writer.start()
    projectors = [Projector(world.wired.projecting, world.log, [CHANGES]) for _ in range(2)]
    seen: list[Entry] = []
    while True:
        over = not any(writer.is_alive() for writer in writers)
        moving = [Thread(target=projector.run) for projector in projectors]
        for each in moving:
            each.start()
        with world.wired.database.connection() as connection, connection.cursor() as cursor:
            while page := of_user(cursor, world.host, seen[-1].position if seen else 0, 7).items:
                seen += page
        for each in moving:
            each.join()
        if over:
            break
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        seen += of_user(cursor, world.host, seen[-1].position).items
    assert failures == []
    held = [event.event_id for event in world.events() if isinstance(event.fact, BookingHeld)]
    assert len(held) == 100
    assert [entry.event_id for entry in seen] == held
    world.close()


def test_rebuilt_the_changes_are_the_same(database_url: str) -> None:
    world = World(database_url)
    world.confirmed(world.listing())
    Projector(world.wired.projecting, world.log, [CHANGES]).run()
    assert unlike_rebuilt(world.wired.projecting, world.log, CHANGES) == []
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        assert len(everything(cursor, world.host)) == 6
    world.close()
