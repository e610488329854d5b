"""The commands of docs/auditors.md, as somebody types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infrastructure.cli import lodger as command_line
from tests.proofs.conftest import Notarised


def typed(notarised: Notarised, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    for module in ("audit_verify", "export_audit"):
        monkeypatch.setattr(f"infrastructure.cli.{module}.current_settings", lambda: notarised.world.wired.settings)
    return CliRunner().invoke(command_line, list(words))


def test_a_bundle_is_exported_and_verified(
    notarised: Notarised, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "log.zip")

    exported = typed(notarised, monkeypatch, "export", "audit", file, "--from", "5", "--to", "20")
    verified = typed(notarised, monkeypatch, "audit", "verify", "--bundle", file)
    reversed_ = typed(notarised, monkeypatch, "export", "audit", file, "--from", "20", "--to", "5")

    assert exported.exit_code == verified.exit_code == 0, exported.output + verified.output
    assert f"Verify it with: ./run lodger audit verify --bundle {file}" in exported.output
    assert "History is what it was." in verified.output
    assert reversed_.exit_code == 1


def test_the_verifier_is_printed_as_a_program(notarised: Notarised, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = typed(notarised, monkeypatch, "audit", "verifier")

    assert printed.exit_code == 0
    compile(printed.output, "verifier.py", "exec")
