"""Whom to forget; and what providers said can be forgotten, while its hash stays."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    -- Times are real ones. The row stays: whoever restores a backup has to know whom to forget again.
    CREATE TABLE erasures (
        user_id       uuid        NOT NULL,
        begun_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        sweeps        integer     NOT NULL DEFAULT 0,
        next_sweep_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        done_at       timestamptz,
        CONSTRAINT erasures_pkey PRIMARY KEY (user_id)
    );
    CREATE INDEX erasures_due ON erasures (next_sweep_at) WHERE done_at IS NULL;
    COMMENT ON TABLE erasures IS
        'Who was erased, by an id that nothing else tells anything of, and how often their traces were swept.';
    COMMENT ON TABLE person_keys IS
        'The wrapped key of each person. Without a key the row says that they were erased, so that none is made anew.';

    ALTER TABLE provider_answers ADD COLUMN reference text;
    CREATE INDEX provider_answers_reference ON provider_answers (reference);
    COMMENT ON COLUMN provider_answers.reference IS 'The provider''s, of what it answered about.';
    COMMENT ON COLUMN provider_answers.body IS 'Empty once the person whom it names was erased; its hash stays.';

    -- What was received has the same hash when its body was erased.
    ALTER TABLE provider_webhooks ALTER COLUMN sha256 DROP EXPRESSION;
    COMMENT ON COLUMN provider_webhooks.body IS
        'May hold personal data (a payer''s phone): forgotten with the row, or emptied when the person is erased.';
    CREATE INDEX provider_webhooks_payment ON provider_webhooks (payment_id);
    CREATE INDEX provider_webhooks_reference ON provider_webhooks (reference);
    """)
