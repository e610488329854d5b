"""What is kept beside payments of any provider: the secret that a payer's client confirms a charge with; and what the
sandbox has paid hosts."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE payers ALTER COLUMN phone DROP NOT NULL, ADD COLUMN client_secret text")
    op.execute(
        """
        COMMENT ON TABLE payers IS 'What is known of payers outside events: phones, and what their clients confirm by.';
        CREATE TABLE sandbox_payouts (
            key uuid PRIMARY KEY,
            payout_id uuid NOT NULL,
            minor bigint NOT NULL CHECK (minor > 0),
            currency text NOT NULL,
            destination text NOT NULL
        );
        """
    )
