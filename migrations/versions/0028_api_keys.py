"""API keys: their names, and the digests of their secrets. What a key may do is in its user's stream."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE api_keys (
        key_id     uuid        NOT NULL,
        user_id    uuid        NOT NULL,
        name       text        NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT api_keys_pkey PRIMARY KEY (key_id)
    );
    CREATE INDEX api_keys_user ON api_keys (user_id);
    COMMENT ON TABLE api_keys IS
        'What a user calls a key: theirs. A key that is not in its user''s stream is none: written first, made then.';

    CREATE TABLE api_key_secrets (
        secret_id    uuid  NOT NULL,
        key_id       uuid  NOT NULL REFERENCES api_keys ON DELETE CASCADE,
        digest       bytea NOT NULL,
        last_four    text  NOT NULL,
        last_used_at timestamptz,
        CONSTRAINT api_key_secrets_pkey PRIMARY KEY (secret_id),
        CONSTRAINT api_key_secrets_digest UNIQUE (digest)
    );
    CREATE INDEX api_key_secrets_key ON api_key_secrets (key_id);
    COMMENT ON TABLE api_key_secrets IS
        'Digests of what machines log in with, and when they last did; of whoever has the key in api_keys.';
    """)
