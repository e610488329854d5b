"""Notifications: what you are told, what of it you have read, and what you want to be told."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.answers import sent
from api.authentication import signed_in
from api.edge import edge
from api.lists import page_asked, reading
from api.operations import Resource
from api.schemas.notifications import (
    NotificationsSchema,
    PreferencesSchema,
    ReadUptoPositionSchema,
    UnreadSchema,
    chosen,
    notified,
    preferred,
)
from api.schemas.pages import PageOf
from application import notifications
from projections.notifications import NOTIFICATIONS, count_unread, of_user

resource = Resource(
    "notifications", __name__, url_prefix="/v1", scope="notifications", description="What you are told, and how."
)

_PREFERENCES = "/users/me/notification-preferences"


@resource.query("/notifications", NotificationsSchema, arguments=PageOf, waits=True)
def list_notifications(arguments: dict[str, Any]) -> dict[str, Any]:
    """What you were told, newest first; the messages about a booking are one entry. Reading is not marking as read."""
    user_id = signed_in()
    page = page_asked(arguments, "notifications", user_id)
    with reading(NOTIFICATIONS) as cursor:
        found = of_user(cursor, user_id, page.after, page.limit)
        unread = count_unread(cursor, user_id)
    return {
        "notifications": [notified(notification) for notification in found.items],
        "unread": unread,
        "next_cursor": page.next_cursor(found.after),
    }


@resource.command(
    "PUT", "/notifications/read", UnreadSchema, body=ReadUptoPositionSchema, example={"upto": 1}, key=None
)
def mark_notifications_read(body: dict[str, Any]) -> Response:
    """Say how far you have read. It never goes back; messages are read where they are."""
    user_id = signed_in()
    notifications.mark_read(edge().lodger, user_id, body["upto"])
    with reading(NOTIFICATIONS) as cursor:
        return sent(UnreadSchema, {"unread": count_unread(cursor, user_id)})


@resource.query(_PREFERENCES, PreferencesSchema)
def show_preferences() -> dict[str, Any]:
    """What may be switched off, by category and channel. All else you are always told."""
    return preferred(notifications.preferences(edge().lodger, signed_in()))


@resource.command(
    "PUT",
    _PREFERENCES,
    PreferencesSchema,
    body=PreferencesSchema,
    example={"messages": {"email": False, "in_app": True}},
    key=None,
)
def choose_preferences(body: dict[str, Any]) -> Response:
    """Choose anew what you are told. Mails that wait to be sent keep to it too."""
    preferences = notifications.prefer(edge().lodger, signed_in(), chosen(body))
    return sent(PreferencesSchema, preferred(preferences))
