"""Changes: a client follows its own bookings and payments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from api.authentication import signed_in
from api.edge import edge
from api.lists import PageAsked, page_asked, reading
from api.operations import Resource
from api.schemas.changes import ChangesSchema, FollowSchema, told
from projections.changes import CHANGES, of_user
from projections.positions import reached
from projections.projection import PAGE_MAX

resource = Resource(
    "changes",
    __name__,
    url_prefix="/v1/changes",
    scope="changes",
    description="Following your bookings and payments.",
)

_LIFETIME: Final = timedelta(days=3_650)
"""A client may be switched off for long, and still nothing is skipped: the log forgets nothing."""


@resource.query("", ChangesSchema, arguments=FollowSchema, waits=True)
def list_changes(arguments: dict[str, Any]) -> dict[str, Any]:
    """What became of your bookings and payments, as guest and as host, in its order; each at least once."""
    user_id = signed_in()
    from_now_on = arguments.get("after") == "now"
    page = asked_after({} if from_now_on else arguments, user_id, arguments["limit"])
    with reading(CHANGES) as cursor:
        after = reached(cursor, CHANGES.name) if from_now_on else position_of(page)
        found = of_user(cursor, user_id, after, page.limit)
    last = found.items[-1].position if found.items else after
    return {
        "changes": told(edge().lodger, user_id, found.items),
        "next": page.cursor_at((last,), _LIFETIME),
        "more": found.after is not None,
    }


def asked_after(arguments: Mapping[str, Any], user_id: UUID, limit: int = PAGE_MAX) -> PageAsked:
    """What `after` asks for, if it is there. Raises Rejected `cursor_invalid` or `cursor_expired`."""
    cursor = {"cursor": arguments["after"]} if "after" in arguments else {}
    return page_asked({"limit": limit, **cursor}, "changes", user_id)


def position_of(page: PageAsked) -> int:
    """The position behind which a page of changes begins."""
    return int(page.after[0]) if page.after else 0
