"""Payments as operators see them: one row per payment, and one for everything that is open of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast, get_args
from uuid import UUID

import msgspec
from psycopg2.extras import execute_values

from domain import payments
from domain.disputes import undecided
from domain.events import Event
from domain.money import Money
from domain.payments import Payment, PaymentContradicted, PaymentFact, PaymentMethod, Stage, is_settled
from domain.refunds import retriable
from projections.projection import PAGE_MAX, After, Cursor, Page, Projection, Rows, Value, page_of

Kind = Literal["contradiction", "refund_failed", "disputed", "under_way"]
"""What is open: a provider spoke against itself, could not send money back, has a dispute, or has not ended yet."""

Subject = tuple[Kind, str]
"""Which one of a payment's: the contradiction, the refund's or dispute's id, the stage (or "refund") under way."""


@dataclass(frozen=True, slots=True)
class Open:
    """Since when something is open, what amount it is about, and what the provider said, where it said something."""

    since: datetime
    amount: Money | None = None
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A payment, and what is open of it. `left_at` is when its last event was recorded, by the database's time."""

    payment_id: UUID
    payment: Payment
    created_at: datetime
    updated_at: datetime
    left_at: datetime
    open: Mapping[Subject, Open]


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    entries = _load(cursor, {event.stream_id for event in events})
    for event in events:
        entries[event.stream_id] = _evolve(entries.get(event.stream_id), event)
    _save(cursor, entries.values())


def fold(pages: Iterable[Sequence[Event]]) -> Iterator[Rows]:
    entries = dict[UUID, Entry]()
    for page in pages:
        for event in page:
            entries[event.stream_id] = _evolve(entries.get(event.stream_id), event)
    yield Rows("payments", _COLUMNS, map(_row, entries.values()))
    yield Rows("payment_needs", _NEED_COLUMNS, _need_rows(entries.values()))


def _evolve(entry: Entry | None, event: Event) -> Entry:
    assert event.recorded_at is not None, "projections are given what is stored"
    fact = cast("PaymentFact", event.fact)
    payment = payments.evolve(entry.payment if entry else None, fact)
    assert payment is not None
    known = entry.open if entry else {}
    said = (fact.said, fact.amount) if isinstance(fact, PaymentContradicted) else (None, None)
    still = {
        subject: known.get(subject) or Open(event.occurred_at, amount or said[1], said[0])
        for subject, amount in _open(payment)
    }
    if entry is None:
        at = event.occurred_at
        return Entry(event.stream_id, payment, at, at, event.recorded_at, still)
    return replace(entry, payment=payment, updated_at=event.occurred_at, left_at=event.recorded_at, open=still)


def _open(payment: Payment) -> Iterator[tuple[Subject, Money | None]]:
    """Everything that is open of a payment, and what amount it is about."""
    for contradiction, resolved in payment.contradictions.items():
        if not resolved:
            yield ("contradiction", contradiction), None
    for refund_id, refund in retriable(payment).items():
        yield ("refund_failed", str(refund_id)), refund.amount
    for dispute_id in undecided(payment):
        yield ("disputed", dispute_id), payment.disputes[dispute_id].amount
    if not is_settled(payment):
        ended = payment.stage in ("captured", "failed", "voided")
        yield ("under_way", "refund" if ended else payment.stage), payment.started.amount


PAYMENTS: Final = Projection(
    name="payments",
    version=1,
    tables=("payments", "payment_needs"),
    facts=get_args(PaymentFact),
    apply=apply,
    fold=fold,
)


# --- queries ------------------------------------------------------------------------------------------------

TOO_LONG: Final = timedelta(hours=1)
"""Of real time without an event: from then on what is under way is an operator's matter, and not only a provider's."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that an operator may have to see to. `attempts` is how often the provider was asked again in vain,
    `error` what went wrong the last time."""

    kind: Kind
    subject: str
    open: Open
    payment_id: UUID
    booking_id: UUID
    provider: str
    reference: str | None
    payment_method: PaymentMethod
    amount: Money
    stage: Stage
    attempts: int
    error: str | None


def needs(cursor: Cursor, kind: Kind | None = None, after: After | None = None, limit: int = 20) -> Page[Need]:
    """One page of what waits for an operator, the longest first; of what is under way only what is for too long.

    `limit` is at most 100; `after` is the page before's.
    """
    limit = min(limit, PAGE_MAX)
    since, payment_id, after_kind, subject = after or (None, None, None, None)
    conditions = ["(n.kind <> 'under_way' OR p.left_at <= clock_timestamp() - %(too_long)s)"]
    conditions += ["n.kind = %(kind)s"] if kind else []
    if after:
        place = "(%(since)s::timestamptz, %(payment_id)s::uuid, %(after_kind)s, %(subject)s)"
        conditions.append(f"(n.since, n.payment_id, n.kind, n.subject) > {place}")
    cursor.execute(
        f"""SELECT n.kind, n.subject, n.since, n.minor, n.currency, n.said, p.payment_id, p.booking_id, p.provider,
                   p.reference, p.method, p.minor, p.currency, p.stage, coalesce(r.attempts, 0), r.last_error
            FROM payment_needs n JOIN payments p USING (payment_id) LEFT JOIN reconciliations r USING (payment_id)
            WHERE {" AND ".join(conditions)}
            ORDER BY n.since, n.payment_id, n.kind, n.subject LIMIT %(limit)s""",  # noqa: S608 - constants
        {
            "kind": kind,
            "too_long": TOO_LONG,
            "since": since,
            "payment_id": payment_id,
            "after_kind": after_kind,
            "subject": subject,
            "limit": limit + 1,
        },
    )
    return page_of([_need(row) for row in cursor.fetchall()], limit, _place)


def _need(row: tuple[Any, ...]) -> Need:
    kind, subject, since, open_minor, open_currency, said, payment_id, booking_id, provider, reference = row[:10]
    method, minor, currency, stage, attempts, error = row[10:]
    about = None if open_minor is None else Money(open_minor, open_currency)
    return Need(
        *(kind, subject, Open(since, about, said), payment_id, booking_id, provider, reference, method),
        *(Money(minor, currency), stage, attempts, error),
    )


def _place(need: Need) -> After:
    return need.open.since.isoformat(), str(need.payment_id), need.kind, need.subject


def under_way(cursor: Cursor, after: UUID | None = None, limit: int = PAGE_MAX) -> list[UUID]:
    """Payments of which a charge, a refund or a dispute is under way, by id: where to look, not what to decide."""
    cursor.execute(
        """SELECT payment_id FROM payments WHERE under_way AND (%(after)s IS NULL OR payment_id > %(after)s::uuid)
           ORDER BY payment_id LIMIT %(limit)s""",
        {"after": after, "limit": limit},
    )
    return [payment_id for (payment_id,) in cursor.fetchall()]


def waiting(cursor: Cursor) -> dict[Kind, int]:
    """How many things wait for an operator, by kind."""
    cursor.execute(
        """SELECT kind, count(*) FROM payment_needs JOIN payments USING (payment_id)
           WHERE kind <> 'under_way' OR left_at <= clock_timestamp() - %s GROUP BY kind""",
        [TOO_LONG],
    )
    found = dict(cursor.fetchall())
    return {kind: found.get(kind, 0) for kind in get_args(Kind)}


# --- rows ---------------------------------------------------------------------------------------------------

_COLUMNS: Final = (
    *("payment_id", "booking_id", "provider", "method", "minor", "currency", "stage", "reference", "under_way"),
    *("state", "created_at", "updated_at", "left_at"),
)
_NEED_COLUMNS: Final = ("payment_id", "kind", "subject", "since", "minor", "currency", "said")


def _load(cursor: Cursor, payment_ids: Iterable[UUID]) -> dict[UUID, Entry]:
    wanted = list(payment_ids)
    cursor.execute(
        "SELECT payment_id, kind, subject, since, minor, currency, said FROM payment_needs WHERE payment_id = ANY (%s)",
        [wanted],
    )
    open_: dict[UUID, dict[Subject, Open]] = {payment_id: {} for payment_id in wanted}
    for payment_id, kind, subject, since, minor, currency, said in cursor.fetchall():
        amount = None if minor is None else Money(minor, currency)
        open_[payment_id][kind, subject] = Open(since, amount, said)
    cursor.execute(
        "SELECT payment_id, state, created_at, updated_at, left_at FROM payments WHERE payment_id = ANY (%s)", [wanted]
    )
    return {
        payment_id: Entry(
            payment_id, msgspec.json.decode(state, type=Payment), created_at, updated_at, left_at, open_[payment_id]
        )
        for payment_id, state, created_at, updated_at, left_at in cursor.fetchall()
    }


def _save(cursor: Cursor, entries: Iterable[Entry]) -> None:
    changed = list(entries)
    execute_values(
        cursor,
        f"""INSERT INTO payments ({", ".join(_COLUMNS)}) VALUES %s
            ON CONFLICT (payment_id) DO UPDATE
            SET ({", ".join(_COLUMNS)}) = ({", ".join(f"excluded.{column}" for column in _COLUMNS)})""",  # noqa: S608
        [_row(entry) for entry in changed],
        page_size=1000,
    )
    cursor.execute("DELETE FROM payment_needs WHERE payment_id = ANY (%s)", [[entry.payment_id for entry in changed]])
    execute_values(
        cursor,
        f"INSERT INTO payment_needs ({', '.join(_NEED_COLUMNS)}) VALUES %s",  # noqa: S608 - constants
        list(_need_rows(changed)),
        page_size=1000,
    )


def _need_rows(entries: Iterable[Entry]) -> Iterator[tuple[Value, ...]]:
    for entry in entries:
        for subject, each in entry.open.items():
            minor = each.amount.minor if each.amount else None
            yield (entry.payment_id, *subject, each.since, minor, _currency(each), each.said)


def _row(entry: Entry) -> tuple[Value, ...]:
    """The columns that payments are found by, and the whole state as JSON."""
    payment = entry.payment
    started = payment.started
    return (
        *(entry.payment_id, started.booking_id, started.provider, started.payment_method),
        *(started.amount.minor, started.amount.currency, payment.stage, payment.reference),
        not is_settled(payment) or bool(undecided(payment)),
        *(msgspec.json.encode(payment).decode(), entry.created_at, entry.updated_at, entry.left_at),
    )


def _currency(each: Open) -> str | None:
    return each.amount.currency if each.amount else None
