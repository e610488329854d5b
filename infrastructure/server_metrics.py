"""What is asked of the servers each time /metrics is read: true also when the process that would count it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import redis
import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from infrastructure.database import Database, Unavailable
from infrastructure.redis_client import redis_client
from infrastructure.workers.waker import waiting
from projections import payments, positions
from projections.projection import Cursor

_log = structlog.get_logger()

_HEAD: Final = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM events_position_seq"
_HELD: Final = """
    SELECT coalesce(max(coalesce(extract(epoch FROM clock_timestamp() - xact_start), 3600)), 0)::float8
    FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
    WHERE relation = 'events'::regclass AND mode = 'RowExclusiveLock' AND granted"""
"""Of a strange login's session PostgreSQL does not tell since when: an hour is enough for an alarm."""

_CONNECTIONS: Final = """
    SELECT application_name, coalesce(state, 'other'), count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1, 2"""
_WEBHOOKS: Final = """
    SELECT state, count(*) FROM provider_webhooks WHERE state IN ('waiting', 'unknown_payment') GROUP BY 1"""
_MAILS: Final = "SELECT status, count(*) FROM mailings WHERE status IN ('pending', 'refused') GROUP BY 1"


class ServerMetrics(Collector):
    """Asks PostgreSQL and Redis. One that does not answer is 0 in `lodger_server_up`, and its figures are missing."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        # As the login itself: PostgreSQL tells what a session does to its own role only.
        self._database = Database(database_url, pool_size=1, role=None, application_name="lodger metrics")
        self._redis = redis_client(redis_url)

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering asks nobody."""
        return []

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("lodger_server_up", "Whether a server answers.", labels=["server"])
        for server, ask in {"postgres": self._of_postgres, "redis": self._of_redis}.items():
            figures = _asked(server, ask)
            up.add_metric([server], figures is not None)
            yield from figures or ()
        yield up

    def _of_postgres(self) -> list[Metric]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            return [*_consumers(cursor), *_rows(cursor)]

    def _of_redis(self) -> list[Metric]:
        messages = GaugeMetricFamily("lodger_queue_messages", "Wake-ups nobody has taken yet.", labels=["queue"])
        for queue, depth in waiting(self._redis).items():
            messages.add_metric([queue], depth)
        return [messages]


def _asked(server: str, ask: Callable[[], list[Metric]]) -> list[Metric] | None:
    try:
        return ask()
    except (Unavailable, redis.RedisError) as error:
        _log.warning("no figures", server=server, error=str(error))
        return None


def _consumers(cursor: Cursor) -> Iterable[Metric]:
    cursor.execute(_HEAD)
    ((head,),) = cursor.fetchall()
    yield GaugeMetricFamily("lodger_log_position", "The last position drawn.", value=head)
    lag = GaugeMetricFamily("lodger_consumer_lag_positions", "Positions of the log not done yet.", labels=["consumer"])
    stopped = GaugeMetricFamily(
        "lodger_consumer_stopped", "1 while it stands still until somebody helps.", labels=["consumer"]
    )
    parked = GaugeMetricFamily(
        "lodger_events_parked", "Events that a read model could not take, and those behind them.", labels=["consumer"]
    )
    for standing in positions.standings(cursor).values():
        lag.add_metric([standing.name], max(0, head - standing.position))
        stopped.add_metric([standing.name], standing.stopped_reason is not None)
        parked.add_metric([standing.name], standing.parked)
    yield lag
    yield stopped
    yield parked
    cursor.execute(_HELD)
    ((seconds,),) = cursor.fetchall()
    yield GaugeMetricFamily(
        "lodger_log_held_seconds", "For how long a transaction that writes events has been open.", value=seconds
    )


def _rows(cursor: Cursor) -> Iterable[Metric]:
    connections = GaugeMetricFamily(
        "lodger_database_connections", "Connections by what they are doing.", labels=["application", "state"]
    )
    cursor.execute(_CONNECTIONS)
    for application, state, count in cursor.fetchall():
        connections.add_metric([application, state], count)
    yield connections
    mails = GaugeMetricFamily("lodger_mails_waiting", "Mails not sent, by status.", labels=["status"])
    cursor.execute(_MAILS)
    for status, count in cursor.fetchall():
        mails.add_metric([status], count)
    yield mails
    webhooks = GaugeMetricFamily(
        "lodger_provider_webhooks",
        "Webhooks of payment providers that wait, or are about no payment.",
        labels=["state"],
    )
    cursor.execute(_WEBHOOKS)
    for state, count in cursor.fetchall():
        webhooks.add_metric([state], count)
    yield webhooks
    needs = GaugeMetricFamily("lodger_payments_waiting", "What of payments waits for an operator.", labels=["needs"])
    for kind, count in payments.waiting(cursor).items():
        needs.add_metric([kind], count)
    yield needs
