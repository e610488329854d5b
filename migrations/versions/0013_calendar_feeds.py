"""Linked calendars of other marketplaces, and who may read ours: addresses are secrets, so not in events."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE linked_calendars (
        feed_id      uuid        NOT NULL,
        property_id  uuid        NOT NULL,
        url          text        NOT NULL,
        due_at       timestamptz NOT NULL,
        etag         text,
        attempted_at timestamptz,
        read_at      timestamptz,
        failures     integer     NOT NULL,
        error_code   text,
        error_text   text,
        entries      integer     NOT NULL,
        notes        text[]      NOT NULL,
        CONSTRAINT linked_calendars_pkey PRIMARY KEY (feed_id)
    );
    CREATE INDEX linked_calendars_property ON linked_calendars (property_id);
    CREATE INDEX linked_calendars_due ON linked_calendars (due_at);
    COMMENT ON TABLE linked_calendars IS
        'Where linked calendars are, and how reading them goes. Which are linked is said by the streams.';

    CREATE TABLE published_calendars (
        property_id uuid  NOT NULL,
        digest      bytea NOT NULL,
        CONSTRAINT published_calendars_pkey PRIMARY KEY (property_id),
        CONSTRAINT published_calendars_digest UNIQUE (digest)
    );
    COMMENT ON COLUMN published_calendars.digest IS 'Keyed SHA-256 of the token in the address.';
    """)
