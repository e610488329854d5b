"""What may be done."""

from __future__ import annotations

import strawberry


@strawberry.type
class Mutation:
    """Commands: the same that REST has."""
