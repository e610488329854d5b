"""Lodger without a server: a log, the guard of nights and a provider in memory, to be copied and tried again.

They do what PostgreSQL's tables and the sandbox do for the use cases of bookings and payments; that they do it alike
is for a test to say, which tries the same on both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, cast
from uuid import UUID

from uuid_utils.compat import uuid7

from application.lodger import Lodger
from application.payment_ports import Charge, RefundOrder, Totals
from application.ports import Claim, Clock, EventLog, Nights, NightsChange, NightsTaken, Person, Range, VersionConflict
from domain.charges import Report
from domain.events import Event
from domain.money import Money
from domain.payments import Evidence, NextAction
from domain.refunds import RefundReport
from infrastructure.gateways.sandbox import SandboxGateway, Status


@dataclass
class MemoryLog:
    """Implements `application.ports.EventLog`, without answers and people. `told` is every event, in order."""

    told: list[Event] = field(default_factory=list)
    taken: list[Nights] = field(default_factory=list)

    def load(
        self, stream_ids: Sequence[UUID], _idempotency: object = None, after: int = 0
    ) -> Mapping[UUID, list[Event]]:
        streams: dict[UUID, list[Event]] = {stream_id: [] for stream_id in stream_ids}
        for event in self.told:
            if event.version > after and event.stream_id in streams:
                streams[event.stream_id].append(event)
        return streams

    def load_with_claims(
        self, asked: Sequence[Range], after: Mapping[UUID, int]
    ) -> tuple[Mapping[UUID, list[Event]], Mapping[Range, list[Claim]]]:
        streams = {each: self.load([each], after=version)[each] for each, version in after.items()}
        return streams, {each: self.claims(*each) for each in asked}

    def load_with_people(self, user_ids: Sequence[UUID]) -> tuple[Mapping[UUID, list[Event]], Mapping[UUID, Person]]:
        return self.load(user_ids), {}

    def append(self, events: Sequence[Event], *, nights: NightsChange | None = None, **_others: object) -> int:
        taken = self._changed(nights) if nights else self.taken
        known = {(event.stream_id, event.version) for event in self.told}
        if any((event.stream_id, event.version) in known for event in events):
            raise VersionConflict
        self.taken = taken
        self.told += [replace(event, position=n) for n, event in enumerate(events, len(self.told) + 1)]
        return len(self.told) if events else 0

    def claims(self, property_id: UUID, first: date, until: date) -> list[Claim]:
        wanted = Nights(property_id, UUID(int=0), first, until, "stay")
        return [_claim(nights) for nights in self.taken if _overlap(nights, wanted)]

    def _changed(self, change: NightsChange) -> list[Nights]:
        left = [nights for nights in self.taken if nights.claim_id not in change.give_back]
        in_the_way = [nights for nights in left if any(_overlap(nights, wanted) for wanted in change.take)]
        if in_the_way:
            own = {wanted.claim_id for wanted in change.take}
            raise NightsTaken([_claim(nights) for nights in in_the_way if nights.claim_id not in own])
        return [*left, *change.take]


def _overlap(one: Nights, other: Nights) -> bool:
    return one.property_id == other.property_id and one.first < other.until and other.first < one.until


def _claim(nights: Nights) -> Claim:
    return Claim(nights.claim_id, nights.first, nights.until, nights.kind, nights.held_until)


@dataclass(frozen=True, slots=True)
class Taken:
    """A charge as its provider has it; `refunds` are amounts by key."""

    reference: str
    payment_id: UUID
    amount: Money
    method: str
    status: Status = "waiting"
    refunds: tuple[tuple[UUID, int], ...] = ()

    @property
    def kept(self) -> int:
        """Minor units that were taken and not given back."""
        return self.amount.minor - sum(minor for _, minor in self.refunds) if self.status == "captured" else 0


class Till(SandboxGateway):
    """A provider with its ledger in memory. Cards can be withdrawn; a push to a phone cannot, as in real life."""

    def __init__(self, charges: Mapping[str, Taken] | None = None) -> None:
        self.charges = dict(charges or {})

    def start(self, charge: Charge) -> Report:
        reference = f"till_{charge.key.hex}"
        self.charges.setdefault(reference, Taken(reference, charge.payment_id, charge.amount, charge.payment_method))
        return self.look_up(reference)

    def look_up(self, reference: str) -> Report:
        charge = self.charges[reference]
        evidence = Evidence(self.name, reference, "0" * 64)
        match charge.status:
            case "waiting" | "challenged" if charge.method == "card":
                return Report("action_required", evidence, NextAction("open_page", "https://till.example"))
            case "waiting" | "challenged":
                return Report("action_required", evidence, NextAction("approve_on_phone"))
            case "declined":
                return Report("failed", evidence, failure_code="declined")
            case "voided":
                return Report("voided", evidence)
            case outcome:
                return Report(outcome, evidence, amount=charge.amount)

    def capture(self, reference: str, amount: Money, key: UUID) -> Report:
        return self._move(reference, {"authorized": "captured"})

    def void(self, reference: str, key: UUID) -> Report:
        withdrawn: dict[Status, Status] = {"waiting": "voided", "authorized": "voided"}
        return self._move(reference, withdrawn if self.charges[reference].method == "card" else {})

    def refund(self, order: RefundOrder) -> RefundReport:
        charge, evidence = self.charges[order.reference], Evidence(self.name, order.reference, "0" * 64)
        if order.key not in dict(charge.refunds):
            if charge.kept < order.amount.minor:
                return RefundReport("failed", evidence, "refund_exceeds_capture")
            refunds = (*charge.refunds, (order.key, order.amount.minor))
            self.charges[order.reference] = replace(charge, refunds=refunds)
        return RefundReport("succeeded", evidence, amount=order.amount)

    def totals(self, reference: str, currency: str) -> Totals:
        charge = self.charges[reference]
        captured = charge.amount.minor if charge.status == "captured" else 0
        return Totals(Money(captured, currency), Money(captured - charge.kept, currency))

    def approve(self, reference: str) -> None:
        """The payer says yes: a card is authorised, mobile money is taken."""
        self._move(reference, {"waiting": "authorized" if self.charges[reference].method == "card" else "captured"})

    def give_up(self) -> None:
        """Nobody answered: pushes end by themselves."""
        for charge in self.charges.values():
            if charge.method != "card":
                self._move(charge.reference, {"waiting": "declined"})

    def _move(self, reference: str, moves: dict[Status, Status]) -> Report:
        charge = self.charges[reference]
        self.charges[reference] = replace(charge, status=moves.get(charge.status, charge.status))
        return self.look_up(reference)


class NoPhones:
    """Implements `application.payment_ports.Payers`."""

    def remember(self, payment_id: UUID, phone: str) -> None:
        pass

    def phone(self, payment_id: UUID) -> str | None:
        return None

    def remember_client_secret(self, payment_id: UUID, secret: str) -> None:
        pass

    def client_secret(self, payment_id: UUID) -> str | None:
        return None


class NoMemory:
    """Implements `application.ports.Memory`."""

    generation = 0

    def recall(self, stream_id: UUID) -> object | None:
        return None

    def remember(self, stream_id: UUID, known: object) -> None:
        pass


def lodger_over(log: EventLog, till: Till, clock: Clock) -> Lodger:
    """The application over these; what else it has, bookings and payments do not ask."""
    unused = dict.fromkeys((each.name for each in fields(Lodger)), cast("Any", None))
    given: dict[str, Any] = {
        "log": log,
        "memory": NoMemory(),
        "clock": clock,
        "payers": NoPhones(),
        "gateways": {"card": till, "mobile_money": till},
        "providers": {till.name: till},
        "new_id": uuid7,
        "wake": lambda: None,
    }
    return Lodger(**{**unused, **given})
