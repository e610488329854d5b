"""Reads of auditors: who looked at what, kept before they see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from application.principals import Credential

ReadBy = Credential | Literal["command_line"]


@dataclass(frozen=True, slots=True)
class Read:
    """Somebody's read of the log. `reader` is the id of a user, with that of their key behind a slash; `operator` with
    the settings' token; on the command line the machine's login. `request` is the address or the command."""

    read_id: int
    read_at: datetime
    credential: ReadBy
    reader: str
    request: str


class AuditReads(Protocol):
    def keep(self, credential: ReadBy, reader: str, request: str) -> None:
        """Returns once it is on disk."""
        ...

    def newest(self, before: int | None, limit: int) -> Sequence[Read]:
        """The newest first; of ids below `before`."""
        ...
