"""Kept answers, and the personal data that must stay outside the log."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE answers (
        principal   text        NOT NULL,
        route       text        NOT NULL,
        key         text        NOT NULL,
        digest      bytea       NOT NULL,
        status      integer     NOT NULL,
        body        text        NOT NULL,
        headers     jsonb       NOT NULL,
        position    bigint,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT answers_pkey PRIMARY KEY (principal, route, key)
    );
    CREATE INDEX answers_recorded_at ON answers (recorded_at);

    CREATE TABLE people (
        user_id       uuid        NOT NULL,
        username      text        NOT NULL,
        email         text        NOT NULL,
        name          text        NOT NULL,
        phone         text,
        bio           text        NOT NULL DEFAULT '',
        password_hash text,
        version       integer     NOT NULL DEFAULT 1,
        created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT people_pkey PRIMARY KEY (user_id)
    );

    CREATE TABLE identities (
        kind    text  NOT NULL,
        digest  bytea NOT NULL,
        user_id uuid  NOT NULL,
        CONSTRAINT identities_pkey PRIMARY KEY (kind, digest)
    );
    CREATE INDEX identities_user ON identities (user_id);
    """)
