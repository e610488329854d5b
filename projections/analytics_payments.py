"""Payments as analysts count them: what was taken, what went back, and what a bank took back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast, get_args
from uuid import UUID

import msgspec
from psycopg2.extras import execute_values

from domain import payments
from domain.events import Event
from domain.payments import DisputeOpened, DisputeWon, Payment, PaymentCaptured, PaymentFact
from projections.projection import Cursor

FACTS: Final = get_args(PaymentFact)
TABLES: Final = ("analytics_payments",)


@dataclass(frozen=True, slots=True)
class Entry:
    """A payment. What a bank took, and what it gave back when it decided for us, have its fees in them."""

    payment_id: UUID
    payment: Payment
    started_at: datetime
    captured_at: datetime | None = None
    dispute_taken_minor: int = 0
    dispute_back_minor: int = 0


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    told = [event for event in events if isinstance(event.fact, FACTS)]
    if not told:
        return
    entries = _load(cursor, {event.stream_id for event in told})
    for event in told:
        entries[event.stream_id] = _evolve(entries.get(event.stream_id), event)
    _save(cursor, entries.values())


def _evolve(entry: Entry | None, event: Event) -> Entry:
    fact = cast("PaymentFact", event.fact)
    payment = payments.evolve(entry.payment if entry else None, fact)
    assert payment is not None
    entry = replace(entry, payment=payment) if entry else Entry(event.stream_id, payment, event.occurred_at)
    match fact:
        case PaymentCaptured():
            return replace(entry, captured_at=event.occurred_at)
        case DisputeOpened(amount=amount, fee=fee):
            return replace(entry, dispute_taken_minor=entry.dispute_taken_minor + (amount + fee).minor)
        case DisputeWon(dispute_id, fee_returned):
            returned = payment.disputes[dispute_id].amount + fee_returned
            return replace(entry, dispute_back_minor=entry.dispute_back_minor + returned.minor)
        case _:
            return entry


# --- rows ---------------------------------------------------------------------------------------------------


_COLUMNS: Final = (
    *("payment_id", "booking_id", "property_id", "guest_id", "provider", "method", "status", "failure_code"),
    *("currency", "amount_minor", "captured_minor", "refunded_minor", "state"),
    *("started_at", "captured_at", "dispute_taken_minor", "dispute_back_minor"),
)
_SELECTED: Final = ", ".join(_COLUMNS)


def _load(cursor: Cursor, payment_ids: Iterable[UUID]) -> dict[UUID, Entry]:
    cursor.execute(
        """SELECT payment_id, state, started_at, captured_at, dispute_taken_minor, dispute_back_minor
           FROM analytics_payments WHERE payment_id = ANY (%s)""",
        [list(payment_ids)],
    )
    return {row[0]: _entry(*row) for row in cursor.fetchall()}


def _entry(payment_id: UUID, state: str, *rest: Any) -> Entry:
    return Entry(payment_id, msgspec.json.decode(state, type=Payment), *rest)


def _save(cursor: Cursor, entries: Iterable[Entry]) -> None:
    execute_values(
        cursor,
        f"""INSERT INTO analytics_payments ({_SELECTED}) VALUES %s
            ON CONFLICT (payment_id) DO UPDATE
            SET ({_SELECTED}) = ({", ".join(f"excluded.{column}" for column in _COLUMNS)})""",  # noqa: S608 - constants
        [_row(entry) for entry in entries],
        page_size=1000,
    )


def _row(entry: Entry) -> tuple[object, ...]:
    payment = entry.payment
    started = payment.started
    captured = started.amount.minor if payment.stage == "captured" else 0
    return (
        *(entry.payment_id, started.booking_id, started.property_id, started.guest_id, started.provider),
        *(started.payment_method, payments.status(payment), payment.failure_code, started.amount.currency),
        *(started.amount.minor, captured, payment.refunded.minor, msgspec.json.encode(payment).decode()),
        *(entry.started_at, entry.captured_at, entry.dispute_taken_minor, entry.dispute_back_minor),
    )
