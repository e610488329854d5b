"""The cache in Redis: a fixed number of places, so that it never takes more room than they do."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import redis

from infrastructure.redis_client import redis_client
from infrastructure.settings import Settings

VALUE_BYTES_MAX: Final = 128 * 1024
"""Larger answers are not kept: with the number of places this bounds the room that all of them take."""

_WAITS_SECONDS: Final = 0.1
"""Whoever searches waits for it, and then for the search: longer, and it would have been found by now."""
_KEY_BYTES: Final = 32
_PREFIX: Final = "lodger:cache:"


class RedisCache:
    """Implements `api.cache.Cache`. Of keys that share a place the last one has it.

    A Redis that is away, or was emptied, has nothing: everything here is found again in the database.
    """

    def __init__(self, redis_url: str, entries: int, seconds: int) -> None:
        self._client = redis_client(redis_url, _WAITS_SECONDS)
        self._entries = entries
        self._seconds = seconds

    def get(self, key: bytes) -> bytes | None:
        """See `Cache.get`."""
        try:
            held = self._client.get(self._place(key))
        except redis.RedisError:
            return None
        if not isinstance(held, bytes) or held[:_KEY_BYTES] != key:
            return None
        return held[_KEY_BYTES:]

    def put(self, key: bytes, value: bytes) -> None:
        """See `Cache.put`."""
        if len(value) <= VALUE_BYTES_MAX:
            with suppress(redis.RedisError):
                self._client.set(self._place(key), key + value, ex=self._seconds)

    def clear(self) -> None:
        """Keep nothing that is there now. With Redis away it is gone once its seconds are over."""
        with suppress(redis.RedisError):
            self._client.unlink(*(f"{_PREFIX}{place}" for place in range(self._entries)))

    def _place(self, key: bytes) -> str:
        return f"{_PREFIX}{int.from_bytes(key[:8]) % self._entries}"


def cache(settings: Settings) -> RedisCache | None:
    """What these settings ask for."""
    if not settings.cache:
        return None
    return RedisCache(settings.redis_url, settings.cache_entries, settings.cache_seconds)


def forget_kept_answers(settings: Settings) -> None:
    """When somebody is erased: nobody is answered with them any more, and now they are not there either."""
    held = cache(settings)
    if held is not None:
        held.clear()
