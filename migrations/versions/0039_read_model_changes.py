"""How often a read model's rows have changed: what was answered from them holds until the next time."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE positions ADD COLUMN changes bigint NOT NULL DEFAULT 0;
    COMMENT ON COLUMN positions.changes IS 'Grows in every transaction that changes rows of its.';
    """)
