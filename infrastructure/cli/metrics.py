"""`lodger metrics`: what the API and the workers count."""

from __future__ import annotations

import threading

import click
from prometheus_client import start_http_server

from infrastructure.cli.environment import current_settings
from infrastructure.counts import of_all_hosts


@click.command()
def command() -> None:
    """Serve /metrics, on a port of its own, for all processes that share PROMETHEUS_MULTIPROC_DIR."""
    settings = current_settings()
    start_http_server(settings.metrics_port, addr=settings.internal_host, registry=of_all_hosts())
    threading.Event().wait()
