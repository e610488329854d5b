"""What was imported before, in a table of its own beside the streams."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg2.extras import execute_values

from application.imported_listings import Remembered
from infrastructure.database import Database


class ImportedListingsTable:
    """Implements `application.imported_listings.ImportedListings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_market(self, market: str) -> Mapping[str, Remembered]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT external_id, property_id, digest, last_scraped FROM imported_listings WHERE market = %s",
                [market],
            )
            return {
                external_id: Remembered(property_id, digest and bytes(digest), scraped)
                for external_id, property_id, digest, scraped in cursor.fetchall()
            }

    def remember(self, market: str, listings: Mapping[str, Remembered]) -> None:
        """Write them in one statement."""
        rows = [(market, external_id, r.property_id, r.digest, r.scraped) for external_id, r in listings.items()]
        with self._database.connection() as connection, connection.cursor() as cursor:
            execute_values(
                cursor,
                """INSERT INTO imported_listings (market, external_id, property_id, digest, last_scraped) VALUES %s
                   ON CONFLICT (market, external_id)
                   DO UPDATE SET digest = excluded.digest, last_scraped = excluded.last_scraped""",
                rows,
            )

    def forget(self, market: str, external_id: str) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM imported_listings WHERE market = %s AND external_id = %s", [market, external_id]
            )
