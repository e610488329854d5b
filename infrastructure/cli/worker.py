"""`lodger worker`: projections, reactions and mail."""

from __future__ import annotations

import os
import sys

import click

from infrastructure.cli.environment import current_settings


@click.command()
def command() -> None:
    """Run the worker until it is told to stop; what it is doing is finished first."""
    settings = current_settings()
    # Milliseconds a consumer waits for messages. Dramatiq reads it when it is imported.
    os.environ.setdefault("dramatiq_worker_timeout", "10")
    options = ["--processes", "1", "--threads", str(settings.worker_threads), "--worker-shutdown-timeout", "8000"]
    os.execv(sys.executable, [sys.executable, "-m", "dramatiq", "infrastructure.workers.app", *options])  # noqa: S606 - no shell wanted
