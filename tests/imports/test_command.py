"""`lodger import inside-airbnb` as somebody types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from infrastructure.settings import ROOT
from tests.imports.city import listing, review, write
from tests.support.servers import Databases

pytestmark = pytest.mark.slow  # each starts the whole command


def lodger(database_url: str, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LODGER_")},
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "LODGER_SECRET_KEY": "s" * 32,
        "LODGER_OPERATOR_TOKEN": "o" * 32,
        "LODGER_DATA": str(tmp_path / "data"),
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "infrastructure.cli", "import", "inside-airbnb", *arguments]
    return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)


def test_refused_rows_are_shown_and_reported_and_the_rest_is_done(database_url: str, tmp_path: Path) -> None:
    rows = [listing("1"), listing("2", price="[red]free"), listing("3", price="")]
    said = [review("900", "1"), review("901", "3"), review("902", "4", date="soon")]
    write(tmp_path / "larkville-2025-01", date(2025, 1, 10), rows, {"1": "tff", "2": "t", "3": "t"}, said)

    done = lodger(database_url, tmp_path, "larkville-2025-01", "--report", "report.jsonl")

    assert done.returncode == 0, done.stderr
    shown = [" ".join(line.split()) for line in done.stderr.splitlines()]
    assert "2 created" in shown
    assert "1 hosts registered" in shown
    assert "5 calendar rows" in shown
    assert "2 nights blocked" in shown
    assert "2 reviews read" in shown
    assert "2 reviews added" in shown
    assert "refused listings.csv line 3 listing 2: price '[red]free' is not an amount of USD" in shown
    assert any("LODGER_CLOCK=2025-01-10T12:00:00Z ./run up" in line for line in shown)
    report = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert [(line["kind"], line["external_id"]) for line in report] == [
        ("listing", "1"),
        ("refused", "2"),
        ("note", "3"),
        ("listing", "3"),
        ("refused", "4"),
        ("reviews", "1"),
        ("reviews", "3"),
    ]


def test_a_folder_that_cannot_be_read_is_refused(database_url: str, tmp_path: Path) -> None:
    done = lodger(database_url, tmp_path, "nowhere")
    assert done.returncode != 0
    assert "nowhere is not a folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_without_our_schema_is_refused_with_the_command_to_run(postgres: Databases, tmp_path: Path) -> None:
    done = lodger(postgres.create_empty(), tmp_path, ".")
    assert done.returncode != 0
    assert "./run lodger migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_file_ends_in_failure_after_what_could_be_read(database_url: str, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "larkville",
        date(2025, 1, 10),
        [listing(str(n), description=f"{n * 7919:x}" * 40) for n in range(1, 400)],
        {},
        gzipped=True,
    )
    file = folder / "listings.csv.gz"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    done = lodger(database_url, tmp_path, "larkville")
    assert done.returncode == 1
    shown = " ".join(done.stderr.split())
    assert "damaged listings.csv.gz after line" in shown
    assert "the file ends in the middle" in shown
    assert "0 created" not in shown
