"""Logs in production: a line of JSON each, wherever a process's standard output leads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO

import pytest
import structlog

from infrastructure import logs
from tests.support.world import settings_for


class Piped:
    """What a worker's standard output is: it takes text and has no `buffer`."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("output", [StringIO(), Piped()])
def test_a_line_of_json_holds_what_happened_and_the_trace_without_values(output: StringIO | Piped) -> None:
    with redirect_stdout(output):
        logs.configure(settings_for("postgresql://unused", log_format="json"))
        password = "correct horse"
        try:
            raise LookupError("nothing there")
        except LookupError as error:
            structlog.get_logger().error("it broke", number=7, exc_info=error)
    text = output.getvalue() if isinstance(output, StringIO) else output.text
    (line,) = text.splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["level"], entry["number"]) == ("it broke", "error", 7)
    assert "LookupError: nothing there" in entry["exception"]
    assert password not in line
