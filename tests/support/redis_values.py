"""What Redis has under a key, whatever kind it is of."""

from __future__ import annotations

from typing import cast

import redis


def value_of(client: redis.Redis, key: bytes) -> object:
    match cast("bytes", client.type(key)):
        case b"string":
            return client.get(key)
        case b"hash":
            return client.hgetall(key)
        case b"list":
            return client.lrange(key, 0, -1)
        case b"set":
            return client.smembers(key)
        case b"zset":
            return client.zrange(key, 0, -1)
        case kind:
            assert kind == b"none", f"how is {kind!r} read?"
            return None
