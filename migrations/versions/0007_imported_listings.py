"""What was imported from elsewhere: which listings are known, and what to skip because it is the same."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE imported_listings (
        market       text NOT NULL,
        external_id  text NOT NULL,
        property_id  uuid NOT NULL,
        digest       bytea,
        last_scraped date NOT NULL,
        CONSTRAINT imported_listings_pkey PRIMARY KEY (market, external_id)
    );
    COMMENT ON TABLE imported_listings IS
        'Bookkeeping of `lodger import`: saves work and finds who is gone. Decisions come from the streams.';
    COMMENT ON COLUMN imported_listings.digest IS
        'SHA-256 of what was imported; null while something is still to be done.';
    """)
