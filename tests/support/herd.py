"""A herd: many clients that want the same nights at the same moment, each on a connection of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from uuid import UUID, uuid4

from application import users
from application.calls import Call
from benchmarks.load import Load, post, send
from domain.events import Actor
from tests.api.people import stay
from tests.api.stack import Stack
from tests.faults.api_process import ApiProcess

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer: its status, and its body as it came."""

    status: int
    body: str

    def member(self, name: str) -> str:
        """What the body says under a name, and nothing where it says nothing."""
        return str(json.loads(self.body).get(name, ""))


@dataclass(frozen=True, slots=True)
class Rush:
    """What a herd was answered, and how long it took from the first request to the last answer."""

    answers: list[Heard]
    seconds: float

    def outcomes(self) -> list[tuple[int, str]]:
        """Each answer's status and problem type."""
        return [(heard.status, heard.member("type")) for heard in self.answers]


def members(stack: Stack, size: int) -> list[UUID]:
    """That many people with accounts, and without a password: hashing a thousand takes a minute."""
    lodger = stack.wired.lodger

    def member() -> UUID:
        user_id = lodger.new_id()
        call = Call(Actor("user", str(user_id)), stack.now(), lodger.new_id(), lodger.new_id())
        name = f"member-{next(_numbers)}"
        users.register(lodger, call, user_id, users.Register(name, f"{name}@example.org", name, None))
        return user_id

    return [member() for _ in range(size)]


def rush(api: ApiProcess, herd: Sequence[UUID], property_id: str, key: str | None = None) -> Rush:
    """Each asks for the same stay, under a key of its own or under `key`. All connect first, then all send."""
    requests = [
        post(
            "/v1/bookings",
            stay(property_id),
            Authorization=f"Bearer {api.token(user_id)}",
            Idempotency_Key=key or str(uuid4()),
        )
        for user_id in herd
    ]
    answers: list[Heard] = []

    def hear(answer: bytes) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        answers.append(Heard(int(head[9:12]), body.decode()))

    done = send(Load("127.0.0.1", api.port, len(requests), 60, requests), hear=hear)
    return Rush(answers, done.seconds)
