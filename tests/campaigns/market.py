"""A marketplace for one example: an API over a database of its own; clock, payers and workers in hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg2
from werkzeug.test import TestResponse

from application.ports import Memory
from application.reactions import react
from infrastructure.bootstrap import wire
from infrastructure.memory import StreamMemory
from infrastructure.workers.deadlines import meet_deadlines
from tests.api.people import PASSWORD, verify
from tests.api.stack import Client, json_of, over, settings
from tests.campaigns.model import Claim
from tests.support.servers import Databases
from tests.support.world import HandClock

START = datetime(2031, 6, 2, 14, 0, tzinfo=UTC)
"""Ten in the morning of a Monday at the properties."""


class PlainPasswords:
    """Nobody attacks these accounts, and a hundred examples hash a thousand passwords."""

    def must_have_room(self) -> None:
        """There always is."""

    def hash(self, password: str) -> str:
        return password

    def matches(self, password_hash: str | None, password: str) -> bool:
        return password_hash == password


@dataclass(frozen=True)
class Charge:
    """What the provider's own ledger says of a payment, in minor units."""

    status: str
    captured: int
    refunded: int


class TwoMemories:
    """Implements `application.ports.Memory` of two processes that answer requests in turn."""

    def __init__(self, *memories: Memory) -> None:
        self._memories = memories
        self.turn = 0

    @property
    def generation(self) -> int:
        return self._memories[self.turn].generation

    def recall(self, stream_id: UUID) -> object | None:
        return self._memories[self.turn].recall(stream_id)

    def remember(self, stream_id: UUID, known: object) -> None:
        self._memories[self.turn].remember(stream_id, known)


class Market:
    """Requests go to two processes in turn: neither may rely on what it remembers."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self.url = databases.create()
        self.clock = HandClock(START)
        wired = wire(settings(self.url), wake=lambda: None)
        self._memories = TwoMemories(wired.lodger.memory, StreamMemory(wired.database))
        lodger = replace(wired.lodger, clock=self.clock, passwords=PlainPasswords(), memory=self._memories)
        self.stack = over(replace(wired, lodger=lodger))
        self._connection = psycopg2.connect(self.url)
        self._connection.autocommit = True
        self.sent = 0
        self.reacted_upto = 0

    def close(self) -> None:
        self._connection.close()
        self.stack.wired.database.close()
        self._databases.drop(self.url)

    @property
    def now(self) -> datetime:
        return self.clock.time

    # --- requests ---------------------------------------------------------------------------------------------

    def person(self, name: str) -> Client:
        """Somebody new, signed in."""
        credentials = {"email": f"{name}@example.org", "password": PASSWORD}
        user = self.stack.anybody().post("/v1/users", {"username": name, "name": name, **credentials})
        verify(self.stack, Client(self.stack, None, json_of(user)))
        token = self.stack.anybody().post("/v1/auth/tokens", credentials)
        return Client(self.stack, json_of(token)["access_token"], json_of(user))

    def send(self, who: Client | None, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        """One request, to the process whose turn it is. No answer is ever a server's error."""
        self.sent += 1
        self._memories.turn = self.sent % 2
        answer = (who or self.stack.anybody()).json(method, path, body, **headers)
        assert answer.status_code < 500, answer.text
        return answer

    def press(self, page: str, button: str) -> None:
        """The payer answers on the provider's page."""
        path = page[page.index("/sandbox/") :]
        answer = self.stack.anybody().raw(
            "POST", path, f"answer={button}".encode(), "application/x-www-form-urlencoded"
        )
        assert answer.status_code == 303

    # --- workers ----------------------------------------------------------------------------------------------

    def react(self, at_most: int = 1_000) -> None:
        """Let the reactions to the next events happen; whatever fails, fails the test."""
        stack = self.stack
        for event in stack.wired.log.read(self.reacted_upto, stack.wired.log.safe_position(2.0), at_most):
            react(stack.wired.lodger, event)
            self.reacted_upto = event.position or 0

    def drain(self) -> None:
        """Until nothing follows any more."""
        while not self.drained:
            self.react()

    @property
    def drained(self) -> bool:
        return self.rows("SELECT max(position) FROM events") == [(self.reacted_upto,)]

    def meet_deadlines(self) -> None:
        stack = self.stack
        stack.projector.run()
        meet_deadlines(stack.wired.lodger, stack.wired.database)

    # --- what is stored ---------------------------------------------------------------------------------------

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def events(self) -> int:
        return int(self.rows("SELECT count(*) FROM events")[0][0])

    def claims(self) -> list[Claim]:
        """The table that keeps stays apart, as it is."""
        found = self.rows("SELECT property_id, claim_id, lower(nights), upper(nights), held_until FROM nights")
        return [(str(home), str(claim), first, until, held) for home, claim, first, until, held in found]

    def charges(self) -> dict[str, Charge]:
        """The provider's own ledger by payment."""
        found = self.rows(
            """SELECT payment_id, status, minor,
                      (SELECT coalesce(sum(minor), 0) FROM sandbox_refunds r WHERE r.reference = c.reference)
               FROM sandbox_charges c"""
        )
        return {
            str(UUID(str(payment))): Charge(status, minor if status == "captured" else 0, int(refunded))
            for payment, status, minor, refunded in found
        }
