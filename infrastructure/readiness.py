"""What /readyz asks.

Of the servers only PostgreSQL decides: with Redis away or the read models behind, bookings go on, and taking every API
out of service for it would make a small trouble a large one. Both are told all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import redis

from infrastructure.database import Database
from infrastructure.keyring import Keyring
from infrastructure.leaving import LEAVING
from infrastructure.redis_client import redis_client
from projections import positions


class Leaves(Exception):
    """It will be gone in some seconds."""


def checks(database: Database, redis_url: str) -> Mapping[str, Callable[[], str]]:
    """Each by name: it answers "ok" or what people should know, or raises what keeps this process from serving."""
    return {
        "stays": _stays,
        "postgres": partial(_postgres, database),
        "redis": partial(_redis, redis_client(redis_url)),
        "read_models": partial(_read_models, database),
    }


def keys_open(keyring: Keyring) -> str:
    """Raises WrongSecretKey."""
    keyring.read()
    return "ok"


def _stays() -> str:
    if LEAVING.is_set():
        raise Leaves
    return "ok"


def _postgres(database: Database) -> str:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _redis(client: redis.Redis) -> str:
    try:
        client.ping()
    except redis.RedisError:
        return "away: workers look for news once a second, each process counts requests alone"
    return "ok"


def _read_models(database: Database) -> str:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(position), 0) FROM events")
        ((head,),) = cursor.fetchall()
        standings = positions.standings(cursor).values()
    troubles = [f"{at.name} stopped" for at in standings if at.stopped_reason]
    troubles += [f"{at.name} has {at.parked} parked events" for at in standings if at.parked]
    troubles += [f"{at.name} is {head - at.position} behind" for at in standings if at.position < head]
    return "; ".join(troubles) or "ok"
