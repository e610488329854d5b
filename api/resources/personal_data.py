"""Being forgotten, and getting one's data before."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.authentication import guessing, principal, signed_in
from api.commands import answer, carry_out, operate
from api.edge import edge
from api.operations import Resource
from api.schemas.personal_data import EraseMeSchema, EraseUserSchema, ErasureSchema, ExportSchema, exported
from application import erasure
from application.ports import Answer
from application.streams import Stream
from domain.users import User, UserFact

resource = Resource("personal data", __name__, url_prefix="/v1", description="Your data: getting it, being forgotten.")


@resource.query("/users/me/export", ExportSchema, returns=["Content-Disposition"], refuses=[404])
def export_me() -> tuple[dict[str, Any], dict[str, str]]:
    """Everything that is kept of you, in one document."""
    lodger, user_id = edge().lodger, signed_in()
    sections, events = erasure.export(lodger, user_id)
    return exported(user_id, lodger.clock.now(), sections, events), {
        "Content-Disposition": f'attachment; filename="lodger-{user_id}.json"'
    }


@resource.command(
    "DELETE",
    "/users/me",
    ErasureSchema,
    body=EraseMeSchema,
    optional=True,
    example={"password": "correct horse battery"},
    status=202,
    refuses=[403, 404],
)
def erase_me(body: dict[str, Any]) -> Response:
    """Be forgotten, for good: nothing readable of you stays. Bookings and money must be over first."""
    lodger, user_id, who = edge().lodger, signed_in(), principal()
    with guessing(str(user_id)):
        erasure.must_be_proved(lodger, who, body.get("password"))
    return carry_out(lambda call: erasure.erase(lodger, call, user_id).answer, _shown)


@resource.command(
    "POST",
    "/operator/users/<uuid:user_id>/erasure",
    ErasureSchema,
    body=EraseUserSchema,
    example={"reason": "Asked for by letter; ticket 4711."},
    status=202,
    who="operator",
    refuses=[404],
)
def erase_user(body: dict[str, Any], user_id: UUID) -> Response:
    """Forget somebody who asked for it otherwise. The same has to be over first."""
    by = principal()
    return operate(lambda call: erasure.erase_for(edge().lodger, call, user_id, by), _shown, body["reason"])


def _shown(stream: Stream[User, UserFact], _: datetime) -> Answer:
    return answer(ErasureSchema, {"id": stream.id, "status": "erasing"}, 202)
