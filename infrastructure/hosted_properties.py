"""Which properties a host has, by the read model of listings."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from infrastructure.database import Database
from projections import positions
from projections.listings import LISTINGS, ids_of_host


class HostedProperties:
    """Implements `application.ports.HostedProperties`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, host_id: UUID, upto: int) -> Sequence[UUID] | None:
        """See the port."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            if positions.reached(cursor, LISTINGS.name) < upto:
                return None
            return ids_of_host(cursor, host_id)
