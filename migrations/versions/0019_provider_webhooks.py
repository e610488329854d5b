"""Webhooks of payment providers: stored before they are answered, followed apart from the request."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE provider_webhooks (
        webhook_id      bigint GENERATED ALWAYS AS IDENTITY,
        provider        text        NOT NULL,
        event_id        text        NOT NULL,
        about           text        NOT NULL,
        reference       text,
        payment_id      uuid,
        body            bytea       NOT NULL,
        sha256          bytea       NOT NULL GENERATED ALWAYS AS (sha256(body)) STORED,
        received_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        state           text        NOT NULL DEFAULT 'waiting',
        attempts        integer     NOT NULL DEFAULT 0,
        next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        last_error      text,
        CONSTRAINT provider_webhooks_pkey PRIMARY KEY (webhook_id),
        CONSTRAINT provider_webhooks_once UNIQUE (provider, event_id),
        CONSTRAINT provider_webhooks_state CHECK (state IN ('waiting', 'recorded', 'nothing_new', 'unknown_payment'))
    );
    CREATE INDEX provider_webhooks_due ON provider_webhooks (next_attempt_at, webhook_id) WHERE state = 'waiting';
    CREATE INDEX provider_webhooks_unknown ON provider_webhooks (webhook_id) WHERE state = 'unknown_payment';
    CREATE INDEX provider_webhooks_received ON provider_webhooks (received_at);
    COMMENT ON TABLE provider_webhooks IS
        'What payment providers sent, to the byte. What it says decides nothing: they are asked how things stand.';
    COMMENT ON COLUMN provider_webhooks.body IS 'May hold personal data (a payer''s phone): forgotten with the row.';
    """)
