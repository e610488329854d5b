"""The worker processes: each has a queue of its name, and what else it does is its own."""

from __future__ import annotations

from typing import Final, Literal

Queue = Literal["projections", "reactions"]

QUEUES: Final[tuple[Queue, ...]] = ("projections", "reactions")
