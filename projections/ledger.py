"""The ledger: a row for each entry, and what stands in the accounts, of everything, a host or a booking.

The database refuses entries of an event that do not add up to nothing, currency by currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, get_args
from uuid import UUID

import msgspec
from psycopg2.extras import execute_values

from domain.events import Event
from domain.ledger import Account, BookingMove, HostMove, PaymentMove, Posting, State, post
from domain.money import Money
from projections.parties import Parties, learn, parties, party_rows
from projections.projection import After, Cursor, Page, Projection, Rows, Value, page_of

LINES_MAX: Final = 1_000
"""On a page."""


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    concerned = parties(cursor, "ledger_parties", events)
    states = _load(cursor, {event.stream_id for event in events})
    rows: list[tuple[Value, ...]] = []
    for event in events:
        host_id = _host_of(event, concerned)
        states[event.stream_id], posting = post(states.get(event.stream_id), event, host_id)
        rows += _rows(event, posting)
    _save(cursor, states)
    if rows:
        execute_values(
            cursor,
            f"INSERT INTO ledger_entries ({_SELECTED}) VALUES %s",  # noqa: S608 - constants
            rows,
            page_size=len(rows),  # one statement: the entries of an event balance together
        )


def fold(pages: Iterable[Sequence[Event]]) -> Iterator[Rows]:
    """Entries are there for good as soon as they are made."""
    concerned, states = dict[UUID, Parties](), dict[UUID, State]()
    for page in pages:
        entries: list[tuple[Value, ...]] = []
        for event in page:
            learn(concerned, event)
            host_id = _host_of(event, concerned)
            states[event.stream_id], posting = post(states.get(event.stream_id), event, host_id)
            entries += _rows(event, posting)
        yield Rows("ledger_entries", _COLUMNS, entries)
    yield party_rows("ledger_parties", concerned)
    yield Rows("ledger_states", _STATE_COLUMNS, _state_rows(states))


def _host_of(event: Event, concerned: Mapping[UUID, Parties]) -> UUID:
    """Whose earnings an event is about. A host's account is in the partition of the host."""
    known = concerned.get(event.stream_id)
    return known.host_id if known else event.partition_key


LEDGER: Final = Projection(
    name="ledger",
    version=1,
    tables=("ledger_entries", "ledger_parties", "ledger_states"),
    facts=(*get_args(BookingMove), *get_args(PaymentMove), *get_args(HostMove)),
    apply=apply,
    fold=fold,
)


# --- queries ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; what is None, and no account at all, is not asked about. `since` is in, `until` is not.

    `upto` is a position of the log, and is in: then it is as if nothing had happened after it.
    """

    accounts: tuple[Account, ...] = ()
    host_id: UUID | None = None
    booking_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    upto: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in an account before and after the wanted time: a debit is positive."""

    account: Account
    opening: Money
    closing: Money


@dataclass(frozen=True, slots=True)
class Moved:
    """An entry as it is kept. `fact` is the stored name of what happened; `line` counts within its event."""

    position: int
    line: int
    event_id: UUID
    fact: str
    account: Account
    amount: Money
    booking_id: UUID | None
    payment_id: UUID | None
    host_id: UUID
    occurred_at: datetime


EVERYTHING: Final = Wanted()


def standings(cursor: Cursor, wanted: Wanted = EVERYTHING) -> list[Standing]:
    """What stands in each account that ever moved, by currency and account."""
    ever = replace(wanted, since=None)
    cursor.execute(
        f"""SELECT account, currency,
                   coalesce(sum(minor) FILTER (WHERE occurred_at < %(since)s), 0)::bigint, sum(minor)::bigint
            FROM ledger_entries WHERE {_matching(ever)}
            GROUP BY account, currency ORDER BY currency, account""",  # noqa: S608 - constants
        _values(wanted),
    )
    return [
        Standing(account, Money(opening, currency), Money(closing, currency))
        for account, currency, opening, closing in cursor.fetchall()
    ]


def entries(cursor: Cursor, wanted: Wanted = EVERYTHING, after: After | None = None, limit: int = 100) -> Page[Moved]:
    """One page of entries in the log's order. `limit` is at most 1,000; `after` is the page before's."""
    limit = min(limit, LINES_MAX)
    position, line = after or (0, 0)
    cursor.execute(
        f"""SELECT {_SELECTED} FROM ledger_entries
            WHERE {_matching(wanted)} AND (position, line) > (%(position)s, %(line)s)
            ORDER BY position, line LIMIT %(limit)s""",  # noqa: S608 - constants
        {**_values(wanted), "position": position, "line": line, "limit": limit + 1},
    )
    return page_of([_moved(row) for row in cursor.fetchall()], limit, lambda moved: (moved.position, moved.line))


def _matching(wanted: Wanted) -> str:
    return " AND ".join(["true", *_conditions(wanted)])


def _conditions(wanted: Wanted) -> Iterator[str]:
    if wanted.accounts:
        yield "account = ANY (%(accounts)s)"
    if wanted.host_id:
        yield "host_id = %(host_id)s"
    if wanted.booking_id:
        yield "booking_id = %(booking_id)s"
    if wanted.since:
        yield "occurred_at >= %(since)s"
    if wanted.until:
        yield "occurred_at < %(until)s"
    if wanted.upto is not None:
        yield "position <= %(upto)s"


def _values(wanted: Wanted) -> dict[str, object]:
    return {
        "accounts": list(wanted.accounts),
        "host_id": wanted.host_id,
        "booking_id": wanted.booking_id,
        "since": wanted.since,
        "until": wanted.until,
        "upto": wanted.upto,
    }


# --- rows ---------------------------------------------------------------------------------------------------


_COLUMNS: Final = (
    *("position", "line", "event_id", "fact", "account", "currency", "minor"),
    *("booking_id", "payment_id", "host_id", "occurred_at"),
)
_SELECTED: Final = ", ".join(_COLUMNS)
_STATE_COLUMNS: Final = ("stream_id", "kind", "state")
_KINDS: Final[Mapping[str, type[State]]] = {kind.__name__: kind for kind in get_args(State)}


def _rows(event: Event, posting: Posting) -> Iterator[tuple[Value, ...]]:
    """An entry for each line, from 1."""
    for line, entry in enumerate(posting, start=1):
        yield (
            *(event.position, line, event.event_id, event.fact.TOPIC),
            *(entry.account, entry.amount.currency, entry.amount.minor),
            *(entry.booking_id, entry.payment_id, entry.host_id, event.occurred_at),
        )


def _moved(row: tuple[Any, ...]) -> Moved:
    position, line, event_id, fact, account, currency, minor, booking_id, payment_id, host_id, occurred_at = row
    amount = Money(minor, currency)
    return Moved(position, line, event_id, fact, account, amount, booking_id, payment_id, host_id, occurred_at)


def _load(cursor: Cursor, stream_ids: Iterable[UUID]) -> dict[UUID, State]:
    cursor.execute("SELECT stream_id, kind, state FROM ledger_states WHERE stream_id = ANY (%s)", [list(stream_ids)])
    return {stream_id: msgspec.json.decode(state, type=_KINDS[kind]) for stream_id, kind, state in cursor.fetchall()}


def _save(cursor: Cursor, states: Mapping[UUID, State]) -> None:
    execute_values(
        cursor,
        """INSERT INTO ledger_states (stream_id, kind, state) VALUES %s
           ON CONFLICT (stream_id) DO UPDATE SET kind = excluded.kind, state = excluded.state""",
        list(_state_rows(states)),
        page_size=1000,
    )


def _state_rows(states: Mapping[UUID, State]) -> Iterator[tuple[Value, ...]]:
    for stream_id, state in states.items():
        yield stream_id, type(state).__name__, msgspec.json.encode(state).decode()
