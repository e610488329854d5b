"""What a resolver is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import strawberry

from api.edge import edge
from api.graph.documents import Operation
from api.graph.loaders import Loaders
from api.lists import reading
from application.principals import Principal
from projections.projection import Cursor, Projection


@dataclass(slots=True)
class Context:
    """One operation's circumstances.

    `principal` is who calls, None for nobody in particular; `operation` is what they want. `position` is where
    in the log the client has been: what it sent, or what this request committed since; read models are not older.
    `loaders` are of this operation alone, and made anew when it has committed something.
    """

    principal: Principal | None
    operation: Operation
    position: int
    committed_at: int | None = None
    loaders: Loaders = field(init=False)
    _now: datetime | None = None
    _waited: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self)

    @property
    def now(self) -> datetime:
        """The time that this operation goes by."""
        if self._now is None:
            self._now = edge().lodger.clock.now()
        return self._now

    @property
    def user_id(self) -> UUID | None:
        """The user who calls, if anybody is signed in."""
        return self.principal.user_id if self.principal else None

    def viewer(self, scope: str) -> UUID | None:
        """Who looks at what is there for everybody, and has more of it for some; a key without `scope` is nobody."""
        if self.principal is None or (self.principal.scopes is not None and scope not in self.principal.scopes):
            return None
        return self.principal.user_id

    def is_person(self, user_id: UUID) -> bool:
        """Whether this user calls themselves: no key shows what concerns the account."""
        return self.principal is not None and self.principal.scopes is None and self.principal.user_id == user_id

    def committed(self, position: int | None) -> None:
        """Note that a command has come to this position (None: it changed nothing)."""
        if position is not None:
            self.position = max(self.position, position)
            self.committed_at = max(self.committed_at or 0, position)
        self.loaders = Loaders(self)

    @contextmanager
    def reading(self, projection: Projection) -> Iterator[Cursor]:
        """A cursor on a read model that has come to `position`; waited for once.

        Raises Rejected `read_model_behind`.
        """
        known = self._waited.get(projection.name, 0) >= self.position
        with reading(projection, 0 if known else self.position) as cursor:
            self._waited[projection.name] = self.position
            yield cursor


Info: TypeAlias = strawberry.Info[Context, None]
"""What resolvers take: `info.context` is the above."""
