"""What auditors looked at: written once for each read, and never changed."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE audit_reads (
        read_id    bigint      GENERATED ALWAYS AS IDENTITY,
        read_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        credential text        NOT NULL,
        reader     text        NOT NULL,
        request    text        NOT NULL,
        CONSTRAINT audit_reads_pkey PRIMARY KEY (read_id)
    );
    COMMENT ON TABLE audit_reads IS 'Who read the log as an auditor, from before they were answered.';
    COMMENT ON COLUMN audit_reads.credential IS 'How they said who they are, or command_line.';
    COMMENT ON COLUMN audit_reads.reader IS 'A user''s id, with a slash and that of their API key; a machine''s login.';

    CREATE TRIGGER audit_reads_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_reads
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE audit_reads ENABLE ALWAYS TRIGGER audit_reads_append_only;
    """)
