"""JSON documents, as states are shown: what changed from one to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

Document = None | bool | int | str | list[Any] | dict[str, Any]


class Absent(Enum):
    """Nothing is there: something else than null, which is a value."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Change:
    """One value that became another. `path` is a JSON Pointer (RFC 6901); "" is the document itself."""

    path: str
    before: Document | Absent
    after: Document | Absent


def changes(before: Document, after: Document) -> tuple[Change, ...]:
    """What makes `after` of `before`, no larger than it has to be: `changed` makes it.

    Lists of different lengths are one change, as nobody can say which of their items moved.
    """
    return tuple(_differing("", before, after))


def changed(before: Document, made: Iterable[Change]) -> Document:
    """The document after some changes, which are those of it."""
    document = deepcopy(before)
    for change in made:
        document = _with(document, _names(change.path), deepcopy(change.after))
    return document


def _differing(path: str, before: Document | Absent, after: Document | Absent) -> Iterator[Change]:
    match before, after:
        case dict(), dict():
            for name in {**before, **after}:
                yield from _differing(f"{path}/{_escaped(name)}", before.get(name, ABSENT), after.get(name, ABSENT))
        case list(), list() if len(before) == len(after):
            for number, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from _differing(f"{path}/{number}", one, other)
        case _ if type(before) is not type(after) or before != after:  # 1 and true are equal, and not the same
            yield Change(path, before, after)
        case _:
            pass


def _with(document: Document, names: list[str], value: Document | Absent) -> Document:
    """The document with another value at a place; it is changed itself where it has places."""
    if not names:
        return None if value is ABSENT else value
    name, *rest = names
    match document:
        case dict() if value is ABSENT and not rest:
            del document[name]
        case dict():
            document[name] = _with(document.get(name), rest, value)
        case list():
            document[int(name)] = _with(document[int(name)], rest, value)
        case _:
            raise ValueError(f"there is no {name} in a {type(document).__name__}")
    return document


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _names(path: str) -> list[str]:
    return [name.replace("~1", "/").replace("~0", "~") for name in path.split("/")[1:]]
