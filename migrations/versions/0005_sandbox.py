"""What the sandbox needs (a clock that can be moved, a provider with a ledger of its own), payers' phones, and the
providers' answers that payment events name by their hash."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE sandbox_clock (
        only_one boolean  NOT NULL DEFAULT true,
        ahead    interval NOT NULL,
        CONSTRAINT sandbox_clock_pkey PRIMARY KEY (only_one),
        CONSTRAINT sandbox_clock_only_one CHECK (only_one)
    );
    COMMENT ON TABLE sandbox_clock IS 'How far domain time is ahead of the real one; unused in production.';

    CREATE TABLE payers (
        payment_id uuid NOT NULL,
        phone      text NOT NULL,
        CONSTRAINT payers_pkey PRIMARY KEY (payment_id)
    );
    COMMENT ON TABLE payers IS 'Phones that mobile money is asked from: personal data, never in an event.';

    CREATE TABLE provider_answers (
        sha256      text        NOT NULL,
        provider    text        NOT NULL,
        body        text        NOT NULL,
        received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT provider_answers_pkey PRIMARY KEY (sha256)
    );
    COMMENT ON TABLE provider_answers IS 'Evidence: payment events name these bodies by their SHA-256.';

    CREATE TABLE sandbox_charges (
        reference  text   NOT NULL,
        key        text   NOT NULL,
        payment_id uuid   NOT NULL,
        minor      bigint NOT NULL,
        currency   text   NOT NULL,
        method     text   NOT NULL,
        status     text   NOT NULL DEFAULT 'waiting',
        CONSTRAINT sandbox_charges_pkey PRIMARY KEY (reference),
        CONSTRAINT sandbox_charges_key UNIQUE (key),
        CONSTRAINT sandbox_charges_status
            CHECK (status IN ('waiting', 'authorized', 'captured', 'declined', 'voided'))
    );
    CREATE TABLE sandbox_refunds (
        key       text   NOT NULL,
        reference text   NOT NULL,
        minor     bigint NOT NULL,
        CONSTRAINT sandbox_refunds_pkey PRIMARY KEY (key),
        CONSTRAINT sandbox_refunds_charge FOREIGN KEY (reference) REFERENCES sandbox_charges
    );
    CREATE INDEX sandbox_refunds_reference ON sandbox_refunds (reference);
    COMMENT ON TABLE sandbox_charges IS 'The sandbox provider''s own ledger: another company''s database, in spirit.';
    """)
