"""Lodger itself as it runs in production, with people and listings, to be measured over HTTP."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.servers import Server
from infrastructure.demo.client import Api
from infrastructure.embedded.mail_sink import MailSink
from infrastructure.embedded.stack import Stack
from infrastructure.workers.queues import QUEUES

_PASSWORD: Final = "correct horse battery"  # noqa: S105
_PRODUCTION: Final = {
    "LODGER_ENV": "production",
    "LODGER_SECRET_KEY": "only-for-this-measurement-" * 2,
    "LODGER_OPERATOR_TOKEN": "and-this-one-is-its-operators-" * 2,
    "LODGER_PUBLIC_URL": "https://lodger.example",
    "LODGER_MAIL_FROM": "bookings@lodger.example",
    "LODGER_CACHE": "false",  # what is measured is how something is found, but for cache.py
    # Counted as ever, and never too many: all come from one address.
    "LODGER_LIMIT_ADDRESS_PER_MINUTE": "1000000000",
    "LODGER_LIMIT_SEARCHES_PER_MINUTE": "1000000000",
    "LODGER_LIMIT_USER_PER_MINUTE": "1000000000",
    "LODGER_LIMIT_LOGINS_PER_MINUTE": "1000000000",
    "LODGER_LIMIT_REGISTRATIONS_PER_HOUR": "1000000000",
}
_LISTING: Final = {
    "title": "Cabin by the creek",
    "description": "Two rooms under old oaks.",
    "property_type": "cabin",
    "room_type": "entire_place",
    "guests": 4,
    "bedrooms": 2,
    "beds": 3,
    "bathrooms": 1.5,
    "amenities": ["wifi", "fire_pit"],
    "location": {
        "address": "1 Creek Road",
        "city": "Catskill",
        "country": "US",
        "coordinates": {"latitude": 42.2173, "longitude": -73.8646},
    },
    "price_per_night": {"amount": "100.00", "currency": "USD"},
}


@contextmanager
def marketplace(server: Server, name: str, folder: Path, **changes: str) -> Iterator[tuple[Stack, Api, str]]:
    """The whole stack on a new database of the server: it, a client of it, and the database's URL.

    `changes` are settings by variable.
    """
    url = server.migrated(name)
    smtp, inbox = free_port(), free_port()
    settings = {**_PRODUCTION, "DATABASE_URL": url, "LODGER_SMTP_URL": f"smtp://127.0.0.1:{smtp}", **changes}
    with MailSink(smtp, inbox, "127.0.0.1"), Stack(settings, data=folder / name) as stack:
        yield stack, Api(stack.url, 1, f"http://127.0.0.1:{inbox}"), url


@contextmanager
def standing_still(stack: Stack) -> Iterator[None]:
    """The workers, which have nothing to do when it begins, do nothing until it ends; then they catch up."""
    groups = [stack.processes[name].pid for name in QUEUES]
    try:
        for group in groups:
            os.killpg(group, signal.SIGSTOP)
        yield
    finally:
        for group in groups:
            os.killpg(group, signal.SIGCONT)


def registered(api: Api, name: str) -> dict[str, str]:
    """Somebody new, whose address is confirmed; what they log in with."""
    credentials = {"email": f"{name}@example.org", "password": _PASSWORD}
    api.call("POST", "/v1/users", {"username": f"bench{name}", "name": name, **credentials}, expect=201)
    api.confirm_address(credentials["email"])
    return credentials


def token(api: Api, credentials: dict[str, str]) -> str:
    """A new one: they live for 15 minutes, a run may take longer."""
    return str(api.call("POST", "/v1/auth/tokens", credentials).body["access_token"])


def listed(api: Api, token: str) -> str:
    property_id = api.call("POST", "/v1/properties", _LISTING, expect=201, token=token).body["id"]
    api.call("POST", f"/v1/properties/{property_id}/publish", token=token)
    return str(property_id)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
