"""What may be asked."""

from __future__ import annotations

from datetime import datetime

import strawberry

from api.edge import edge
from api.graph.access import allowed


@strawberry.type
class Query:
    """Everything that can be read."""

    @allowed("anyone")
    def now(self) -> datetime:
        """What Lodger's clock shows: every rule goes by it."""
        return edge().lodger.clock.now()
