"""Photos: where each came from and how big it is; the pictures themselves are in the store of files."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE photos (
        photo_id    uuid        NOT NULL,
        user_id     uuid        NOT NULL,
        property_id uuid,
        sha256      bytea       NOT NULL,
        width       integer     NOT NULL,
        height      integer     NOT NULL,
        state       text        NOT NULL DEFAULT 'new',
        uploaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        due_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT photos_pkey PRIMARY KEY (photo_id),
        CONSTRAINT photos_state CHECK (state IN ('new', 'ready', 'removed'))
    );
    COMMENT ON TABLE photos IS 'Personal: pictures that user_id uploaded, of a property or (without one) of them. '
        'A removed one waits for its files to be deleted.';
    -- The same file again is the same photo, for as long as it is there.
    CREATE UNIQUE INDEX photos_file ON photos (coalesce(property_id, user_id), sha256) WHERE state <> 'removed';
    CREATE INDEX photos_due ON photos (due_at) WHERE state <> 'ready';
    CREATE INDEX photos_user ON photos (user_id);

    ALTER TABLE listings ADD COLUMN photos uuid[] NOT NULL DEFAULT '{}';
    ALTER TABLE people ADD COLUMN photo_id uuid;
    """)
