"""The way to PostgreSQL: SQLAlchemy's engine and pool, psycopg2's connection."""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from queue import Empty, SimpleQueue
from time import monotonic
from types import TracebackType
from typing import Any
from uuid import UUID

import msgspec
import psycopg2
import sqlalchemy
from psycopg2 import extensions
from psycopg2.extras import register_default_json, register_default_jsonb, register_uuid
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.pool.base import _ConnectionRecord
from sqlalchemy.util.queue import Empty as PoolEmpty
from sqlalchemy.util.queue import QueueCommon

from infrastructure.rights import TRANSACTION_SECONDS, WRITER_ROLE
from infrastructure.roles import MAY_SET

POOL_TIMEOUT_SECONDS = 2.0
_UNDER_WAY = (extensions.TRANSACTION_STATUS_INTRANS, extensions.TRANSACTION_STATUS_INERROR)
_BRIEFLY_IDLE_SECONDS = 0.2
"""A connection that was in use so shortly ago is not asked whether it was closed: even that takes time."""

_IDLE_SECONDS = 600.0
"""After that the server ends what nobody uses: a machine that lost its power says no good-bye and may hold locks."""

register_uuid()  # type: ignore[no-untyped-call]  # so its stubs have it; for what is sent
# What is read is read by msgspec: a tenth of the time for a UUID, and each row of the log has two.
_UUID_OID = 2950
_UUIDS = extensions.new_type(
    (_UUID_OID,), "UUID", lambda text, _: None if text is None else msgspec.convert(text, UUID)
)
for register in (register_default_json, register_default_jsonb):
    register(globally=True, loads=msgspec.json.decode)


class Unavailable(ConnectionError):
    """PostgreSQL could not do it now: no connection, no free one in the pool, a time-out, a deadlock that stayed.

    Nothing was decided by a rule; the caller may try again (HTTP 503). When the connection broke during a commit,
    what became of it is unknown: only an idempotency key makes trying again safe.
    """


class Connection(extensions.connection):
    """A psycopg2 connection that remembers which statements it has prepared."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepared: dict[str, str] = {}  # the EXECUTE of each
        self._cursor = self.cursor()
        self.idle_since = monotonic()

    def was_closed(self) -> bool:
        """Found out without a round trip: nothing is ever said to an idle connection except that it is over."""
        poller = select.poll()
        poller.register(self.fileno(), select.POLLIN | select.POLLHUP)
        return bool(poller.poll(0))

    def end_transaction(self) -> None:
        """End a transaction that was begun by a statement: psycopg2 knows only of its own."""
        self._cursor.execute("ROLLBACK")

    def run_prepared(self, name: str, statement: str, arguments: Sequence[object]) -> list[tuple[Any, ...]]:
        """Execute `statement` (with `$1`, `$2`, …) as the prepared statement `name`, in one round trip.

        The first use on a connection takes one more, to prepare it.
        """
        return self.ask_prepared(name, statement, arguments).fetchall()

    def ask_prepared(self, name: str, statement: str, arguments: Sequence[object]) -> extensions.cursor:
        """The same, with the rows still to be fetched: at once, the cursor is the connection's own."""
        execute = self._prepared.get(name)
        if execute is None:
            execute = f"EXECUTE {name} ({', '.join(['%s'] * len(arguments))})"
            self._cursor.execute(f"PREPARE {name} AS {statement}")
            self._prepared[name] = execute
        self._cursor.execute(execute, arguments)
        return self._cursor


class _Waiting(QueueCommon[ConnectionPoolEntry]):
    """The pool's entries that nobody uses, in a queue written in C. It is never full: the pool has no more of them."""

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:
        self.maxsize, self.use_lifo = maxsize, use_lifo
        self._entries: SimpleQueue[ConnectionPoolEntry] = SimpleQueue()

    def qsize(self) -> int:
        return self._entries.qsize()

    def put(self, item: ConnectionPoolEntry, block: bool = True, timeout: float | None = None) -> None:
        self._entries.put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> ConnectionPoolEntry:
        try:
            return self._entries.get(block, timeout)
        except Empty as error:
            raise PoolEmpty from error


class _Pool(QueuePool):
    """SQLAlchemy's pool, which also lends its entries as they are.

    The proxy that it otherwise makes for each use takes longer than anything else a client does for an append. What
    is lent counts as checked out, is waited for and is replaced when it was invalidated, as ever; the proxy's part
    is left to the borrower: to end its transaction and to give the entry back.
    """

    _queue_class = _Waiting

    def lend(self) -> ConnectionPoolEntry:
        """An entry with an open connection. Raises SQLAlchemy's TimeoutError, and what connecting raises."""
        entry: _ConnectionRecord = self._do_get()  # type: ignore[assignment]  # it has no others
        try:
            entry.get_connection()
        except BaseException:
            self._do_return_conn(entry)
            raise
        return entry

    take_back = QueuePool._do_return_conn
    """For others to use; one that was invalidated connects again when it is lent the next time."""


def engine_url(url: str) -> URL:
    """The URL with the driver named: SQLAlchemy takes a bare `postgresql://` for psycopg 3."""
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+psycopg2")


class Database:
    """A pool of connections to one database.

    `role` is taken by every new connection when it exists and the login is its member, so that whatever runs here
    holds that role's few rights whoever it logs in as; None keeps the login's own. `transaction_timeout` is in seconds,
    by default the role's: a statement is cancelled shortly before, and a transaction that is still open then is ended
    with its connection. `lock_timeout` is how long a lock is waited for. 0 is no limit.
    """

    def __init__(
        self,
        url: str,
        pool_size: int = 8,
        *,
        role: str | None = WRITER_ROLE,
        application_name: str = "lodger",
        transaction_timeout: float | None = None,
        lock_timeout: float = 1.5,
    ) -> None:
        seconds = TRANSACTION_SECONDS[role] if transaction_timeout is None else transaction_timeout
        settings = {
            "timezone": "UTC",
            "search_path": "public",
            "default_transaction_isolation": r"read\ committed",  # kept answers and the nights guard rest on it
            # The longer of two limits counts for nothing, and this is the one that keeps the connection.
            "statement_timeout": _milliseconds(seconds * 0.9),
            "lock_timeout": _milliseconds(lock_timeout),
            "idle_in_transaction_session_timeout": _milliseconds(seconds),
            "idle_session_timeout": _milliseconds(_IDLE_SECONDS),
        }
        self._transaction_timeout = _milliseconds(seconds)
        self._role = role
        self.losses = 0
        """How many connections broke. Whoever remembers something about the server forgets it when this grows:
        a crash closes every connection, and takes back what was not yet durable."""
        self.engine = sqlalchemy.create_engine(
            engine_url(url),
            poolclass=_Pool,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_SECONDS,
            pool_reset_on_return=None,  # done below, for connections that need it
            connect_args={
                "application_name": application_name,
                "connect_timeout": 2,
                "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
                "connection_factory": Connection,
            },
        )
        event.listen(self.engine, "connect", self._prepare)

    def connection(self) -> AbstractContextManager[Connection]:
        """A connection in autocommit: each statement is its own transaction. Raises Unavailable."""
        return _CheckOut(self)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection inside BEGIN … COMMIT, rolled back when the block raises. Raises Unavailable."""
        with self.connection() as connection:
            connection.autocommit = False
            with connection:
                yield connection

    @contextmanager
    def brief_transaction(self) -> Iterator[Connection]:
        """A connection on which the block's first statement begins a transaction (`BEGIN; …`) and its last one ends it
        (`…; COMMIT`): two round trips fewer. Rolled back when it has not come so far. Raises Unavailable."""
        with self.connection() as connection:
            try:
                yield connection
            finally:
                if connection.info.transaction_status in _UNDER_WAY:
                    connection.end_transaction()

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    def _prepare(self, connection: Connection, _record: object) -> None:
        """Act as the role, where it exists and this login may."""
        extensions.register_type(_UUIDS, connection)  # over the one that SQLAlchemy has registered on it
        with connection.cursor() as cursor:
            # Servers before version 17 do not know it.
            cursor.execute(
                f"""SELECT set_config(name, %s, false) FROM pg_settings WHERE name = 'transaction_timeout';
                    SELECT set_config('role', rolname, false) FROM pg_roles WHERE rolname = %s AND {MAY_SET}""",  # noqa: S608
                [self._transaction_timeout, self._role],
            )
        connection.commit()


def _milliseconds(seconds: float) -> str:
    """As PostgreSQL's settings have it; 0 is no limit there too."""
    return f"{seconds * 1000:.0f}"


class _CheckOut:
    """A connection of the pool while the `with` block lasts, in autocommit.

    Part of every round trip, so it is no generator and calls little: each call takes a microsecond or two.
    """

    __slots__ = ("_connection", "_database", "_entry", "_pool")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Connection:
        pool: _Pool = self._database.engine.pool  # type: ignore[assignment]  # see create_engine
        self._pool = pool  # another one after close()
        try:
            while True:
                self._entry = entry = pool.lend()
                connection: Connection = entry.dbapi_connection  # type: ignore[assignment]  # its factory is ours
                if monotonic() - connection.idle_since < _BRIEFLY_IDLE_SECONDS or not connection.was_closed():
                    break
                self._discard()
                pool.take_back(entry)
        except (PoolTimeout, DBAPIError, psycopg2.OperationalError) as error:
            raise Unavailable(str(error)) from error
        connection.autocommit = True
        self._connection = connection
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        connection = self._connection
        try:
            if connection.closed:
                self._discard()
            else:
                if connection.status != extensions.STATUS_READY:
                    connection.rollback()
                connection.autocommit = False
        finally:
            connection.idle_since = monotonic()
            self._pool.take_back(self._entry)
        if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
            raise Unavailable(str(error)) from error

    def _discard(self) -> None:
        """Close what broke; its entry connects again for whoever is next."""
        self._database.losses += 1
        self._entry.invalidate()
