"""The payment providers' stand-ins, each a process of its own that is gone when the test is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import urllib3

from infrastructure.embedded.data_folder import temporary_folder
from infrastructure.embedded.processes import Process, Service
from tests.support.mtn_momo_fake import MtnMomoFake
from tests.support.servers import free_port
from tests.support.stripe_fake import StripeFake

_ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def stripe_fake() -> Iterator[StripeFake]:
    """A Stripe with an empty ledger."""
    with running_stripe() as (fake, _):
        yield fake


@contextmanager
def running_stripe() -> Iterator[tuple[StripeFake, Callable[[], None]]]:
    """A Stripe with an empty ledger, and what kills and restarts it, with the ledger that it had."""
    port, secret = free_port(), "whsec_of_the_tests"
    with temporary_folder() as folder:
        options = ["--port", str(port), "--data", str(folder / "stripe.db"), "--webhook-secret", secret]
        with running_fake("fakes.stripe", options, f"http://127.0.0.1:{port}/fake/ledger", folder) as restart:
            yield StripeFake(f"http://127.0.0.1:{port}", secret), restart


@contextmanager
def mtn_momo_fake() -> Iterator[MtnMomoFake]:
    """An MTN Mobile Money with an empty ledger and one API user."""
    with running_mtn_momo() as (fake, _):
        yield fake


@contextmanager
def running_mtn_momo() -> Iterator[tuple[MtnMomoFake, Callable[[], None]]]:
    """The same, and what kills and restarts it, with the ledger that it had; what phones were told is forgotten."""
    port = free_port()
    with temporary_folder() as folder:
        options = ["--port", str(port), "--data", str(folder / "mtn-momo.db")]
        with running_fake("fakes.mtn_momo", options, f"http://127.0.0.1:{port}/fake/ledger", folder) as restart:
            yield MtnMomoFake(f"http://127.0.0.1:{port}"), restart


@contextmanager
def running_fake(module: str, options: Sequence[str], ready_url: str, folder: Path) -> Iterator[Callable[[], None]]:
    """`python -m module`, until `ready_url` answers; gives what kills it (as `kill -9` does) and starts it again."""

    def start() -> Process:
        process = Process(service, folder)
        process.wait_ready()
        return process

    service = Service(
        name=module,
        command=[sys.executable, "-m", module, *options],
        ready=lambda: _answers(ready_url),
        environment={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    running = [start()]

    def restart() -> None:
        running.pop().kill()
        running.append(start())

    try:
        yield restart
    finally:
        running.pop().stop()


def _answers(url: str) -> bool:
    try:
        return urllib3.request("GET", url, timeout=1, retries=False).status < 500
    except urllib3.exceptions.HTTPError:
        return False
