"""Browser sessions in Redis; that they were ended all at once, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
import redis
import structlog

from application.session_ports import Session, SessionsUnavailable
from domain.policies import SESSION_END
from infrastructure.database import Database
from infrastructure.redis_client import redis_client

_log = structlog.get_logger()


class RedisSessions:
    """Implements `application.session_ports.Sessions`.

    `session:<digest>` is a session, `sessions-of:<user>` a hash of the digests of that user's sessions by their ids;
    of those that have run out the next reading forgets them.
    """

    def __init__(self, database: Database, redis_url: str) -> None:
        self._database = database
        self._redis = redis_client(redis_url)

    def must_answer(self) -> None:
        """See the port."""
        with _answering():
            self._redis.ping()

    def generation(self, user_id: UUID) -> int:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT generation FROM session_generations WHERE user_id = %s", [user_id])
            row = cursor.fetchone()
        return int(row[0]) if row else 0

    def keep(self, digest: bytes, session: Session, lives: timedelta) -> None:
        """See the port."""
        with _answering(), self._redis.pipeline() as pipeline:
            pipeline.set(_key(digest), msgspec.json.encode(session), px=lives)
            pipeline.hset(_index(session.user_id), str(session.session_id), digest.hex())
            pipeline.pexpire(_index(session.user_id), SESSION_END)
            pipeline.execute()

    def find(self, digest: bytes) -> Session | None:
        """See the port."""
        with _answering():
            session = _read(self._redis.get(_key(digest)))
        return session if session and session.generation == self.generation(session.user_id) else None

    def saw(self, digest: bytes, session: Session, lives: timedelta) -> None:
        """See the port."""
        with _answering():
            self._redis.set(_key(digest), msgspec.json.encode(session), px=lives, xx=True)

    def of_user(self, user_id: UUID) -> Sequence[Session]:
        """See the port."""
        generation = self.generation(user_id)
        with _answering():
            found = [session for session in self._all(user_id).values() if session.generation == generation]
        return sorted(found, key=lambda session: session.began_at, reverse=True)

    def end(self, user_id: UUID, session_id: UUID) -> bool:
        """See the port."""
        with _answering():
            digest = self._redis.hget(_index(user_id), str(session_id))
            if digest is None:
                return False
            with self._redis.pipeline() as pipeline:
                pipeline.delete(_key(bytes.fromhex(cast("bytes", digest).decode())))
                pipeline.hdel(_index(user_id), str(session_id))
                ended, _ = pipeline.execute()
        return bool(ended)

    def end_all(self, user_id: UUID, *, keep: str | None = None) -> None:
        """See the port. Tidying Redis may fail: what it has is of an earlier generation."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO session_generations AS known (user_id, generation) VALUES (%s, 1)
                   ON CONFLICT (user_id) DO UPDATE SET generation = known.generation + 1 RETURNING generation""",
                [user_id],
            )
            ((generation,),) = cursor.fetchall()
        try:
            with _answering():
                self._tidy(user_id, generation, keep)
        except SessionsUnavailable as error:
            _log.warning("sessions ended, and left in redis", error=str(error))

    def _tidy(self, user_id: UUID, generation: int, keep: str | None) -> None:
        with self._redis.pipeline() as pipeline:
            for digest, session in self._all(user_id).items():
                if str(session.session_id) == keep and session.generation == generation - 1:
                    kept = msgspec.json.encode(replace(session, generation=generation))
                    pipeline.set(_key(digest), kept, keepttl=True, xx=True)
                else:
                    pipeline.delete(_key(digest))
                    pipeline.hdel(_index(user_id), str(session.session_id))
            pipeline.execute()

    def _all(self, user_id: UUID) -> dict[bytes, Session]:
        """Sessions of a user by their digests; those that ran out leave the index."""
        index = cast("dict[bytes, bytes]", self._redis.hgetall(_index(user_id)))
        if not index:
            return {}
        digests = [bytes.fromhex(digest.decode()) for digest in index.values()]
        found = [_read(raw) for raw in cast("list[Any]", self._redis.mget([_key(digest) for digest in digests]))]
        gone = [session_id for session_id, session in zip(index, found, strict=True) if session is None]
        if gone:
            self._redis.hdel(_index(user_id), *gone)
        return {digest: session for digest, session in zip(digests, found, strict=True) if session}


@contextmanager
def _answering() -> Iterator[None]:
    """Raises SessionsUnavailable for whatever Redis cannot do now."""
    try:
        yield
    except redis.RedisError as error:
        raise SessionsUnavailable(type(error).__name__) from error


def _read(raw: Any) -> Session | None:
    return None if raw is None else msgspec.json.decode(raw, type=Session)


def _key(digest: bytes) -> str:
    return f"session:{digest.hex()}"


def _index(user_id: UUID) -> str:
    return f"sessions-of:{user_id}"
