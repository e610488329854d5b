"""What processes count is added up, also of those in containers, where each process has the same id."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from infrastructure.counts import of_all_hosts
from infrastructure.refusals import Refused
from infrastructure.settings import ROOT

ONE_CONTAINER = """
import os, socket, sys
os.getpid, socket.gethostname = lambda: 1, lambda: sys.argv[1]
from infrastructure.counts import keep_apart
keep_apart()
from prometheus_client import Counter
Counter("stays", "Counted here.").inc(int(sys.argv[2]))
"""


def count(shared: Path, host: str, times: int) -> None:
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(shared), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", ONE_CONTAINER, host, str(times)], env=env, check=True)


def test_processes_with_the_same_id_on_two_hosts_are_both_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    count(tmp_path, "api", 3)
    count(tmp_path, "worker", 4)
    count(tmp_path, "worker", 5)

    shown = generate_latest(of_all_hosts()).decode()

    assert "stays_total 12.0" in shown


def test_without_a_shared_folder_there_is_nothing_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)

    with pytest.raises(Refused, match="PROMETHEUS_MULTIPROC_DIR"):
        of_all_hosts()
