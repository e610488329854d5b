"""The way to Redis: nothing waits for it longer than a quarter of a second."""

from __future__ import annotations

from typing import Final

import redis

_SOCKET_SECONDS: Final = 0.25


def redis_client(url: str) -> redis.Redis:
    """A client that gives up on Redis quickly: nothing here may wait for it."""
    return redis.Redis.from_url(url, socket_timeout=_SOCKET_SECONDS, socket_connect_timeout=_SOCKET_SECONDS)
