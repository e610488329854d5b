"""Lists: read models that are waited for when the client has just written, and pages behind signed cursors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import request

from api.commands import POSITION_HEADER
from api.edge import edge
from domain.rejections import Rejected
from projections.positions import Behind, Parked, wait_until
from projections.projection import After, Cursor, Projection

_PATIENCE_SECONDS: Final = 2.0
_CURSOR_LIFETIME: Final = timedelta(days=1)
_PURPOSE: Final = "cursor"


@contextmanager
def reading(projection: Projection, position: int | None = None) -> Iterator[Cursor]:
    """A cursor on a read model that shows `position`: as a rule the one this request was sent, if it was sent one.

    Raises Rejected `position_malformed` or, after 2 s, `read_model_behind`.
    """
    wait_for(projection, position)
    with edge().reads() as connection, connection.cursor() as cursor:
        yield cursor


def wait_for(projection: Projection, position: int | None = None) -> None:
    """Return once a read model shows `position`: see `reading`."""
    if position is None:
        position = position_sent()
    if position:
        try:
            wait_until(edge().reads, projection.name, position, _PATIENCE_SECONDS)
        except Parked as parked:
            raise Rejected("projection_parked", f"{parked.name}: {parked.reason}") from parked
        except Behind as behind:
            raise Rejected("read_model_behind", f"{behind.name}: {behind.reason}") from behind


def position_sent() -> int:
    """The Lodger-Position that came with the request, 0 without one. Raises Rejected `position_malformed`."""
    sent = request.headers.get(POSITION_HEADER, "0")
    if not re.fullmatch(r"[0-9]{1,18}", sent, re.ASCII):
        raise Rejected("position_malformed", "Send the Lodger-Position of an answer, as it was.")
    return int(sent)


@dataclass(frozen=True, slots=True)
class PageAsked:
    """Which page of a query is wanted. A cursor is of one query only: `query` is what tells it from others."""

    after: After | None
    limit: int
    query: str

    def next_cursor(self, after: After | None) -> str | None:
        """The cursor of the page that begins after `after`."""
        return None if after is None else self.cursor_at(after)

    def cursor_at(self, after: After, lifetime: timedelta = _CURSOR_LIFETIME, *, now: datetime | None = None) -> str:
        """The cursor of what comes after `after`, for as long as somebody may come back with it."""
        lodger = edge().lodger
        expires_at = (now or lodger.clock.now()) + lifetime
        return lodger.signer.sign(_PURPOSE, {"query": self.query, "after": after}, expires_at)


def page_asked(arguments: Mapping[str, Any], *query: object) -> PageAsked:
    """The page that `limit` and `cursor` ask for. Raises Rejected `cursor_invalid` or `cursor_expired`."""
    lodger, limit = edge().lodger, min(arguments["limit"], edge().options.page_limit)
    asked, *also = [digest.hex() for digest in lodger.signer.digests(_PURPOSE, repr(query))]
    if "cursor" not in arguments:
        return PageAsked(None, limit, asked)
    claims = lodger.signer.verify(_PURPOSE, arguments["cursor"], lodger.clock.now())
    after = claims["after"]
    if claims["query"] not in (asked, *also) or not isinstance(after, list):
        raise Rejected("cursor_invalid", "This cursor is of another query.")
    return PageAsked(tuple(after), limit, asked)
