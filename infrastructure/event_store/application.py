"""The event store the use cases see, wired from the eventsourcing library's parts and ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError
from eventsourcing.utils import Environment, EnvType
from prometheus_client import Histogram

from application.ports import Answer, Claim, Idempotency, NewPerson, NightsChange, VersionConflict
from domain.catalogue import FACTS
from domain.events import Event, Fact
from infrastructure.database import Database
from infrastructure.event_store.garbage import uncollected
from infrastructure.event_store.mapper import Mapper
from infrastructure.event_store.person_keys import PersonKeys
from infrastructure.event_store.recorder import PostgresRecorder

_CLAIM: Final = (
    "claim_id, lower(nights), upper(nights), CASE WHEN upper_inf(lane) THEN 'stay' ELSE 'block' END, held_until"
)
_APPEND_SECONDS: Final = Histogram(
    "lodger_append_seconds",
    "Seconds that an append took, refused ones too.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5),
)


class Events(Application[UUID]):
    """Implements `application.ports.EventLog`. Whatever the database cannot do now is `Unavailable`."""

    mapper: Mapper
    recorder: PostgresRecorder

    def __init__(
        self, database: Database, facts: Mapping[str, type[Fact]] = FACTS, keys: PersonKeys | None = None
    ) -> None:
        self._database = database
        self._facts = facts
        self._keys = keys
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Nothing of the process's environment: the store is what its constructor was given."""
        return Environment(name, env)

    def construct_mapper(self) -> Mapper:
        """Ours, with the catalogue of facts."""
        return Mapper(self._facts, keys=self._keys)

    def construct_recorder(self) -> PostgresRecorder:
        """Ours, on the pool. The library's factory then makes its EventStore of the two, and nothing else."""
        return PostgresRecorder(self._database)

    def load(
        self, stream_ids: Sequence[UUID], idempotency: Idempotency | None = None, after: int = 0
    ) -> Mapping[UUID, Sequence[Event]]:
        """See `EventLog.load`."""
        streams: dict[UUID, list[Event]] = {stream_id: [] for stream_id in stream_ids}
        rows = self.recorder.load(stream_ids, idempotency, after)
        with uncollected():
            for event in self.mapper.to_domain_events(rows):
                streams[event.stream_id].append(event)
        return streams

    def append(
        self,
        events: Sequence[Event],
        *,
        nights: NightsChange | None = None,
        answer: tuple[Idempotency, Answer] | None = None,
        person: NewPerson | None = None,
    ) -> int:
        """See `EventLog.append`; 0 when there was no event to append."""
        if self._keys is not None and len(events) > 1:
            # Of many authors at once, their keys are fetched and made together.
            self._keys.make_all(each.person_id for each in events if each.person_id is not None and each.fact.PERSONAL)
        try:
            with _APPEND_SECONDS.time():
                recordings = self.events.put(events, nights=nights, answer=answer, person=person)
        except IntegrityError as error:
            raise VersionConflict(str(error)) from error
        return max((recording.notification.id for recording in recordings), default=0)

    def claims(self, property_id: UUID, first: date, until: date) -> Sequence[Claim]:
        """See `EventLog.claims`."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT {_CLAIM} FROM nights WHERE property_id = %s AND nights && daterange(%s, %s)
                    ORDER BY lower(nights), claim_id""",  # noqa: S608 - a constant
                [property_id, first, until],
            )
            return [Claim(*row) for row in cursor.fetchall()]

    def claims_of_each(self, asked: Sequence[tuple[UUID, date, date]]) -> Sequence[Sequence[Claim]]:
        """See `EventLog.claims_of_each`."""
        found: list[list[Claim]] = [[] for _ in asked]
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT n, {_CLAIM}
                    FROM unnest(%s::uuid[], %s::date[], %s::date[]) WITH ORDINALITY AS asked (wanted, first, until, n)
                    JOIN nights ON property_id = wanted AND nights && daterange(first, until)
                    ORDER BY n, lower(nights), claim_id""",  # noqa: S608 - a constant
                [list(each) for each in zip(*asked, strict=True)] or [[], [], []],
            )
            for number, *claim in cursor.fetchall():
                found[number - 1].append(Claim(*claim))
        return found

    def forget_answers(self, before: datetime) -> int:
        """Delete the answers kept before an instant (of the database's clock); returns how many there were."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM answers WHERE recorded_at < %s", [before])
            return cursor.rowcount
