"""Writing a bundle: a stretch of the log with everything that proves it, in a file that is the same every time."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from domain.checkpoints import PublicKey
from domain.merkle import GrowingTree
from infrastructure.database import Database
from infrastructure.proofs.bundle_check import CHECKPOINTS, EVENTS, FORMAT, MANIFEST
from infrastructure.proofs.records import records
from infrastructure.refusals import Refused
from projections import log_tree
from projections.log_tree import StoredCheckpoint
from projections.projection import Cursor

_PAGE: Final = 1_000
_LEVEL: Final = 6
"""Of the compression; said here, so that it is the same wherever a bundle is written."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The events of leaves from `begin` up to and without `end`, at positions in `(after, upto]`."""

    begin: int
    end: int
    after: int
    upto: int
    covering: StoredCheckpoint


def write(
    database: Database, path: Path, first: int, last: int | None, progress: Callable[[int, int], None]
) -> Stretch:
    """Write the events at positions from `first` to `last` (None: all that are signed) to a new file.

    Raises Refused for what is not signed or reversed, and Unavailable; then there is no file.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with database.connection() as connection, connection.cursor() as cursor:
            stretch = _stretch(cursor, first, last)
            manifest = _manifest(cursor, stretch)
        with ZipFile(unfinished, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            with _member(archive, MANIFEST) as file:
                file.write(_line(manifest))
            with _member(archive, CHECKPOINTS) as file:
                for checkpoint in _checkpoints(database, stretch):
                    file.write(_line({"note": checkpoint.note}))
            with _member(archive, EVENTS) as file:
                for record in records(database, stretch.after, stretch.upto):
                    file.write(_line(asdict(record)))
                    progress(record.position, stretch.upto)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return stretch


def _stretch(cursor: Cursor, first: int, last: int | None) -> Stretch:
    newest = log_tree.checkpoint(cursor)
    if newest is None:
        raise Refused("Nothing is signed yet. The workers sign a checkpoint every minute: try again then.")
    upto = newest.position if last is None else last
    if not 1 <= first <= upto:
        raise Refused(f"The range is reversed: from position {first} to {upto}.")
    if upto > newest.position:
        raise Refused(f"Position {upto} is under no checkpoint yet. The last one that is, is {newest.position}.")
    cursor.execute(
        """SELECT count(*) FILTER (WHERE position < %(first)s), count(*),
                  coalesce(max(position) FILTER (WHERE position < %(first)s), 0)
           FROM log_leaves WHERE position <= %(upto)s""",
        {"first": first, "upto": upto},
    )
    ((begin, end, after),) = cursor.fetchall()
    if begin == end:
        raise Refused(f"There are no events from position {first} to {upto}.")
    (covering,) = log_tree.checkpoints(cursor, end - 1, 1)
    return Stretch(begin, end, after, upto, covering)


def _manifest(cursor: Cursor, stretch: Stretch) -> dict[str, object]:
    fetch = log_tree.fetching(cursor)
    cursor.execute(
        """SELECT type, array_agg(DISTINCT schema_version ORDER BY schema_version), count(*) FROM events
           WHERE position > %s AND position <= %s GROUP BY type ORDER BY type COLLATE "C\"""",
        [stretch.after, stretch.upto],
    )
    types = cursor.fetchall()
    peaks = GrowingTree.resumed(stretch.begin, fetch).peaks
    consistency = log_tree.consistency_proof(cursor, stretch.end, stretch.covering.size)
    keys = [PublicKey.parsed(key) for key, at in log_tree.public_keys(cursor) if at <= stretch.covering.made_at]
    return {
        "format": FORMAT,
        "origin": log_tree.origin(cursor),
        "begin": stretch.begin,
        "end": stretch.end,
        "covering": stretch.covering.size,
        "peaks": [b64encode(peak).decode() for peak in peaks],
        "consistency": [b64encode(each).decode() for each in consistency],
        "keys": [key.text for key in keys],
        "schema_versions": {name: versions for name, versions, _ in types},
        "events": {name: count for name, _, count in types},
        "checkpoints": log_tree.count_checkpoints(cursor, stretch.begin, stretch.covering.size),
    }


def _checkpoints(database: Database, stretch: Stretch) -> Iterator[StoredCheckpoint]:
    after = stretch.begin
    while after < stretch.covering.size:
        with database.connection() as connection, connection.cursor() as cursor:
            page = log_tree.checkpoints(cursor, after, _PAGE, stretch.covering.size)
        yield from page
        after = page[-1].size


@contextmanager
def _member(archive: ZipFile, name: str) -> Iterator[IO[bytes]]:
    """A file of the archive with nothing in it of who writes it, and when."""
    info = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type, info.create_system, info.external_attr = ZIP_DEFLATED, 3, 0o644 << 16
    with archive.open(info, "w", force_zip64=True) as file:
        yield file


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
