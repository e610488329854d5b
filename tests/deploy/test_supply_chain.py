"""What is installed is what was locked, and no secret is in the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

from infrastructure.settings import ROOT

BASELINE = ROOT / ".secrets.baseline"
INVENTED_IN_TESTS = {
    "BasicAuthDetector",
    "Base64HighEntropyString",
    "HexHighEntropyString",
    "JwtTokenDetector",
    "KeywordDetector",
}
"""What these find in a test was made up for it. What has the form of a company's keys counts there too."""

NO_SECRETS = ("requirements", "docs/events", ".secrets.baseline")
"""Full of digests and ids."""


def uv() -> str:
    tools = [*os.environ["PATH"].split(os.pathsep), str(ROOT / ".uv" / "bin")]
    return next(str(path) for folder in tools if (path := Path(folder) / "uv").exists())


@pytest.mark.parametrize(
    ("requirement", "why"),
    [
        ("click==8.1.8", "hash"),
        (
            "click==8.1.8 --hash=sha256:63c132bbbed01578a06712a2d1f497bb62d9c1c0d329b7903a866228027263b2\nwrapt==2.0.0",
            "hash",
        ),
        ("click>=8", "pinned"),
    ],
    ids=["no hash", "one without", "no version"],
)
def test_what_has_no_hash_is_not_installed(tmp_path: Path, requirement: str, why: str) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(requirement + "\n")

    refused = subprocess.run(
        [uv(), "pip", "sync", "--offline", "--require-hashes", "--target", str(tmp_path / "out"), str(lock)],
        env={**os.environ, "UV_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode != 0
    assert why in refused.stderr
    assert not (tmp_path / "out" / "click").exists()
    assert '"pip", "sync", "--require-hashes"' in (ROOT / "run").read_text(), "as the launcher installs"


@pytest.mark.slow
def test_no_secret_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.splitlines() if not name.startswith(NO_SECRETS) and (ROOT / name).is_file()]

    assert new_secrets(names) == [], (
        "take it out and rotate it; or, when it is none: "
        "detect-secrets scan --exclude-files '^(tests/|requirements|docs/events|.secrets)' > .secrets.baseline"
    )


@pytest.mark.parametrize(
    "line",
    [
        "KEY = 'AKIA" + "Q3EGRTVXY7PLM2ZD'",
        "stripe_key = 'sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc'",
        "-----BEGIN " + "RSA PRIVATE KEY-----",
        "token = 'ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'",
    ],
    ids=["AWS", "Stripe", "private key", "GitHub"],
)
def test_a_secret_would_be_found_in_tests_too(tmp_path: Path, line: str) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(line + "\n")

    assert new_secrets([str(tmp_path / "tests" / "test_x.py")]) != []


def test_a_password_would_be_found_outside_tests(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text("DATABASE_PASSWORD = 'hunter2-but-longer'\n")

    assert new_secrets([str(tmp_path / "settings.py")]) != []


def new_secrets(names: Iterable[str]) -> list[str]:
    """Where something looks like a secret that nobody has said is none."""
    baseline = json.loads(BASELINE.read_text())
    known = {(name, entry["hashed_secret"]) for name, entries in baseline["results"].items() for entry in entries}
    of_tests = {name for name in names if "tests" in Path(name).parts}
    every = baseline["plugins_used"]
    formats = [plugin for plugin in every if plugin["name"] not in INVENTED_IN_TESTS]
    return [
        f"{name}:{secret.line_number} {secret.type}"
        for some, plugins in ((of_tests, formats), (set(names) - of_tests, every))
        for name, secret in scanned(some, plugins, baseline["filters_used"])
        if (name, secret.secret_hash) not in known
    ]


def scanned(names: Iterable[str], plugins: object, filters: object) -> SecretsCollection:
    with transient_settings({"plugins_used": plugins, "filters_used": filters}):
        found = SecretsCollection(root=str(ROOT))
        for name in names:
            found.scan_file(name)  # scan_files() forks, and this process has threads by now: a child may wait for ever
        return found
