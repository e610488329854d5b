"""Paying hosts: where they want to be paid (personal data, so not in events), and the read model of their accounts."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE payout_destinations (
        host_id   uuid NOT NULL,
        method    text NOT NULL,
        provider  text NOT NULL,
        reference text NOT NULL,
        CONSTRAINT payout_destinations_pkey PRIMARY KEY (host_id)
    );
    COMMENT ON COLUMN payout_destinations.reference IS 'What the provider knows the account by: a phone or its own id.';

    CREATE TABLE payout_addresses (
        payout_id uuid NOT NULL,
        host_id   uuid NOT NULL,
        reference text NOT NULL,
        CONSTRAINT payout_addresses_pkey PRIMARY KEY (payout_id)
    );
    CREATE INDEX payout_addresses_host ON payout_addresses (host_id);
    COMMENT ON TABLE payout_addresses IS
        'Where each payout goes: asked for again, a provider has to be told the same.';

    CREATE TABLE payout_attempts (
        host_id         uuid        NOT NULL,
        attempts        integer     NOT NULL,
        next_attempt_at timestamptz NOT NULL,
        CONSTRAINT payout_attempts_pkey PRIMARY KEY (host_id)
    );
    COMMENT ON TABLE payout_attempts IS 'Hosts whose account was looked at by the workers, and when it is next.';

    CREATE TABLE host_earnings (
        booking_id  uuid        NOT NULL,
        host_id     uuid        NOT NULL,
        property_id uuid        NOT NULL,
        minor       bigint      NOT NULL,
        currency    text        NOT NULL,
        release_at  timestamptz NOT NULL,
        CONSTRAINT host_earnings_pkey PRIMARY KEY (booking_id)
    );
    CREATE INDEX host_earnings_host ON host_earnings (host_id, release_at, booking_id) WHERE minor > 0;
    CREATE INDEX host_earnings_release ON host_earnings (release_at) WHERE minor > 0;
    COMMENT ON COLUMN host_earnings.minor IS 'What no payout holds.';

    CREATE TABLE host_payouts (
        payout_id    uuid        NOT NULL,
        host_id      uuid        NOT NULL,
        minor        bigint      NOT NULL,
        currency     text        NOT NULL,
        provider     text        NOT NULL,
        status       text        NOT NULL,
        failure_code text,
        scheduled_at timestamptz NOT NULL,
        ended_at     timestamptz,
        CONSTRAINT host_payouts_pkey PRIMARY KEY (payout_id)
    );
    CREATE INDEX host_payouts_host ON host_payouts (host_id, scheduled_at DESC, payout_id DESC);
    CREATE INDEX host_payouts_under_way ON host_payouts (host_id) WHERE status = 'scheduled';

    CREATE TABLE host_payout_portions (
        payout_id uuid   NOT NULL,
        kind      text   NOT NULL,
        of_id     uuid   NOT NULL,
        minor     bigint NOT NULL,
        CONSTRAINT host_payout_portions_pkey PRIMARY KEY (payout_id, kind, of_id)
    );

    CREATE TABLE host_debts (
        debt_id    uuid   NOT NULL,
        host_id    uuid   NOT NULL,
        booking_id uuid,
        minor      bigint NOT NULL,
        currency   text   NOT NULL,
        reason     text   NOT NULL,
        CONSTRAINT host_debts_pkey PRIMARY KEY (debt_id)
    );

    CREATE TABLE host_holds (
        host_id    uuid NOT NULL,
        hold_id    text NOT NULL,
        booking_id uuid,
        CONSTRAINT host_holds_pkey PRIMARY KEY (host_id, hold_id)
    );
    COMMENT ON TABLE host_holds IS 'Those that are not lifted.';
    """)
