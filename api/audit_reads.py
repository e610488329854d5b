"""Reads of auditors are kept: whoever may look at everything is seen to."""

from __future__ import annotations

from flask import request

from api.authentication import principal
from api.edge import edge


def keep_read() -> None:
    """Keep who asks, and for what, before they are answered. Raises Unavailable: then nothing is shown."""
    who = principal()
    reader = "operator" if who.user_id is None else who.actor.id
    asked = request.full_path.removesuffix("?")
    edge().options.audit_reads.keep(who.credential, reader, f"{request.method} {asked}")
