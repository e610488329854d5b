"""A past to read back: some long streams and a log of believable short ones, the same in every store."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from itertools import chain, cycle, islice
from typing import Final
from uuid import UUID

import psycopg2
from psycopg2.extras import execute_values
from uuid_utils.compat import uuid7

from benchmarks import sample
from benchmarks.native import OwnMapper, ThinMapper
from domain.catalogue import FACTS
from domain.events import Event
from domain.properties import NightsBlocked, NightsUnblocked
from infrastructure.event_store.mapper import Mapper
from tests.support.examples import BLOCK, BOOKING_HISTORIES, PAYMENT_HISTORIES, PROPERTY_HISTORIES, PUBLISHED

STREAMS: Final = {size: UUID(int=size, version=4) for size in (10, 100, 1_000, 10_000)}
"""The long streams' ids by their length: properties whose host blocks nights and gives them back."""

_HISTORIES: Final = (*BOOKING_HISTORIES, *PAYMENT_HISTORIES, *PROPERTY_HISTORIES)


def fill_ours(url: str, length: int) -> None:
    """Write the past into Lodger's log, so that it has about `length` events."""
    mapper = Mapper(FACTS)
    rows = [
        (number, event.stream_id, event.version, row.topic, row.schema_version, row.state.decode(), row.meta)
        for number, event in _numbered()
        for row in [mapper.to_stored_event(event)]
    ]
    _fill(
        url,
        "number integer, stream_id uuid, version integer, type text, schema_version integer, data text, meta text",
        rows,
        """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
           SELECT stream, stream, version, type, schema_version, data, meta FROM past""",
        length,
    )


def fill_native(url: str, length: int, mapper: ThinMapper | OwnMapper) -> None:
    """Write the same past into the table of eventsourcing's recorder."""
    rows = [
        (number, event.stream_id, event.version, stored.topic, stored.state)
        for number, event in _numbered()
        for stored in [mapper.to_stored_event(event)]
    ]
    _fill(
        url,
        "number integer, stream_id uuid, version integer, topic text, state bytea",
        rows,
        """INSERT INTO bench_events (originator_id, originator_version, topic, state)
           SELECT stream, version, topic, state FROM past""",
        length,
    )


def _numbered() -> list[tuple[int, Event]]:
    """Every event with its history's number; 0 and less for the long streams, which there are once."""
    long = [
        (-number, sample.event(fact, stream_id, version, stream_id))
        for number, (size, stream_id) in enumerate(STREAMS.items())
        for version, fact in enumerate(
            islice(
                chain(PUBLISHED, cycle([NightsBlocked((BLOCK,)), NightsUnblocked((BLOCK.block_id,))])),
                size,
            ),
            start=1,
        )
    ]
    short = [
        (number, sample.event(fact, uuid7(), version))
        for number, history in enumerate(_HISTORIES, start=1)
        for version, fact in enumerate(history, start=1)
    ]
    return [*long, *short]


def _fill(url: str, columns: str, rows: Sequence[tuple[object, ...]], insert: str, length: int) -> None:
    """Insert from `past`: the long streams as they are, the short histories again and again under new ids."""
    in_turn = sum(map(len, _HISTORIES))
    turns = max(1, (length - sum(STREAMS)) // in_turn)
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE template ({columns})")
            execute_values(cursor, "INSERT INTO template VALUES %s", rows, page_size=1000)
            cursor.execute(
                f"""WITH past AS (
                        SELECT stream_id AS stream, * FROM template WHERE number <= 0
                        UNION ALL
                        SELECT md5(turn || ' ' || number)::uuid AS stream, template.*
                        FROM generate_series(1, {turns}) AS turn, template WHERE number > 0
                        ORDER BY 1, version
                    ) {insert}"""  # noqa: S608 - constants
            )
            cursor.execute("VACUUM ANALYZE")
