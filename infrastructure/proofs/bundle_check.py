"""Checking a bundle of a log: on any machine, without Lodger and without asking it.

This file and those that it uses need Python's standard library and `cryptography`; `./run lodger audit verifier` makes
a single file of them.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from domain.checkpoints import NOTE_MOST, BadCheckpoint, Checkpoint, PublicKey, opened
from domain.log_audit import Audit
from domain.log_leaves import FIELDS, Record
from domain.log_rules import Rules
from domain.merkle import GrowingTree, verify_consistency
from infrastructure.proofs.ed25519 import verify

FORMAT: Final = "lodger audit bundle 1"
MANIFEST: Final = "manifest.json"
CHECKPOINTS: Final = "checkpoints.jsonl"
EVENTS: Final = "events.jsonl"

_LINE_MOST: Final = 4_000_000
_EXPANDS_MOST: Final = 200
"""Times that something may grow when it is unpacked; the log's JSON grows tenfold. More is no log but a bomb."""

WRONG: Final = 3
"""The exit code for a history that is not what it was. 1: it could not be found out. 2: a mistake in the command."""


class BadBundle(Exception):
    """The file is no whole bundle, or of another log: nothing can be said of the history by it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Of the events from leaf `begin` up to and without leaf `end`: `peaks` are what the tree was before them, and
    `consistency` shows that the first checkpoint that has all of them, of `covering` events, goes on from there.

    `events` are how many there are of each type, `checkpoints` how many of these.
    """

    origin: str
    begin: int
    end: int
    covering: int
    peaks: list[bytes]
    consistency: list[bytes]
    keys: list[PublicKey]
    events: dict[str, int]
    checkpoints: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """An open bundle. Everything of it is read as a stream, and raises BadBundle."""

    archive: ZipFile
    manifest: Manifest

    def records(self) -> Iterator[Record]:
        count = 0
        for line in self._lines(EVENTS):
            try:
                fields = json.loads(line)
                record = Record(**fields)
                if not all(type(fields[name]) is kind for name, kind in _TYPES.items()):
                    raise TypeError("a field is of another type")
                record.leaf  # noqa: B018 - it can be hashed
            except (ValueError, TypeError, RecursionError) as error:
                raise BadBundle(f"line {count + 1} of the events is no event") from error
            count += 1
            yield record
        if count != self.manifest.end - self.manifest.begin:
            raise BadBundle(f"it says that it has {self.manifest.end - self.manifest.begin} events, and has {count}")

    def notes(self) -> Iterator[str]:
        for line in self._lines(CHECKPOINTS):
            try:
                note = json.loads(line)["note"]
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise BadBundle("one of its checkpoints cannot be read") from error
            yield str(note)

    def _lines(self, name: str) -> Iterator[str]:
        with _reading(), self.archive.open(name) as file:
            while line := file.readline(_LINE_MOST):
                if not line.endswith(b"\n"):
                    raise BadBundle(f"a line of {name} is longer than any event, or was cut")
                yield line.decode()


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Raises BadBundle."""
    with _reading():
        archive = ZipFile(path)
    with archive:
        infos = archive.infolist()
        if sorted(info.filename for info in infos) != sorted((MANIFEST, CHECKPOINTS, EVENTS)):
            raise BadBundle("this is no bundle of a log: it has other files in it")
        if any(info.file_size > _EXPANDS_MOST * info.compress_size + 65_536 for info in infos):
            raise BadBundle("it would grow beyond measure when it is unpacked")
        with _reading(), archive.open(MANIFEST) as file:
            raw = file.read(_LINE_MOST)
        yield Bundle(archive, _manifest(raw))


def check(bundle: Bundle, keys: list[PublicKey], since: str | None, progress: Callable[[int, int], None]) -> Audit:
    """Audit a bundle. `keys` are those that are believed; `since` is a checkpoint that the auditor has kept.

    Raises BadBundle.
    """
    manifest = bundle.manifest
    rules = Rules(from_beginning=manifest.begin == 0)
    audit = Audit(GrowingTree(manifest.begin, list(manifest.peaks)), rules, covered=manifest.begin)
    notes = list(bundle.notes())
    signed = [_believed(audit, note, keys) for note in notes]
    checkpoints = [each for each in signed if each is not None]
    if any(each.origin != manifest.origin for each in checkpoints):
        raise BadBundle("its checkpoints are of another log")
    held = [each for each in checkpoints if manifest.begin < each.size <= manifest.end]
    if since is not None:
        held = sorted({*held, _kept(since, manifest, keys)}, key=lambda each: each.size)
    types: Counter[str] = Counter()
    for _ in audit.read(_counted(bundle.records(), types), held):
        progress(audit.tree.size - manifest.begin, manifest.end - manifest.begin)
    _compare_counts(audit, manifest, types, len(notes))
    covering = next((each for each in checkpoints if each.size == manifest.covering), None)
    if covering is None:
        audit.tell(None, f"the checkpoint of size {manifest.covering}, which has all of it, is missing")
    elif not verify_consistency(manifest.end, audit.tree.root, covering.size, covering.root, manifest.consistency):
        audit.tell(None, f"the events do not lead to the checkpoint of size {covering.size}")
    elif not audit.found:
        audit.covered = manifest.end
        audit.held += covering.size > manifest.end
    return audit


def _counted(records: Iterator[Record], types: Counter[str]) -> Iterator[Record]:
    for record in records:
        types[record.type] += 1
        yield record


def _compare_counts(audit: Audit, manifest: Manifest, types: Counter[str], notes: int) -> None:
    for name in sorted({*manifest.events, *types}):
        if (said := manifest.events.get(name, 0)) != types[name]:
            audit.tell(None, f"the manifest counts {said} {name}, and there are {types[name]}")
    if notes != manifest.checkpoints:
        audit.tell(None, f"the manifest counts {manifest.checkpoints} checkpoints, and there are {notes}")


def main(arguments: list[str]) -> int:
    """The command of the single file."""
    parser = argparse.ArgumentParser(description="Check a bundle of a log: whether history is what it was.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--since", type=Path, help="a checkpoint that you kept")
    parser.add_argument("--key", action="append", default=[], help="a public key that you trust; more than one may be")
    given = parser.parse_args(arguments)
    try:
        since = given.since.read_text() if given.since else None
        with open_bundle(given.bundle) as bundle:
            audit = check(bundle, trusted(bundle, given.key), since, _show)
            said = told(bundle, audit, is_trusted=bool(given.key))
    except (BadBundle, BadCheckpoint, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join([*said, ""]))
    return WRONG if audit.found else 0


def trusted(bundle: Bundle, given: list[str]) -> list[PublicKey]:
    """The keys that somebody names, or those that the bundle brings along. Raises BadCheckpoint."""
    return [PublicKey.parsed(text) for text in given] or bundle.manifest.keys


def told(bundle: Bundle, audit: Audit, *, is_trusted: bool) -> list[str]:
    """What was found, in lines."""
    manifest = bundle.manifest
    said = [f"Events {manifest.begin + 1} to {manifest.end} of {manifest.origin}."]
    if not is_trusted:
        said.append("Its own keys were believed. Compare them with those that you were given (--key):")
        said += [f"  {key.text}" for key in manifest.keys]
    if manifest.begin:
        said.append("It begins later than the log: what came before is only there as a hash.")
    return [*said, *audit.summary(), "Something is wrong." if audit.found else "History is what it was."]


def _show(done: int, whole: int) -> None:
    if done % 10_000 == 0 and sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {whole} events ")


_TYPES: Final = {
    name: int if name in ("position", "version", "schema_version", "recorded_at") else str for name in FIELDS
}


def _believed(audit: Audit, note: str, keys: list[PublicKey]) -> Checkpoint | None:
    try:
        return opened(note, keys, verify)
    except BadCheckpoint as error:
        audit.tell(None, f"a checkpoint is forged: {error}")
        return None


def _kept(since: str, manifest: Manifest, keys: list[PublicKey]) -> Checkpoint:
    try:
        kept = opened(since[: NOTE_MOST + 1], keys, verify)
    except BadCheckpoint as error:
        raise BadBundle(f"the checkpoint that you kept cannot be believed: {error}; or it is of another log") from error
    if kept.origin != manifest.origin:
        raise BadBundle(f"the checkpoint that you kept is of another log, {kept.origin}")
    if kept.size <= manifest.begin or (kept.size > manifest.end and manifest.covering > manifest.end):
        raise BadBundle(f"it is no bundle of the {kept.size} events of the checkpoint that you kept")
    return kept


def _manifest(raw: bytes) -> Manifest:
    try:
        said: dict[str, Any] = json.loads(raw)
        if said["format"] != FORMAT:
            raise BadBundle(f"it is written in a form that this version does not know: {said['format']!r:.80}")
        begin, end, covering = (said[name] for name in ("begin", "end", "covering"))
        peaks, consistency = ([b64decode(text) for text in said[name]] for name in ("peaks", "consistency"))
        keys = [PublicKey.parsed(text) for text in said["keys"]]
        events, checkpoints = dict(said["events"]), said["checkpoints"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadBundle("its manifest cannot be read") from error
    numbers = (begin, end, covering, checkpoints, *events.values())
    if not all(type(number) is int for number in numbers) or not 0 <= begin < end <= covering:
        raise BadBundle("its manifest names sizes that no log has")
    if len(peaks) != begin.bit_count() or any(len(peak) != 32 for peak in peaks):
        raise BadBundle("its manifest has another tree than it says")
    return Manifest(str(said["origin"]), begin, end, covering, peaks, consistency, keys, events, checkpoints)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (BadZipFile, zlib.error, EOFError, UnicodeDecodeError, NotImplementedError, RuntimeError, KeyError) as error:
        raise BadBundle(f"the file is damaged, cut, or no bundle: {error}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
