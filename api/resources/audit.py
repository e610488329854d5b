"""The log for auditors: events by whom and what they concern, and one as it is hashed."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict
from typing import Any

from api.edge import edge
from api.lists import page_asked, reading
from api.operations import Resource
from api.schemas.audit import (
    AuditEventsSchema,
    AuditReadsSchema,
    EventsAskedSchema,
    RecordedEventSchema,
    asked,
    shown,
)
from api.schemas.pages import PageOf
from api.schemas.proofs import SIZE_MOST
from domain.rejections import Rejected
from projections.positions import reached
from projections.projection import page_of
from projections.trail import TRAIL, Asked, Found, bookings_of, find

resource = Resource(
    "audit", __name__, url_prefix="/v1/audit", scope="audit", kept=True, description="What happened, for auditors."
)


@resource.query("/events", AuditEventsSchema, arguments=EventsAskedSchema, who="auditor", waits=True, refuses=[409])
def list_audit_events(arguments: dict[str, Any]) -> dict[str, Any]:
    """Events by what they concern, who acted, and when; the newest first, or the oldest."""
    wanted = asked(arguments)
    _must_be_in_order(wanted)
    page = page_asked(arguments, "audit events", wanted)
    with reading(TRAIL) as cursor:
        position = reached(cursor, TRAIL.name)
        found = find(cursor, wanted, int(page.after[0]) if page.after else None, page.limit)
    events = {event.position: event for event in edge().options.audit_log.at([each.position for each in found.items])}
    return {
        "events": [shown(events[each.position], each) for each in found.items if each.position in events],
        "missing": [each.position for each in found.items if each.position not in events],
        "position": position,
        "next_cursor": page.next_cursor(found.after),
    }


@resource.query(
    f"/events/<int(max={SIZE_MOST}):position>", RecordedEventSchema, who="auditor", waits=True, refuses=[404, 409]
)
def show_audit_event(position: int) -> dict[str, Any]:
    """The event at a position of the log, with what of it is hashed: hash it yourself, and have it proven."""
    stored = edge().options.audit_log.record(position)
    if stored is None:
        raise Rejected("event_not_found", "The log has no event at this position, or not yet.")
    recorded, record = stored
    with reading(TRAIL, position) as cursor:
        bookings = bookings_of(cursor, [position]).get(position, ())
    return {
        **shown(recorded, Found(position, bookings)),
        "record": asdict(record),
        "leaf_hash": b64encode(record.hash).decode(),
    }


@resource.query("/reads", AuditReadsSchema, arguments=PageOf, who="auditor")
def list_audit_reads(arguments: dict[str, Any]) -> dict[str, Any]:
    """Who read the log as an auditor, and what they asked for: the newest first. This request is the first of them."""
    page = page_asked(arguments, "audit reads")
    before = int(page.after[0]) if page.after else None
    found = page_of(edge().options.audit_reads.newest(before, page.limit + 1), page.limit, lambda read: (read.read_id,))
    return {"reads": found.items, "next_cursor": page.next_cursor(found.after)}


def _must_be_in_order(wanted: Asked) -> None:
    if wanted.since is not None and wanted.until is not None and wanted.since > wanted.until:
        raise Rejected("range_reversed", "`from` is later than `to`.")
    if wanted.after is not None and wanted.before is not None and wanted.after > wanted.before:
        raise Rejected("range_reversed", "`after` is behind `before`.")
