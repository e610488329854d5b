"""The README's tour does what it says, with the output that it shows."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import pytest

from infrastructure.embedded.stack import Stack
from infrastructure.settings import ROOT

pytestmark = pytest.mark.slow

ADDRESS, INBOX = "http://127.0.0.1:8000", "http://127.0.0.1:8025"
END = "--- end of block ---"

DIFFERS_EACH_TIME = {
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": "<id>",
    r"sbx_[0-9a-f]{32}": "<reference>",
    r"^\d+ \d{4}-\d\d-\d\dT[\d:.]+Z": "<position> <instant>",
    r"\d{4}-\d\d-\d\d": "<date>",
    r"(?<=position )\d+": "<position>",
}
"""What a run has of its own."""


@dataclass(frozen=True)
class Block:
    """Commands and what the README shows as their output."""

    commands: str
    output: str


def blocks(text: str) -> list[Block]:
    fenced = re.findall(r"```(sh|text)\n(.*?)```", text, re.DOTALL)
    return [
        Block(content, following[1] if following[0] == "text" else "")
        for (kind, content), following in zip_longest(fenced, fenced[1:], fillvalue=("", ""))
        if kind == "sh"
    ]


def outputs(commands: list[str], url: str, inbox: str) -> list[str]:
    """What each block prints when they are typed one after the other."""
    script = "\n".join(f"{each.replace(ADDRESS, url).replace(INBOX, inbox)}\necho; echo '{END}'" for each in commands)
    shell = ["bash", "-e", "-o", "pipefail"]
    done = subprocess.run(shell, input=script, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [each.replace(url, ADDRESS).strip() for each in done.stdout.split(END)[:-1]]


def without_what_differs(text: str) -> str:
    for pattern, name in DIFFERS_EACH_TIME.items():
        text = re.sub(pattern, name, text, flags=re.MULTILINE)
    return text.strip()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack() as started:
        yield started


def test_every_command_of_the_tour_prints_what_the_readme_shows(stack: Stack) -> None:
    tour = blocks((ROOT / "README.md").read_text())

    printed = outputs([block.commands for block in tour], stack.url, stack.inbox_url)

    assert len(tour) > 10
    for block, output in zip(tour, printed, strict=True):
        assert without_what_differs(output) == without_what_differs(block.output), block.commands
