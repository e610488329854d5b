"""Money that comes late, in every order: a booking or an alteration is paid while its hold lapses, a rival wants the
nights and the guest cancels; and whoever does a step may die in it, get no answer, or be overtaken by another one.

A state is small and can be gone on from as often as one likes, so all of them are visited, each once: what comes next
does not depend on how it came to it. What people do happens once; the worker, the reconciler and the clerk of the
deadlines may come at any moment, and as often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol, assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from application import alterations, bookings, nights, payments, reconciliation, settlement
from application.calls import Call
from application.lodger import Lodger
from application.payment_ports import GatewayUnavailable
from application.ports import EventLog, Nights
from application.reactions import FOLLOWED, react
from application.streams import BOOKING, PAYMENT
from domain.bookings import Booking, Confirmed, must_be_made
from domain.events import Actor, Event
from domain.lifecycle import waits_for
from domain.payments import Payment, PaymentMethod, PaymentStarted, is_settled, must_be_started
from domain.rejections import Rejected
from domain.requests import RequestBooking
from domain.stays import Stay
from infrastructure.failpoints import watched
from tests.support.examples import BOOKING as STAY_ID
from tests.support.examples import GUEST, GUESTS, LONGER_STAY, NOW, PUBLISHED, STAY, STRANGER
from tests.support.examples import PROPERTY as HOME
from tests.support.in_memory import MemoryLog, Taken, Till, lodger_over
from tests.support.world import HandClock

LATE: Final = timedelta(minutes=16)
RIVAL_ID: Final = uuid5(NAMESPACE_OID, "rival")
RIVALS_STAY: Final = Stay(STAY.check_out - timedelta(days=1), STAY.check_out + timedelta(days=2))
RIVALS_LATER_STAY: Final = Stay(STAY.check_out, STAY.check_out + timedelta(days=2))

Step = Literal["pay", "approve", "lapse", "lapse again", "rival", "cancel", "work", "hear", "reconcile", "expire"]
PEOPLES: Final[frozenset[Step]] = frozenset({"pay", "approve", "lapse", "lapse again", "rival", "cancel"})
MACHINES: Final[tuple[Step, ...]] = ("work", "hear", "reconcile", "expire")
Disturbance = Literal["dies", "is not answered"] | Step


class Death(Exception):
    """The process is gone."""


class Log(EventLog, Protocol):
    """A log that can be read as a whole, from position 1."""

    @property
    def told(self) -> Sequence[Event]: ...


@dataclass(frozen=True, slots=True)
class Tale:
    """What is paid, and how."""

    buys: Literal["booking", "alteration"]
    method: PaymentMethod


@dataclass(frozen=True, slots=True)
class State:
    """Everything there is, what people may still do, and how often somebody may still be disturbed."""

    told: tuple[Event, ...]
    taken: tuple[Nights, ...]
    charges: tuple[Taken, ...]
    now: datetime
    followed: int
    left: frozenset[Step]
    disturbances: int

    @property
    def key(self) -> object:
        """States with the same one are the same."""
        return self.things, self.left, self.disturbances

    @property
    def things(self) -> object:
        """All but what may be done. How streams came one after another is lost on whoever has followed them."""
        told = [(event.event_id, event.fact.TOPIC) for event in self.told]
        followed, taken = frozenset(told[: self.followed]), frozenset(self.taken)
        return followed, tuple(told[self.followed :]), taken, self.charges, self.now


class Market:
    """A state in motion."""

    def __init__(self, tale: Tale, log: Log, till: Till, now: datetime, followed: int = 0) -> None:
        self.tale = tale
        self.log = log
        self.till = till
        self.clock = HandClock(now)
        self.followed = followed
        self.lodger = lodger_over(log, till, self.clock)

    def begin(self) -> None:
        """A held booking, or one that was bought and that an alteration waits to be paid for."""
        opening = self._call("open")
        self.log.append([_event(opening, version, fact) for version, fact in enumerate(PUBLISHED, 1)])
        wish = RequestBooking(HOME, GUEST, STAY, GUESTS)
        bookings.request(self.lodger, self._call("hold"), STAY_ID, wish, None)
        if self.tale.buys == "alteration":
            payments.start(self.lodger, self._call("buy"), STAY_ID, GUEST, "card", None)
            self.take("approve")
            self.take("hear")
            self.rest()
            alterations.alter(self.lodger, self._call("alter"), STAY_ID, GUEST, LONGER_STAY, GUESTS)
        self.followed = len(self.log.told)

    def take(self, step: Step, lodger: Lodger | None = None) -> None:
        """Do it, or be refused. What follows from events is never refused."""
        with suppress(Rejected) if step in PEOPLES else nullcontext():
            self._take(step, lodger or self.lodger, self._call(step))

    def _take(self, step: Step, lodger: Lodger, call: Call) -> None:
        match step:
            case "pay":
                payments.start(lodger, call, STAY_ID, GUEST, self.tale.method, None)
            case "approve":
                self.till.approve(list(self.till.charges)[-1])
            case "lapse" | "lapse again":
                self.clock.pass_(LATE)
            case "rival":
                stay = RIVALS_STAY if self.tale.buys == "booking" else RIVALS_LATER_STAY
                bookings.request(lodger, call, RIVAL_ID, RequestBooking(HOME, STRANGER, stay, 2), None)
            case "cancel":
                bookings.cancel(lodger, call, STAY_ID, GUEST, None)
            case "work":
                react(lodger, self.log.told[self.followed])
                self.followed += 1
            case "hear":
                with suppress(GatewayUnavailable):
                    settlement.look(lodger, call, self.started()[-1])
            case "reconcile":
                for payment_id in self.started():
                    with suppress(GatewayUnavailable):
                        reconciliation.reconcile(lodger, call, payment_id)
            case "expire":
                for booking_id in (STAY_ID, RIVAL_ID):
                    nights.elapse(lodger, call, booking_id)
            case _:
                assert_never(step)

    def rest(self) -> None:
        """Let everything happen that happens by itself, until nothing does any more."""
        before = -1
        while before != len(self.log.told):
            before = len(self.log.told)
            self.take("expire")
            self.pass_over()
            while self.followed < len(self.log.told):
                self.take("work")
                self.pass_over()
            self.take("reconcile")

    def pass_over(self) -> None:
        """The worker is past what nothing follows from."""
        told = self.log.told
        while self.followed < len(told) and not isinstance(told[self.followed].fact, FOLLOWED):
            self.followed += 1

    def started(self) -> list[UUID]:
        return [event.stream_id for event in self.log.told if isinstance(event.fact, PaymentStarted)]

    def booking(self) -> Booking:
        return must_be_made(self.lodger.load(BOOKING, STAY_ID).state)

    def payment(self, payment_id: UUID) -> Payment:
        return must_be_started(self.lodger.load(PAYMENT, payment_id).state)

    def _call(self, step: str) -> Call:
        command_id = uuid5(NAMESPACE_OID, step)
        return Call(Actor("system", "test"), self.clock.now(), command_id, command_id)


def _event(call: Call, version: int, fact: object) -> Event:
    ids = {"event_id": call.event_id(HOME, version), "stream_id": HOME, "partition_key": HOME}
    cause = {"command_id": call.command_id, "correlation_id": call.correlation_id, "causation_id": None}
    return Event(version=version, fact=fact, occurred_at=call.now, actor=call.actor, **ids, **cause)  # type: ignore[arg-type]


# --- what is right at the end -----------------------------------------------------------------------------------


def wrongs(market: Market) -> list[str]:
    """What is wrong with a market at rest: somebody has nights without money, money without nights, or both."""
    booking, found = market.booking(), []
    claims = market.log.claims(HOME, STAY.check_in, RIVALS_STAY.check_out)
    has = {night for c in claims if c.claim_id == STAY_ID for night in Stay(c.first, c.until).dates()}
    kept = sum(charge.kept for charge in market.till.charges.values())
    due: set[object] = set()
    price = 0
    if isinstance(booking, Confirmed):
        due, price = set(booking.made.quote.stay.dates()), booking.made.quote.total.minor
        due |= set(booking.alteration.quote.stay.dates()) if booking.alteration else set()
    elif waits_for(booking, market.clock.now()):
        due = set(booking.made.quote.stay.dates())
    if has != due:
        found.append(f"{type(booking).__name__} has nights {sorted(map(str, has))}")
    if kept != price:
        found.append(f"{type(booking).__name__}, and {kept} of {price} is kept")
    return found + [wrong for payment_id in market.started() for wrong in _wrongs_of(market, booking, payment_id)]


def _wrongs_of(market: Market, booking: Booking, payment_id: UUID) -> Iterator[str]:
    payment = market.payment(payment_id)
    waits = waits_for(booking, market.clock.now())
    is_waited_for = waits is not None and waits.alteration_id == payment.started.alteration_id
    charges = [charge for charge in market.till.charges.values() if charge.payment_id == payment_id]
    told = payment.started.amount.minor - payment.refunded.minor if payment.stage == "captured" else 0
    if told != sum(charge.kept for charge in charges):
        yield f"the log tells of {told}, the provider otherwise: {charges}"
    if len(charges) > 1:
        yield f"{len(charges)} charges for one payment"
    # A push cannot be withdrawn: until it ends by itself it is only said that it should be.
    is_withdrawn = payment.stage == "void_started" and all(charge.status == "waiting" for charge in charges)
    if not is_waited_for and not is_settled(payment) and not (is_withdrawn and charges[0].method == "mobile_money"):
        yield f"nothing waits for the payment, which is {payment.stage}"


# --- every order --------------------------------------------------------------------------------------------------


@dataclass
class Explored:
    """What was found, and how the tales ended, by the name of the booking's state and the payment's stage."""

    states: int = 0
    endings: set[tuple[str, str]] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


Path = tuple[str, ...]


def explore(tale: Tale, disturbances: int, others: bool, enough: int = 1) -> Explored:
    """Visit every state, and from each let everything come to rest. Ends when `enough` is wrong."""
    found, first = Explored(), beginning(tale, disturbances)
    seen, rested, waiting = {first.key}, set[object](), [(first, Path())]
    while waiting and len(found.wrong) < enough:
        state, path = waiting.pop()
        found.states += 1
        if state.things not in rested:
            rested.add(state.things)
            ending, wrong = at_rest(_market(tale, state))
            found.endings.add(ending)
            found.wrong += [f"{', '.join(path)}: {each}" for each in wrong]
        for label, after in _nexts(tale, state, others=others):
            if after.key not in seen:
                seen.add(after.key)
                waiting.append((after, (*path, label)))
    return found


def beginning(tale: Tale, disturbances: int) -> State:
    market = Market(tale, MemoryLog(), Till(), NOW)
    market.begin()
    return _state(market, PEOPLES, disturbances)


def at_rest(market: Market) -> tuple[tuple[str, str], list[str]]:
    """How it ends from here if nobody does anything more, and what is wrong with that."""
    market.rest()
    wrong = wrongs(market)
    market.clock.pass_(2 * LATE)
    market.rest()
    market.till.give_up()
    market.rest()
    paid = [market.payment(payment_id).stage for payment_id in market.started()]
    return (type(market.booking()).__name__, paid[-1] if paid else "unpaid"), wrong or wrongs(market)


def _nexts(tale: Tale, state: State, *, others: bool) -> Iterator[tuple[str, State]]:
    possible = _possible(state)
    for step in possible:
        points: list[str] = []
        market = _market(tale, state)
        market.take(step, watched(market.lodger, points.append))
        yield step, _state(market, state.left - {step}, state.disturbances)
        if state.disturbances:
            disturbers = [other for other in possible if other != step] if others else []
            for at, point in enumerate(points):
                yield from _disturbed(tale, state, step, at, point, disturbers)


def _disturbed(
    tale: Tale, state: State, step: Step, at: int, point: str, disturbers: Sequence[Step]
) -> Iterator[tuple[str, State]]:
    kinds: list[Disturbance] = ["dies", *disturbers]
    if "append" not in point:
        kinds.append("is not answered")
    for kind in kinds:
        market, left = _market(tale, state), state.left - {step, kind}
        try:
            market.take(step, watched(market.lodger, _disturbing(market, at, kind)))
        except Death:
            left, market.followed = state.left, 0  # it may be done again, and so is all that was followed
        yield f"{step} ({kind} {point})", _state(market, left, state.disturbances - 1)


def _disturbing(market: Market, at: int, kind: Disturbance) -> Callable[[str], None]:
    reached: list[str] = []

    def disturb(point: str) -> None:
        reached.append(point)
        if len(reached) != at + 1:
            return
        if kind == "dies":
            raise Death
        if kind == "is not answered":
            raise GatewayUnavailable
        market.take(kind)

    return disturb


def _possible(state: State) -> list[Step]:
    started = any(isinstance(event.fact, PaymentStarted) for event in state.told)
    able: dict[Step, bool] = {
        "approve": any(charge.status == "waiting" for charge in state.charges),
        # For the rival's hold to lapse in its turn.
        "lapse again": not state.left & {"lapse", "rival"},
        "work": state.followed < len(state.told),
        "hear": started,
        "reconcile": started,
        "expire": state.now > NOW,
    }
    return [step for step in (*sorted(state.left), *MACHINES) if able.get(step, True)]


def _market(tale: Tale, state: State) -> Market:
    till = Till({charge.reference: charge for charge in state.charges})
    return Market(tale, MemoryLog(list(state.told), list(state.taken)), till, state.now, state.followed)


def _state(market: Market, left: frozenset[Step], disturbances: int) -> State:
    log, charges = market.log, tuple(market.till.charges.values())
    assert isinstance(log, MemoryLog)
    market.pass_over()
    return State(tuple(log.told), tuple(log.taken), charges, market.clock.time, market.followed, left, disturbances)
