"""Restarting the API one process after the other, under load, fails no request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import cycle
from threading import Event
from typing import Any

import pytest

from tests.api.people import PASSWORD, host, listing, register, stay
from tests.api.server import call
from tests.api.stack import Stack
from tests.faults.api_process import ApiProcess

pytestmark = pytest.mark.slow

CLIENTS = 4
NIGHTS = 600
"""Of one property: fewer than lie before the horizon. On a busy machine the restarts take long, and many are booked."""


class Balancer:
    """What stands before the processes: the next one in turn of those that were ready a moment ago.

    A connection that was accepted and then broke is not tried again: that request failed.
    """

    def __init__(self, processes: list[ApiProcess]) -> None:
        self._processes = processes
        self._ready = {process.port for process in processes}

    def call(self, *arguments: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        for process in cycle(self._processes):
            assert self._ready
            if process.port in self._ready:
                return call(process.port, *arguments, **headers)
        raise AssertionError

    def look_until(self, stopped: Event) -> None:
        while not stopped.wait(0.1):
            for process in self._processes:
                if _is_ready(process.port):
                    self._ready.add(process.port)
                else:
                    self._ready.discard(process.port)


def _is_ready(port: int) -> bool:
    try:
        return call(port, "GET", "/readyz")[0] == 200
    except OSError:
        return False


@contextmanager
def two_processes(stack: Stack) -> Iterator[list[ApiProcess]]:
    processes: list[ApiProcess] = []
    try:
        for _ in range(2):
            processes.append(ApiProcess(stack.wired.settings.database_url, LODGER_DRAIN_SECONDS="3"))
        yield processes
    finally:
        for process in processes:
            process.kill()


def test_a_rolling_restart_under_load_fails_no_request(stack: Stack) -> None:
    guest, owner = register(stack), host(stack)
    properties = [[listing(owner) for _ in range(5)] for _ in range(CLIENTS)]
    stopped = Event()

    def book_night_after_night(number: int) -> list[int]:
        statuses: list[int] = []
        first = date(2031, 7, 1)
        while not stopped.is_set():
            which, night = divmod(len(statuses), NIGHTS)
            nights = str(first + timedelta(days=night)), str(first + timedelta(days=night + 1))
            body, key = stay(properties[number][which], *nights), f"{number}-{len(statuses)}"
            status, _ = balancer.call("POST", "/v1/bookings", body, token, Idempotency_Key=key)
            statuses.append(status)
            time.sleep(0.05)  # so that the processes get on with starting
        return statuses

    with two_processes(stack) as processes, ThreadPoolExecutor(CLIENTS + 1) as pool:
        balancer = Balancer(processes)
        looking = pool.submit(balancer.look_until, stopped)
        credentials = {"email": guest.user["email"], "password": PASSWORD}
        token = balancer.call("POST", "/v1/auth/tokens", credentials)[1]["access_token"]
        clients = [pool.submit(book_night_after_night, number) for number in range(CLIENTS)]
        try:
            time.sleep(1)
            for process in processes:
                process.stop()
                process.start()
                time.sleep(1)  # the balancer sees that it is back
        finally:
            stopped.set()
        looking.result()
        statuses = [status for client in clients for status in client.result()]

    assert len(statuses) > 100
    assert set(statuses) == {201}
    assert stack.count("SELECT count(*) FROM events WHERE type = 'BookingHeld'") == len(statuses)
