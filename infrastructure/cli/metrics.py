"""`lodger metrics`: what the API and the workers count."""

from __future__ import annotations

import threading

import click
from prometheus_client import start_http_server

from infrastructure import logs
from infrastructure.cli.environment import current_settings
from infrastructure.counts import of_all_hosts
from infrastructure.server_metrics import ServerMetrics


@click.command()
def command() -> None:
    """Serve /metrics, on a port of its own: what all processes that share PROMETHEUS_MULTIPROC_DIR counted, and what
    the servers answer when asked."""
    settings = current_settings()
    logs.take_over(settings)
    registry = of_all_hosts()
    registry.register(ServerMetrics(settings.database_url, settings.redis_url))
    start_http_server(settings.metrics_port, addr=settings.internal_host, registry=registry)
    threading.Event().wait()
