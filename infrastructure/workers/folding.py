"""Folding the log up to a position into tables of any schema."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

from domain.events import Event
from infrastructure.database import Database
from infrastructure.event_store.garbage import uncollected
from infrastructure.event_store.log_reader import LogReader
from infrastructure.event_store.recorder import WHOLE, Share
from infrastructure.refusals import Refused
from infrastructure.workers.copying import copy_rows
from infrastructure.workers.parking import skipped
from projections.catalogue import PROJECTIONS
from projections.projection import Cursor, Projection

Progress = Callable[[int, int], None]
"""Told how many positions of how many are done."""

PAGE: Final = 5_000
_WORTH_SHARING: Final = 300_000
"""Positions: a process that helps takes a second or two to begin, in which a fold alone gets as far as a third."""


def fold_into(
    database: Database,
    reader: LogReader,
    projection: Projection,
    schema: str,
    upto: int,
    progress: Progress = lambda _done, _whole: None,
    indexed: Callable[[], None] = lambda: None,
    helpers: Helpers | None = None,
) -> None:
    """Fold the log up to a safe position into the projection's tables in `schema`, which are there and empty.

    `indexed` makes their indexes: after the rows where they are copied, before them where they are looked up.
    `helpers` take shares of a long fold in memory, each the whole of some partitions, where no row spans two.
    """
    if projection.fold is None:
        indexed()
        for page in pages_for(reader, projection, 0, upto, progress):
            with writing(database, schema) as cursor:
                projection.apply(cursor, page)
        return
    is_shared = helpers is not None and upto >= _WORTH_SHARING and not projection.spans_partitions
    shares = (os.cpu_count() or 1) if is_shared else 1  # PostgreSQL has little to do meanwhile
    mine, *others = [Share(number, shares) for number in range(shares)]
    with ProcessPoolExecutor(shares, mp_context=get_context("spawn")) as pool:
        doing = [pool.submit(_help, helpers, projection.name, schema, upto, share) for share in others if helpers]
        _fold_share(database, reader, projection, schema, upto, mine, progress)
        for each in doing:
            each.result()
    indexed()


@dataclass(frozen=True, slots=True)
class Helpers:
    """Other processes: each connects by itself, and goes on for as long as `keeper` has the rebuild's lock.

    That is a session of PostgreSQL: once the process that they help is dead, they add nothing to others' tables.
    """

    connect: Callable[[], tuple[Database, LogReader]]
    keeper: int


def _help(helpers: Helpers, name: str, schema: str, upto: int, share: Share) -> None:
    database, reader = helpers.connect()
    _fold_share(database, reader, PROJECTIONS[name], schema, upto, share, keeper=helpers.keeper)


def _fold_share(
    database: Database,
    reader: LogReader,
    projection: Projection,
    schema: str,
    upto: int,
    share: Share,
    progress: Progress = lambda _done, _whole: None,
    keeper: int | None = None,
) -> None:
    assert projection.fold is not None
    with uncollected():  # all that there is in memory would be looked through again with every page
        for rows in projection.fold(pages_for(reader, projection, 0, upto, progress, share, projection.unread)):
            with writing(database, schema) as cursor:
                if keeper is not None:
                    cursor.execute(f"LOCK TABLE {rows.table} IN ROW EXCLUSIVE MODE")
                    cursor.execute("SELECT FROM pg_locks WHERE pid = %s AND locktype = 'advisory'", [keeper])
                    if not cursor.rowcount:
                        raise Refused("The rebuild that this process helped is over.")
                copy_rows(cursor, rows)


def pages_for(
    reader: LogReader,
    projection: Projection,
    after: int,
    upto: int,
    progress: Progress = lambda _done, _whole: None,
    share: Share = WHOLE,
    unread: Collection[str] = (),
) -> Iterator[Sequence[Event]]:
    """The events that the projection cares for, page by page, without those that it is to do without."""
    facts, without = frozenset(projection.facts), skipped(reader, projection.name)
    for events in reader.pages(after, upto, PAGE, share, unread):
        wanted = [e for e in events if type(e.fact) in facts and e.position not in without]
        if wanted:
            yield wanted
        progress(events[-1].position or 0, upto)


@contextmanager
def writing(database: Database, schema: str) -> Iterator[Cursor]:
    """A transaction in which the projection's tables are those of `schema`."""
    with database.transaction() as connection, connection.cursor() as cursor:
        # Lost in a crash, these rows are made again: the switch waits for its own commit, and so for theirs.
        cursor.execute("SET LOCAL synchronous_commit = off")
        write_in(cursor, schema)
        yield cursor


def write_in(cursor: Cursor, schema: str) -> None:
    cursor.execute("SELECT set_config('search_path', %s, true)", [f"{schema}, public"])
