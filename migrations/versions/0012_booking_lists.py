"""Lists of bookings: by when a stay begins and ends, and by whose turn it is."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    -- Made anew from the log by the next projector, as by the revision before.
    TRUNCATE bookings;
    DELETE FROM positions WHERE name = 'bookings';
    ALTER TABLE bookings
        DROP COLUMN waits_until,
        ADD COLUMN begins_at timestamptz NOT NULL, ADD COLUMN ends_at timestamptz NOT NULL;
    COMMENT ON COLUMN bookings.waits_for IS 'The side whose turn it is, until due_at.';
    """)
