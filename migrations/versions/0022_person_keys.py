"""The key of each person, wrapped. Without the key the row stays: so that nobody makes another for who was erased."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE person_keys (
        person_id uuid        NOT NULL,
        sealed    bytea,
        made_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT person_keys_pkey PRIMARY KEY (person_id)
    );
    """)
