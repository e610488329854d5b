"""Notifications and how people want them, as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from api.schemas.fields import Choice, Count, Flag, Id, Instant, Strict
from api.schemas.pages import NextCursor
from domain.notices import OPTIONAL, Category, Channels, Preferences, Template
from projections.notifications import Notification

_POSITION_MAX = 10**15


class NotificationSchema(Strict):
    """Something you are told: what a fact of the log means to you, or that there are messages about a booking."""

    id = Id(required=True, metadata={"description": "The event's; the booking's, for the messages about it."})
    kind = Choice(Template, required=True)
    category = Choice(Category, required=True)
    booking = Id(required=True, allow_none=True)
    at = Instant(required=True)
    position = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The event's place in the log, to be marked as read by; null for messages."},
    )
    messages = fields.Integer(
        required=True, allow_none=True, metadata={"description": "How many you have not read; null for all else."}
    )
    read = Flag(required=True)


class NotificationsSchema(Strict):
    notifications = fields.List(fields.Nested(NotificationSchema), required=True)
    unread = fields.Integer(required=True, metadata={"description": "Of all pages."})
    next_cursor = NextCursor()


class ReadUptoPositionSchema(Strict):
    upto = Count(
        0, _POSITION_MAX, required=True, metadata={"description": "The highest `position` that you have shown."}
    )


class UnreadSchema(Strict):
    unread = fields.Integer(required=True)


class ChannelsSchema(Strict):
    email = Flag(required=True)
    in_app = Flag(required=True)


class PreferencesSchema(Strict):
    """By category of what may be switched off; what is left out is told by every channel."""

    updates = fields.Nested(ChannelsSchema, metadata={"description": "What the passing of time made of a booking."})
    messages = fields.Nested(ChannelsSchema, metadata={"description": "What others write to you."})


def notified(notification: Notification) -> dict[str, Any]:
    """What NotificationSchema shows."""
    return {
        "id": notification.id,
        "kind": notification.kind,
        "category": notification.category,
        "booking": notification.booking_id,
        "at": notification.at,
        "position": notification.position,
        "messages": notification.messages,
        "read": notification.read,
    }


def preferred(preferences: Preferences) -> dict[str, Any]:
    """What PreferencesSchema shows."""
    return {
        category: {"email": channels.email, "in_app": channels.in_app} for category, channels in preferences.items()
    }


def chosen(body: dict[str, Any]) -> Preferences:
    """What PreferencesSchema read."""
    return {category: Channels(**body[category]) for category in OPTIONAL if category in body}
