"""Checks of money, each used twice: where it must find nothing and, with something taken away, something.

Each returns what is wrong, in a form to be read; an empty answer is a clean bill.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from uuid import UUID

from application.payment_ports import Gateway
from domain import payments
from domain.events import Event
from domain.money import Money
from domain.payments import Payment, PaymentCaptured, RefundSucceeded
from infrastructure.database import Database
from infrastructure.event_store.log_reader import LogReader
from infrastructure.workers.projector import Projector
from projections.ledger import LEDGER
from projections.projection import Cursor


def out_of_balance(cursor: Cursor) -> list[str]:
    """Positions up to which what stands in all accounts does not add up to nothing, and in which currency."""
    cursor.execute(
        """SELECT position, currency, sum(sum(minor)) OVER (PARTITION BY currency ORDER BY position)::bigint
           FROM ledger_entries GROUP BY position, currency ORDER BY position, currency"""
    )
    return [f"up to {position}: {minor} {currency}" for position, currency, minor in cursor.fetchall() if minor]


def money_of_nobody(cursor: Cursor) -> list[str]:
    """Bookings with money that was captured and neither bought anything nor went back, or went back though it had.

    In between there always is some; once everything is settled there is none.
    """
    cursor.execute(
        """SELECT booking_id, currency, sum(minor)::bigint FROM ledger_entries WHERE account = 'guest_funds'
           GROUP BY booking_id, currency HAVING sum(minor) <> 0 ORDER BY booking_id"""
    )
    return [
        f"booking {booking_id}: {-minor} {currency} are " + ("kept for nothing" if minor < 0 else "missing")
        for booking_id, currency, minor in cursor.fetchall()
    ]


def money_apart(
    database: Database,
    log: LogReader,
    providers: Mapping[str, Gateway],
    whole: Mapping[str, Mapping[str, int]] | None = None,
) -> list[str]:
    """Payments of which log, ledger and provider do not say the same: captured less refunded (M).

    `whole` is all that a provider has kept, by its name and by currency, in minor units: only that tells of charges
    which no payment of the log knows. Brings the ledger up to date.
    """
    Projector(database, log, [LEDGER]).run()
    known = _folded(_everything(log))
    with database.connection() as connection, connection.cursor() as cursor:
        wrong = out_of_balance(cursor)
        kept = _kept_by_ledger(cursor)
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for payment_id, payment in known.items():
        provider, currency = payment.started.provider, payment.started.amount.currency
        said = {"log": kept_by_log(payment), "ledger": kept.pop(payment_id, 0)}
        sums[provider, currency] += said["log"]
        if payment.reference is not None:
            totals = providers[provider].totals(payment.reference, currency)
            said[provider] = _minor(totals.captured - totals.refunded, currency)
        if len(set(said.values())) > 1:
            wrong.append(f"payment {payment_id}: " + ", ".join(f"{who} has {minor}" for who, minor in said.items()))
    for provider, by_currency in (whole or {}).items():
        for currency, minor in by_currency.items():
            if sums[provider, currency] != minor:
                wrong.append(f"{currency} in all: log has {sums[provider, currency]}, {provider} has {minor}")
    return wrong + [f"payment {payment_id}: only the ledger has it" for payment_id in kept]


def kept_by_log(payment: Payment) -> int:
    """Captured less refunded, in minor units."""
    return payment.started.amount.minor - payment.refunded.minor if payment.stage == "captured" else 0


def _folded(events: Iterable[Event]) -> dict[UUID, Payment]:
    streams: dict[UUID, list[payments.PaymentFact]] = defaultdict(list)
    for event in events:
        if isinstance(event.fact, payments.PaymentFact):
            streams[event.stream_id].append(event.fact)
    return {i: payments.must_be_started(reduce(payments.evolve, facts, None)) for i, facts in streams.items()}


def _kept_by_ledger(cursor: Cursor) -> dict[UUID, int]:
    cursor.execute(
        """SELECT payment_id, sum(minor)::bigint FROM ledger_entries
           WHERE account = 'processor_clearing' AND fact = ANY (%s) GROUP BY payment_id""",
        [[PaymentCaptured.TOPIC, RefundSucceeded.TOPIC]],
    )
    return dict(cursor.fetchall())


def _minor(money: Money, currency: str) -> int:
    assert money.currency == currency
    return money.minor


def _everything(log: LogReader) -> Sequence[Event]:
    return log.read(0, log.safe_position(), 1_000_000)
