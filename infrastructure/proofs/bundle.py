"""Writing a bundle: a stretch of the log with everything that proves it, in a file that is the same every time."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from application.audit_bundles import AuditBundle
from domain.checkpoints import PublicKey
from domain.merkle import GrowingTree
from domain.rejections import Rejected
from infrastructure.database import Database
from infrastructure.proofs.bundle_check import CHECKPOINTS, EVENTS, FORMAT, MANIFEST
from infrastructure.proofs.records import records
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

    Raises Rejected as `stretch_of` does, and Unavailable; then there is no file.
    """
    stretch = stretch_of(database, first, last)
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            compose(database, stretch, file, progress)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return stretch


@dataclass(frozen=True, slots=True)
class Bundles:
    """Implements `application.audit_bundles.AuditBundles`. `database` is the auditor's."""

    database: Database

    def made(self, first: int, last: int | None, most: int) -> AuditBundle:
        """See `AuditBundles.made`. Raises Unavailable."""
        stretch = stretch_of(self.database, first, last, most)
        with ExitStack() as opened:
            file = opened.enter_context(TemporaryFile())
            compose(self.database, stretch, file)
            size = file.tell()
            file.seek(0)
            opened.pop_all()
        return AuditBundle(file, size, first, stretch.upto)


def compose(
    database: Database, stretch: Stretch, file: IO[bytes], progress: Callable[[int, int], None] = lambda *_: None
) -> None:
    """Write a bundle, in constant memory. Raises Unavailable."""
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        with database.connection() as connection, connection.cursor() as cursor:
            manifest = _manifest(cursor, stretch)
        with _member(archive, MANIFEST) as member:
            member.write(_line(manifest))
        with _member(archive, CHECKPOINTS) as member:
            for checkpoint in _checkpoints(database, stretch):
                member.write(_line({"note": checkpoint.note}))
        with _member(archive, EVENTS) as member:
            for record in records(database, stretch.after, stretch.upto):
                member.write(_line(asdict(record)))
                progress(record.position, stretch.upto)


def stretch_of(database: Database, first: int, last: int | None, most: int | None = None) -> Stretch:
    """What a bundle of the positions from `first` to `last` has. Raises Rejected: see `AuditBundles.made`."""
    if last is not None and first > last:
        raise Rejected("range_reversed", f"The range is reversed: from position {first} to {last}.")
    with database.connection() as connection, connection.cursor() as cursor:
        newest = log_tree.checkpoint(cursor)
        if newest is None:
            raise Rejected("checkpoint_not_found", "Nothing is signed yet. One checkpoint a minute is: try again then.")
        upto = newest.position if last is None else last
        if max(first, upto) > newest.position:
            raise Rejected(
                "not_covered_yet",
                f"Position {max(first, upto)} is under no checkpoint yet. The last one that is, is {newest.position}.",
                newest={"size": newest.size, "position": newest.position},
            )
        begin, end, after = log_tree.range_of(cursor, first, upto)
        if begin == end:
            raise Rejected("event_not_found", f"There are no events from position {first} to {upto}.")
        if most is not None and end - begin > most:
            raise Rejected(
                "bundle_too_large",
                f"These are {end - begin} events, and over HTTP go {most}. Where Lodger runs, all of them do:"
                f" ./run lodger export audit log.zip --from {first} --to {upto}",
                events=end - begin,
                maximum=most,
            )
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
