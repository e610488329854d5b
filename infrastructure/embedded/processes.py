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
from dataclasses import dataclass
from functools import partial
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: between fork and exec a child must not take the loader's lock.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What to run and how to know that it runs.

    `ready` is asked until it answers true; without it the process has to end well before the next starts.
    `stop_signal` asks for a graceful end, which may take `stop_seconds`; then it is killed. `environment` is
    the whole environment (None: this process's own); `account` the user to run as (None: this one).
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] | None
    environment: Mapping[str, str] | None = None
    account: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    ready_seconds: float = 60.0
    stop_seconds: float = 15.0


class ServiceFailed(Exception):  # noqa: N818
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

    @property
    def pid(self) -> int:
        return self._popen.pid

    def ended(self) -> bool:
        return self._popen.poll() is not None

    def wait_ready(self) -> None:
        """Return once the service is ready (or done, for one that only runs once). Raises ServiceFailed."""
        deadline = time.monotonic() + self.service.ready_seconds
        while time.monotonic() < deadline:
            if (code := self._popen.poll()) is not None:
                if self.service.ready is None and code == 0:
                    return
                raise self.failure()
            if self.service.ready is not None and self.service.ready():
                return
            time.sleep(0.02)
        raise ServiceFailed(self.service.name, f"was not ready within {self.service.ready_seconds:.0f} s", self.log)

    def failure(self) -> ServiceFailed:
        """The end of this process as an error to show."""
        code = self._popen.returncode
        ended = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return ServiceFailed(self.service.name, ended, self.log)

    def stop(self) -> None:
        """Ask it to end, kill it when it takes too long, and leave none of its own children behind."""
        if not self.ended():
            self._popen.send_signal(self.service.stop_signal)
            try:
                self._popen.wait(self.service.stop_seconds)
            except subprocess.TimeoutExpired:
                pass
        kill_group(self.pid)
        self._popen.wait()

    def kill(self) -> None:
        """End it as `kill -9` does, its children too."""
        kill_group(self.pid)
        self._popen.wait()


def _spawn(service: Service, log: Path, lock: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output, lock.open("w") as held:
        # The child inherits the lock and holds it as long as it lives: `stop_leftover` goes by that, since
        # a process id alone may meanwhile belong to somebody else.
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        popen = subprocess.Popen(
            service.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=service.environment,
            pass_fds=[held.fileno()],
            start_new_session=True,  # Ctrl-C reaches the launcher alone, which stops things in order
            preexec_fn=partial(_end_with_parent, service.stop_signal, os.getpid()),  # noqa: PLW1509 - no threads
            **as_account(service.account),
        )
        held.write(str(popen.pid))
    return popen


def _end_with_parent(stop_signal: signal.Signals, parent: int) -> None:
    """In the child: have the kernel send `stop_signal` when the parent dies, however it dies (Linux)."""
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal))
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def as_account(account: str | None) -> dict[str, object]:
    """Popen's arguments for running as another user."""
    return {"user": account, "group": account_group(account), "extra_groups": []} if account else {}


def account_group(account: str) -> int:
    import pwd

    return pwd.getpwnam(account).pw_gid


def stop_leftover(service: Service, folder: Path) -> bool:
    """End a process that an earlier launcher left in `folder`; true when there was one."""
    path = folder / f"{service.name}.pid"
    if not path.exists() or not locked(path):
        return False
    pid = int(path.read_text() or 0)
    if pid:
        _signal(pid, service.stop_signal)
    deadline = time.monotonic() + service.stop_seconds
    while locked(path) and time.monotonic() < deadline:
        time.sleep(0.05)
    if pid:
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
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        pass


def _signal(pid: int, what: signal.Signals) -> None:
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        pass


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, indented to stand out."""
    text = log.read_text(errors="replace").splitlines()[-lines:] if log.exists() else []
    return "\n".join(f"    {line}" for line in text or ["(empty)"])
