"""Where a person's traces are, how they go, and how that person gets them before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec
from psycopg2.extras import RealDictCursor

from application.erasure_ports import Named, Pending, Section, Traces
from domain.payments import attempt_ids
from domain.rejections import Rejected
from infrastructure.cache import forget_kept_answers
from infrastructure.database import Database
from infrastructure.erasure.development_mail import forget_mail
from infrastructure.erasure.rules import Projected, Scrubbed, Shown
from infrastructure.erasure.tables import TABLES
from infrastructure.event_store.person_keys import PersonKeys
from infrastructure.rights import REPLACED
from infrastructure.settings import Settings
from projections.bookings import BOOKINGS
from projections.catalogue import PROJECTIONS
from projections.listings import LISTINGS
from projections.payments import PAYMENTS
from projections.positions import Behind, wait_until
from projections.projection import Cursor, Projection

ROWS_MAX: Final = 10_000
"""Of one section: whoever has more finds the rest where the API lists it."""

_NAMING_PEOPLE: Final = tuple(
    table
    for projection in PROJECTIONS.values()
    if any(isinstance(TABLES[table], Projected) for table in projection.tables)
    for table in projection.tables
)
"""Tables of read models in which there is more of people than ids."""

_PATIENCE_SECONDS: Final = 5.0
_CONNECTIONS: Final = 2
_SECONDS: Final = 60.0


def parameters(user_id: UUID, traces: Traces, named: Named = Named()) -> Mapping[str, object]:  # noqa: B008 - frozen
    """What statements and queries of the rules are given.

    `user` is an id and `name` the same as text, `principal` whose kept answers are; `bookings` are the person's as a
    guest or a host, `payments` those of the bookings that they made, `payouts` those that they got. `references` and
    `hashes` are what providers' answers are found by.
    """
    payouts = [str(payout_id) for payout_id in named.payouts]
    return {
        "user": user_id,
        "name": str(user_id),
        "principal": f"user:{user_id}",
        "properties": list(traces.properties),
        "bookings": list(traces.bookings),
        "payments": [payment_id for booking_id in traces.stays for payment_id in attempt_ids(booking_id)],
        "payouts": list(named.payouts),
        "references": [*named.references, *payouts],
        "hashes": list(named.hashes),
    }


class PersonalDataTables:
    """Implements `application.erasure_ports.PersonalData`, over a pool of its own with time for tables that have no
    index for it."""

    def __init__(self, settings: Settings, keys: PersonKeys) -> None:
        self._database = Database(settings.database_url, _CONNECTIONS, transaction_timeout=_SECONDS)
        self._settings = settings
        self._keys = keys

    def pending(self, user_id: UUID) -> Pending:
        self._wait_for(BOOKINGS, PAYMENTS)
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """SELECT booking_id FROM bookings
                   WHERE %(user)s IN (guest_id, host_id) AND status IN ('pending', 'confirmed') ORDER BY booking_id""",
                {"user": user_id},
            )
            bookings = [booking_id for (booking_id,) in cursor.fetchall()]
            cursor.execute(
                """SELECT payment_id FROM bookings JOIN payments p USING (booking_id)
                   WHERE %(user)s IN (guest_id, host_id)
                     AND (under_way OR EXISTS (SELECT FROM payment_needs n WHERE n.payment_id = p.payment_id))
                   ORDER BY payment_id""",
                {"user": user_id},
            )
            return Pending(bookings, [payment_id for (payment_id,) in cursor.fetchall()])

    def traces(self, user_id: UUID) -> Traces:
        self._wait_for(LISTINGS, BOOKINGS)
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT property_id FROM listings WHERE host_id = %s ORDER BY property_id", [user_id])
            properties = [property_id for (property_id,) in cursor.fetchall()]
            cursor.execute(
                """SELECT booking_id, guest_id = %(user)s FROM bookings
                   WHERE guest_id = %(user)s OR host_id = %(user)s ORDER BY booking_id""",
                {"user": user_id},
            )
            bookings = dict(cursor.fetchall())
            return Traces(properties, [each for each, is_stay in bookings.items() if is_stay], list(bookings))

    def has_key(self, user_id: UUID) -> bool:
        return self._keys.find([user_id])[user_id] is not None

    def destroy_key(self, user_id: UUID) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            _scrub(cursor, "person_keys", parameters(user_id, Traces((), (), ())))
        self._keys.forget(user_id)

    def scrub(self, user_id: UUID, traces: Traces, named: Named) -> None:
        """All tables in one transaction: what one is found by, another one has. Former copies of them go whole."""
        given = parameters(user_id, traces, named)
        with self._database.transaction() as connection, connection.cursor() as cursor:
            for table in TABLES:
                _scrub(cursor, table, given)
            cursor.execute("SELECT discard_read_models(%s, %s)", [list(_NAMING_PEOPLE), REPLACED])
        forget_mail(self._settings)
        forget_kept_answers(self._settings)

    def export(self, user_id: UUID, traces: Traces) -> Mapping[str, Section]:
        given = parameters(user_id, traces)
        with (
            self._database.transaction() as connection,
            connection.cursor(cursor_factory=RealDictCursor) as cursor,
        ):
            return {shown.section: _section(cursor, shown, given) for shown in shown_of_all()}

    def _wait_for(self, *read_models: Projection) -> None:
        """Until they show everything that had happened by now."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(position), 0) FROM events")
            ((head,),) = cursor.fetchall()
        for read_model in read_models:
            try:
                wait_until(self._database.connection, read_model.name, head, _PATIENCE_SECONDS, whole=True)
            except Behind as behind:
                raise Rejected("read_model_behind", f"{behind.name}: {behind.reason}") from behind


def shown_of_all() -> list[Shown]:
    """Every section there is, in the order of the tables."""
    return [rule.shown for rule in TABLES.values() if isinstance(rule.shown, Shown)]


def _scrub(cursor: Cursor, table: str, given: Mapping[str, object]) -> None:
    rule = TABLES[table]
    if isinstance(rule, Scrubbed | Projected):
        for statement in rule.statements:
            cursor.execute(statement, given)


def _section(cursor: RealDictCursor, shown: Shown, given: Mapping[str, object]) -> Section:
    cursor.execute(f"{shown.query} LIMIT {ROWS_MAX + 1}", given)
    rows = [msgspec.to_builtins(dict(row)) for row in cursor.fetchall()]
    return Section(rows[:ROWS_MAX], more=len(rows) > ROWS_MAX)
