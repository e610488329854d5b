"""What a process remembers of the streams it has folded."""

from __future__ import annotations

from threading import Lock
from typing import Final
from uuid import UUID

from cachetools import LRUCache

from infrastructure.database import Database

STREAMS: Final = 2_000
"""As many as are remembered; a property that nobody asked for the longest is forgotten first."""


class StreamMemory:
    """Implements `application.ports.Memory`. Shared by the threads of a process.

    Connections that broke may mean that the server crashed or was restored to an earlier moment: all is forgotten.
    """

    def __init__(self, database: Database, streams: int = STREAMS) -> None:
        self._database = database
        self._known: LRUCache[UUID, object] = LRUCache(streams)
        self._generation = database.losses
        self._lock = Lock()

    @property
    def generation(self) -> int:
        """See `Memory.generation`."""
        return self._database.losses

    def recall(self, stream_id: UUID) -> object | None:
        """See `Memory.recall`."""
        with self._lock:
            if self._generation != self.generation:
                self._known.clear()
                self._generation = self.generation
            return self._known.get(stream_id)

    def remember(self, stream_id: UUID, known: object) -> None:
        """See `Memory.remember`."""
        with self._lock:
            if self._generation == self.generation:
                self._known[stream_id] = known
