"""Moments of the log on the command line: what is typed, and up to where of the log that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time

import click
from marshmallow import ValidationError

from api.schemas.audit_states import AtField
from domain.prefixes import At, AtLog, AtPosition
from domain.rejections import Rejected
from infrastructure.database import Database
from infrastructure.refusals import Refused
from projections.positions import Behind, wait_until
from projections.prefixes import Find, prefix
from projections.projection import Cursor
from projections.trail import TRAIL

_PATIENCE_SECONDS = 10.0


class When(click.ParamType[At]):
    """As the API's `at`; a day is its first instant in UTC."""

    name = "when"

    def __init__(self, *, versions: bool = False) -> None:
        self._field = AtField(versions=versions)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> At:
        try:
            return datetime.combine(date.fromisoformat(str(value)), time(), UTC)
        except ValueError:
            pass
        try:
            return self._field.read(value)
        except ValidationError:
            place = "position:1240 or version:3" if self._field.versions else "position:1240"
            self.fail(f"{value!r} is not a moment like 2026-03-01, 2026-03-01T12:00:00Z, {place}.", param, ctx)


class Place(When):
    """As When, but for a number by itself, which is a position."""

    name = "place"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> At:
        if str(value).isdecimal() and int(str(value)):
            return AtPosition(int(str(value)))
        return super().convert(value, param, ctx)


def position_at(at: AtLog | None, last: Callable[[int | None], int], database: Database, where: Find = prefix) -> int:
    """The position of the last event by then (or, `where` it may be asked for, another one). `database` may read the
    trail. Raises Refused."""

    @contextmanager
    def reading(position: int) -> Iterator[Cursor]:
        wait_until(database.connection, TRAIL.name, position, _PATIENCE_SECONDS)
        with database.connection() as connection, connection.cursor() as cursor:
            yield cursor

    try:
        return where(at, last, reading)
    except Rejected as refusal:
        raise Refused(f"{refusal} {_told(refusal)}".strip()) from refusal
    except Behind as behind:
        raise Refused(f"The trail is behind ({behind.reason}). Are the workers running?") from behind


def _told(refusal: Rejected) -> str:
    return ", ".join(f"{name}: {value}" for name, value in refusal.details.items())
