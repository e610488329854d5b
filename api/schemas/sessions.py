"""Browser sessions as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from api.schemas.fields import Flag, Id, Instant, Strict
from application.session_ports import Session


class SessionSchema(Strict):
    """A browser that you are logged in with."""

    id = Id(required=True)
    created_at = Instant(required=True)
    last_seen_at = Instant(required=True, metadata={"description": "To the minute."})
    current = Flag(required=True, metadata={"description": "Whether this request came by it."})


class SessionsSchema(Strict):
    sessions = fields.List(fields.Nested(SessionSchema), required=True)


class CurrentSessionSchema(SessionSchema):
    """The session of this browser. Its cookie is for the browser alone."""

    user = Id(required=True)
    csrf_token = fields.String(
        required=True, metadata={"description": "Send it as X-CSRF-Token with whatever changes something."}
    )


def shown(session: Session, current: str) -> dict[str, Any]:
    """What SessionSchema shows; `current` is the id of the request's own."""
    return {
        "id": session.session_id,
        "user": session.user_id,
        "created_at": session.began_at,
        "last_seen_at": session.seen_at,
        "current": str(session.session_id) == current,
    }
