"""`lodger metrics`: what the API and the workers count."""

from __future__ import annotations

import os
import threading

import click
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from infrastructure.cli.environment import current_settings
from infrastructure.refusals import Refused


@click.command()
def command() -> None:
    """Serve /metrics, on a port of its own, for all processes that share PROMETHEUS_MULTIPROC_DIR."""
    settings = current_settings()
    if not os.path.isdir(os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")):
        raise Refused("PROMETHEUS_MULTIPROC_DIR should be a folder that the API and the workers share")
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    start_http_server(settings.metrics_port, addr="127.0.0.1", registry=registry)
    threading.Event().wait()
