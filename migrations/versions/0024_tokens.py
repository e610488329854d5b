"""Families of API tokens, mails about an account that somebody asked for, and the languages that people speak."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    -- Times are real, not the sandbox's. `used_at` is when its last access token was given out.
    CREATE TABLE token_families (
        family_id  uuid        NOT NULL,
        user_id    uuid        NOT NULL,
        user_agent text        NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        used_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        ends_at    timestamptz NOT NULL,
        revoked_at timestamptz,
        CONSTRAINT token_families_pkey PRIMARY KEY (family_id)
    );
    CREATE INDEX token_families_user ON token_families (user_id);
    CREATE INDEX token_families_revoked ON token_families (revoked_at) WHERE revoked_at IS NOT NULL;
    CREATE INDEX token_families_ends ON token_families (ends_at);
    COMMENT ON TABLE token_families IS
        'Logins of API clients: whose (user_id) and by what program. Forgotten some time after their end.';

    CREATE TABLE refresh_tokens (
        digest    bytea NOT NULL,
        family_id uuid  NOT NULL REFERENCES token_families ON DELETE CASCADE,
        successor bytea,
        spent_at  timestamptz,
        CONSTRAINT refresh_tokens_pkey PRIMARY KEY (digest)
    );
    CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
    COMMENT ON TABLE refresh_tokens IS 'Keyed digests of refresh tokens, spent ones too; nothing of a person.';

    CREATE TABLE asked_letters (
        template text        NOT NULL,
        digest   bytea       NOT NULL,
        asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT asked_letters_pkey PRIMARY KEY (template, digest)
    );
    COMMENT ON TABLE asked_letters IS
        'Mails that somebody asked for, by the keyed digest of an address, until the next worker looks.';

    CREATE INDEX mailings_asked ON mailings (stream_id, template, created_at) WHERE position = 0;

    ALTER TABLE people ADD COLUMN languages text[] NOT NULL DEFAULT '{}';
    """)
