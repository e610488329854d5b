"""Somebody's secret in a log makes a run of passing tests a failed one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from infrastructure.settings import ROOT
from tests.support.log_search import leaks

pytestmark = pytest.mark.slow


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/guards/leaking.py", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("processes", ["0", "2"])
def test_what_is_left_in_any_log_fails_the_run_and_is_named(processes: str) -> None:
    done = run("-n", processes)
    assert done.returncode == 1, done.stdout
    assert "FAILED" not in done.stdout
    named = done.stdout.partition("secrets or personal data in logs")[2]
    for kind in ("e-mail address: to ann@example.org", "known secret: ", "bearer token: ", "phone: ", "key: using"):
        assert kind in named, done.stdout


def test_without_any_it_passes() -> None:
    assert run("-n", "0", "-k", "test_nothing").returncode == 0


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("known secret", "LODGER_SECRET_KEY " + "s" * 32),
        ("e-mail address", "refused: <bo.b+1@mail.example.org>"),
        ("phone", "payer +256772123456"),
        ("card", "4242424242424242 was declined"),
        ("card", "4242 4242 4242 4242"),
        ("JSON Web Token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
        ("key", "lk_live_abcdefghijkl"),
        ("key", "lrt_abcdefghijkl"),
        ("bearer token", "bearer abcdefghijkl"),
        ("password in an address", "postgresql://lodger:hunter22@db/lodger"),
        ("named secret", '{"refresh_token": "abcdefgh"}'),
    ],
)
def test_each_kind_is_found(kind: str, line: str) -> None:
    assert any(leak.startswith(f"{kind}: ") for leak in leaks(f"nothing\n{line}\n")), leaks(line)


@pytest.mark.parametrize(
    "line",
    [
        '{"event":"request","route":"/v1/auth/tokens","problem":"token_invalid","milliseconds":1.5}',
        "postgresql://lodger@/test_1?host=/dev/shm/socket",
        "from lodger@localhost",
        "redis://127.0.0.1:6379/0",
        "FATAL:  terminating connection due to transaction timeout",
        "position 4294967296 at 1764000000000000",
    ],
)
def test_ordinary_lines_are_not(line: str) -> None:
    assert leaks(line) == []
