"""What the log meant: a stream's states, and a booking's story, for auditors."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from api.edge import edge
from api.lists import page_asked, reading
from api.operations import Resource
from api.schemas.audit_states import (
    AuditStreamSchema,
    StreamAskedSchema,
    TimelineAskedSchema,
    TimelineSchema,
    moved,
    stepped,
    stood,
)
from application import audit_states, audit_timeline
from domain.prefixes import AtLog, AtVersion
from projections.prefixes import prefix
from projections.trail import TRAIL

resource = Resource(
    "audit states",
    __name__,
    url_prefix="/v1/audit",
    scope="audit",
    kept=True,
    description="What was the case, for auditors.",
)


@resource.query(
    "/streams/<uuid:stream_id>", AuditStreamSchema, arguments=StreamAskedSchema, who="auditor", refuses=[404, 409]
)
def show_stream(arguments: dict[str, Any], stream_id: UUID) -> dict[str, Any]:
    """Everything that happened to a stream of any kind, by version, with what each event changed."""
    at = arguments.get("at")
    page = page_asked(arguments, "audit stream", stream_id, at)
    until = at if isinstance(at, AtVersion) else _prefix(at)
    told = audit_states.stream(edge().options.audit_log, stream_id, until)
    done = int(page.after[0]) if page.after else 0
    shown = list[dict[str, Any]]()
    for last in audit_states.steps(told):
        if done < last.version <= done + page.limit:
            shown.append(stepped(last, audit_states.booking_of(last)))
    return {
        "stream": stream_id,
        "kind": last.kind.name,
        "version": last.version,
        "position": last.recorded.position if isinstance(until, AtVersion) else until,
        "state": last.state,
        "events": shown,
        "next_cursor": page.next_cursor((done + page.limit,) if done + page.limit < last.version else None),
    }


@resource.query(
    "/bookings/<uuid:booking_id>/timeline",
    TimelineSchema,
    arguments=TimelineAskedSchema,
    who="auditor",
    refuses=[404, 409],
)
def show_timeline(arguments: dict[str, Any], booking_id: UUID) -> dict[str, Any]:
    """A booking's whole story: its own events, its payments', its reviews', and what its host's account says of it."""
    upto = _prefix(arguments.get("at"))
    moments = audit_timeline.timeline(edge().options.audit_log, booking_id, upto)
    return {
        "booking": booking_id,
        "position": upto,
        "states": stood(moments),
        "events": [moved(moment, booking_id) for moment in moments],
    }


def _prefix(at: AtLog | None) -> int:
    return prefix(at, edge().options.audit_log.last, partial(reading, TRAIL))
