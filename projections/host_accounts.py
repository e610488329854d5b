"""Hosts' accounts as lists: what bookings earn and is not paid yet, and payouts with what is in them.

What an account comes to is not here: it is asked of the account itself (`domain.balances`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final, Literal, assert_never, cast, get_args
from uuid import UUID

from psycopg2.extras import execute_values

from domain.events import Event
from domain.host_accounts import (
    DebtReason,
    HostAccountFact,
    HostDebtRecorded,
    HostEarningRecorded,
    PayoutFailed,
    PayoutHoldLifted,
    PayoutHoldPlaced,
    PayoutPaid,
    PayoutScheduled,
)
from domain.money import Money
from projections.projection import PAGE_MAX, After, Cursor, Page, Projection, page_of

Status = Literal["scheduled", "paid", "failed"]


@dataclass(frozen=True, slots=True)
class Earning:
    """What a booking earns its host and no payout holds."""

    booking_id: UUID
    property_id: UUID
    amount: Money
    release_at: datetime


@dataclass(frozen=True, slots=True)
class PaidEarning:
    booking_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class NettedDebt:
    """`booking_id` is None where an operator charged something else."""

    booking_id: UUID | None
    reason: DebtReason
    amount: Money


@dataclass(frozen=True, slots=True)
class Payout:
    """`amount` is what the earnings add up to, less the debts."""

    payout_id: UUID
    amount: Money
    provider: str
    status: Status
    failure_code: str | None
    scheduled_at: datetime
    ended_at: datetime | None
    earnings: tuple[PaidEarning, ...]
    debts: tuple[NettedDebt, ...]


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    """A host's account lives in the host's partition: that is whose it is."""
    for earned, run in groupby(events, lambda event: isinstance(event.fact, HostEarningRecorded)):
        if earned:
            _record_earnings(cursor, list(run))
        else:
            for event in run:
                _apply_one(cursor, event, cast("HostAccountFact", event.fact))


def _record_earnings(cursor: Cursor, events: Sequence[Event]) -> None:
    """All at once: they are many, and of each booking only the last counts."""
    last = {
        fact.booking_id: (*(fact.booking_id, event.partition_key, fact.property_id), *_of(fact.amount), fact.release_at)
        for event in events
        for fact in [cast("HostEarningRecorded", event.fact)]
    }
    execute_values(
        cursor,
        """INSERT INTO host_earnings (booking_id, host_id, property_id, minor, currency, release_at) VALUES %s
           ON CONFLICT (booking_id) DO UPDATE SET (minor, release_at) = (excluded.minor, excluded.release_at)""",
        last.values(),
        page_size=1000,
    )


def _apply_one(cursor: Cursor, event: Event, fact: HostAccountFact) -> None:
    host_id = event.partition_key
    match fact:
        case HostEarningRecorded():
            _record_earnings(cursor, [event])
        case HostDebtRecorded(debt_id, booking_id, amount, reason):
            cursor.execute(
                """INSERT INTO host_debts (debt_id, host_id, booking_id, minor, currency, reason)
                   VALUES (%s, %s, %s, %s, %s, %s)""",
                [debt_id, host_id, booking_id, *_of(amount), reason],
            )
        case PayoutScheduled():
            _schedule(cursor, event, fact)
        case PayoutPaid(payout_id):
            _end(cursor, payout_id, "paid", event.occurred_at)
        case PayoutFailed(payout_id, code):
            _end(cursor, payout_id, "failed", event.occurred_at, code)
            _move_earnings(cursor, payout_id, 1)
        case PayoutHoldPlaced(hold_id, booking_id):
            cursor.execute("INSERT INTO host_holds VALUES (%s, %s, %s)", [host_id, hold_id, booking_id])
        case PayoutHoldLifted(hold_id):
            cursor.execute("DELETE FROM host_holds WHERE (host_id, hold_id) = (%s, %s)", [host_id, hold_id])
        case _:
            assert_never(fact)


def _schedule(cursor: Cursor, event: Event, fact: PayoutScheduled) -> None:
    cursor.execute(
        """INSERT INTO host_payouts (payout_id, host_id, minor, currency, provider, status, scheduled_at)
           VALUES (%s, %s, %s, %s, %s, 'scheduled', %s)""",
        [fact.payout_id, event.partition_key, *_of(fact.amount), fact.provider, event.occurred_at],
    )
    portions = [("earning", each) for each in fact.earnings] + [("debt", each) for each in fact.debts]
    execute_values(
        cursor,
        "INSERT INTO host_payout_portions (payout_id, kind, of_id, minor) VALUES %s",
        [(fact.payout_id, kind, portion.of, portion.amount.minor) for kind, portion in portions],
        page_size=1000,
    )
    _move_earnings(cursor, fact.payout_id, -1)


def _move_earnings(cursor: Cursor, payout_id: UUID, sign: Literal[-1, 1]) -> None:
    """Into a payout (-1), or out of one that failed (1)."""
    cursor.execute(
        """UPDATE host_earnings e SET minor = e.minor + %s * p.minor FROM host_payout_portions p
           WHERE p.payout_id = %s AND p.kind = 'earning' AND e.booking_id = p.of_id""",
        [sign, payout_id],
    )


def _end(cursor: Cursor, payout_id: UUID, status: Status, at: datetime, code: str | None = None) -> None:
    cursor.execute(
        "UPDATE host_payouts SET (status, failure_code, ended_at) = (%s, %s, %s) WHERE payout_id = %s",
        [status, code, at, payout_id],
    )


def _of(amount: Money) -> tuple[int, str]:
    return amount.minor, amount.currency


HOST_ACCOUNTS: Final = Projection(
    name="host_accounts",
    version=1,
    tables=("host_earnings", "host_debts", "host_payouts", "host_payout_portions", "host_holds"),
    facts=get_args(HostAccountFact),
    apply=apply,
)


# --- queries ------------------------------------------------------------------------------------------------


def earnings_of(cursor: Cursor, host_id: UUID, after: After | None = None, limit: int = 20) -> Page[Earning]:
    """One page of what a host has earned and was not paid, the soonest released first.

    `limit` is at most 100; `after` is the page before's.
    """
    limit = min(limit, PAGE_MAX)
    values: dict[str, Any] = {"host": host_id, "limit": limit + 1}
    later = ""
    if after is not None:
        values["at"], values["id"] = after
        later = "AND (release_at, booking_id) > (%(at)s::timestamptz, %(id)s::uuid)"
    cursor.execute(
        f"""SELECT booking_id, property_id, minor, currency, release_at FROM host_earnings
            WHERE host_id = %(host)s AND minor > 0 {later} ORDER BY release_at, booking_id LIMIT %(limit)s""",  # noqa: S608
        values,
    )
    rows = [
        Earning(booking_id, property_id, Money(minor, currency), release_at)
        for booking_id, property_id, minor, currency, release_at in cursor.fetchall()
    ]
    return page_of(rows, limit, lambda each: (each.release_at.isoformat(), str(each.booking_id)))


def payouts_of(cursor: Cursor, host_id: UUID, after: After | None = None, limit: int = 20) -> Page[Payout]:
    """One page of a host's payouts with what is in them, newest first.

    `limit` is at most 100; `after` is the page before's.
    """
    limit = min(limit, PAGE_MAX)
    values: dict[str, Any] = {"host": host_id, "limit": limit + 1}
    older = ""
    if after is not None:
        values["at"], values["id"] = after
        older = "AND (scheduled_at, payout_id) < (%(at)s::timestamptz, %(id)s::uuid)"
    cursor.execute(
        f"""SELECT payout_id, minor, currency, provider, status, failure_code, scheduled_at, ended_at FROM host_payouts
            WHERE host_id = %(host)s {older} ORDER BY scheduled_at DESC, payout_id DESC LIMIT %(limit)s""",  # noqa: S608
        values,
    )
    rows = cursor.fetchall()
    earnings, debts = _portions(cursor, [row[0] for row in rows])
    found = [
        Payout(
            payout_id,
            Money(minor, currency),
            provider,
            status,
            failure_code,
            scheduled_at,
            ended_at,
            tuple(PaidEarning(booking_id, Money(part, currency)) for booking_id, part in earnings[payout_id]),
            tuple(NettedDebt(booking_id, why, Money(part, currency)) for booking_id, why, part in debts[payout_id]),
        )
        for payout_id, minor, currency, provider, status, failure_code, scheduled_at, ended_at in rows
    ]
    return page_of(found, limit, lambda each: (each.scheduled_at.isoformat(), str(each.payout_id)))


def _portions(
    cursor: Cursor, payout_ids: list[UUID]
) -> tuple[Mapping[UUID, list[tuple[UUID, int]]], Mapping[UUID, list[tuple[UUID | None, DebtReason, int]]]]:
    """What is in each payout: earnings (of which booking, minor units), and debts (with their reasons)."""
    earnings, debts = defaultdict[UUID, list[Any]](list), defaultdict[UUID, list[Any]](list)
    cursor.execute(
        """SELECT p.payout_id, p.of_id, d.booking_id, d.reason, p.minor
           FROM host_payout_portions p LEFT JOIN host_debts d ON p.kind = 'debt' AND d.debt_id = p.of_id
           WHERE p.payout_id = ANY (%s) ORDER BY p.of_id""",
        [payout_ids],
    )
    for payout_id, of_id, booking_id, reason, minor in cursor.fetchall():
        if reason is None:
            earnings[payout_id].append((of_id, minor))
        else:
            debts[payout_id].append((booking_id, reason, minor))
    return earnings, debts


def claim_hosts(cursor: Cursor, now: datetime, limit: int) -> list[UUID]:
    """Hosts who have something due by `now` and a destination, or a payout under way.

    Where to look, not what to pay. Whoever is claimed is not claimed again before a while of real time that doubles
    with each attempt (15 s to 5 min): that is the plan for the next one, whether this one fails or dies.
    """
    cursor.execute(
        """WITH due AS (
               SELECT e.host_id FROM host_earnings e JOIN payout_destinations USING (host_id)
               WHERE e.minor > 0 AND e.release_at <= %(now)s AND NOT EXISTS (
                   SELECT FROM host_holds h
                   WHERE h.host_id = e.host_id AND (h.booking_id IS NULL OR h.booking_id = e.booking_id))
               UNION
               SELECT host_id FROM host_payouts WHERE status = 'scheduled')
           INSERT INTO payout_attempts AS known (host_id, attempts, next_attempt_at)
           SELECT host_id, 1, clock_timestamp() + interval '15 s' FROM due
           WHERE NOT EXISTS (SELECT FROM payout_attempts a
                             WHERE a.host_id = due.host_id AND a.next_attempt_at > clock_timestamp())
           ORDER BY host_id LIMIT %(limit)s
           ON CONFLICT (host_id) DO UPDATE SET attempts = known.attempts + 1,
               next_attempt_at = clock_timestamp()
                   + least(interval '15 s' * 2 ^ least(known.attempts, 10), interval '5 min')
               WHERE known.next_attempt_at <= clock_timestamp()
           RETURNING host_id""",
        {"now": now, "limit": limit},
    )
    return [host_id for (host_id,) in cursor.fetchall()]


def forget_attempts(cursor: Cursor, host_id: UUID) -> None:
    """Nothing of a host's is under way any more: what is due next need not wait long."""
    cursor.execute("UPDATE payout_attempts SET attempts = 0 WHERE host_id = %s", [host_id])
