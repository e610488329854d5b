"""Events as they are stored: the fact as JSON text under its stable name, the envelope beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from eventsourcing.persistence import JSONTranscoder, MapperDeserialisationError, Notification, StoredEvent
from eventsourcing.persistence import Mapper as LibraryMapper
from eventsourcing.utils import get_topic, register_topic

from domain.events import Actor, Event, Fact
from infrastructure.event_store import personal
from infrastructure.event_store.person_keys import PersonKeys
from infrastructure.event_store.upcasters import UPCASTERS, Upcaster


class UnknownEvent(MapperDeserialisationError):
    """A stored event that this code cannot read. Whoever reads the log must stop here, never skip it."""


@dataclass(frozen=True, init=False)
class StoredFact(Notification):
    """One row of `events`. The inherited `topic` is the column `type`, `state` is `data`, `id` the position.

    Before it is stored the position is 0 and `recorded_at` None.
    """

    partition_key: UUID
    schema_version: int
    meta: str
    recorded_at: datetime | None

    def __init__(  # a frozen dataclass's own takes three times as long, which counts a million events on
        self,
        originator_id: UUID | str,
        originator_version: int,
        topic: str,
        state: bytes,
        id: int,  # noqa: A002 - the library's name
        partition_key: UUID,
        schema_version: int,
        meta: str,
        recorded_at: datetime | None,
    ) -> None:
        self.__dict__.update(
            originator_id=originator_id,
            originator_version=originator_version,
            topic=topic,
            state=state,
            id=id,
            partition_key=partition_key,
            schema_version=schema_version,
            meta=meta,
            recorded_at=recorded_at,
        )


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
        self._decoders = {name: msgspec.json.Decoder(fact) for name, fact in facts.items()}
        self._meta_decoder = msgspec.json.Decoder(Meta)

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
        try:
            meta = self._meta_decoder.decode(stored_event.meta)
            fact = self._fact(stored_event, meta)
        except (msgspec.MsgspecError, ValueError) as error:
            raise _unknown(stored_event, f"its JSON does not have that shape ({error})") from error
        assert isinstance(stored_event.originator_id, UUID)
        return Event(
            event_id=meta.event_id,
            stream_id=stored_event.originator_id,
            version=stored_event.originator_version,
            partition_key=stored_event.partition_key,
            fact=fact,
            occurred_at=meta.occurred_at,
            actor=meta.actor,
            command_id=meta.command_id,
            correlation_id=meta.correlation_id,
            causation_id=meta.causation_id,
            person_id=meta.person_id,
            position=stored_event.id,
            recorded_at=stored_event.recorded_at,
        )

    def to_domain_events(self, rows: Iterable[StoredFact]) -> Iterator[Event]:
        """The events of some rows, one by one; the keys that they need are fetched together."""
        rows = list(rows)
        if self._keys is not None:
            self._keys.find(UUID(row.meta.partition(_PERSON)[2][:36]) for row in rows if _PERSON in row.meta)
        return map(self.to_domain_event, rows)

    def _seal(self, event: Event, person_id: UUID, meta: Meta) -> tuple[bytes, Meta]:
        """What is stored of a fact with personal fields, and the envelope that has them."""
        if self._keys is None:
            raise ValueError("personal fields cannot be stored without the keys of people")
        data: dict[str, Any] = msgspec.json.decode(self._encoder.encode(event.fact))
        key = self._keys.make(person_id)
        sealed = personal.seal(key, event.stream_id, event.version, data, event.fact.PERSONAL)
        return self._encoder.encode(data), msgspec.structs.replace(meta, sealed=sealed)

    def _fact(self, stored: StoredFact, meta: Meta) -> Fact:
        fact = self._facts.get(stored.topic)
        if fact is None:
            raise _unknown(stored, "no fact has that name")
        if stored.schema_version == fact.SCHEMA_VERSION and not meta.sealed:
            return self._decoders[stored.topic].decode(stored.state)
        if stored.schema_version > fact.SCHEMA_VERSION:
            raise _unknown(stored, f"version {fact.SCHEMA_VERSION} is the newest one known")
        raw: dict[str, Any] = msgspec.json.decode(stored.state)
        if meta.sealed and self._keys is not None and meta.person_id is not None:
            key = self._keys.find([meta.person_id])[meta.person_id]
            assert isinstance(stored.originator_id, UUID)
            personal.unseal(key, stored.originator_id, stored.originator_version, raw, meta.sealed)
        for version in range(stored.schema_version, fact.SCHEMA_VERSION):
            upcaster = self._upcasters.get((stored.topic, version))
            if upcaster is None:
                raise _unknown(stored, f"nothing upcasts version {version}")
            raw = upcaster(raw)
        return msgspec.convert(raw, fact)


_PERSON: Final = '"person_id":"'
"""How the envelope names the person, in the JSON text that this file writes."""


def _unknown(stored: StoredFact, reason: str) -> UnknownEvent:
    return UnknownEvent(
        f"cannot read {stored.topic} version {stored.schema_version} at position {stored.id}"
        f" (stream {stored.originator_id}, version {stored.originator_version}): {reason}."
        " Run the version of Lodger that wrote it, or a newer one; if none knows it, add the fact to the catalogue"
        " or its upcaster to infrastructure/event_store/upcasters.py."
    )
