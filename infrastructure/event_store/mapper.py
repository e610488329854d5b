"""Events as they are stored: the fact as JSON text under its stable name, the envelope beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from eventsourcing.persistence import JSONTranscoder, MapperDeserialisationError, StoredEvent
from eventsourcing.persistence import Mapper as LibraryMapper
from eventsourcing.utils import get_topic, register_topic

from domain.events import Actor, Event, EventOf, Fact
from infrastructure.event_store import personal, rows
from infrastructure.event_store.person_keys import PersonKeys
from infrastructure.event_store.rows import META, SCHEMA_VERSION, TYPE, Row, StoredFact
from infrastructure.event_store.upcasters import UPCASTERS, Upcaster


class UnknownEvent(MapperDeserialisationError):
    """A stored event that this code cannot read. Whoever reads the log must stop here, never skip it."""


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """The part of the envelope that has no column of its own: the JSON text in `meta`.

    `sealed` are the fact's personal fields, encrypted with the key of the person whose they are.
    """

    event_id: UUID
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]
    actor: Actor
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    person_id: UUID | None = None
    sealed: dict[str, str] = {}


class Mapper(LibraryMapper[UUID]):
    """Events to rows and back.

    `facts` is every fact there is by its stored name: a name found in the log is looked up there and nowhere else,
    so no stored text ever decides what is imported. `keys` are those of the people whose words facts hold.
    """

    def __init__(
        self,
        facts: Mapping[str, type[Fact]],
        upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
        keys: PersonKeys | None = None,
    ) -> None:
        super().__init__(transcoder=JSONTranscoder())
        for name, fact in facts.items():
            register_topic(name, fact)  # refuses a second class under the same name
        self._facts = facts
        self._upcasters = upcasters
        self._keys = keys
        self._encoder = msgspec.json.Encoder()
        self._decoders: dict[tuple[str, int], Callable[[str], Event]] = {
            (name, fact.SCHEMA_VERSION): msgspec.json.Decoder(EventOf[fact]).decode  # type: ignore[valid-type]
            for name, fact in facts.items()
        }

    def to_stored_event(self, domain_event: Event) -> StoredFact:  # type: ignore[override]  # only our events
        """The row of an event. Raises ValueError for a fact that is in no catalogue or an instant without zone."""
        fact = domain_event.fact
        name = get_topic(type(fact))
        if name not in self._facts:
            raise ValueError(f"{name} is not in the catalogue of facts")
        if domain_event.occurred_at.tzinfo is None:
            raise ValueError(f"occurred_at of {name} has no time zone")
        meta = Meta(
            event_id=domain_event.event_id,
            occurred_at=domain_event.occurred_at,
            actor=domain_event.actor,
            command_id=domain_event.command_id,
            correlation_id=domain_event.correlation_id,
            causation_id=domain_event.causation_id,
            person_id=domain_event.person_id,
        )
        state = self._encoder.encode(fact)
        if domain_event.person_id is not None and fact.PERSONAL:
            state, meta = self._seal(domain_event, domain_event.person_id, meta)
        return StoredFact(
            originator_id=domain_event.stream_id,
            originator_version=domain_event.version,
            topic=name,
            state=state,
            id=0,
            partition_key=domain_event.partition_key,
            schema_version=fact.SCHEMA_VERSION,
            meta=self._encoder.encode(meta).decode(),
            recorded_at=None,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event of a row. Raises UnknownEvent when its type, version or shape is not one this code knows."""
        assert isinstance(stored_event, StoredFact), "only rows of `events` carry an envelope"
        return next(self.to_domain_events([rows.of(stored_event)]))

    def to_domain_events(self, read: Sequence[Row], unread: Collection[str] = ()) -> Iterator[Event]:
        """The events of rows as they are read, one by one; the keys that they need are fetched together.

        The lists of their facts that `unread` names come empty: flat ones, without words that people wrote. Skipping
        them is for whoever reads the whole log, of which quotes' lines are more than half.
        """
        if self._keys is not None:
            self._keys.find(UUID(row[META].partition(_PERSON)[2][:36]) for row in read if _PERSON in row[META])
        lists = [f'"{name}":[' for name in unread]
        for row in read:
            decode = self._decoders.get((row[TYPE], row[SCHEMA_VERSION]))
            try:
                if decode is not None and _SEALED not in row[META]:
                    yield decode(rows.document(row, lists))
                else:
                    yield self._converted(row)
            except (msgspec.MsgspecError, ValueError) as error:
                raise _unknown(row, f"its JSON does not have that shape ({error})") from error

    def _seal(self, event: Event, person_id: UUID, meta: Meta) -> tuple[bytes, Meta]:
        """What is stored of a fact with personal fields, and the envelope that has them."""
        if self._keys is None:
            raise ValueError("personal fields cannot be stored without the keys of people")
        data: dict[str, Any] = msgspec.json.decode(self._encoder.encode(event.fact))
        key = self._keys.make(person_id)
        sealed = personal.seal(key, event.stream_id, event.version, data, event.fact.PERSONAL)
        return self._encoder.encode(data), msgspec.structs.replace(meta, sealed=sealed)

    def _converted(self, row: Row) -> Event:
        """The event of a row that is of an older schema version, or has sealed fields."""
        name, schema_version = row[TYPE], row[SCHEMA_VERSION]
        fact = self._facts.get(name)
        if fact is None:
            raise _unknown(row, "no fact has that name")
        if schema_version > fact.SCHEMA_VERSION:
            raise _unknown(row, f"version {fact.SCHEMA_VERSION} is the newest one known")
        raw: dict[str, Any] = msgspec.json.decode(rows.document(row))
        sealed, person_id = raw.get("sealed"), raw.get("person_id")
        if sealed and person_id and self._keys is not None:
            person = UUID(person_id)
            key = self._keys.find([person])[person]
            personal.unseal(key, UUID(raw["stream_id"]), raw["version"], raw["fact"], sealed)
        for version in range(schema_version, fact.SCHEMA_VERSION):
            upcaster = self._upcasters.get((name, version))
            if upcaster is None:
                raise _unknown(row, f"nothing upcasts version {version}")
            raw["fact"] = upcaster(raw["fact"])
        event: Event = msgspec.convert(raw, EventOf[fact])  # type: ignore[valid-type]
        return event


_SEALED: Final = '"sealed":'
_PERSON: Final = '"person_id":"'
"""How the envelope names the person, in the JSON text that this file writes."""


def _unknown(row: Row, reason: str) -> UnknownEvent:
    position, stream_id, version, name, schema_version, *_ = row
    return UnknownEvent(
        f"cannot read {name} version {schema_version} at position {position}"
        f" (stream {stream_id}, version {version}): {reason}."
        " Run the version of Lodger that wrote it, or a newer one; if none knows it, add the fact to the catalogue"
        " or its upcaster to infrastructure/event_store/upcasters.py."
    )
