"""`lodger worker projections` and `lodger worker reactions`."""

from __future__ import annotations

import os
import sys

import click

from infrastructure import logs
from infrastructure.cli.environment import current_settings
from infrastructure.counts import keep_apart
from infrastructure.embedded.processes import end_with_parent
from infrastructure.workers.queues import QUEUES, Queue


@click.command()
@click.argument("queue", type=click.Choice(QUEUES))
def command(queue: Queue) -> None:
    """Run a worker until it is told to stop; what it is doing is finished first.

    "projections" keeps what people look at; "reactions" carries out what follows from events, keeps the other read
    models, expires holds, sends mail.
    """
    logs.take_over(current_settings())  # refused here, with all that is wrong, and not by Dramatiq
    keep_apart()
    # How often threads that wait look whether they are to end, in milliseconds, and how many messages are taken.
    # Dramatiq reads them when it is imported.
    os.environ.setdefault("dramatiq_worker_timeout", "100")
    os.environ.setdefault("dramatiq_queue_prefetch", "1")
    from dramatiq.cli import main

    # Dramatiq forks its workers; they end with it even when it is killed.
    os.register_at_fork(after_in_child=end_with_parent)
    # One thread takes messages: what they wake does all there is to do, and a second one would find it busy.
    options = ["--processes", "1", "--threads", "1", "--worker-shutdown-timeout", "8000", "--skip-logging"]
    sys.argv = ["dramatiq", *options, f"infrastructure.workers.app:{queue}"]
    sys.exit(main())  # type: ignore[no-untyped-call]
