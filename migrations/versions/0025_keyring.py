"""The keys of every purpose, sealed. What was destroyed leaves its row: so that it is not made again."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE keyring (
        purpose      text        NOT NULL,
        key_id       text        NOT NULL,
        sealed       bytea,
        is_first     boolean     NOT NULL DEFAULT false,
        made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        used_from    timestamptz,
        ends_at      timestamptz,
        destroyed_at timestamptz,
        CONSTRAINT keyring_pkey PRIMARY KEY (purpose, key_id),
        CONSTRAINT keyring_destroyed CHECK ((sealed IS NULL) = (destroyed_at IS NOT NULL))
    );
    CREATE UNIQUE INDEX keyring_first ON keyring (purpose) WHERE is_first;
    COMMENT ON TABLE keyring IS 'Nobody''s personal data: keys, sealed with one derived from LODGER_SECRET_KEY.';
    COMMENT ON COLUMN keyring.used_from IS
        'From when something new is made with it, until a later one is used; null while it is only announced.';
    COMMENT ON COLUMN keyring.ends_at IS 'From when nothing that was made with it counts any more.';
    """)
