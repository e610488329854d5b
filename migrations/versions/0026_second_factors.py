"""Second factors, and how often all of somebody's browser sessions were ended."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    -- `sealed` is what codes are made from. Which of somebody's factors counts, their events say. Times are real.
    CREATE TABLE second_factors (
        factor_id    uuid        NOT NULL,
        user_id      uuid        NOT NULL,
        sealed       bytea       NOT NULL,
        is_confirmed boolean     NOT NULL DEFAULT false,
        last_step    bigint      NOT NULL DEFAULT -1,
        recovery     bytea[]     NOT NULL DEFAULT '{}',
        wrong        integer     NOT NULL DEFAULT 0,
        wrong_at     timestamptz,
        made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT second_factors_pkey PRIMARY KEY (factor_id)
    );
    CREATE INDEX second_factors_user ON second_factors (user_id);
    COMMENT ON TABLE second_factors IS
        'Secrets of user_id''s authenticator, sealed, and digests of their recovery codes. Goes with the factor.';

    -- A session counts while it has its user's generation: what is ended here stays ended, whatever Redis does.
    CREATE TABLE session_generations (
        user_id    uuid   NOT NULL,
        generation bigint NOT NULL,
        CONSTRAINT session_generations_pkey PRIMARY KEY (user_id)
    );
    COMMENT ON TABLE session_generations IS
        'How often all sessions of user_id were ended; nothing of a person. Stays: they must not count again.';
    """)
