"""Named points at which a process dies or hangs, for tests: before and after each append and each provider's call.

`before_append_<Fact>` and `after_append_<Fact>` are around storing such a fact (`after_append_PaymentStarted` is when
the intent is known and the provider not asked yet); `before_<call>` and `after_<call>` are around asking a provider
(`after_capture` is when the money is taken and nobody here knows). Where none is set, nothing is wrapped.
A rebuild of a read model comes to `rebuild_folded`, `rebuild_compared`, `rebuild_switching`, `rebuild_switched`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from threading import Event as Flag
from typing import Any, TypeVar
from uuid import UUID

from application.lodger import Lodger
from application.ports import Claim, EventLog, Events, Idempotency, Person, Range
from domain.events import Event
from infrastructure.gateways.metered import MeteredGateway

T = TypeVar("T")
Reached = Callable[[str], None]


def armed(lodger: Lodger, failpoint: str) -> Lodger:
    """With `failpoint` set: "<point>:kill" ends this process at once, "<point>:hang" lets the thread wait for ever."""
    return watched(lodger, dying_at(failpoint))


def dying_at(failpoint: str) -> Reached:
    """What does at a failpoint what it says, and nothing at any other."""
    point, _, what = failpoint.partition(":")

    def reached(name: str) -> None:
        if name == point:
            _kill() if what == "kill" else Flag().wait()

    return reached


def watched(lodger: Lodger, reached: Reached) -> Lodger:
    """`reached` is told the name of each point that is come to; what it raises is raised there."""
    providers = {name: WatchedGateway(gateway, reached) for name, gateway in lodger.providers.items()}
    offered = {method: providers[gateway.name] for method, gateway in lodger.gateways.items()}
    return replace(lodger, log=WatchedLog(lodger.log, reached), gateways=offered, providers=providers)


class WatchedLog:
    """Implements `application.ports.EventLog` by another one."""

    def __init__(self, log: EventLog, reached: Reached) -> None:
        self._log = log
        self._reached = reached

    def load(
        self, stream_ids: Sequence[UUID], idempotency: Idempotency | None = None, after: int = 0
    ) -> Mapping[UUID, Events]:
        """See `EventLog.load`."""
        return self._log.load(stream_ids, idempotency, after)

    def load_with_claims(
        self, asked: Sequence[Range], after: Mapping[UUID, int]
    ) -> tuple[Mapping[UUID, Events], Mapping[Range, Sequence[Claim]]]:
        """See `EventLog.load_with_claims`."""
        return self._log.load_with_claims(asked, after)

    def load_with_people(self, user_ids: Sequence[UUID]) -> tuple[Mapping[UUID, Events], Mapping[UUID, Person]]:
        """See `EventLog.load_with_people`."""
        return self._log.load_with_people(user_ids)

    def append(self, events: Sequence[Event], **others: Any) -> int:
        """See `EventLog.append`."""
        self._tell("before_append", events)
        position = self._log.append(events, **others)
        self._tell("after_append", events)
        return position

    def claims(self, property_id: UUID, first: date, until: date) -> Sequence[Claim]:
        """See `EventLog.claims`."""
        return self._log.claims(property_id, first, until)

    def _tell(self, when: str, events: Sequence[Event]) -> None:
        for event in events:
            self._reached(f"{when}_{event.fact.TOPIC}")


class WatchedGateway(MeteredGateway):
    """Asks another one, and says when."""

    def __init__(self, gateway: Any, reached: Reached) -> None:
        super().__init__(gateway)
        self._reached = reached

    def _metered(self, call: str, ask: Callable[[], T]) -> T:
        self._reached(f"before_{call}")
        answer = ask()
        self._reached(f"after_{call}")
        return answer


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
