"""What auditors ask for, as tables for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from application.audit_log import Recorded
from application.audit_states import Step
from application.audit_timeline import Moment
from application.streams import kind_of
from domain.documents import ABSENT, Absent, Change, Document
from domain.money import Money

_FEW: Final = 3
"""Fields that are told of a thing in one cell."""


def show(table: Table) -> None:
    """Into a pipe nothing is folded to the width of a screen that is not there."""
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)


def events(found: Iterable[Recorded]) -> Table:
    table = _table("stream", "what it says")
    for recorded in found:
        event = recorded.event
        fact: Document = msgspec.json.decode(msgspec.json.encode(event.fact))
        said = fact if isinstance(fact, dict) else {}
        lines = [f"{name}: {brief(value)}" for name, value in said.items() if value not in (None, "", [])]
        sealed = [f"{path}: sealed" for path in recorded.sealed]
        table.add_row(*_beginning(recorded), str(event.stream_id), _lines([*lines, *sealed]))
    return table


def steps() -> Table:
    """To be filled with one after the other."""
    return _table("what changed")


def add(table: Table, step: Step) -> None:
    table.add_row(*_beginning(step.recorded), _lines(_changes(step)))


def moments(found: Iterable[Moment]) -> Table:
    table = _table("what changed", "money")
    for moment in found:
        table.add_row(*_beginning(moment.step.recorded), _lines(_changes(moment.step)), _lines(_money(moment)))
    return table


def state(document: Document) -> Table:
    """Every value of a state by its place."""
    table = Table("where", "what", box=None, pad_edge=False)
    for path, value in _leaves("", document):
        table.add_row(path or "/", Text(str(value)))
    return table


def brief(value: Document | Absent) -> str:
    """A value in few words."""
    match value:
        case {"minor": int(minor), "currency": str(currency)}:
            return str(Money(minor, currency))
        case {"is": kind, **_fields}:
            return str(kind)
        case dict() if len(value) <= _FEW:
            return "none" if not value else ", ".join(f"{name} {brief(each)}" for name, each in value.items())
        case dict():
            return f"{len(value)} fields"
        case []:
            return "none"
        case list():
            return "1 item" if len(value) == 1 else f"{len(value)} items"
        case None:
            return "none"
        case Absent():
            return "nothing"
        case _:
            return str(value)


def _table(*last: str) -> Table:
    return Table("position", "recorded (UTC)", "kind", "event", "by", *last, box=None, pad_edge=False)


def _beginning(recorded: Recorded) -> Iterator[str | Text]:
    event = recorded.event
    assert event.recorded_at is not None, "it is stored"
    yield str(recorded.position)
    yield f"{event.recorded_at:%Y-%m-%d %H:%M:%S}"
    yield kind_of(event.fact).name
    yield event.fact.TOPIC
    by = f"{event.actor.kind} {event.actor.id}"
    yield Text(f"{by}: {event.actor.reason}" if event.actor.reason else by)


def _changes(step: Step) -> Iterator[str]:
    nothing = (None, ABSENT)
    for change in step.changes:
        if change.before not in nothing or change.after not in nothing:
            yield f"{change.path or '/'}: {_change(change)}"


def _change(change: Change) -> str:
    if change.before is ABSENT or change.before is None:
        return brief(change.after)
    return f"{brief(change.before)} → {brief(change.after)}"


def _money(moment: Moment) -> Iterator[str]:
    if cash := moment.cash:
        yield f"in {cash}" if cash.minor > 0 else f"out {-cash}"
    for entry in moment.posting:
        yield f"{entry.account} {'+' if entry.amount.minor > 0 else ''}{entry.amount}"


def _leaves(path: str, value: Document) -> Iterator[tuple[str, str]]:
    match value:
        case {"minor": _, "currency": _}:
            yield path, brief(value)
        case dict() if value:
            for name, each in value.items():
                yield from _leaves(f"{path}/{name}", each)
        case list() if value:
            for number, each in enumerate(value):
                yield from _leaves(f"{path}/{number}", each)
        case _:
            yield path, brief(value)


def _lines(lines: Iterable[str]) -> Text:
    """Not markup: nobody's words are taken for a style."""
    return Text("\n".join(lines))
