"""Every benchmark runs from beginning to end and prints its table. How fast anything is, is not for tests."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from infrastructure.settings import ROOT

NAMES = ("append", "busy", "freshness", "replay")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("psycopg") is None, reason="what is measured against comes with ./run bench"
    ),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_quick_run_prints_a_table_and_keeps_nothing(name: str) -> None:
    results = ROOT / "benchmarks" / "RESULTS.md"
    before = results.read_bytes() if results.exists() else None

    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--quick"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert ran.returncode == 0, ran.stderr
    assert "┃" in ran.stdout
    assert any(row in ran.stdout for row in ("│ ours", "│ a long past", "events/s"))
    assert "wanted" in ran.stdout, "the bar is there"
    assert (results.read_bytes() if results.exists() else None) == before
