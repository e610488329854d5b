"""Reviews of another marketplace: of no booking here, without a rating of their own; and what they averaged there."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE reviews
        ADD COLUMN origin text,
        ALTER COLUMN booking_id DROP NOT NULL,
        ALTER COLUMN overall DROP NOT NULL,
        ADD CONSTRAINT reviews_imported CHECK ((origin IS NULL) = (booking_id IS NOT NULL)
                                               AND (origin IS NULL) = (overall IS NOT NULL));
    COMMENT ON COLUMN reviews.origin IS 'The marketplace that it was imported from; null of one that was written here.';

    CREATE TABLE imported_scores (
        property_id   uuid    NOT NULL,
        origin        text    NOT NULL,
        as_of         date    NOT NULL,
        reviews       integer NOT NULL,
        overall       integer NOT NULL,
        cleanliness   integer,
        accuracy      integer,
        check_in      integer,
        communication integer,
        location      integer,
        value         integer,
        CONSTRAINT imported_scores_pkey PRIMARY KEY (property_id)
    );
    COMMENT ON TABLE imported_scores IS 'What another marketplace says a property''s reviews average, in hundredths.';
    """)
