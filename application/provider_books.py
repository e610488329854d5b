"""Our log beside the books of payment providers: what each took and sent back, in total or line by line.

Told by the events themselves: a read model that were wrong would be compared with itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Literal
from uuid import UUID

from application.payment_ports import Gateway, GatewayUnavailable
from domain import payments
from domain.events import Event
from domain.money import Money
from domain.payments import Payment, PaymentCaptured, PaymentFact, RefundSucceeded, must_be_started

Kind = Literal["charge", "refund"]


@dataclass(frozen=True, slots=True)
class Line:
    """Money that a provider took, or sent back. `reference` is the charge's."""

    reference: str
    kind: Kind
    amount: Money


@dataclass(frozen=True, slots=True)
class Period:
    """`since` is in it, `until` is not; what is None is no limit."""

    since: datetime | None = None
    until: datetime | None = None

    def __contains__(self, instant: datetime) -> bool:
        return (self.since is None or instant >= self.since) and (self.until is None or instant < self.until)


@dataclass(frozen=True, slots=True)
class Difference:
    """What one of the two says and the other does not, or not so.

    `missing`: only we have it; `unexpected`: only the provider has; `different`: another amount; `unanswered`: the
    provider could not be asked.
    """

    what: Literal["missing", "unexpected", "different", "unanswered"]
    provider: str
    reference: str
    kind: Kind
    ours: Money | None
    theirs: Money | None


@dataclass
class Books:
    """What our log says of providers' money in a period."""

    period: Period = field(default_factory=Period)
    payments: dict[UUID, Payment] = field(default_factory=dict)
    lines: dict[str, list[Line]] = field(default_factory=dict)
    """By provider."""
    touched: set[UUID] = field(default_factory=set)
    """Payments of which anything happened in the period."""

    def take(self, event: Event) -> None:
        """The next event of the log."""
        fact = event.fact
        if not isinstance(fact, PaymentFact):
            return
        payment = must_be_started(payments.evolve(self.payments.get(event.stream_id), fact))
        self.payments[event.stream_id] = payment
        if event.occurred_at not in self.period:
            return
        self.touched.add(event.stream_id)
        line = _line(payment, fact)
        if line is not None:
            self.lines.setdefault(payment.started.provider, []).append(line)

    def asked_about(self, provider: str | None) -> list[Payment]:
        """The payments of a provider, or of all, that it may know of: it has named a reference."""
        touched = (self.payments[payment_id] for payment_id in self.payments if payment_id in self.touched)
        return [p for p in touched if p.reference is not None and provider in (None, p.started.provider)]


def _line(payment: Payment, fact: PaymentFact) -> Line | None:
    match fact:
        case PaymentCaptured(evidence):
            return Line(evidence.reference, "charge", payment.started.amount)
        case RefundSucceeded(refund_id):
            assert payment.reference is not None, "only what was captured is sent back"
            return Line(payment.reference, "refund", payment.refunds[refund_id].amount)
        case _:
            return None


def beside_totals(payment: Payment, providers: Mapping[str, Gateway]) -> Iterator[Difference]:
    """What the provider's own ledger says otherwise of a payment, whatever the period."""
    provider, reference = payment.started.provider, payment.reference
    assert reference is not None
    zero = payment.started.amount * 0
    captured = payment.started.amount if payment.stage == "captured" else zero
    ours: dict[Kind, Money] = {"charge": captured, "refund": payment.refunded}
    try:
        totals = providers[provider].totals(reference, zero.currency)
    except (GatewayUnavailable, KeyError):
        yield Difference("unanswered", provider, reference, "charge", captured, None)
        return
    theirs: dict[Kind, Money] = {"charge": totals.captured, "refund": totals.refunded}
    for kind, said in ours.items():
        if said != theirs[kind] and (said.minor, theirs[kind].minor) != (0, 0):
            yield _difference(provider, reference, kind, said, theirs[kind])


def beside_statement(provider: str, ours: Iterable[Line], theirs: Iterable[Line]) -> Iterator[Difference]:
    """What a provider's statement has otherwise, line by line: several refunds of a charge are several lines."""
    one, other = Counter(ours), Counter(theirs)
    left, added = _by_place(one - other), _by_place(other - one)
    for reference, kind in {**left, **added}:
        pairs = zip_longest(left.get((reference, kind), ()), added.get((reference, kind), ()))
        for our, their in pairs:
            yield _difference(provider, reference, kind, our, their)


def _by_place(lines: Counter[Line]) -> dict[tuple[str, Kind], list[Money]]:
    """The amounts of each reference's charges and refunds, the smallest first."""
    found: dict[tuple[str, Kind], list[Money]] = {}
    for line in sorted(lines.elements(), key=lambda line: (line.amount.currency, line.amount.minor)):
        found.setdefault((line.reference, line.kind), []).append(line.amount)
    return found


def _difference(provider: str, reference: str, kind: Kind, ours: Money | None, theirs: Money | None) -> Difference:
    """Nothing at all, and an amount of nothing, are the same."""
    if theirs is None or not theirs.minor:
        return Difference("missing", provider, reference, kind, ours, None)
    if ours is None or not ours.minor:
        return Difference("unexpected", provider, reference, kind, None, theirs)
    return Difference("different", provider, reference, kind, ours, theirs)
