"""The log's hash tree, its checkpoints and their public keys: written once, and nothing of it is ever changed."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE log_leaves (
        leaf_index bigint NOT NULL,
        position   bigint NOT NULL,
        hash       bytea  NOT NULL,
        CONSTRAINT log_leaves_pkey PRIMARY KEY (leaf_index),
        CONSTRAINT log_leaves_position UNIQUE (position),
        CONSTRAINT log_leaves_hash CHECK (octet_length(hash) = 32)
    );
    COMMENT ON TABLE log_leaves IS
        'The events in the order of their positions, counted without the holes that rollbacks leave.';

    CREATE TABLE log_subtrees (
        level  integer NOT NULL,
        number bigint  NOT NULL,
        hash   bytea   NOT NULL,
        CONSTRAINT log_subtrees_pkey PRIMARY KEY (level, number),
        CONSTRAINT log_subtrees_level CHECK (level > 0),
        CONSTRAINT log_subtrees_hash CHECK (octet_length(hash) = 32)
    );
    COMMENT ON TABLE log_subtrees IS
        'The perfect subtrees over 2^level leaves from leaf number * 2^level on: whatever is proven is made of them.';

    CREATE TABLE log_checkpoints (
        size     bigint      NOT NULL,
        position bigint      NOT NULL,
        made_at  timestamptz NOT NULL,
        note     text        NOT NULL,
        CONSTRAINT log_checkpoints_pkey PRIMARY KEY (size)
    );
    COMMENT ON COLUMN log_checkpoints.note IS 'What was signed and by whom, as others keep it.';

    CREATE TABLE log_checkpoint_copies (
        size      bigint      NOT NULL,
        copied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT log_checkpoint_copies_pkey PRIMARY KEY (size)
    );
    COMMENT ON TABLE log_checkpoint_copies IS 'The checkpoints that are outside of this database too.';

    CREATE TABLE log_keys (
        public_key text        NOT NULL,
        made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT log_keys_pkey PRIMARY KEY (public_key)
    );
    COMMENT ON TABLE log_keys IS 'The public keys of checkpoints, kept for ever: old ones are checked with them.';

    CREATE TABLE log_origin (
        origin text    NOT NULL,
        sole   boolean NOT NULL DEFAULT true,
        CONSTRAINT log_origin_pkey PRIMARY KEY (sole),
        CONSTRAINT log_origin_sole CHECK (sole)
    );
    COMMENT ON TABLE log_origin IS 'What this log calls itself in its checkpoints, from the first one on.';

    -- What the providers said has people's data in it: whether it is what it was can be seen without reading it.
    CREATE VIEW evidence_hashes AS
        SELECT sha256, provider, body = '' AS is_emptied,
               encode(sha256(convert_to(body, 'UTF8')), 'hex') AS found_sha256
        FROM provider_answers;

    DO $$
    DECLARE
        kept text;
    BEGIN
        FOREACH kept IN ARRAY ARRAY['log_leaves', 'log_subtrees', 'log_checkpoints', 'log_checkpoint_copies',
                                    'log_keys', 'log_origin'] LOOP
            EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
                            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept || '_append_only', kept);
            EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', kept, kept || '_append_only');
        END LOOP;
    END $$;
    """)
