"""Bundles of the log: a stretch of it in a file that proves it anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Protocol


@dataclass(frozen=True, slots=True)
class AuditBundle:
    """A bundle of the events at positions from `first` to `last`: `file` is open at its beginning, has `size` bytes,
    and is gone once it is closed."""

    file: IO[bytes]
    size: int
    first: int
    last: int


class AuditBundles(Protocol):
    def made(self, first: int, last: int | None, most: int) -> AuditBundle:
        """Of the positions from `first` to `last` (None: to the last one that is signed), and of `most` events.

        Raises Rejected `range_reversed`, `checkpoint_not_found` and `not_covered_yet` for what nobody has signed,
        `event_not_found` where there is none, `bundle_too_large`.
        """
        ...
