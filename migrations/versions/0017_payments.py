"""Payments as a read model, what of them waits for an operator, and when a provider is asked again; a sandbox in which
the second step of a card, late answers, refunds that fail and contradictions can be practised."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE payments (
        payment_id uuid        NOT NULL,
        booking_id uuid        NOT NULL,
        provider   text        NOT NULL,
        method     text        NOT NULL,
        minor      bigint      NOT NULL,
        currency   text        NOT NULL,
        stage      text        NOT NULL,
        reference  text,
        under_way  boolean     NOT NULL,
        state      text        NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        left_at    timestamptz NOT NULL,
        CONSTRAINT payments_pkey PRIMARY KEY (payment_id)
    );
    CREATE INDEX payments_under_way ON payments (left_at, payment_id) WHERE under_way;
    COMMENT ON COLUMN payments.state IS 'domain.payments.Payment as JSON.';
    COMMENT ON COLUMN payments.left_at IS
        'When its last event was recorded, by the database''s time: how long it has been left alone.';

    CREATE TABLE payment_needs (
        payment_id uuid        NOT NULL,
        kind       text        NOT NULL,
        subject    text        NOT NULL,
        minor      bigint,
        currency   text,
        said       text,
        since      timestamptz NOT NULL,
        CONSTRAINT payment_needs_pkey PRIMARY KEY (payment_id, kind, subject)
    );
    CREATE INDEX payment_needs_since ON payment_needs (since, payment_id, kind, subject);
    COMMENT ON TABLE payment_needs IS 'What is open of payments and an operator may have to see to.';

    CREATE TABLE reconciliations (
        payment_id      uuid        NOT NULL,
        left_at         timestamptz NOT NULL,
        attempts        integer     NOT NULL,
        next_attempt_at timestamptz NOT NULL,
        last_error      text,
        CONSTRAINT reconciliations_pkey PRIMARY KEY (payment_id)
    );
    COMMENT ON TABLE reconciliations IS
        'Payments whose provider was asked again since they were left alone at left_at, and when it is asked next.';

    ALTER TABLE sandbox_charges
        DROP CONSTRAINT sandbox_charges_status,
        ADD CONSTRAINT sandbox_charges_status
            CHECK (status IN ('waiting', 'challenged', 'authorized', 'captured', 'declined', 'voided')),
        ADD COLUMN approved_at timestamptz,
        ADD COLUMN refunds_fail boolean NOT NULL DEFAULT false,
        ADD COLUMN denied boolean NOT NULL DEFAULT false;
    COMMENT ON COLUMN sandbox_charges.approved_at IS 'When its payer will have approved, by the sandbox''s clock.';
    COMMENT ON COLUMN sandbox_charges.denied IS 'The provider says that it failed, whatever it took.';
    CREATE TABLE sandbox_failed_refunds (
        key       text NOT NULL,
        reference text NOT NULL,
        code      text NOT NULL,
        CONSTRAINT sandbox_failed_refunds_pkey PRIMARY KEY (key),
        CONSTRAINT sandbox_failed_refunds_charge FOREIGN KEY (reference) REFERENCES sandbox_charges
    );
    """)
