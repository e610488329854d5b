"""Exports: every view for analysts in files, all of one moment, and a manifest that says so.

What is finished is noted, file by file with its hash. A run that was interrupted goes on from there as long as nothing
has moved; else it begins anew, since files of two moments do not add up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from infrastructure.analytics.files import WRITERS, Format, columns, sha256
from infrastructure.analytics.moments import moment
from infrastructure.database import Connection, Database
from infrastructure.failpoints import Reached

MANIFEST: Final = "manifest.json"
NOTES: Final = "manifest.unfinished.json"
_UNFINISHED: Final = ".unfinished"
ROW_GROUP: Final = 20_000

LEFT_OUT: Final = ("reconciliation", "positions", "version")
"""What the manifest says, or what no file is a place for."""

NOT_OF_THE_LOG: Final = ("exchange_rates", "nights_converted", "facts_per_day")
"""Views that may change while the read models stand still: they are written anew by every run."""

Progress = Callable[[str, int, int, int], None]
"""Told the view, how many rows of it are written, and how many views are finished of how many."""


@dataclass(frozen=True, slots=True)
class File:
    """A finished file. `file` is its name in the folder."""

    file: str
    view: str
    format: Format
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export holds. `read_models` are where they stood, and since when: what tells one moment from another."""

    position: int
    views: str
    read_models: Mapping[str, tuple[int, str]]
    files: Mapping[str, File]

    def is_of_the_moment_of(self, other: Manifest) -> bool:
        return (self.views, dict(self.read_models)) == (other.views, dict(other.read_models))


def export(
    database: Database,
    folder: Path,
    formats: Sequence[Format],
    progress: Progress = lambda _view, _rows, _done, _of: None,
    reached: Reached = lambda _point: None,
) -> Manifest:
    """Write all views to `folder`. Raises Refused when the read models do not come to stand together."""
    folder.mkdir(parents=True, exist_ok=True)
    with moment(database) as now:
        manifest = _begun(folder, _now(now.connection, now.position))
        names = views(now.connection)
        for done, view in enumerate(names):
            missing = [each for each in formats if _name(view, each) not in manifest.files or view in NOT_OF_THE_LOG]
            if missing:
                show = partial(_show, progress, view, done, len(names))
                written = _write(now.connection, view, folder, missing, show)
                manifest = replace(manifest, files={**manifest.files, **written})
                _keep(folder / NOTES, manifest)
            reached(f"exported_{view}")
        progress("", 0, len(names), len(names))
    (folder / NOTES).replace(folder / MANIFEST)
    return manifest


def _show(progress: Progress, view: str, done: int, of: int, rows: int) -> None:
    progress(view, rows, done, of)


def views(connection: Connection) -> list[str]:
    """Those that are exported."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT relname FROM pg_class WHERE relnamespace = 'analytics'::regnamespace AND relkind = 'v'
               AND relname <> ALL (%s) ORDER BY relname""",
            [list(LEFT_OUT)],
        )
        return [name for (name,) in cursor.fetchall()]


def _now(connection: Connection, position: int) -> Manifest:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM analytics.version")
        ((version,),) = cursor.fetchall()
        cursor.execute("SELECT read_model, position, moved_at FROM analytics.positions ORDER BY read_model")
        standing = {name: (at, moved_at.isoformat()) for name, at, moved_at in cursor.fetchall()}
    return Manifest(position, version, standing, {})


def _begun(folder: Path, now: Manifest) -> Manifest:
    """The manifest to go on with: with the files that are of this moment and still as they were noted.

    All others that an export has left here are gone, and there is no manifest as long as it is not complete.
    """
    noted = [found for name in (MANIFEST, NOTES) if (found := _read(folder / name)) is not None]
    kept = {
        name: file
        for found in noted
        if found.is_of_the_moment_of(now)
        for name, file in found.files.items()
        if (folder / name).is_file() and sha256(folder / name) == file.sha256
    }
    for name in {name for found in noted for name in found.files} - kept.keys():
        (folder / name).unlink(missing_ok=True)
    manifest = replace(now, files=kept)
    _keep(folder / NOTES, manifest)
    (folder / MANIFEST).unlink(missing_ok=True)
    return manifest


def _write(
    connection: Connection, view: str, folder: Path, formats: Sequence[Format], progress: Callable[[int], None]
) -> dict[str, File]:
    """Read the view once, and write it in each format; a file gets its name when all of it is there."""
    rows_written = 0
    with connection.cursor(name="export") as cursor:
        cursor.itersize = ROW_GROUP
        cursor.execute(f"SELECT * FROM analytics.{view}")  # noqa: S608 - a name from the catalogue
        rows = cursor.fetchmany(ROW_GROUP)
        described = columns(cursor.description or ())
        unfinished = {each: folder / (_name(view, each) + _UNFINISHED) for each in formats}
        writers = [WRITERS[each](path, described) for each, path in unfinished.items()]
        while rows:
            for writer in writers:
                writer.write(rows)
            rows_written += len(rows)
            progress(rows_written)
            rows = cursor.fetchmany(ROW_GROUP)
        for writer in writers:
            writer.close()
    return {
        _name(view, each): _finished(path, File(_name(view, each), view, each, rows_written, 0, ""))
        for each, path in unfinished.items()
    }


def _finished(path: Path, file: File) -> File:
    file = replace(file, bytes=path.stat().st_size, sha256=sha256(path))
    path.replace(path.with_name(file.file))
    return file


def _name(view: str, format_: Format) -> str:
    return f"{view}.{format_}"


def _keep(path: Path, manifest: Manifest) -> None:
    """Whole or not at all."""
    whole = {**asdict(manifest), "files": [asdict(manifest.files[name]) for name in sorted(manifest.files)]}
    unfinished = path.with_name(path.name + _UNFINISHED)
    unfinished.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _read(path: Path) -> Manifest | None:
    """None where there is none, or something else."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        standing = {name: (at, moved_at) for name, (at, moved_at) in found["read_models"].items()}
        files = {each["file"]: File(**each) for each in found["files"]}
        return Manifest(found["position"], found["views"], standing, files)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None
