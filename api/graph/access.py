"""Fields that resolve something, and who may see them, in the words that REST's operations use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, Final

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from api.authentication import Who, must_be_allowed
from api.edge import edge
from api.graph.context import Info
from api.graph.cost import ENTRIES
from api.limits import Name

ACCESS: Final = "access"
"""In a field's metadata: its `Access`."""


@dataclass(frozen=True, slots=True)
class Access:
    """`who`, `scope` and `verified` as at `authentication.admit`; `limit` names what each asking counts among."""

    who: Who
    scope: str | None = None
    verified: bool = False
    limit: Name | None = None


def allowed(
    who: Who,
    scope: str | None = None,
    *,
    verified: bool = False,
    limit: Name | None = None,
    entries: int | None = None,
) -> Callable[[Callable[..., Any]], StrawberryField]:
    """A field by its resolver, whose docstring is the description, for whom `authentication.admit` would let in.

    A field for "anyone" is the same whoever calls. `limit` counts each asking among those that its address may make of
    its kind. Refusals are errors of the field. `entries` is what a list costs that has no page.
    """
    access = Access(who, scope, verified, limit)
    extensions: list[FieldExtension] = [] if access == Access("anyone") else [_Guard(access)]

    def declare(resolver: Callable[..., Any]) -> StrawberryField:
        return strawberry.field(
            resolver,
            description=cleandoc(resolver.__doc__ or ""),
            extensions=extensions,
            metadata={ACCESS: access, **({ENTRIES: entries} if entries else {})},
        )

    return declare


class _Guard(FieldExtension):
    def __init__(self, access: Access) -> None:
        self._access = access

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        self._admit(info)
        return next_(source, info, **kwargs)

    async def resolve_async(self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **kwargs: Any) -> Any:
        self._admit(info)
        return await next_(source, info, **kwargs)

    def _admit(self, info: Info) -> None:
        access = self._access
        must_be_allowed(info.context.principal, access.who, access.scope, verified=access.verified)
        if access.limit is not None:
            edge().options.limiter.count(access.limit)
