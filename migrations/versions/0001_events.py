"""The log: events, which nobody edits."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    -- CACHE 1 and a default evaluated by the INSERT itself are what the log reader's safe position rests on:
    -- whoever holds a position also holds the lock on the table.
    CREATE SEQUENCE events_position_seq AS bigint CACHE 1;

    CREATE TABLE events (
        position       bigint      NOT NULL DEFAULT nextval('events_position_seq'),
        partition_key  uuid        NOT NULL,
        stream_id      uuid        NOT NULL,
        version        integer     NOT NULL,
        type           text        NOT NULL,
        schema_version integer     NOT NULL,
        data           text        NOT NULL,
        meta           text        NOT NULL,
        recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT events_pkey PRIMARY KEY (stream_id, version, partition_key)
    );
    ALTER SEQUENCE events_position_seq OWNED BY events.position;
    CREATE UNIQUE INDEX events_position ON events (position);

    COMMENT ON TABLE events IS 'Append-only. Written by append() alone; data and meta are the exact JSON text.';

    CREATE VIEW events_readable AS
        SELECT position, recorded_at, type, schema_version, stream_id, version, partition_key,
               data::json AS data, meta::json AS meta
        FROM events;
    COMMENT ON VIEW events_readable IS 'For people: the JSON text of events as json values.';

    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE object_not_in_prerequisite_state
            USING MESSAGE = format('%s is append-only: %s is refused', TG_TABLE_NAME, TG_OP);
    END $$;

    CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    -- ALWAYS: also in a session that sets session_replication_role.
    ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only;
    """)
