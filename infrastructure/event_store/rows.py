"""Rows of `events`: as the library has them, and as the log is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from eventsourcing.persistence import Notification


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


COLUMNS: Final = (
    "position, stream_id::text, version, type, schema_version, data, partition_key::text, meta,"
    " to_json(recorded_at)::text"
)

Row = tuple[int, str, int, str, int, str, str, str, str]
"""What PostgreSQL says for `COLUMNS`. Ids and the instant stay text: `document` has them read with everything else."""

POSITION: Final = 0
TYPE: Final = 3
SCHEMA_VERSION: Final = 4
META: Final = 7


def document(row: Row, unread: Iterable[str] = ()) -> str:
    """The whole event as one JSON text, so that one call reads it all. What the columns say counts, coming last.

    Lists of the fact that begin with one of `unread`, as `"lines":[`, are empty; they have no lists within. Nothing
    inside of a string begins like that, because there a quote is escaped.
    """
    position, stream_id, version, _, _, data, partition_key, meta, recorded_at = row
    for begin in unread:
        first = data.find(begin)
        if first >= 0:
            first += len(begin)
            data = data[:first] + data[data.index("]", first) :]
    return (
        f'{meta[:-1]},"fact":{data},"stream_id":"{stream_id}","version":{version},"partition_key":"{partition_key}",'
        f'"position":{position},"recorded_at":{recorded_at}}}'
    )


def of(stored: StoredFact) -> Row:
    return (
        *(stored.id, str(stored.originator_id), stored.originator_version, stored.topic, stored.schema_version),
        *(stored.state.decode(), str(stored.partition_key), stored.meta),
        msgspec.json.encode(stored.recorded_at).decode(),
    )


def to_stored(row: Row) -> StoredFact:
    position, stream_id, version, name, schema_version, data, partition_key, meta, recorded_at = row
    return StoredFact(
        *(UUID(stream_id), version, name, data.encode(), position, UUID(partition_key), schema_version, meta),
        msgspec.json.decode(recorded_at, type=datetime),
    )
