"""The verifier as one file: what an auditor takes to another machine, and reads before it is believed."""

from __future__ import annotations

import ast
from typing import Final

from infrastructure.settings import ROOT

PARTS: Final = (
    "domain/merkle.py",
    "domain/log_leaves.py",
    "domain/checkpoints.py",
    "domain/log_rules.py",
    "domain/log_audit.py",
    "infrastructure/proofs/ed25519.py",
    "infrastructure/proofs/bundle_check.py",
)
"""In the order in which they need each other. No two of them may use a name for different things."""

_OURS: Final = ("domain", "infrastructure")
_FUTURE: Final = "from __future__ import annotations\n"


def single_file() -> str:
    """The source of all parts without what they import of each other."""
    head = '"""Checks a bundle of a Lodger log. Needs Python 3.11 and the package `cryptography`, and no Lodger."""\n\n'
    return head + _FUTURE + "".join(f"\n\n# --- {part}\n\n{_without_ours(part)}" for part in PARTS)


def _without_ours(part: str) -> str:
    source = (ROOT / part).read_text()
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in (*_OURS, "__future__"):
            assert node.end_lineno is not None
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "".join(lines).strip() + "\n"
