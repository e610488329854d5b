"""Notifications: what people are told of in the app. A read model: rebuilt, it tells nobody anything anew.

Which of them are read is no fact of the log: a mark per person, kept apart, says up to which position. Conversations
stand among them, one entry each, as the tables of messages have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from psycopg2.extras import execute_values

from domain.events import Event
from domain.notices import MESSAGE, OPTIONAL, TOLD, Category, Recipient, Template, recipients
from projections.parties import TELLING, Parties, learn, parties, party_rows
from projections.projection import PAGE_MAX, After, Cursor, Page, Projection, Rows, Value, page_of


@dataclass(frozen=True, slots=True)
class Notification:
    """Something to know.

    `id` is the event's, and the booking's for its conversation; `position` is the event's in the log. `messages` of a
    conversation are unread; `at` is then when the last one came.
    """

    id: UUID
    kind: Template
    category: Category
    booking_id: UUID | None
    at: datetime
    position: int | None
    messages: int | None
    read: bool


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    known = parties(cursor, "notification_parties", events)
    execute_values(
        cursor,
        f"INSERT INTO notifications ({', '.join(_COLUMNS)}) VALUES %s",  # noqa: S608 - constants
        [row for event in events for row in _rows(event, known)],
        page_size=1000,
    )


def fold(pages: Iterable[Sequence[Event]]) -> Iterator[Rows]:
    known = dict[UUID, Parties]()
    for page in pages:
        for event in page:
            learn(known, event)
        yield Rows("notifications", _COLUMNS, (row for event in page for row in _rows(event, known)))
    yield party_rows("notification_parties", known)


_COLUMNS: Final = ("user_id", "event_id", "position", "kind", "category", "booking_id", "occurred_at")


def _rows(event: Event, known: Mapping[UUID, Parties]) -> Iterator[tuple[Value, ...]]:
    notice, concerned = TOLD.get(type(event.fact)), known.get(event.stream_id)
    if notice is None:
        return
    for recipient in recipients(event.fact):
        yield (
            *(_user_id(recipient, event.partition_key, concerned), event.event_id, event.position),
            *(notice.template, notice.category, concerned.booking_id if concerned else None, event.occurred_at),
        )


def _user_id(recipient: Recipient, owner_id: UUID, concerned: Parties | None) -> UUID:
    if recipient == "user":
        return owner_id
    assert concerned is not None, "a booking's first fact says whom it concerns"
    return concerned.guest_id if recipient == "guest" else concerned.host_id


NOTIFICATIONS: Final = Projection(
    name="notifications",
    version=1,
    tables=("notifications", "notification_parties"),
    facts=tuple({*TELLING, *TOLD}),
    apply=apply,
    fold=fold,
)


# --- queries ------------------------------------------------------------------------------------------------


def of_user(cursor: Cursor, user_id: UUID, after: After | None = None, limit: int = 20) -> Page[Notification]:
    """One page of what somebody wants to be told in the app, newest first.

    `limit` is at most 100; `after` is the page before's.
    """
    limit = min(limit, PAGE_MAX)
    values: dict[str, Any] = {"user": user_id, "optional": list(OPTIONAL), "limit": limit + 1}
    older = {"events": "", "messages": ""}
    if after is not None:
        values["at"], values["id"] = after
        older["events"] = "AND (occurred_at, event_id) < (%(at)s::timestamptz, %(id)s::uuid)"
        older["messages"] = "AND (received_at, booking_id) < (%(at)s::timestamptz, %(id)s::uuid)"
    cursor.execute(
        f"""(SELECT event_id AS id, kind, category, booking_id, occurred_at AS at, position, NULL::integer AS messages,
                    position <= {_MARK} AS read
             FROM notifications WHERE user_id = %(user)s AND {_WANTED} {older["events"]}
             ORDER BY occurred_at DESC, event_id DESC LIMIT %(limit)s)
            UNION ALL
            (SELECT booking_id, '{MESSAGE.template}', '{MESSAGE.category}', booking_id, received_at, NULL, unread,
                    unread = 0
             FROM correspondents
             WHERE user_id = %(user)s AND received_at IS NOT NULL AND {_MESSAGES_WANTED} {older["messages"]}
             ORDER BY received_at DESC, booking_id DESC LIMIT %(limit)s)
            ORDER BY at DESC, id DESC LIMIT %(limit)s""",  # noqa: S608 - constants
        values,
    )
    found = [Notification(*row) for row in cursor.fetchall()]
    return page_of(found, limit, lambda each: (each.at.isoformat(), str(each.id)))


def count_unread(cursor: Cursor, user_id: UUID) -> int:
    """How many of somebody's notifications are not read, on all pages."""
    cursor.execute(
        f"""SELECT (SELECT count(*) FROM notifications
                    WHERE user_id = %(user)s AND position > {_MARK} AND {_WANTED})
                 + (SELECT count(*) FROM correspondents
                    WHERE user_id = %(user)s AND received_at IS NOT NULL AND unread > 0 AND {_MESSAGES_WANTED})""",  # noqa: S608
        {"user": user_id, "optional": list(OPTIONAL)},
    )
    ((count,),) = cursor.fetchall()
    return cast("int", count)


_MARK: Final = "coalesce((SELECT read_upto FROM notification_marks WHERE user_id = %(user)s), 0)"
_UNWANTED: Final = """(SELECT category FROM notification_preferences
                       WHERE user_id = %(user)s AND NOT in_app AND category = ANY (%(optional)s))"""
_WANTED: Final = f"category <> ALL {_UNWANTED}"
_MESSAGES_WANTED: Final = f"'{MESSAGE.category}' <> ALL {_UNWANTED}"
