"""Services start in order, end together and leave nothing behind."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest

from infrastructure.embedded.processes import Process, Service, ServiceFailed
from infrastructure.embedded.supervisor import Supervisor
from tests.launcher.stand_ins import STUBBORN, noting, program

pytestmark = pytest.mark.slow

SLEEPS = "import time; time.sleep(600)"
WITH_CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPS!r}]).wait()"

WITH_FORK = f"import os; os.fork(); {SLEEPS}"


def supervisor(folder: Path, said: list[str] | None = None) -> Supervisor:
    return Supervisor(folder, (said if said is not None else []).append)


def once(name: str, code: str) -> Service:
    return Service(name=name, command=[sys.executable, "-c", code], ready=None)


def test_services_stop_in_the_opposite_order(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    running = supervisor(tmp_path / "run")
    running.start([[noting("postgres", notes)], [noting("worker", notes), noting("api", notes)]])

    running.stop()

    assert notes.read_text().split() == ["api", "worker", "postgres"]


def test_the_next_stage_waits_for_what_runs_once(tmp_path: Path) -> None:
    made = tmp_path / "made"
    migrate = once("migrate", f"import time, pathlib; time.sleep(.3); pathlib.Path({str(made)!r}).touch()")
    needs_it = once("api", f"import pathlib, sys; sys.exit(not pathlib.Path({str(made)!r}).exists())")

    running = supervisor(tmp_path / "run")
    running.start([[migrate], [needs_it]])

    assert running.processes == {}


def test_the_death_of_one_is_reported_with_the_tail_of_its_log(tmp_path: Path) -> None:
    running = supervisor(tmp_path)
    running.start([[program("postgres", SLEEPS), program("worker", "print('out of memory'); raise SystemExit(3)")]])

    with pytest.raises(ServiceFailed, match=r"worker ended with exit code 3(?s:.)*out of memory"):
        running.watch()

    running.stop()


def test_a_killed_one_is_reported_with_the_signal(tmp_path: Path) -> None:
    running = supervisor(tmp_path)
    running.start([[program("worker", SLEEPS)]])
    psutil.Process(running.processes["worker"].pid).kill()

    with pytest.raises(ServiceFailed, match="worker was killed by SIGKILL"):
        running.watch()


def test_a_failed_start_stops_what_had_been_started(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    running = supervisor(tmp_path / "run")

    with pytest.raises(ServiceFailed, match="no such table"):
        running.start([[noting("postgres", notes)], [once("migrate", "raise SystemExit('no such table')")]])

    assert notes.read_text().split() == ["postgres"]
    assert running.processes == {}


def test_waiting_for_one_ends_when_another_dies(tmp_path: Path) -> None:
    never = Service(name="api", command=[sys.executable, "-c", SLEEPS], ready=lambda: False)
    running = supervisor(tmp_path)
    began = time.monotonic()

    with pytest.raises(ServiceFailed, match="worker ended with exit code 1"):
        running.start([[program("worker", "raise SystemExit(1)"), never]])

    assert time.monotonic() - began < 10


def test_one_that_never_gets_ready_is_given_up(tmp_path: Path) -> None:
    never = Service(name="api", command=[sys.executable, "-c", SLEEPS], ready=lambda: False, ready_seconds=0.3)

    with pytest.raises(ServiceFailed, match="api was not ready within 0 s"):
        supervisor(tmp_path).start([[never]])


def test_one_that_ignores_its_signal_is_killed(tmp_path: Path) -> None:
    process = started(program("stubborn", STUBBORN, stop_seconds=0.3), tmp_path)

    process.stop()

    assert not psutil.pid_exists(process.pid)


def test_children_of_a_service_end_with_it(tmp_path: Path) -> None:
    process = Process(program("parent", WITH_CHILD), tmp_path)
    while not (children := psutil.Process(process.pid).children()):
        time.sleep(0.02)

    process.stop()

    assert psutil.wait_procs(children, timeout=5)[1] == []


def test_what_an_earlier_launcher_left_is_stopped_first(tmp_path: Path) -> None:
    leftover = started(program("worker", STUBBORN, stop_seconds=0.3), tmp_path)
    said: list[str] = []

    running = supervisor(tmp_path, said)
    running.start([[program("worker", STUBBORN, stop_seconds=0.3)]])

    assert said[0] == "stopped worker, left behind by an earlier run"
    assert leftover.ended()
    running.stop()


def test_children_that_an_earlier_launchers_service_left_are_stopped_too(tmp_path: Path) -> None:
    parent = Process(program("worker", WITH_FORK), tmp_path)
    while not (children := psutil.Process(parent.pid).children()):
        time.sleep(0.02)
    psutil.Process(parent.pid).kill()
    while not parent.ended():
        time.sleep(0.02)

    running = supervisor(tmp_path)
    running.start([[program("worker", SLEEPS)]])

    assert psutil.wait_procs(children, timeout=5)[1] == []
    running.stop()


def test_another_process_that_got_the_number_of_an_ended_one_is_left_alone(tmp_path: Path) -> None:
    stranger = Process(program("stranger", SLEEPS), tmp_path)
    (tmp_path / "worker.pid").write_text(str(stranger.pid))

    running = supervisor(tmp_path)
    running.start([[program("worker", SLEEPS)]])
    running.stop()

    assert not stranger.ended()
    stranger.kill()


def started(service: Service, folder: Path) -> Process:
    """A process that has got as far as printing something."""
    process = Process(service, folder)
    while not process.log.read_text():
        time.sleep(0.02)
    return process
