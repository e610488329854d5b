"""`lodger serve`: the API by itself."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

import click
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from infrastructure import logs
from infrastructure.cli.environment import current_settings
from infrastructure.counts import keep_apart
from infrastructure.embedded.processes import end_with_parent
from infrastructure.turns import Turns

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def application() -> WSGIApplication:
    """In each of the server's processes: the API, which ends with the server even when that is killed."""
    end_with_parent()
    # A request that computes for a millisecond is done before another thread may interrupt it; most wait for
    # PostgreSQL long before. Measured: a twentieth less CPU for a booking.
    sys.setswitchinterval(0.02)
    from infrastructure.wsgi import app

    # What was imported stays: the collector need not look at it each time, nor look so often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    settings = current_settings()
    return Turns(
        app, settings.api_threads, bodies=None if settings.trusted_proxies else max(1, settings.body_threads // 4)
    )


@click.command()
def command() -> None:
    """Run the API until it is told to stop; requests under way are finished first."""
    settings = current_settings()
    logs.take_over(settings)
    keep_apart()
    Granian(
        "infrastructure.cli.serve:application",
        factory=True,
        address=settings.http_host,
        port=settings.http_port,
        interface=Interfaces.WSGI,
        workers=settings.api_workers,
        blocking_threads=settings.api_threads + settings.body_threads,
        # A burst of bookings waits in the queue rather than being refused a connection. Each process takes as many
        # connections as there may be: one that clients keep open counts while idle, and must not keep others out.
        backlog=settings.backlog,
        backpressure=settings.backlog,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            max_buffer_size=settings.header_limit, header_read_timeout=settings.header_seconds * 1000
        ),
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=10,
        websockets=False,
        log_level=LogLevels(settings.log_level),
        log_dictconfig=logs.for_granian(settings),
    ).serve()
