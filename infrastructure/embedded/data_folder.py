"""The folder of a stack: who uses it, the secrets made for it, where its running servers are."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infrastructure.embedded.processes import locked
from infrastructure.refusals import Refused

_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by mkdtemp
_ENOUGH_BYTES = 1 << 30
_TEMPORARY = "lodger-tmp-"

SECRETS = ("LODGER_SECRET_KEY", "LODGER_OPERATOR_TOKEN")
"""The settings that development makes for itself."""


class AlreadyRunning(Refused):
    """Another stack uses the folder; the message names the command to run."""


class DataFolder:
    """`path` holds `lock`, `secrets.json`, `stack.json`, and what the servers keep, each in a folder of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock = self.path / "lock"
        self._stack = self.path / "stack.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder this process's own. Raises AlreadyRunning."""
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        with self._lock.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise AlreadyRunning(
                    f"A stack with process id {lock.read()} is running from {self.path}. "
                    f"Stop it with Ctrl-C, or use another folder: ./run up --data DIR"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            self._stack.unlink(missing_ok=True)  # a killed one's
            try:
                yield
            finally:
                self._stack.unlink(missing_ok=True)

    def secrets(self) -> dict[str, str]:
        """The development secrets as settings; made and kept at the first call."""
        path = self.path / "secrets.json"
        if not path.exists():
            self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
            _write_private(path, {name: secrets.token_urlsafe(32) for name in SECRETS})
        return _read(path)

    def publish(self, environment: Mapping[str, str]) -> None:
        """Let other commands find the running stack."""
        _write_private(self._stack, environment)

    def published(self) -> dict[str, str]:
        """The environment of the stack that runs from here; empty when none does."""
        running = self._lock.exists() and os.access(self._lock, os.W_OK) and locked(self._lock)
        return _read(self._stack) if running and self._stack.exists() else {}


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder gone afterwards, in memory where there is room. What a killed process left goes the next time."""
    parent = _MEMORY if _has_room(_MEMORY) else Path(tempfile.gettempdir())
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=parent))
    folder.chmod(0o711)  # PostgreSQL's user has to pass through when we are root
    with (folder / "alive").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ENOUGH_BYTES


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_TEMPORARY}*"):
        alive = folder / "alive"
        if os.access(alive, os.W_OK) and not locked(alive):
            shutil.rmtree(folder, ignore_errors=True)


def _write_private(path: Path, content: Mapping[str, str]) -> None:
    """Atomically, and readable by this user alone from its first byte."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(dict(content), file, indent=1)
    unfinished.replace(path)


def _read(path: Path) -> dict[str, str]:
    content: dict[str, str] = json.loads(path.read_text())
    return content
