"""The removal of a review that nobody had read is not counted for analysts: it would tell that there was one."""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE OR REPLACE VIEW analytics.facts_per_day (day, fact, events) AS
        SELECT (e.recorded_at AT TIME ZONE 'UTC')::date, e.type, count(*) FROM public.events e
        WHERE e.type <> 'ReviewSubmitted'
          AND (e.type <> 'ReviewRemoved' OR EXISTS (
              SELECT FROM public.events shown
              WHERE shown.stream_id = e.stream_id AND shown.type IN ('ReviewRevealed', 'ReviewImported')))
        GROUP BY 1, 2;
    CREATE OR REPLACE VIEW analytics.version (version) AS SELECT '1.0.1'::text;
    """)
