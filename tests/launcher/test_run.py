"""`./run` itself: starts with next to nothing in the environment, from anywhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from infrastructure.settings import ROOT


def run(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """The launcher as somebody with no HOME and a bare PATH starts it."""
    return subprocess.run(
        [sys.executable, str(ROOT / "run"), *arguments],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_command() -> None:
    shown = run("--help")

    assert shown.returncode == 0
    for command in ("demo", "up", "lodger", "test", "check", "bench", "lock"):
        assert f"\n  {command} " in shown.stdout


def test_an_unknown_command_is_refused_with_the_list_of_commands() -> None:
    refused = run("dance")

    assert refused.returncode == 2
    assert "usage: ./run COMMAND" in refused.stderr


def test_the_command_line_starts_from_another_folder(tmp_path: Path) -> None:
    shown = run("lodger", "--help", cwd=tmp_path)

    assert shown.returncode == 0, shown.stderr
    assert "doctor" in shown.stdout


def test_what_is_compiled_is_kept_though_containers_say_otherwise() -> None:
    kept = (ROOT / ".venv" / "bytecode").joinpath(*ROOT.parts[1:], "infrastructure", "cli")
    shutil.rmtree(kept, ignore_errors=True)

    assert run("lodger", "--help", PYTHONDONTWRITEBYTECODE="1").returncode == 0

    assert list(kept.glob("__init__.*.pyc"))


def test_wrong_settings_end_a_command_without_a_traceback(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, str(ROOT / "run"), "lodger", "serve"],
        env={"PATH": "/usr/bin:/bin", "LODGER_ENV": "production", "LODGER_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert "LODGER_SECRET_KEY is missing" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert list(tmp_path.iterdir()) == [], "production makes no secrets"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"])
def test_requirements_are_hashed_and_say_nothing_about_where_from(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    pins = [line for line in lines if "==" in line]

    assert pins
    assert all(line.endswith("\\") for line in pins), "a hash follows"
    assert [line for line in lines if re.search(r"https?:|--(extra-)?index-url|--find-links", line)] == []


def test_requirements_hold_what_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    running, developing, measuring = map(pinned, ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt"))

    assert names(project["project"]["dependencies"]) <= running.keys()
    assert names(project["dependency-groups"]["dev"]) <= developing.keys()
    assert names(project["dependency-groups"]["bench"]) <= measuring.keys()
    assert running.items() <= developing.items() <= measuring.items(), "all pin the same versions: run `./run lock`"


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[~=<>; \[]", requirement)[0] for requirement in requirements}


def pinned(name: str) -> dict[str, set[str]]:
    """Versions by package; some have several, for different versions of Python."""
    versions: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE):
        versions.setdefault(package, set()).add(version)
    return versions
