"""What /readyz asks. Redis is not among it: without it everything goes on, a little later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from infrastructure.database import Database
from projections import positions


def checks(database: Database) -> Mapping[str, Callable[[], object]]:
    """Each by name: it returns, or raises what is wrong."""
    return {"postgres": partial(_postgres_answers, database), "consumers": partial(_nothing_is_stopped, database)}


def _postgres_answers(database: Database) -> None:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _nothing_is_stopped(database: Database) -> None:
    """A read model or the reactions stand still until somebody helps."""
    with database.connection() as connection, connection.cursor() as cursor:
        stopped = [at for at in positions.standings(cursor).values() if at.stopped_reason]
    if stopped:
        raise RuntimeError("; ".join(f"{at.name}: {at.stopped_reason}" for at in stopped))
