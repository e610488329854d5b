"""The notary: adds what was appended to the log's hash tree, signs what the tree is then, and has it kept outside."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

import structlog
from psycopg2.extras import execute_values

from application.keys import KeysNow
from domain.checkpoints import Checkpoint
from domain.log_leaves import Record
from domain.merkle import GrowingTree
from infrastructure.database import Database
from infrastructure.event_store.log_reader import LogReader
from infrastructure.file_stores import StoreUnavailable
from infrastructure.proofs import ed25519
from infrastructure.proofs.outside import Contradicted, Outside
from infrastructure.proofs.records import stretch
from projections import log_tree
from projections.projection import Cursor

EVERY_SECONDS: Final = 60.0
EVERY_EVENTS: Final = 1_000
"""A checkpoint is due when either is reached, if there is anything new."""

_LOCK: Final = "hashtextextended('lodger notary', 0)"

_COPIED: Final = "INSERT INTO log_checkpoint_copies (size) VALUES (%s) ON CONFLICT DO NOTHING"

_log = structlog.get_logger()


class Notary:
    """Signs a checkpoint whenever one is due; asked every second. Any number of processes may have one.

    `keys` are those of checkpoints; `where` is the public URL, after which a log names itself once and for all.
    """

    def __init__(
        self,
        database: Database,
        log: LogReader,
        keys: KeysNow,
        outside: Outside,
        where: str,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._database = database
        self._log = log
        self._keys = keys
        self._outside = outside
        self._where = where
        self._clock = clock
        self._next = 0.0
        self._signed_upto = 0

    def run(self) -> None:
        """Raises Unavailable."""
        is_time = self._clock() >= self._next
        safe = self._log.safe_position()
        if is_time or safe - self._signed_upto >= EVERY_EVENTS:
            self.sign(safe)
            self._next = self._clock() + EVERY_SECONDS
        self._hand_out()

    def sign(self, safe: int) -> None:
        """Sign everything up to a safe position: a checkpoint for each thousand events. Raises Unavailable."""
        key = self._keys().current.secret  # before the transaction: reading the ring may take another connection
        while self._sign_some(key, safe):
            pass
        self._signed_upto = safe

    def _sign_some(self, key: bytes, safe: int) -> bool:
        """A transaction of its own: so the tree and its checkpoint are there together, or neither is."""
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_try_advisory_xact_lock({_LOCK})")
            if cursor.fetchone() != (True,):
                return False  # another one is at it
            last = log_tree.last_leaf(cursor)
            found = stretch(connection, last.position if last else 0, safe, EVERY_EVENTS)
            if found:
                tree = grow(cursor, found)
                checkpoint = self._checkpoint(cursor, tree, found[-1].position)
                _keep(cursor, checkpoint, key)
        return len(found) == EVERY_EVENTS

    def _checkpoint(self, cursor: Cursor, tree: GrowingTree, position: int) -> Checkpoint:
        origin = log_tree.origin(cursor)
        if origin is None:
            where = urlsplit(self._where)
            origin = f"{where.netloc}{where.path.rstrip('/')}/v1/log/{secrets.token_hex(8)}"
            cursor.execute("INSERT INTO log_origin (origin) VALUES (%s)", [origin])
        cursor.execute("SELECT clock_timestamp()")
        ((now,),) = cursor.fetchall()
        return Checkpoint(origin, tree.size, tree.root, position, now)

    def _hand_out(self) -> None:
        """Have those that are not outside yet written there, in order. What is away is tried again the next time."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(size), 0), (SELECT origin FROM log_origin) FROM log_checkpoint_copies")
            ((copied, origin),) = cursor.fetchall()
            for kept in log_tree.checkpoints(cursor, copied, EVERY_EVENTS):
                try:
                    self._outside.keep(origin, kept.size, kept.note)
                except StoreUnavailable as error:
                    _log.warning("checkpoints are not written outside", error=str(error))
                    return
                except Contradicted as error:
                    # Nothing can be put right here: whoever verifies the log is told, and it is said until then.
                    _log.error("the log contradicts a checkpoint outside", error=str(error))
                cursor.execute(_COPIED, [kept.size])


def grow(cursor: Cursor, records: Sequence[Record]) -> GrowingTree:
    """Add the next events to the kept tree; it costs what they are, not what the log is."""
    tree = log_tree.growing(cursor)
    leaves, subtrees = [], []
    for record in records:
        (node, leaf), *completed = tree.add(record.hash)
        leaves.append((node.number, record.position, leaf))
        subtrees += [(node.level, node.number, kept) for node, kept in completed]
    execute_values(cursor, "INSERT INTO log_leaves (leaf_index, position, hash) VALUES %s", leaves, page_size=1_000)
    if subtrees:
        execute_values(cursor, "INSERT INTO log_subtrees (level, number, hash) VALUES %s", subtrees, page_size=1_000)
    return tree


def _keep(cursor: Cursor, checkpoint: Checkpoint, secret: bytes) -> None:
    key = ed25519.public_key(checkpoint.origin, secret)
    # No later than what it signs: by that, whoever hands out a stretch of the log knows which keys belong to it.
    cursor.execute(
        "INSERT INTO log_keys (public_key, made_at) VALUES (%s, %s) ON CONFLICT DO NOTHING", [key.text, checkpoint.time]
    )
    cursor.execute(
        "INSERT INTO log_checkpoints (size, position, made_at, note) VALUES (%s, %s, %s, %s)",
        [checkpoint.size, checkpoint.position, checkpoint.time, ed25519.sign(checkpoint, secret)],
    )
