"""`lodger serve`: the API by itself."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from functools import partial
from threading import Timer
from typing import TYPE_CHECKING, Any, Final

import click
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from infrastructure import logs
from infrastructure.cli.environment import current_settings
from infrastructure.counts import keep_apart
from infrastructure.embedded.processes import end_with_parent
from infrastructure.leaving import LEAVING
from infrastructure.refusals import Refused
from infrastructure.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication

SAY_SO: Final = signal.SIGUSR1
"""What the server sends its processes when it is told to stop, and they have to say so on /readyz."""


class Server(MPServer):
    """Told to stop, it goes on for `drain_seconds`: who connects in the moment it stops is taken, and cut off.

    Told twice, it stops.
    """

    drain_seconds = 0
    pinned = False
    _was_told = False

    def signal_handler_interrupt(self, *arguments: Any, **named: Any) -> None:
        stop = partial(super().signal_handler_interrupt, *arguments, **named)
        if self._was_told or not self.drain_seconds:
            stop()
            return
        self._was_told = True
        for process in multiprocessing.active_children():
            if process.pid is not None:
                os.kill(process.pid, SAY_SO)
        Timer(self.drain_seconds, stop).start()

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any, *rest: Any) -> Any:
        """With `pinned` each process has a processor, and one that takes another's place has that one's."""
        loader = partial(_kept_to, idx, callback_loader) if self.pinned else callback_loader
        return super()._spawn_worker(idx, target, loader, *rest)


def _kept_to(number: int, load: Callable[[], WSGIApplication]) -> WSGIApplication:
    """In a process of the server that has no threads yet: keep it to one of the processors that it may use.

    Only one of its threads has the interpreter at a time, and handed to and fro between processors it takes longer.
    """
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[number % len(processors)]})
    return load()


def application() -> WSGIApplication:
    """In each of the server's processes: the API, which ends with the server even when that is killed."""
    end_with_parent()
    signal.signal(SAY_SO, lambda *_: LEAVING.set())
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
    """Run the API until it is told to stop; requests under way are finished first, after LODGER_DRAIN_SECONDS."""
    settings = current_settings()
    if settings.api_pinned and not hasattr(os, "sched_setaffinity"):
        raise Refused("LODGER_API_PINNED is true, and this system keeps no process to a processor: set it to false")
    logs.take_over(settings)
    keep_apart()
    server = Server(
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
    )
    server.drain_seconds = settings.drain_seconds
    server.pinned = settings.api_pinned
    server.serve()
