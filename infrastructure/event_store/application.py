"""The event store the use cases see, wired from the eventsourcing library's parts and ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError
from eventsourcing.utils import Environment, EnvType
from prometheus_client import Histogram

from application.ports import Answer, Claim, Idempotency, NewPerson, NightsChange, Person, Range, VersionConflict
from domain.catalogue import FACTS
from domain.events import Event, Fact
from infrastructure.database import Database
from infrastructure.event_store.garbage import uncollected
from infrastructure.event_store.mapper import Mapper
from infrastructure.event_store.person_keys import PersonKeys
from infrastructure.event_store.recorder import PostgresRecorder, events_and
from infrastructure.event_store.rows import Row

_CLAIM: Final = (
    "claim_id, lower(nights) AS first, upper(nights) AS until,"
    " CASE WHEN upper_inf(lane) THEN 'stay' ELSE 'block' END AS kind, held_until"
)
_WITH_CLAIMS: Final = events_and(
    "JOIN unnest($1::uuid[], $2::int[]) AS known (id, upto) ON stream_id = id AND version > upto",
    f"""(SELECT n, {_CLAIM}
         FROM unnest($3::uuid[], $4::date[], $5::date[]) WITH ORDINALITY AS asked (id, since, upto, n)
         JOIN nights ON property_id = id AND nights && daterange(since, upto)) AS other""",  # noqa: S608 - a constant
)
_WITH_PEOPLE: Final = events_and(
    "WHERE stream_id = ANY ($1::uuid[])", "people AS other WHERE user_id = ANY ($1::uuid[])"
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
        return self._by_stream(stream_ids, self.recorder.load(stream_ids, idempotency, after))

    def load_with_claims(
        self, asked: Sequence[Range], after: Mapping[UUID, int]
    ) -> tuple[Mapping[UUID, Sequence[Event]], Mapping[Range, Sequence[Claim]]]:
        """See `EventLog.load_with_claims`."""
        ranges = list(dict.fromkeys(asked))
        properties, first, until = ([each[n] for each in ranges] for n in range(3))
        arguments = list(after), list(after.values()), properties, first, until
        rows, found = self.recorder.load_and("lodger_load_with_claims", _WITH_CLAIMS, arguments)
        claims: dict[Range, list[Claim]] = {each: [] for each in ranges}
        for claim in sorted(found, key=lambda each: (each["first"], each["claim_id"])):
            claims[ranges[claim["n"] - 1]].append(msgspec.convert(claim, Claim))
        return self._by_stream(after, rows), claims

    def load_with_people(
        self, user_ids: Sequence[UUID]
    ) -> tuple[Mapping[UUID, Sequence[Event]], Mapping[UUID, Person]]:
        """See `EventLog.load_with_people`."""
        rows, found = self.recorder.load_and("lodger_load_with_people", _WITH_PEOPLE, [list(user_ids)])
        people = (msgspec.convert(each, Person) for each in found)
        return self._by_stream(user_ids, rows), {person.user_id: person for person in people}

    def _by_stream(self, stream_ids: Iterable[UUID], rows: Sequence[Row]) -> Mapping[UUID, Sequence[Event]]:
        streams: dict[UUID, list[Event]] = {stream_id: [] for stream_id in stream_ids}
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

    def forget_answers(self, before: datetime) -> int:
        """Delete the answers kept before an instant (of the database's clock); returns how many there were."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM answers WHERE recorded_at < %s", [before])
            return cursor.rowcount
