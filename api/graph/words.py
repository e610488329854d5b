"""Enums of the graph. Their members are the very words that REST uses."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, Final, get_args

import strawberry

from api.schemas.calendars import NightReasonKind
from api.schemas.payments import RefundStatus
from application.streams import KindName
from domain import bookings, payments, properties
from domain.bookings import Action, PendingReason, Role
from domain.cancellations import CancelledBy
from domain.events import ActorKind
from domain.payments import ActionKind, PaymentMethod
from domain.pricing import CancellationPolicy, LineKind, TaxedPart
from domain.properties import BookingMode, PropertyType, RoomType
from projections.bookings import When
from projections.wanted import Sort

_BY_WORDS: Final[dict[frozenset[str], Any]] = {}


def _enum(name: str, words: Any) -> Any:
    """The enum of a Literal's words. One that is no name, such as -price, goes by what it means."""
    make: Any = Enum  # whose members mypy would want to read here
    found = strawberry.enum(make(name, {_name(word): word for word in get_args(words)}))
    _BY_WORDS[frozenset(get_args(words))] = found
    return found


def _name(word: str) -> str:
    return f"{word[1:]}_descending" if word.startswith("-") else word


def enum_of(words: Iterable[str]) -> Any | None:
    """The enum that has just these words, if there is one."""
    return _BY_WORDS.get(frozenset(words))


PROPERTY_STATUS: Final = _enum("PropertyStatus", properties.Status)
PROPERTY_TYPE: Final = _enum("PropertyType", PropertyType)
ROOM_TYPE: Final = _enum("RoomType", RoomType)
BOOKING_MODE: Final = _enum("BookingMode", BookingMode)
CANCELLATION_POLICY: Final = _enum("CancellationPolicy", CancellationPolicy)
SORT: Final = _enum("Sort", Sort)
NIGHT_REASON: Final = _enum("NightReasonKind", NightReasonKind)
LINE_KIND: Final = _enum("LineKind", LineKind)
TAXED_PART: Final = _enum("TaxedPart", TaxedPart)
BOOKING_STATUS: Final = _enum("BookingStatus", bookings.Status)
PENDING_REASON: Final = _enum("PendingReason", PendingReason)
ACTION: Final = _enum("BookingAction", Action)
SIDE: Final = _enum("Side", Role)
CANCELLED_BY: Final = _enum("CancelledBy", CancelledBy)
WHEN: Final = _enum("When", When)
PAYMENT_METHOD: Final = _enum("PaymentMethod", PaymentMethod)
PAYMENT_STATUS: Final = _enum("PaymentStatus", payments.Status)
ACTION_KIND: Final = _enum("PayerActionKind", ActionKind)
REFUND_STATUS: Final = _enum("RefundStatus", RefundStatus)
ACTOR_KIND: Final = _enum("ActorKind", ActorKind)
STREAM_KIND: Final = _enum("StreamKind", KindName)
