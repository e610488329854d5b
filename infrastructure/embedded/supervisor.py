"""Starts services in order, watches them together, stops them in the opposite order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from infrastructure.embedded.processes import Process, Service, ServiceFailed, stop_leftover

Stage = Sequence[Service]
"""Services that start together, once all of the stage before are ready."""


class Supervisor:
    """The processes of one folder, all or none of them: the end of any is the end of all.

    `report` is told in a few words what happens.
    """

    def __init__(self, folder: Path, report: Callable[[str], None]) -> None:
        self._folder = folder
        self._report = report
        self.processes: dict[str, Process] = {}

    def start(self, stages: Sequence[Stage]) -> None:
        """Start every stage. Raises ServiceFailed, after stopping what had been started."""
        self._folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        # A launcher that was killed may have left processes. They go as they would have: the last one first.
        for service in reversed([service for stage in stages for service in stage]):
            if stop_leftover(service, self._folder):
                self._report(f"stopped {service.name}, left behind by an earlier run")
        try:
            for stage in stages:
                self._start_stage(stage)
        except BaseException:
            self.stop()
            raise

    def _start_stage(self, stage: Stage) -> None:
        started = time.monotonic()
        for service in stage:
            self.processes[service.name] = Process(service, self._folder)
        for service in stage:
            self._wait_ready(self.processes[service.name])
            self._report(f"{service.name} {_done(service)} after {time.monotonic() - started:.1f} s")
            if service.ready is None:
                del self.processes[service.name]

    def _wait_ready(self, process: Process) -> None:
        """Wait for one, with an eye on the others: there is nothing to wait for once one of them is gone."""
        while not process.is_ready():
            self.check()
            time.sleep(0.02)

    def check(self) -> None:
        """Raises ServiceFailed when a process has ended by itself."""
        for process in self.processes.values():
            if process.ended() and process.service.ready is not None:
                raise process.failure()

    def watch(self) -> None:
        """Return never: raises ServiceFailed when a process has ended, or what a signal's handler raises."""
        while True:
            self.check()
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop everything, the last started first."""
        with _undisturbed():
            for process in reversed(list(self.processes.values())):
                self._report(f"stopping {process.service.name}")
                process.stop()
            self.processes.clear()


def _done(service: Service) -> str:
    return "done" if service.ready is None else "ready"


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold signals back meanwhile: a second Ctrl-C must not leave things half up. Each stop has its time limit."""
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


__all__ = ["ServiceFailed", "Stage", "Supervisor"]
