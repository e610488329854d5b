"""`./run demo` as a whole, with the real servers."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest

from infrastructure.settings import ROOT

pytestmark = pytest.mark.slow


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=400, check=False
    )


def test_once_shows_every_step_and_succeeds() -> None:
    shown = run("infrastructure.cli", "demo", "--once", "--seed", "7")

    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert re.findall(r"^ ?(\d+)  [A-Z]", shown.stdout, re.MULTILINE) == [str(step) for step in range(1, 17)]
    assert "300/300" in shown.stdout
    assert "refused: two stays of a property never overlap" in shown.stdout
    for opened in ("/docs", "/readyz", "/metrics", "/sandbox/payments/sbx_", "guest@mirembe.example"):
        assert opened in shown.stdout
    assert "Every step worked." in shown.stdout


def test_a_step_that_is_not_as_it_should_be_makes_it_fail_and_is_named() -> None:
    shown = run("tests.demo.with_a_wrong_step")

    assert shown.returncode == 1
    assert "Step 4: this should hold and does not: its time zone" in shown.stderr
    assert "Every step worked." not in shown.stdout
    assert "stopping postgres" in shown.stdout


def test_it_runs_until_ctrl_c_and_then_succeeds() -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "infrastructure.cli", "demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert demo.stdout is not None
    try:
        lines = iter(demo.stdout.readline, "")
        assert any("Ctrl-C stops it" in line for line in lines)
        demo.send_signal(signal.SIGINT)
        rest = demo.stdout.read()
        assert demo.wait(30) == 0
        assert "stopping postgres" in rest
    finally:
        demo.kill()
        demo.stdout.close()
