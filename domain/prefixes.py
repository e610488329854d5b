"""Prefixes of the log: everything up to an event, which is how one asks what was the case once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.rejections import Rejected


@dataclass(frozen=True, slots=True)
class AtPosition:
    """After the last event at or before a position of the log."""

    position: int


@dataclass(frozen=True, slots=True)
class AtVersion:
    """After an event of one stream, by its version."""

    version: int


AtLog = AtPosition | datetime
"""When, for the whole log. An instant is the longest prefix of which nothing was recorded after it: clocks run out of
order between writers, so that events recorded before it may stand behind."""

At = AtLog | AtVersion


def before_first(what: str, **first: object) -> Rejected:
    """Nothing had happened by then."""
    return Rejected("before_first_event", f"By then nothing had happened to {what} yet.", **first)


def beyond(what: str, **last: object) -> Rejected:
    """It has not happened yet."""
    return Rejected("beyond_log", f"{what} has not come so far.", **last)
