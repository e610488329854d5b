"""Taking guards away, each by a statement."""

from __future__ import annotations

from typing import Final

import psycopg2

NO_EXCLUSION: Final = "ALTER TABLE nights DROP CONSTRAINT nights_no_overlap"
"""Nothing else refuses nights: the rules of the domain know one booking, or one property, at a time."""

NO_GIVING_BACK: Final = "CREATE RULE kept AS ON DELETE TO nights DO INSTEAD NOTHING"

NO_KEYS: Final = """
    CREATE OR REPLACE FUNCTION keep_answer(answer jsonb) RETURNS answers LANGUAGE sql AS 'SELECT NULL::answers'
"""

NO_BALANCE: Final = "DROP TRIGGER ledger_entries_balance ON ledger_entries"
"""Entries of an event need not add up to nothing."""

LOCKS_IN_NO_ORDER: Final = """
    CREATE FUNCTION lock_in_no_order() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        first integer := round(random());
    BEGIN
        PERFORM pg_advisory_xact_lock(first);
        PERFORM pg_sleep(0.05);
        PERFORM pg_advisory_xact_lock(1 - first);
        RETURN NEW;
    END $$;
    CREATE TRIGGER lock_in_no_order BEFORE INSERT ON nights FOR EACH ROW EXECUTE FUNCTION lock_in_no_order()
"""
"""Rivals for nights wait for each other."""


EVERY_WEBHOOK_IS_NEW: Final = """
    CREATE FUNCTION name_anew() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.event_id := NEW.event_id || ':' || gen_random_uuid();
        RETURN NEW;
    END $$;
    CREATE TRIGGER name_anew BEFORE INSERT ON provider_webhooks FOR EACH ROW EXECUTE FUNCTION name_anew()
"""


def alter(database_url: str, statement: str) -> None:
    """As the owner of the tables, which the application is not."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
