"""Views for analysts, in a schema of their own: they read nothing else."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    DO $$ BEGIN
        -- Somebody else may have made it for a login that may make none.
        IF to_regnamespace('analytics') IS NULL THEN
            CREATE SCHEMA analytics;
        END IF;
    END $$;
    COMMENT ON SCHEMA analytics IS 'What analysts read: views without anything of a person.';

    CREATE VIEW analytics.facts_per_day AS
        SELECT (recorded_at AT TIME ZONE 'UTC')::date AS day, type AS fact, count(*) AS events
        FROM public.events GROUP BY 1, 2;
    COMMENT ON VIEW analytics.facts_per_day IS 'How often each fact was recorded on each day (UTC).';
    """)
