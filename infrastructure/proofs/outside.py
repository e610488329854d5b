"""Checkpoints outside the database: one file each, never written over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from infrastructure.file_stores import FileStore

_MEDIA_TYPE: Final = "text/plain; charset=utf-8"
_NAME: Final = re.compile(r"(?P<log>[\w.-]+)/\d{9}/(?P<size>\d{15})\.checkpoint")


class Contradicted(Exception):
    """Outside there is another checkpoint of the same size: the log is not the one that was there before."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The folder or bucket of the setting. Everything raises StoreUnavailable."""

    store: FileStore

    def keep(self, origin: str, size: int, note: str) -> None:
        """Raises Contradicted."""
        name = name_of(origin, size)
        if not self.store.add(name, note.encode(), _MEDIA_TYPE) and self.note(origin, size) != note:
            raise Contradicted(f"the checkpoint of size {size} outside is another one: {name}")

    def note(self, origin: str, size: int) -> str | None:
        """The checkpoint that was kept of a log's size."""
        found = self.store.get(name_of(origin, size))
        return None if found is None else found.decode(errors="replace")

    def sizes(self, origin: str) -> Iterator[int]:
        """The sizes of a log that there are checkpoints of, in order."""
        for name in self.store.names(f"{_folder(origin)}/"):
            if match := _NAME.fullmatch(name):
                yield int(match["size"])


def name_of(origin: str, size: int) -> str:
    """Logs apart from each other, spread so that no folder has too many entries, and in the order of sizes."""
    return f"{_folder(origin)}/{size // 1_000_000:09d}/{size:015d}.checkpoint"


def _folder(origin: str) -> str:
    return origin.rpartition("/")[2]
