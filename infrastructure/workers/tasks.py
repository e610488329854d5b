"""What a worker does, wired from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from threading import Event, Lock, Thread
from typing import Final, assert_never

import structlog

from application import photos
from application.reactions import react
from infrastructure.bootstrap import wire, wire_notary, wire_projector
from infrastructure.database import Unavailable
from infrastructure.key_rotation import destroy_ended_keys
from infrastructure.mail.letters import Letters
from infrastructure.mail.postman import Postman
from infrastructure.settings import Settings
from infrastructure.webhooks.courier import Courier
from infrastructure.workers.calendars import read_linked_calendars
from infrastructure.workers.deadlines import meet_deadlines, reveal_reviews
from infrastructure.workers.erasures import forget_people
from infrastructure.workers.host_payouts import pay_hosts
from infrastructure.workers.projector import Projector
from infrastructure.workers.provider_webhooks import Follower
from infrastructure.workers.queues import Queue
from infrastructure.workers.reactor import Reactor
from infrastructure.workers.reconciler import Reconciler
from infrastructure.workers.retention import LOGINS_KEPT, WEBHOOKS_KEPT, Retention
from projections import catalogue
from projections.catalogue import AT_ONCE, LATER

Task = Callable[[], None]

WOKEN: Final[Mapping[Queue, tuple[str, ...]]] = {
    "projections": ("projections",),
    "reactions": ("later projections", "reactions", "follow providers"),
}
"""What a message to each queue wakes: somebody waits for it. The rest is looked for once a second."""

_ASIDE: Final = frozenset({"later projections"})
"""Done by threads of their own: neither who wakes them nor what else is woken waits."""

_GATHER_LATER_SECONDS: Final = 0.1
"""Between two pages of what is shown later: under load events come in dozens, and leave the machine to the rest."""

_log = structlog.get_logger()


def of(queue: Queue, settings: Settings) -> Mapping[str, Task]:
    """Everything that a worker has to do, by name.

    Each does all that is due, may run any number of times at once, and outlives a database that is away: then it is
    done next time.
    """
    due: dict[str, Task]
    match queue:
        case "projections":
            reading = wire_projector(settings)
            due = {
                "projections": Projector(reading.database, reading.log, AT_ONCE).run,
                "sign checkpoints": wire_notary(settings).run,
            }
        case "reactions":
            wired = wire(settings)
            postman = Postman(wired.database, Letters(wired.lodger, settings), settings.smtp_url)
            sealer = wired.keyring.sealer("webhook secret")
            courier = Courier(wired.database, wired.lodger, sealer, wired.outgoing)
            later = catalogue.running(audit=settings.audit_projection, among=LATER)
            due = {
                "later projections": Projector(wired.projecting, wired.log, later, _GATHER_LATER_SECONDS).run,
                "reactions": Reactor(wired.projecting, wired.log, partial(react, wired.lodger)).run,
                "follow providers": Follower(wired.lodger).run,
                "deadlines": partial(meet_deadlines, wired.lodger, wired.database),
                "reveal reviews": partial(reveal_reviews, wired.lodger, wired.database),
                "pay hosts": partial(pay_hosts, wired.lodger, wired.database),
                "reconcile payments": Reconciler(wired.lodger, wired.database).run,
                "send mail": postman.deliver_due,
                "read calendars": partial(read_linked_calendars, wired.lodger),
                "work on photos": partial(photos.work, wired.lodger),
                "send webhooks": courier.run,
                "forget people": partial(forget_people, wired.lodger),
                "destroy keys": partial(destroy_ended_keys, wired.lodger, wired.database),
                "forget answers": Retention(wired.events.forget_answers).run,
                "forget logins": Retention(wired.lodger.token_families.forget, LOGINS_KEPT).run,
                "forget webhooks": Retention(wired.lodger.provider_webhooks.forget, WEBHOOKS_KEPT).run,
            }
        case _:
            assert_never(queue)
    return {name: (Aside if name in _ASIDE else Alone)(partial(_patiently, name, task)) for name, task in due.items()}


class Alone:
    """A task that one thread of the process does at a time; asked for meanwhile, it is done once more by that thread.

    Two at it by turns would do the same work in twice as many transactions.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._asked = Event()
        self._at_work = Lock()

    def __call__(self) -> None:
        self._asked.set()
        # Looked at again after letting the lock go: whoever could not have it has asked before that, or gets it.
        while self._asked.is_set() and self._at_work.acquire(blocking=False):
            try:
                self._asked.clear()
                self._task()
            finally:
                self._at_work.release()


class Aside:
    """A task with a thread of its own: whoever asks for it does not wait for it."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._asked = Event()
        Thread(target=self._run, name="aside", daemon=True).start()

    def __call__(self) -> None:
        self._asked.set()

    def _run(self) -> None:
        while self._asked.wait():
            self._asked.clear()
            self._task()


def _patiently(name: str, task: Task) -> None:
    try:
        task()
    except Unavailable as error:
        _log.warning("database away, tried again soon", task=name, error=str(error))
    except Exception as error:  # noqa: BLE001 - a worker goes on whatever happens
        _log.error("task failed, tried again soon", task=name, exc_info=error)
