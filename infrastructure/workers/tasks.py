"""What a worker does, wired from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import structlog

from application.reactions import react
from infrastructure.bootstrap import wire
from infrastructure.database import Unavailable
from infrastructure.mail.letters import Letters
from infrastructure.mail.postman import Postman
from infrastructure.settings import Settings
from infrastructure.workers.deadlines import expire_lapsed_holds
from infrastructure.workers.projector import Projector
from infrastructure.workers.reactor import Reactor
from infrastructure.workers.retention import Retention
from projections import catalogue

Task = Callable[[], None]

_log = structlog.get_logger()


def tasks(settings: Settings) -> Mapping[str, Task]:
    """Everything there is to do, by name. Each does all that is due, may run any number of times at once, and
    outlives a database that is away: then it is done next time."""
    wired = wire(settings)
    projector = Projector(wired.database, wired.log, catalogue.running(audit=settings.audit_projection))
    reactor = Reactor(wired.database, wired.log, partial(react, wired.lodger))
    postman = Postman(wired.database, Letters(wired.lodger, settings), settings.smtp_url)
    everything: dict[str, Task] = {
        "project": projector.run,
        "react": reactor.run,
        "expire holds": partial(expire_lapsed_holds, wired.lodger),
        "send mail": postman.deliver_due,
        "forget answers": Retention(wired.events.forget_answers).run,
    }
    return {name: partial(_patiently, name, task) for name, task in everything.items()}


def _patiently(name: str, task: Task) -> None:
    try:
        task()
    except Unavailable as error:
        _log.warning("database away, tried again soon", task=name, error=str(error))
    except Exception as error:  # noqa: BLE001 - a worker goes on whatever happens
        _log.error("task failed, tried again soon", task=name, exc_info=error)
