"""One child process that never outlives its parent: started, watched, stopped."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from infrastructure.embedded.accounts import run_as
from infrastructure.refusals import Refused

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: between fork and exec a child must not take the loader's lock.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What to run and how to know that it runs.

    `ready` is asked until it answers true; without it the process has to end well before the next starts.
    `stop_signal` asks for a graceful end, which may take `stop_seconds`; then it is killed. `orphan_signal` is
    what it gets when the launcher itself is killed. `environment` is the whole environment (None: this
    process's own); `account` the user to run as (None: this one).
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] | None
    environment: Mapping[str, str] | None = None
    account: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    ready_seconds: float = 60.0
    stop_seconds: float = 15.0


class ServiceFailed(Refused):
    """A service ended by itself or never became ready. The message ends with the tail of its log."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        super().__init__(f"{name} {what}. Its log ({log}) ends:\n{tail(log)}")
        self.name = name


class Process:
    """A running service. Its log and its lock are files in `folder`: `<name>.log` and `<name>.pid`."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service = service
        self.log = folder / f"{service.name}.log"
        self._popen = _spawn(service, self.log, folder / f"{service.name}.pid")
        self._deadline = time.monotonic() + service.ready_seconds

    @property
    def pid(self) -> int:
        return self._popen.pid

    def ended(self) -> bool:
        return self._popen.poll() is not None

    def is_ready(self) -> bool:
        """Whether the service is ready, or done when it only runs once. Raises ServiceFailed."""
        if (code := self._popen.poll()) is not None:
            if self.service.ready is None and code == 0:
                return True
            raise self.failure()
        if time.monotonic() > self._deadline:
            what = f"was not ready within {self.service.ready_seconds:.0f} s"
            raise ServiceFailed(self.service.name, what, self.log)
        return self.service.ready is not None and self.service.ready()

    def wait_ready(self) -> None:
        """Return once `is_ready`."""
        while not self.is_ready():
            time.sleep(0.02)

    def failure(self) -> ServiceFailed:
        """The end of this process as an error to show."""
        code = self._popen.returncode
        ended = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return ServiceFailed(self.service.name, ended, self.log)

    def stop(self) -> None:
        """Ask it to end, kill it when it takes too long, and leave none of its own children behind."""
        if not self.ended():
            self._popen.send_signal(self.service.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(self.service.stop_seconds)
        kill_group(self.pid)
        self._popen.wait()

    def kill(self) -> None:
        """End it as `kill -9` does, its children too."""
        kill_group(self.pid)
        self._popen.wait()


def _spawn(service: Service, log: Path, lock: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output, lock.open("a") as held:
        # The child inherits the lock and holds it as long as it lives: `stop_leftover` goes by that, since
        # a process id alone may meanwhile belong to somebody else.
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.truncate(0)
        popen = subprocess.Popen(  # noqa: S603
            service.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=service.environment,
            pass_fds=[held.fileno()],
            cwd="/",  # the only folder that every account can be in
            start_new_session=True,  # Ctrl-C reaches the launcher alone, which stops things in order
            preexec_fn=partial(end_with_parent, service.orphan_signal, os.getpid()),  # noqa: PLW1509 - no threads
            **run_as(service.account),
        )
        held.write(str(popen.pid))
    return popen


def end_with_parent(orphan_signal: signal.Signals = signal.SIGKILL, parent: int | None = None) -> None:
    """In a child: have the kernel send `orphan_signal` when the parent dies, however it dies (Linux).

    `parent` is its id where that is known: it may have died before this was called.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, int(orphan_signal))
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def stop_leftover(service: Service, folder: Path) -> bool:
    """End a process that an earlier launcher left in `folder`; true when there was one."""
    path = folder / f"{service.name}.pid"
    if not path.exists() or not locked(path):
        return False
    pid = int(path.read_text() or 0)
    deadline = time.monotonic() + service.stop_seconds
    try:
        os.kill(pid, service.stop_signal)
    except ProcessLookupError:  # only its children are left
        deadline = 0
    while locked(path):
        if time.monotonic() > deadline:
            kill_group(pid)
        time.sleep(0.05)
    kill_group(pid)
    return True


def locked(path: Path) -> bool:
    """Whether a living process holds the lock on `path`."""
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def kill_group(pid: int) -> None:
    """Kill the process group that `pid` leads or led."""
    with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        os.killpg(pid, signal.SIGKILL)


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, indented to stand out."""
    text = log.read_text(errors="replace").splitlines()[-lines:] if log.exists() else []
    return "\n".join(f"    {line}" for line in text or ["(empty)"])
