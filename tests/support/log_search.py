"""Looks through what was logged while the tests ran, by them and by the processes that they started.

Their people have addresses, phones and passwords, and their processes secrets; none of it belongs in a log. In the
tests' own process lines are looked at before `infrastructure.redaction` sees them: what is logged is to be harmless by
itself. Of other processes there is what they wrote. What was found fails the run, wherever it was found.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, Final

import pytest
import structlog

from infrastructure import logs
from infrastructure.embedded.processes import Process

KNOWN: Final = (
    "correct horse",  # the passwords of people in tests, and of the demonstration's
    "s" * 32,  # LODGER_SECRET_KEY
    "o" * 32,  # LODGER_OPERATOR_TOKEN
)
"""Secrets that tests and demonstration use."""

_KINDS: Final = {
    "known secret": "|".join(map(re.escape, KNOWN)),
    "e-mail address": r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[A-Za-z]{2,24}\b",
    "phone": r"\+[1-9]\d{8,14}\b",
    "card": r"(?<![\d.-])(?:4\d{15}|5[1-5]\d{14}|4\d{3}(?: \d{4}){3})(?![\d.-])",
    "JSON Web Token": r"\beyJ[\w-]{8,}\.[\w-]{8,}",
    "key": r"\b(?:lk|lrt|sk|rk|whsec)_[A-Za-z0-9_-]{12,}",
    "bearer token": r"(?i:bearer) [\w.~+/=-]{12,}",
    "password in an address": r"://[^/\s:@\"']{1,64}:[^/\s@\"']{3,200}@",
    "named secret": r"(?i:passw(?:or)?d|secret|cookie|csrf|(?:access|refresh)_token)[\"']?[=:] ?[\"']?[\w/+-]{8,}",
}
_ANY: Final = re.compile("|".join(f"(?P<k{i}>{pattern})" for i, pattern in enumerate(_KINDS.values())))
_NAMES: Final = dict(zip((f"k{i}" for i in range(len(_KINDS))), _KINDS, strict=True))


def leaks(text: str) -> list[str]:
    """What is in a text that should be in no log: each as its kind and the line it stands in."""
    return [
        f"{_NAMES[found.lastgroup or '']}: {line.strip()[:300]}"
        for line in text.splitlines()
        for found in _ANY.finditer(line)
    ]


class Search:
    """Of one process of pytest: the only one, or a worker or the controller of several."""

    def __init__(self) -> None:
        self.found: dict[str, None] = {}
        """In the order they were found, each once."""

    def look(self, where: str, text: str) -> None:
        self.found.update(dict.fromkeys(f"{where}: {leak}" for leak in leaks(text)))

    def look_at_files(self, paths: Iterable[Path]) -> None:
        for path in paths:
            self.look(path.name, path.read_text(errors="replace"))

    def begin(self) -> None:
        """Have the logs of processes looked at when these end."""
        Process.stop = self._looking_afterwards(Process.stop)  # type: ignore[assignment, method-assign]
        Process.kill = self._looking_afterwards(Process.kill)  # type: ignore[assignment, method-assign]

    def listen(self) -> None:
        """Have this process log as one in production does."""
        processors: list[Any] = [structlog.contextvars.merge_contextvars, structlog.processors.format_exc_info]
        structlog.configure(
            processors=[*processors, self._raw, *logs.rendered("json")],
            # Beside what commands say, which tests compare.
            logger_factory=structlog.WriteLoggerFactory(sys.__stdout__),
            wrapper_class=structlog.make_filtering_bound_logger(0),
            cache_logger_on_first_use=False,
        )

    def _raw(self, _logger: object, _method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
        # Each by itself: what a name says of its value is for the processor that follows.
        for name, value in entry.items():
            self.look(f"logged in {test}", f"{name} {value}")
        return entry

    def _looking_afterwards(self, end: Callable[[Process], None]) -> Callable[[Process], None]:
        @wraps(end)
        def ended(process: Process) -> None:
            end(process)
            if process.log.exists():
                self.look_at_files([process.log])

        return ended


class Plugin:
    """Runs a Search in every process of pytest, and makes a run in which something was found a failed one."""

    def __init__(self, config: pytest.Config) -> None:
        self.search = Search()
        self._config = config
        self._is_worker = hasattr(config, "workerinput")
        self.search.begin()

    def pytest_runtest_setup(self) -> None:
        """Whatever the test before has set up."""
        self.search.listen()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What a test printed, or one of its processes without a log. The controller gets the workers' reports."""
        if not self._is_worker:
            for _, text in report.sections:
                self.search.look(report.nodeid, text)

    def pytest_testnodedown(self, node: Any) -> None:
        """xdist's: a worker has ended."""
        self.search.found.update(dict.fromkeys(getattr(node, "workeroutput", {}).get("leaks", [])))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.search.look_at_files(_logs_of(self._config))
        if self._is_worker:
            self._config.workeroutput["leaks"] = list(self.search.found)  # type: ignore[attr-defined]
        elif self.search.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.search.found:
            terminalreporter.section("secrets or personal data in logs", red=True)
            for found in self.search.found:
                terminalreporter.line(found)


def _logs_of(config: pytest.Config) -> Iterator[Path]:
    """The logs that are left in the tests' folders."""
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is not None and factory._basetemp is not None:
        yield from sorted(path for path in factory._basetemp.rglob("*.log") if path.is_file())
