"""The way to Redis: nothing waits for it longer than a quarter of a second, and not at all while it is away."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, get_ident
from time import monotonic
from typing import Any, Final, TypeVar

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

_SOCKET_SECONDS: Final = 0.25
_AWAY_SECONDS: Final = 1.0
"""After a failure, before Redis is asked once more."""

T = TypeVar("T")

_log = structlog.get_logger()


def redis_client(url: str, seconds: float = _SOCKET_SECONDS) -> redis.Redis:
    """A client that gives up on Redis after so many seconds: nothing here may wait for it.

    Every failure is a redis.RedisError. After one, further calls fail at once, but for one a second that looks whether
    Redis is back. An address should not stand for several: each would be waited for.
    """
    return redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=_Breaker())


class _Breaker(Retry):
    """What the library asks around each connecting and each command, here once for all connections of a client.

    It tries nothing again: a second attempt would wait as long as the first.
    """

    def __init__(self) -> None:
        super().__init__(NoBackoff(), 0)
        self._lock = Lock()
        self._is_away = False
        self._looks_again_at = 0.0
        self._looker: int | None = None

    def __deepcopy__(self, _: dict[int, Any]) -> _Breaker:
        """The library copies it for each connection, and they are to know of each other's failures."""
        return self

    def call_with_retry(
        self,
        do: Callable[[], T],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> T:
        if self._is_away and not self._may_look():
            raise redis.ConnectionError("Redis was away a moment ago.")
        try:
            result = super().call_with_retry(do, fail, is_retryable, with_failure_count)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            self._open(error)
            raise
        # Only commands count failures. Connecting proves nothing: done is done, even if nobody is there any more.
        if self._is_away and with_failure_count:
            self._close()
        return result

    def _may_look(self) -> bool:
        """Whether this thread looks again, by connecting and one command: the others do not wait with it."""
        thread, now = get_ident(), monotonic()
        with self._lock:
            if self._looker != thread and now < self._looks_again_at:
                return False
            self._looker, self._looks_again_at = thread, now + _AWAY_SECONDS
            return True

    def _open(self, error: Exception) -> None:
        with self._lock:
            if not self._is_away:
                _log.warning("redis is away", error=str(error))
            self._is_away, self._looker, self._looks_again_at = True, None, monotonic() + _AWAY_SECONDS

    def _close(self) -> None:
        with self._lock:
            self._is_away, self._looker = False, None
        _log.info("redis is back")
