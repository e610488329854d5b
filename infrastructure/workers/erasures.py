"""Forgets people: sweeps the traces of whoever was erased, at once and again until nothing can come back."""

from __future__ import annotations

import structlog

from application import erasure
from application.lodger import Lodger
from infrastructure.database import Unavailable

_log = structlog.get_logger()


def forget_people(lodger: Lodger) -> None:
    """Sweep everybody whose turn it is. One that fails is tried again soon and keeps nobody else from it.

    Raises Unavailable.
    """
    while (person := lodger.erasures.take_due()) is not None:
        try:
            erasure.sweep(lodger, person.user_id)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the others are to be forgotten as well
            _log.exception("could not forget a person, tried again soon", user=str(person.user_id))
            continue
        lodger.erasures.swept(person)
        _log.info("swept the traces of somebody who was erased", user=str(person.user_id), sweeps=person.sweeps + 1)
