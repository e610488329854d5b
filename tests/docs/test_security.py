"""The page about security points at tests that there are."""

from __future__ import annotations

import re

import pytest

from infrastructure.purposes import PURPOSES
from infrastructure.settings import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(tests/[\w/.-]+)`", PAGE))

    assert len(named) > 20
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("heading", re.findall(r"^## (.+)$", PAGE, re.MULTILINE))
def test_every_section_says_something(heading: str) -> None:
    after = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]

    assert after.strip()


def test_the_decision_names_every_way_in_which_keys_are_rotated() -> None:
    decision = (ROOT / "docs" / "decisions" / "0017-keys.md").read_text()

    assert {purpose.use for purpose in PURPOSES.values()} == set(re.findall(r"^  - \*(\w+)\*", decision, re.MULTILINE))
