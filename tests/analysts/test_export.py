"""`lodger export analytics`: what is in the files is what is in the views, of one moment, though it is killed."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner, Result

from infrastructure.analytics import exports
from infrastructure.analytics.exports import LEFT_OUT
from infrastructure.cli.export import command
from infrastructure.settings import ROOT, to_environment
from infrastructure.workers.projector import Projector
from tests.analysts.example import june
from tests.analysts.telling import BEHIND, tell
from tests.support.world import World, settings_for

Export = Callable[..., Result]


@pytest.fixture(scope="module")
def world(shared_database_url: str) -> Iterator[World]:
    """The example of docs/analysts.md beside a real log, whose read models stand at its end."""
    world = World(shared_database_url)
    Projector(world.wired.projecting, world.log, BEHIND).run()
    with world.wired.projecting.transaction() as connection, connection.cursor() as cursor:
        tell(cursor, june())
    yield world
    world.close()


@pytest.fixture
def environment(world: World, tmp_path: Path) -> dict[str, str]:
    return to_environment(settings_for(world.wired.settings.database_url, data=str(tmp_path / "data")))


@pytest.fixture
def export(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Export:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return lambda folder, *more: CliRunner().invoke(command, ["analytics", "--to", str(folder), *more])


def manifest_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def in_view(world: World, view: str) -> list[tuple[Any, ...]]:
    return sorted(world.execute(f"SELECT * FROM analytics.{view}"), key=str)


def in_parquet(path: Path) -> list[tuple[Any, ...]]:
    return sorted((tuple(row.values()) for row in pq.read_table(path).to_pylist()), key=str)


def plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Ids are text in files."""
    return sorted((tuple(str(v) if isinstance(v, UUID) else v for v in row) for row in rows), key=str)


def test_the_files_hold_what_the_views_hold(
    world: World, export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "ROW_GROUP", 100)
    assert export(tmp_path).exit_code == 0
    manifest = manifest_of(tmp_path)
    views = {name for (name,) in world.execute("SELECT viewname FROM pg_views WHERE schemaname = 'analytics'")}
    assert {file["view"] for file in manifest["files"]} == views - {*LEFT_OUT}
    assert manifest["position"] == world.log.safe_position()
    for file in manifest["files"]:
        path = tmp_path / file["file"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
        assert path.stat().st_size == file["bytes"]
        rows = in_view(world, file["view"])
        assert file["rows"] == len(rows)
        if file["format"] == "parquet":
            assert in_parquet(path) == plain(rows), file["view"]
        else:
            with path.open(newline="", encoding="utf-8") as opened:
                header, *lines = csv.reader(opened)
            assert len(lines) == len(rows)
            assert all(len(line) == len(header) for line in lines)
    assert pq.ParquetFile(tmp_path / "fact_nights.parquet").num_row_groups > 5


def test_its_bar_is_told_each_view_and_the_rows_that_are_written(world: World, tmp_path: Path) -> None:
    told: list[tuple[str, int, int, int]] = []
    manifest = exports.export(world.wired.analysts, tmp_path, ("csv",), lambda *each: told.append(each))
    number = len(manifest.files)
    assert told[-1] == ("", 0, number, number)
    assert [done for _, _, done, _ in told] == sorted(done for _, _, done, _ in told)
    rows = {view: rows for view, rows, _, _ in told}
    assert {file.view: file.rows for file in manifest.files.values() if file.rows} == {
        view: each for view, each in rows.items() if each
    }


def test_types_are_exact(export: Export, tmp_path: Path) -> None:
    export(tmp_path, "--format", "parquet")
    assert not list(tmp_path.glob("*.csv"))
    types = {field.type for path in tmp_path.glob("*.parquet") for field in pq.read_schema(path)}
    assert not [each for each in types if pa.types.is_floating(each)]
    nights = pq.read_schema(tmp_path / "fact_nights.parquet")
    assert (nights.field("total_minor").type, nights.field("night").type) == (pa.int64(), pa.date32())
    assert pq.read_schema(tmp_path / "fact_bookings.parquet").field("made_at").type == pa.timestamp("us", tz="UTC")
    assert pq.read_schema(tmp_path / "performance.parquet").field("adr_minor").type == pa.decimal128(20, 4)
    (booking, *_) = pq.read_table(tmp_path / "fact_bookings.parquet").to_pylist()
    assert isinstance(booking["made_at"], datetime)
    assert booking["made_at"].tzinfo is not None
    assert booking["made_at"].astimezone(UTC).date() == date(2026, 6, 1)


def test_killed_in_the_middle_it_goes_on_from_there(
    world: World, export: Export, environment: dict[str, str], tmp_path: Path
) -> None:
    run = [sys.executable, "-m", "infrastructure.cli", "export", "analytics", "--to", str(tmp_path)]
    killed = subprocess.run(
        run,
        env={**os.environ, **environment, "FAILPOINT": "exported_fact_bookings:kill", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "manifest.json").exists()
    (tmp_path / "dim_user.csv").write_text("somebody wrote over it")
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("dim_*")}
    assert {"dim_property.parquet", "dim_property.csv", "dim_user.csv"} <= kept.keys()
    assert not (tmp_path / "ledger.parquet").exists()

    assert export(tmp_path).exit_code == 0
    again = {name for name, at in kept.items() if (tmp_path / name).stat().st_mtime_ns != at}
    assert again == {"dim_user.csv"}
    assert not list(tmp_path.glob("*.unfinished*"))
    for file in manifest_of(tmp_path)["files"]:
        assert hashlib.sha256((tmp_path / file["file"]).read_bytes()).hexdigest() == file["sha256"]
    assert in_parquet(tmp_path / "fact_nights.parquet") == plain(in_view(world, "fact_nights"))


def test_when_the_log_has_gone_on_everything_is_written_anew(world: World, export: Export, tmp_path: Path) -> None:
    export(tmp_path)
    before = manifest_of(tmp_path)
    written = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}
    world.person()
    Projector(world.wired.projecting, world.log, BEHIND).run()
    assert export(tmp_path, "--format", "parquet").exit_code == 0
    after = manifest_of(tmp_path)
    assert after["position"] == before["position"] + 1 == world.log.safe_position()
    assert all((tmp_path / name).stat().st_mtime_ns != at for name, at in written.items())
    # What is of the moment before is gone.
    assert not list(tmp_path.glob("*.csv"))
    rows = {file["view"]: file["rows"] for file in after["files"]}
    assert rows["dim_user"] == {file["view"]: file["rows"] for file in before["files"]}["dim_user"] + 1
