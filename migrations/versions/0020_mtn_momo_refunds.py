"""Which refunds were asked of MTN Mobile Money: it lists them for nobody."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE mtn_momo_refunds (
            reference uuid CONSTRAINT mtn_momo_refunds_pkey PRIMARY KEY,
            charge    uuid NOT NULL
        );
        CREATE INDEX mtn_momo_refunds_of_charge ON mtn_momo_refunds (charge);
        COMMENT ON TABLE mtn_momo_refunds IS 'What reconciling asks MTN about; whether it came about, MTN says.';
        """
    )
