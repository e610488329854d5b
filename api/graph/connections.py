"""Relay's connections, by keyset: a page begins behind a row's place in the order, which its signed cursor names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Generic, TypeAlias, TypeVar

import strawberry
from marshmallow import ValidationError
from strawberry.relay import PageInfo

from api.graph.access import allowed
from api.graph.context import Info
from api.lists import PageAsked, page_asked
from api.schemas.pages import PAGE
from projections.projection import PAGE_MAX, After, Page

T = TypeVar("T")
Row = TypeVar("Row")

First: TypeAlias = Annotated[int, strawberry.argument(description=f"How many at most: 1 to {PAGE_MAX}.")]
Behind: TypeAlias = Annotated[
    str | None, strawberry.argument(description="A cursor of the same connection: begin behind it.")
]
FIRST: Final = PAGE


def page(first: int, after: str | None, *query: object) -> PageAsked:
    """The page of a query that is asked for.

    Raises ValidationError, and Rejected `cursor_invalid` or `cursor_expired`.
    """
    if not 1 <= first <= PAGE_MAX:
        raise ValidationError({"first": [f"Must be from 1 to {PAGE_MAX}."]})
    cursor = {} if after is None else {"cursor": after}
    return page_asked({"limit": first, **cursor}, *query)


@strawberry.type
class Edge(Generic[T]):
    """One of a connection's nodes, in its order."""

    node: T
    place: strawberry.Private[After]
    asked: strawberry.Private[PageAsked]

    @allowed("anyone")
    def cursor(self, info: Info) -> str:
        """Send it as `after` for what follows; for a day."""
        return self.asked.cursor_at(self.place, now=info.context.now)


@strawberry.type
class Connection(Generic[T]):
    """A page of nodes in their order."""

    edges: list[Edge[T]]
    asked: strawberry.Private[PageAsked]
    follows: strawberry.Private[bool]

    @allowed("anyone")
    def page_info(self, info: Info) -> PageInfo:
        """Whether there is more, and from where to ask for it."""
        ends = (*self.edges[:1], *self.edges[-1:])
        cursors = [self.asked.cursor_at(edge.place, now=info.context.now) for edge in ends]
        return PageInfo(
            has_next_page=self.follows,
            has_previous_page=self.asked.after is not None,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        )


def edges(asked: PageAsked, found: Page[Row], node: Callable[[Row], T]) -> list[Edge[T]]:
    return [Edge(node=node(row), place=found.place(row), asked=asked) for row in found.items]


def connection(asked: PageAsked, found: Page[Row], node: Callable[[Row], T]) -> Connection[T]:
    """The connection of a page that was found."""
    return Connection(edges=edges(asked, found, node), asked=asked, follows=found.after is not None)
