"""append() takes the first event as parameters and what else there is as a document."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    DROP FUNCTION append(jsonb);

    CREATE FUNCTION append(
        partition_key uuid, stream_id uuid, version integer, type text, schema_version integer, data text, meta text,
        more jsonb
    ) RETURNS text LANGUAGE plpgsql AS $$
    -- One command's whole effect. `more` is {"answer": {…}, "person": {…}, "nights": {"give_back": […], "take": […]},
    -- "events": […]}, all optional, and null when there is nothing of it: most of what is written is one event, and
    -- as parameters it costs a third of what it costs as a document. `stream_id` is null when there is no event.
    -- Events come sorted by (stream, version), the further ones of the same partition in `more`, so that two appends
    -- never wait for each other and a stream's versions and positions rise together.
    --
    -- Returns JSON: the events' positions, or the answer this command already got as an object, and then nothing else
    -- happens. The events come last: whatever has to wait, waits without holding the lock on `events` that readers
    -- of the log wait for.
    DECLARE
        earlier answers;
        event jsonb;
        positions text;
    BEGIN
        IF more IS NOT NULL THEN
            IF more ? 'answer' THEN
                earlier := keep_answer(more->'answer');
                IF earlier.key IS NOT NULL THEN
                    RETURN to_jsonb(earlier)::text;
                END IF;
            END IF;

            IF more ? 'person' THEN
                PERFORM take_identities((more#>>'{person,user_id}')::uuid, more#>'{person,identities}');
                INSERT INTO people (user_id, username, email, name, password_hash)
                SELECT p.user_id, p.username, p.email, p.name, p.password_hash
                FROM jsonb_to_record(more->'person')
                    AS p(user_id uuid, username text, email text, name text, password_hash text);
            END IF;

            IF more ? 'nights' THEN
                PERFORM change_nights(more#>'{nights,give_back}', more#>'{nights,take}');
            END IF;

            IF stream_id IS NULL THEN
                RETURN '[]';
            END IF;
        END IF;

        INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
        VALUES (partition_key, stream_id, version, type, schema_version, data, meta)
        RETURNING '[' || position || ']' INTO positions;

        IF more IS NOT NULL THEN
            FOR event IN SELECT value FROM jsonb_array_elements(more->'events') LOOP
                positions := positions::jsonb || append(
                    partition_key, (event->>'stream_id')::uuid, (event->>'version')::integer, event->>'type',
                    (event->>'schema_version')::integer, event->>'data', event->>'meta', NULL)::jsonb;
            END LOOP;

            IF more ? 'answer' THEN
                UPDATE answers a SET position = (positions::jsonb->>-1)::bigint
                WHERE (a.principal, a.route, a.key)
                    = (more#>>'{answer,principal}', more#>>'{answer,route}', more#>>'{answer,key}');
            END IF;
        END IF;

        RETURN positions;
    END $$;
    """)
