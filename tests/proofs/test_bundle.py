"""A bundle is the same every time, verifies without Lodger, and nothing else is taken for one."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import psycopg2
import pytest

from domain.checkpoints import Checkpoint, parsed
from domain.rejections import Rejected
from infrastructure.bootstrap import wire_auditor, wire_notary
from infrastructure.proofs import bundle, ed25519
from infrastructure.proofs.bundle_check import CHECKPOINTS, EVENTS, MANIFEST, main
from infrastructure.proofs.verifier_file import PARTS, single_file
from tests.proofs.conftest import Notarised, notarised_at
from tests.support.world import settings_for

Rewrite = Callable[[dict[str, bytes]], None]


@pytest.fixture(scope="module")
def log(shared_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notarised]:
    yield from notarised_at(shared_database_url, tmp_path_factory.mktemp("log"))


@pytest.fixture(scope="module")
def whole(log: Notarised, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(log, tmp_path_factory.mktemp("whole") / "whole.zip")


def written(log: Notarised, path: Path, first: int = 1, last: int | None = None) -> Path:
    database = log.auditing()
    bundle.write(database, path, first, last, lambda _position, _upto: None)
    database.close()
    return path


def notes(log: Notarised) -> list[str]:
    return [note for (note,) in log.world.execute("SELECT note FROM log_checkpoints ORDER BY size")]


def rewritten(whole: Path, tmp_path: Path, rewrite: Rewrite) -> Path:
    with ZipFile(whole) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    rewrite(members)
    path = tmp_path / "rewritten.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_the_same_stretch_is_the_same_file_to_the_byte(log: Notarised, whole: Path, tmp_path: Path) -> None:
    assert written(log, tmp_path / "again.zip").read_bytes() == whole.read_bytes()


def test_it_verifies_without_lodger_by_a_single_file(log: Notarised, whole: Path, tmp_path: Path) -> None:
    program, kept = tmp_path / "verifier.py", tmp_path / "kept.txt"
    program.write_text(single_file())
    kept.write_text(notes(log)[0])
    key = log.world.execute("SELECT public_key FROM log_keys")[0][0]

    def ran(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(program), str(path), "--since", str(kept), "--key", key]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    honest = ran(whole)
    edited = ran(rewritten(whole, tmp_path, _edited))

    assert (honest.returncode, honest.stderr) == (0, "")
    assert honest.stdout.endswith("History is what it was.\n")
    assert f"{parsed(notes(log)[-1]).size} events are under 2 checkpoints that hold." in honest.stdout
    assert edited.returncode == 3
    assert "WRONG  position " in edited.stdout


def test_the_single_file_uses_no_name_twice() -> None:
    import ast

    names = [
        node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else ast.unparse(target)
        for node in ast.parse(single_file()).body
        for target in (getattr(node, "targets", None) or [getattr(node, "target", None)])
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign)
    ]
    assert len(PARTS) == 7
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


@pytest.mark.parametrize(("first", "last"), [(1, 9), (5, 20), (8, None), (20, 20)])
def test_any_stretch_is_proven_to_be_a_part_of_the_log(
    log: Notarised, tmp_path: Path, first: int, last: int | None
) -> None:
    path = written(log, tmp_path / "part.zip", first, last)

    assert main([str(path)]) == 0


def _edited(members: dict[str, bytes]) -> None:
    members[EVENTS] = members[EVENTS].replace(b'\\"user\\"', b'\\"usur\\"', 1)


def _cut(members: dict[str, bytes]) -> None:
    members[EVENTS] = b"".join(members[EVENTS].splitlines(keepends=True)[:-1])
    _change(members, end=json.loads(members[MANIFEST])["end"] - 1)


def _removed(members: dict[str, bytes]) -> None:
    lines = members[EVENTS].splitlines(keepends=True)
    members[EVENTS] = b"".join([*lines[:4], *lines[5:], lines[-1]])


def _swapped(members: dict[str, bytes]) -> None:
    lines = members[EVENTS].splitlines(keepends=True)
    members[EVENTS] = b"".join([*lines[:4], lines[5], lines[4], *lines[6:]])


def _forged(members: dict[str, bytes]) -> None:
    true = parsed(json.loads(members[CHECKPOINTS].splitlines()[-1])["note"])
    lie = Checkpoint(true.origin, true.size, bytes(32), true.position, true.time)
    members[CHECKPOINTS] = json.dumps({"note": ed25519.sign(lie, bytes(32))}).encode() + b"\n"


def _miscounted(members: dict[str, bytes]) -> None:
    counts = json.loads(members[MANIFEST])["events"]
    _change(members, events={**counts, "UserErased": 1})


def _checkpoint_missing(members: dict[str, bytes]) -> None:
    members[CHECKPOINTS] = members[CHECKPOINTS].splitlines(keepends=True)[-1]


@pytest.mark.parametrize("rewrite", [_edited, _cut, _removed, _swapped, _forged, _miscounted, _checkpoint_missing])
def test_a_bundle_that_was_rewritten_is_found_out(
    whole: Path, tmp_path: Path, rewrite: Rewrite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(rewritten(whole, tmp_path, rewrite))]) == 3
    assert "WRONG  " in capsys.readouterr().out


def _change(members: dict[str, bytes], **changes: object) -> None:
    members[MANIFEST] = json.dumps({**json.loads(members[MANIFEST]), **changes}).encode()


def _of_another_log(members: dict[str, bytes]) -> None:
    _change(members, origin="other.example/v1/log/1")


def _bomb(members: dict[str, bytes]) -> None:
    members[EVENTS] = b" " * 50_000_000 + b"\n"


def _endless_line(members: dict[str, bytes]) -> None:
    members[EVENTS] = members[EVENTS] + b64encode(bytes(range(256)) * 20_000)


def _more(members: dict[str, bytes]) -> None:
    members["../../etc/passwd"] = b"x"


def _no_event(members: dict[str, bytes]) -> None:
    members[EVENTS] = b'{"position": 1}\n' + members[EVENTS]


def _deep(members: dict[str, bytes]) -> None:
    members[MANIFEST] = b"[" * 60_000


@pytest.mark.parametrize(
    ("rewrite", "what"),
    [
        (_of_another_log, "of another log"),
        (_bomb, "beyond measure"),
        (_endless_line, "longer than any event"),
        (_more, "other files"),
        (_no_event, "line 1 of the events is no event"),
        (_deep, "manifest cannot be read"),
        (lambda members: _change(members, format="2"), "does not know"),
        (lambda members: _change(members, end=-1), "sizes that no log has"),
        (lambda members: _change(members, begin=3), "another tree"),
        (lambda members: _change(members, begin=30, end=7), "sizes that no log has"),
        (lambda members: _change(members, begin="x"), "sizes that no log has"),
        (lambda members: _change(members, end=7), "it says that it has 7 events"),
        (lambda members: _change(members, events={"UserErased": "x"}), "sizes that no log has"),
        (lambda members: _change(members, events=7), "manifest cannot be read"),
        (lambda members: _change(members, checkpoints=None), "sizes that no log has"),
        (lambda members: members.update({EVENTS: b"\xff\xfe\n"}), "damaged"),
        (lambda members: members.update({MANIFEST: b"null"}), "manifest cannot be read"),
    ],
)
def test_what_is_no_bundle_is_refused(
    whole: Path, tmp_path: Path, rewrite: Rewrite, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(rewritten(whole, tmp_path, rewrite))]) == 1
    assert what in capsys.readouterr().err


@pytest.mark.parametrize("part", [0, 10, 500, -1, -30])
def test_a_file_that_was_cut_is_refused(
    whole: Path, tmp_path: Path, part: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cut.zip"
    path.write_bytes(whole.read_bytes()[:part])

    assert main([str(path)]) == 1
    assert "damaged" in capsys.readouterr().err


def test_a_byte_that_turned_over_is_noticed(whole: Path, tmp_path: Path) -> None:
    raw = bytearray(whole.read_bytes())
    path = tmp_path / "turned.zip"
    for at in range(0, len(raw), 97):
        raw[at] ^= 1
        path.write_bytes(raw)
        raw[at] ^= 1
        code = main([str(path)])
        # What an archive says of itself beside its files (a date, a version) may change without harm.
        assert code in (1, 3) or _same_content(path, whole)


def _same_content(one: Path, other: Path) -> bool:
    with ZipFile(one) as a, ZipFile(other) as b:
        return all(a.read(name) == b.read(name) for name in b.namelist())


@pytest.mark.parametrize(
    ("first", "last", "what"), [(9, 5, "reversed"), (1, 9_999, "under no checkpoint"), (14, 14, "no events")]
)
def test_what_cannot_be_exported_leaves_no_file(
    log: Notarised, tmp_path: Path, first: int, last: int, what: str
) -> None:
    if what == "no events":
        positions = {row[0] for row in log.world.execute("SELECT position FROM events")}
        first = last = min(set(range(1, max(positions))) - positions)
    with pytest.raises(Rejected, match=what):
        written(log, tmp_path / "none.zip", first, last)
    assert list(tmp_path.iterdir()) == []


def test_the_memory_that_it_takes_does_not_grow_with_the_log(database_url: str, tmp_path: Path) -> None:
    """Events of two kilobytes, a thousand to a page."""
    settings = settings_for(database_url, checkpoint_store=str(tmp_path / "outside"))
    with closing(psycopg2.connect(database_url)) as login, login, login.cursor() as cursor:
        cursor.execute(
            """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
               SELECT id, id, 1, 'UserBecameHost', 1, format('{"words":"%s"}', repeat(md5(n::text), 64)), '{}'
               FROM generate_series(1, 5000) AS n, CAST(md5(n::text) AS uuid) AS id"""
        )
    wire_notary(settings).run()
    database = wire_auditor(settings).database

    def peak(events: int) -> int:
        tracemalloc.start()
        bundle.write(database, tmp_path / "part.zip", 1, events, lambda _position, _upto: None)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)  # what is imported and cached along the way counts once
    two_pages, five_pages = peak(2_000), peak(5_000)
    database.close()

    assert two_pages > 2_000 * 2_048, "the next page is read while the one before is still there"
    assert five_pages < 1.2 * two_pages


def test_a_kept_checkpoint_that_is_no_text_is_refused(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.checkpoint"
    kept.write_bytes(b"\xff\xfe")

    assert main([str(whole), "--since", str(kept)]) == 1
    assert "decode" in capsys.readouterr().err
