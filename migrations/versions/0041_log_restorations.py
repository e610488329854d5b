"""That a log came from a bundle, for whoever verifies it: what bundles do not have cannot be checked there."""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE log_restorations (
        size        bigint      NOT NULL,
        position    bigint      NOT NULL,
        restored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        sole        boolean     NOT NULL DEFAULT true,
        CONSTRAINT log_restorations_pkey PRIMARY KEY (sole),
        CONSTRAINT log_restorations_sole CHECK (sole)
    );
    COMMENT ON TABLE log_restorations IS
        'A row where this log was restored from a bundle: its first `size` events, up to `position`.';

    CREATE TRIGGER log_restorations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_restorations
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE log_restorations ENABLE ALWAYS TRIGGER log_restorations_append_only;
    """)
