"""`lodger worker`: projections, reactions and mail."""

from __future__ import annotations

import os
import sys

import click

from infrastructure.cli.environment import current_settings
from infrastructure.counts import keep_apart
from infrastructure.embedded.processes import end_with_parent


@click.command()
def command() -> None:
    """Run the worker until it is told to stop; what it is doing is finished first."""
    settings = current_settings()
    keep_apart()
    # Milliseconds a consumer waits for messages. Dramatiq reads it when it is imported.
    os.environ.setdefault("dramatiq_worker_timeout", "10")
    from dramatiq.cli import main

    # Dramatiq forks its workers; they end with it even when it is killed.
    os.register_at_fork(after_in_child=end_with_parent)
    options = ["--processes", "1", "--threads", str(settings.worker_threads), "--worker-shutdown-timeout", "8000"]
    sys.argv = ["dramatiq", *options, "infrastructure.workers.app"]
    sys.exit(main())  # type: ignore[no-untyped-call]
