"""The ledger: double entries derived from bookings, payments and host accounts."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE ledger_entries (
            position    bigint      NOT NULL,
            line        integer     NOT NULL,
            event_id    uuid        NOT NULL,
            fact        text        NOT NULL,
            account     text        NOT NULL,
            currency    text        NOT NULL,
            minor       bigint      NOT NULL,
            booking_id  uuid,
            payment_id  uuid,
            host_id     uuid        NOT NULL,
            occurred_at timestamptz NOT NULL,
            CONSTRAINT ledger_entries_pkey PRIMARY KEY (position, line),
            CONSTRAINT ledger_entries_moves CHECK (minor <> 0),
            CONSTRAINT ledger_entries_account CHECK (account IN (
                'guest_funds', 'host_payable', 'platform_revenue', 'tax_payable', 'processor_clearing',
                'host_receivable'
            ))
        );
        CREATE INDEX ledger_entries_host ON ledger_entries (host_id, position, line);
        CREATE INDEX ledger_entries_booking ON ledger_entries (booking_id, position, line);
        COMMENT ON TABLE ledger_entries IS 'What each event moves between accounts; nothing in sum, in any currency.';
        COMMENT ON COLUMN ledger_entries.minor IS 'Minor units of the currency: a debit when positive, else a credit.';

        CREATE TABLE ledger_parties (
            stream_id  uuid NOT NULL,
            booking_id uuid NOT NULL,
            guest_id   uuid NOT NULL,
            host_id    uuid NOT NULL,
            CONSTRAINT ledger_parties_pkey PRIMARY KEY (stream_id)
        );
        COMMENT ON TABLE ledger_parties IS 'Whom a stream''s events concern, as the ledger projection learnt it.';

        CREATE TABLE ledger_states (
            stream_id uuid NOT NULL,
            kind      text NOT NULL,
            state     text NOT NULL,
            CONSTRAINT ledger_states_pkey PRIMARY KEY (stream_id)
        );
        COMMENT ON COLUMN ledger_states.state IS
            'A booking (its lines summed by kind), a payment or a host''s payouts, as JSON.';

        -- All entries of an event come in one statement.
        CREATE FUNCTION ledger_entries_balance() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            wrong record;
        BEGIN
            SELECT position, currency, sum(minor) AS minor INTO wrong
            FROM entered GROUP BY position, currency HAVING sum(minor) <> 0 LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'the entries at position % are off by % minor units of %',
                    wrong.position, wrong.minor, wrong.currency USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
            REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_balance();
        """
    )
