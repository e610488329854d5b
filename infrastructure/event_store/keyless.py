"""The log without the keys of people: as auditors read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from application.audit_log import Recorded
from domain.log_leaves import Record
from domain.rejections import Rejected
from infrastructure.event_store.application import Events
from infrastructure.event_store.garbage import uncollected
from infrastructure.event_store.log_reader import LogReader
from infrastructure.event_store.mapper import UnknownEvent
from infrastructure.event_store.rows import StoredFact


class _Envelope(msgspec.Struct):
    """What of an envelope says which fields are encrypted."""

    sealed: dict[str, str] = {}


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)


class KeylessLog:
    """Implements `application.audit_log.AuditLog`. `events` and `reader` are wired without keys.

    Each read raises Rejected `history_broken`, of what somebody altered or a newer Lodger wrote, and Unavailable.
    """

    def __init__(self, events: Events, reader: LogReader) -> None:
        self._events = events
        self._reader = reader

    def load(self, stream_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Recorded]]:
        """See `AuditLog.load`."""
        streams: dict[UUID, list[Recorded]] = {stream_id: [] for stream_id in stream_ids}
        rows = self._events.recorder.select_streams(stream_ids)
        with uncollected():
            for row in rows:
                recorded = self._recorded(row)
                streams[recorded.event.stream_id].append(recorded)
        return streams

    def at(self, positions: Sequence[int]) -> Sequence[Recorded]:
        """See `AuditLog.at`."""
        found = {row.id: row for row in self._events.recorder.select_at(positions)}
        return [self._recorded(found[position]) for position in positions if position in found]

    def last(self, upto: int | None = None) -> int:
        """See `AuditLog.last`. Raises Unavailable."""
        safe = self._reader.safe_position()
        return self._events.recorder.last_position(safe if upto is None else min(upto, safe))

    def record(self, position: int) -> tuple[Recorded, Record] | None:
        """See `AuditLog.record`."""
        for row in self._events.recorder.select_at([position]):
            return self._recorded(row), _record(row)
        return None

    def _recorded(self, row: StoredFact) -> Recorded:
        try:
            return Recorded(self._events.mapper.to_domain_event(row), tuple(_ENVELOPE.decode(row.meta).sealed))
        except UnknownEvent as error:
            raise Rejected("history_broken", f"Position {row.id}: {error}", position=row.id) from error


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _record(row: StoredFact) -> Record:
    assert row.recorded_at is not None, "it is stored"
    return Record(
        position=row.id,
        partition_key=str(row.partition_key),
        stream_id=str(row.originator_id),
        version=row.originator_version,
        type=row.topic,
        schema_version=row.schema_version,
        recorded_at=(row.recorded_at - _EPOCH) // timedelta(microseconds=1),
        data=row.state.decode(),
        meta=row.meta,
    )
