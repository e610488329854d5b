"""How much of the graph one request may ask for, by the settings."""

from __future__ import annotations

from api.graph.limits import Limits
from infrastructure.settings import Settings


def graph_limits(settings: Settings) -> Limits:
    """In production the schema does not answer for itself, and errors suggest no names: its file is served anyway."""
    return Limits(
        depth=settings.graphql_depth,
        cost=settings.graphql_cost,
        tokens=settings.graphql_tokens,
        fragments=settings.graphql_fragments,
        batch=settings.graphql_batch,
        introspection=settings.env != "production",
    )
