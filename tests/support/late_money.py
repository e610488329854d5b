"""Money that comes late, in every order: a booking or an alteration is paid while its hold lapses, a rival wants the
nights and the guest cancels; and whoever does a step may die in it, get no answer, or be overtaken by another one.

A state is small and can be gone on from as often as one likes, so all of them are visited, each once: what comes next
does not depend on how it came to it. What people do happens once; the worker, the reconciler and the clerk of the
deadlines may come at any moment, and as often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
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
Disturber = Literal["death", "silence", "others"]


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
    """Everything that there is."""

    told: tuple[Event, ...]
    taken: tuple[Nights, ...]
    charges: tuple[Taken, ...]
    now: datetime
    followed: int

    @property
    def key(self) -> object:
        """States with the same one are the same. How streams came one after another is lost on whoever is past it."""
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
            self.work_off()
            self.take("reconcile")

    def work_off(self) -> None:
        """All that follows from what happened."""
        self.pass_over()
        while self.followed < len(self.log.told):
            self.take("work")
            self.pass_over()

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


@dataclass(frozen=True, slots=True)
class Move:
    """What came of a step: `used` are those of people's that were taken in it."""

    label: str
    after: State
    used: frozenset[Step]
    is_disturbed: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is tried: `without` these steps, `disturbances` in one tale at most, and which; whether who overtakes
    does it `at_length`, with all that follows, and whether the tale goes on after that or is only let come to rest."""

    without: frozenset[Step] = frozenset()
    disturbances: int = 0
    kinds: frozenset[Disturber] = frozenset()
    at_length: bool = False
    goes_on: bool = True


UNDISTURBED: Final = Plan()


class Exploration:
    """Visits every state, and from each lets everything come to rest. `wrong` is what was found, with what led to it;
    `endings` are the booking's state and the payment's stage."""

    def __init__(self, tale: Tale, plan: Plan = UNDISTURBED) -> None:
        self.tale = tale
        self.plan = plan
        self.states = 0
        self.endings: set[tuple[str, str]] = set()
        self.wrong: list[str] = []
        self._rested: set[object] = set()
        self._moves: dict[object, list[Move]] = {}

    def run(self, enough: int = 1) -> Exploration:
        """Until everything was visited, or `enough` is wrong."""
        market = Market(self.tale, MemoryLog(), Till(), NOW)
        market.begin()
        path: tuple[str, ...] = ()
        waiting = [(state_of(market), PEOPLES - self.plan.without, self.plan.disturbances, path)]
        seen = set[object]()
        while waiting and len(self.wrong) < enough:
            state, left, disturbances, path = waiting.pop()
            key = (state.key, left, disturbances)
            if key in seen:
                continue
            seen.add(key)
            self._rest(state, path)
            for step in (*sorted(left), *(step for step in MACHINES if step not in self.plan.without)):
                for move in self._moved(state, step):
                    onwards = (move.after, left - move.used, disturbances - move.is_disturbed, (*path, move.label))
                    if move.is_disturbed and (not disturbances or not move.used <= left):
                        continue
                    if move.is_disturbed and not self.plan.goes_on:
                        self._rest(move.after, onwards[-1])
                    else:
                        waiting.append(onwards)
        self.states = len(seen)
        return self

    def _rest(self, state: State, path: tuple[str, ...]) -> None:
        if state.key not in self._rested:
            self._rested.add(state.key)
            ending, wrong = at_rest(_market(self.tale, state))
            self.endings.add(ending)
            self.wrong += [f"{', '.join(path)}: {each}" for each in wrong]

    def _moved(self, state: State, step: Step) -> list[Move]:
        """All that may come of a step, whoever may still do what: so it is found out once."""
        key = (state.key, step)
        if key not in self._moves:
            self._moves[key] = list(self._moves_of(state, step)) if is_possible(state, step) else []
        return self._moves[key]

    def _moves_of(self, state: State, step: Step) -> Iterator[Move]:
        points: list[str] = []
        market = _market(self.tale, state)
        market.take(step, watched(market.lodger, points.append))
        yield Move(step, state_of(market), PEOPLES & {step})
        for at, point in enumerate(points if self.plan.disturbances else ()):
            for kind in self._disturbances(state, step, point):
                yield self._disturbed(state, step, at, f"{kind} {point}", kind)

    def _disturbances(self, state: State, step: Step, point: str) -> Iterator[Disturbance]:
        if "death" in self.plan.kinds:
            yield "dies"
        if "silence" in self.plan.kinds and "append" not in point:
            yield "is not answered"
        if "others" in self.plan.kinds:
            yield from (other for other in (*PEOPLES, *MACHINES) if other != step and is_possible(state, other))

    def _disturbed(self, state: State, step: Step, at: int, what: str, kind: Disturbance) -> Move:
        market, used = _market(self.tale, state), PEOPLES & {step, kind}
        try:
            market.take(step, watched(market.lodger, self._disturbing(market, at, kind)))
        except Death:
            used, market.followed = frozenset(), 0  # it may be done again, and so is all that was followed
        return Move(f"{step} ({what})", state_of(market), used, is_disturbed=True)

    def _disturbing(self, market: Market, at: int, kind: Disturbance) -> Callable[[str], None]:
        """Told each point that is reached, does it at the one whose turn it is."""
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
            if self.plan.at_length:
                market.work_off()

        return disturb


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


def is_possible(state: State, step: Step) -> bool:
    """Whether it could change anything."""
    match step:
        case "approve":
            return any(charge.status == "waiting" for charge in state.charges)
        case "lapse":
            return state.now == NOW
        case "lapse again":  # for the rival's hold to lapse in its turn
            return state.now > NOW and any(claim.claim_id == RIVAL_ID for claim in state.taken)
        case "work":
            return state.followed < len(state.told)
        case "hear" | "reconcile":
            return any(isinstance(event.fact, PaymentStarted) for event in state.told)
        case "expire":
            return state.now > NOW
        case "pay" | "rival" | "cancel":
            return True
        case _:
            assert_never(step)


def _market(tale: Tale, state: State) -> Market:
    till = Till({charge.reference: charge for charge in state.charges})
    return Market(tale, MemoryLog(list(state.told), list(state.taken)), till, state.now, state.followed)


def state_of(market: Market) -> State:
    log = market.log
    assert isinstance(log, MemoryLog)
    market.pass_over()
    charges = tuple(market.till.charges.values())
    return State(tuple(log.told), tuple(log.taken), charges, market.clock.time, market.followed)
