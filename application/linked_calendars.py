"""Calendars outside: what is read of linked ones and remembered beside the streams, and who may read ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from domain.calendar_sync import Reading


class CalendarUnreadable(Exception):
    """A linked calendar could not be read: nothing follows from it. `code` is stable, `str` is for its host."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class CalendarRead:
    """A calendar as it was answered. `etag` tells the next request what is known; `notes` are for the host."""

    reading: Reading
    etag: str | None = None
    notes: tuple[str, ...] = ()


class CalendarReader(Protocol):
    """Reads calendars at addresses that hosts name."""

    def check(self, url: str) -> None:
        """Raises Rejected `feed_address_refused` for an address that is never asked."""
        ...

    def read(self, url: str, etag: str | None, since: date, until: date) -> CalendarRead | None:
        """What is taken from `since` to `until`; None when it still is what `etag` was told for.

        Never within a transaction. Raises CalendarUnreadable.
        """
        ...


@dataclass(frozen=True, slots=True)
class LinkedCalendar:
    """How reading a linked calendar goes. `read_at` is when it last worked; `failures` counts those since.

    `error` is a code and a text of the last attempt. `etag` is None when it has to be read in full.
    """

    feed_id: UUID
    property_id: UUID
    url: str
    due_at: datetime
    etag: str | None = None
    attempted_at: datetime | None = None
    read_at: datetime | None = None
    failures: int = 0
    error: tuple[str, str] | None = None
    entries: int = 0
    notes: tuple[str, ...] = ()


class LinkedCalendars(Protocol):
    """Where linked calendars are found, and how reading them goes: outside events, because an address is a secret."""

    def remember(self, linked: LinkedCalendar) -> None: ...

    def update(self, linked: LinkedCalendar) -> None:
        """Overwrite it, unless it was forgotten meanwhile."""
        ...

    def of_property(self, property_id: UUID) -> Mapping[UUID, LinkedCalendar]: ...

    def forget(self, feed_id: UUID) -> None: ...

    def hasten(self, feed_id: UUID, due_at: datetime) -> None:
        """Make it due at `due_at`, if that is earlier."""
        ...

    def take_due(self, now: datetime, busy_until: datetime) -> LinkedCalendar | None:
        """The calendar that is due for longest; nobody else is given it before `busy_until`."""
        ...


class PublishedCalendars(Protocol):
    """Who may read a property's own calendar: whoever knows its token, of which only a keyed digest is kept."""

    def publish(self, property_id: UUID, digest: bytes) -> None:
        """From now on by this token, and by none before."""
        ...

    def withdraw(self, property_id: UUID) -> None: ...

    def find(self, digests: Sequence[bytes]) -> UUID | None:
        """The property that a token is for, by any digest of it."""
        ...
