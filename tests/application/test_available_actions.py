"""What a booking shows is what its commands accept, for either side, at any moment of any history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal, cast, get_args
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from api.schemas.bookings import booked
from application import alterations, bookings, nights, payments
from application.calls import Call
from application.lodger import Lodger
from application.ports import EventLog
from domain.bookings import Action, Confirmed, Role, check_in, check_out
from domain.events import Event
from domain.lifecycle import due_at
from domain.pricing import CancellationPolicy
from domain.properties import BookingMode, HouseRules
from domain.rejections import Rejected
from domain.stays import Stay
from infrastructure.workers.projector import Projector
from projections.bookings import BOOKINGS, of_user
from tests.support.world import NOON, World

pytestmark = pytest.mark.slow

Moment = Literal["a second later", "just before it is due", "when it is due", "check-in", "just before check-out"]
Answer = Literal["approve", "decline", "none"]
Step = tuple[Action, Role] | tuple[Literal["pay"], Answer] | Moment | Literal["worker"]
A_NIGHT, A_MOMENT = timedelta(days=1), timedelta.resolution

STEPS: st.SearchStrategy[Step] = st.one_of(
    st.sampled_from(get_args(Moment)),
    st.sampled_from([(action, role) for action in get_args(Action) for role in get_args(Role)]),
    st.tuples(st.just("pay"), st.sampled_from(get_args(Answer))),
    st.just("worker"),
)


class Accepted(Exception):
    """The command was decided: it would be appended."""


@dataclass(frozen=True)
class Deciding:
    """A log that tells what a command decides by refusing to keep it."""

    log: EventLog

    def load(self, *args: Any, **asked: Any) -> Any:
        return self.log.load(*args, **asked)

    def append(self, events: Sequence[Event], **_: object) -> int:
        assert events
        raise Accepted


@pytest.fixture(scope="module")
def world(shared_database_url: str) -> Iterator[World]:
    world = World(shared_database_url)
    yield world
    world.close()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    mode=st.sampled_from(get_args(BookingMode)),
    policy=st.sampled_from(get_args(CancellationPolicy)),
    paid=st.booleans(),
    steps=st.lists(STEPS, max_size=10),
)
def test_what_is_shown_is_what_is_accepted(
    world: World, mode: BookingMode, policy: CancellationPolicy, paid: bool, steps: list[Step]
) -> None:
    world.clock.time = NOON
    listing = world.listing(rules=HouseRules(booking_mode=mode, cancellation_policy=policy))
    guest = world.person()
    booking = world.hold(listing, guest)
    people: dict[Role, UUID] = {"guest": guest, "host": world.host}
    compare(world, booking, people)
    asked: list[Step] = [("accept", "host")] if mode == "request" else []
    for step in [*asked, ("pay", "approve"), *steps] if paid else steps:
        note(f"{step} at {world.clock.now()}")
        take(world, booking, people, step)
        compare(world, booking, people)
    event(type(world.booking(booking)).__name__)
    listed(world, booking, people)


def take(world: World, booking: UUID, people: Mapping[Role, UUID], step: Step) -> None:
    """Do it, or be refused."""
    now = world.clock.now()
    made = world.booking(booking).made
    match step:
        case "a second later":
            world.clock.pass_(timedelta(seconds=1))
        case "just before it is due" | "when it is due":
            due = due_at(world.booking(booking)) or now
            world.clock.time = max(now, due - A_MOMENT if step == "just before it is due" else due)
        case "check-in":
            world.clock.time = max(now, check_in(made))
        case "just before check-out":
            world.clock.time = max(now, check_out(made) - A_MOMENT)
        case "worker":
            nights.elapse(world.lodger, world.call(), booking)
        case "pay", ("approve" | "decline" | "none") as answer:
            pay(world, booking, answer)
        case action, role:
            commands = commands_of(world.lodger, world, booking, people[role])
            attempt(commands[action])
    world.react()


def pay(world: World, booking: UUID, answer: Answer) -> None:
    try:
        payment = world.pay(booking)
    except Rejected:
        return
    if answer == "approve":
        world.approve(payment, react=True)
    elif answer == "decline":
        world.decline(payment)


def commands_of(lodger: Lodger, world: World, booking: UUID, user: UUID) -> dict[Action, Callable[[], object]]:
    """Each action as this user's command. To alter is to stay a night longer, which always costs more."""

    def call() -> Call:
        return world.call(user)

    quote = world.booking(booking).made.quote
    longer = Stay(quote.stay.check_in, quote.stay.check_out + A_NIGHT)
    return {
        "accept": lambda: bookings.accept(lodger, call(), booking, user),
        "decline": lambda: bookings.decline(lodger, call(), booking, user, None),
        "pay": lambda: payments.start(lodger, call(), booking, user, "card", None),
        "cancel": lambda: bookings.cancel(lodger, call(), booking, user, None),
        "alter": lambda: alterations.alter(lodger, call(), booking, user, longer, quote.guests),
        "record_no_show": lambda: bookings.record_no_show(lodger, call(), booking, user),
    }


def attempt(command: Callable[[], object]) -> Rejected | None:
    try:
        command()
    except Accepted:
        return None
    except Rejected as refusal:
        return refusal
    return None


def compare(world: World, booking: UUID, people: Mapping[Role, UUID]) -> None:
    """Try every command of everybody, without effect, against what is shown to each side."""
    state, now = world.booking(booking), world.clock.now()
    trying = replace(world.lodger, log=cast("EventLog", Deciding(world.lodger.log)))
    shown = {role: booked(booking, state, role, now) for role in people}
    for role, user in people.items():
        for action, command in commands_of(trying, world, booking, user).items():
            refusal = attempt(command)
            if action == "pay" and refusal is not None and refusal.code == "payment_in_progress":
                refusal = None  # to be gone on with: it is the payment that says so
            accepted = refusal is None
            assert accepted == (action in shown[role]["available_actions"]), (role, action, refusal)
            if refusal is not None and refusal.code.startswith("booking_not_"):
                assert refusal.details["guest_actions"] == list(shown["guest"]["available_actions"])
                assert refusal.details["host_actions"] == list(shown["host"]["available_actions"])
    for command in commands_of(trying, world, booking, UUID(int=7)).values():
        refusal = attempt(command)
        assert refusal is not None
        assert refusal.code == "booking_not_found"
    for each in shown.values():
        must_be_explained(each, isinstance(state, Confirmed) and state.alteration is not None)
    assert ("accept" in shown["host"]["available_actions"]) == waits(shown["host"], "host_approval", now)
    if not shown["guest"]["alteration"]:
        assert ("pay" in shown["guest"]["available_actions"]) == waits(shown["guest"], "payment", now)


def must_be_explained(shown: Mapping[str, Any], altering: bool) -> None:
    """Whatever is pending says what it waits for and until when, and nothing else does."""
    assert (shown["status"] == "pending") == (shown["pending_reason"] is not None) == (shown["expires_at"] is not None)
    assert (shown["alteration"] is not None) == altering


def waits(shown: Mapping[str, Any], reason: str, now: object) -> bool:
    return bool(shown["pending_reason"] == reason and now < shown["expires_at"])


def listed(world: World, booking: UUID, people: Mapping[Role, UUID]) -> None:
    """Lists say the same."""
    Projector(world.wired.projecting, world.log, [BOOKINGS]).run()
    state, now = world.booking(booking), world.clock.now()
    names = ("status", "pending_reason", "expires_at", "available_actions", "total_price", "check_in", "check_out")
    for role, user in people.items():
        with world.wired.database.connection() as connection, connection.cursor() as cursor:
            entries = {entry.booking_id: entry for entry in of_user(cursor, user, role, now, limit=100).items}
        if role == "guest":
            assert entries.keys() == {booking}
        if booking in entries:
            fresh = booked(booking, state, role, now)
            in_list = booked(booking, entries[booking].booking, role, now)
            assert {name: in_list[name] for name in names} == {name: fresh[name] for name in names}
