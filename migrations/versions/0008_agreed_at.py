"""When the terms of a booking were agreed, in the rows of bookings."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    -- For rows of before, what the upcaster of BookingHeld says: the hold of that time lasted 15 minutes.
    ALTER TABLE bookings ADD COLUMN agreed_at timestamptz;
    UPDATE bookings SET agreed_at = held_until - interval '15 minutes';
    ALTER TABLE bookings ALTER COLUMN agreed_at SET NOT NULL;
    """)
