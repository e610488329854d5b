"""The receiver that docs/clients.md shows works as it stands there, and the types that it lists are all there are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from infrastructure.settings import ROOT
from projections.changes import TYPES
from tests.api.people import book, host, listing, pay, register
from tests.api.stack import running
from tests.support.servers import free_port
from tests.webhooks.post import carry, deliveries, hook

PAGE = (ROOT / "docs" / "clients.md").read_text()


@contextmanager
def receiving(folder: Path, port: int, secret: str) -> Iterator[Path]:
    """The page's receiver, as a process of its own; the file that it prints to."""
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (folder / "receiver.py").write_text(script)
    printed = folder / "printed.txt"
    with printed.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, folder / "receiver.py", str(port)],
            env={**os.environ, "WEBHOOK_SECRET": secret},
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
    try:
        for _ in range(100):
            try:
                connection = HTTPConnection("127.0.0.1", port, timeout=1)
                connection.connect()
                connection.close()
                break
            except OSError:
                time.sleep(0.05)
        yield printed
    finally:
        process.kill()
        process.wait()


def post(port: int, body: bytes, signature: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/", body, {"Lodger-Signature": signature})
    return connection.getresponse().status


def test_the_receiver_takes_what_is_genuine_once_and_nothing_else(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    with running(database_url) as stack:
        bob = register(stack, "bob")
        endpoint = hook(bob, f"http://127.0.0.1:{port}/")
        pay(bob, book(bob, listing(host(stack))))
        with receiving(tmp_path, port, endpoint["secret"]) as printed:
            carry(stack)
            (first, *_) = deliveries(bob, endpoint)
            path = f"/v1/webhook-endpoints/{endpoint['id']}/deliveries/{first['id']}/replay"
            assert bob.post(path).status_code == 202
            carry(stack)
            assert post(port, b"{}", f"t={int(time.time())},v1={'0' * 64}") == 400
            assert post(port, b"{}", "") == 400
            told = printed.read_text().splitlines()
        assert told == [
            "booking.held pending",
            "payment.started pending",
            "payment.action_required pending",
            "payment.authorized authorized",
            "payment.captured paid",
            "booking.confirmed confirmed",
        ]
        assert {each["status"] for each in deliveries(bob, endpoint)} == {"delivered"}
        assert deliveries(bob, endpoint)[0]["attempts"] == 2


def test_the_types_that_the_page_lists_are_all_there_are() -> None:
    rows = "".join(line for line in PAGE.splitlines() if re.match(r"\| (how|money)", line))
    assert sorted(re.findall(r"`([a-z_.]+)`", rows)) == sorted(TYPES.values())
