"""append(): one command's whole effect in one call, one transaction, one round trip."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE FUNCTION keep_answer(answer jsonb) RETURNS answers LANGUAGE plpgsql AS $$
    -- Keeps the answer and returns null, or returns the answer that was already kept under its key.
    -- A concurrent duplicate waits in the INSERT for the first one to commit or to fail. Status 0 says that a
    -- command is under way: the first real answer to the same body takes its place.
    DECLARE
        kept answers;
    BEGIN
        INSERT INTO answers AS a (principal, route, key, digest, status, body, headers)
        VALUES (answer->>'principal', answer->>'route', answer->>'key', decode(answer->>'digest', 'base64'),
                (answer->>'status')::integer, answer->>'body', answer->'headers')
        ON CONFLICT (principal, route, key) DO UPDATE
            SET status = excluded.status, body = excluded.body, headers = excluded.headers
            WHERE a.status = 0 AND excluded.status <> 0 AND a.digest = excluded.digest;
        IF NOT FOUND THEN
            SELECT a.* INTO kept FROM answers a
            WHERE (a.principal, a.route, a.key) = (answer->>'principal', answer->>'route', answer->>'key');
        END IF;
        RETURN kept;
    END $$;

    CREATE FUNCTION take_identities(owner uuid, wanted jsonb) RETURNS void LANGUAGE plpgsql AS $$
    -- `wanted` is [[kind, digest in base64], …]: all or none. The DETAIL is the first kind that is somebody else's.
    DECLARE
        taken text;
    BEGIN
        WITH asked AS (
            SELECT pair->>0 AS kind, decode(pair->>1, 'base64') AS digest FROM jsonb_array_elements(wanted) AS pair
        ), got AS (
            INSERT INTO identities (kind, digest, user_id)
            SELECT kind, digest, owner FROM asked ORDER BY kind, digest
            ON CONFLICT DO NOTHING RETURNING kind, digest
        )
        SELECT min(kind) INTO taken FROM asked WHERE (kind, digest) NOT IN (SELECT kind, digest FROM got);
        IF taken IS NOT NULL THEN
            RAISE unique_violation
                USING MESSAGE = 'identity taken', CONSTRAINT = 'identities_pkey', DETAIL = taken;
        END IF;
    END $$;

    CREATE FUNCTION change_nights(give_back jsonb, take jsonb) RETURNS void LANGUAGE plpgsql AS $$
    -- Takes every range or raises with the claims in the way as the DETAIL, in JSON.
    DECLARE
        taken integer;
    BEGIN
        DELETE FROM nights n
        WHERE n.claim_id IN (SELECT claim::uuid FROM jsonb_array_elements_text(give_back) AS claim);

        -- One statement, ordered, ON CONFLICT DO NOTHING: rivals wait for each other instead of deadlocking.
        INSERT INTO nights (property_id, claim_id, nights, lane, held_until)
        SELECT w.property_id, w.claim_id, daterange(w.first, w.until),
               CASE w.kind
                   WHEN 'stay' THEN int8range(NULL, NULL)
                   WHEN 'block' THEN own_lane()
               END,
               w.held_until
        FROM jsonb_to_recordset(take)
            AS w(property_id uuid, claim_id uuid, first date, until date, kind text, held_until timestamptz)
        ORDER BY w.property_id, w.first, w.until
        ON CONFLICT DO NOTHING;

        GET DIAGNOSTICS taken = ROW_COUNT;
        IF taken < jsonb_array_length(take) THEN
            RAISE exclusion_violation USING
                MESSAGE = 'nights taken', CONSTRAINT = 'nights_no_overlap', DETAIL = (
                    SELECT coalesce(json_agg(DISTINCT jsonb_build_object(
                        'claim_id', n.claim_id, 'first', lower(n.nights), 'until', upper(n.nights),
                        'kind', CASE WHEN upper_inf(n.lane) THEN 'stay' ELSE 'block' END,
                        'held_until', n.held_until)), '[]')
                    FROM nights n
                    JOIN jsonb_to_recordset(take)
                        AS w(property_id uuid, claim_id uuid, first date, until date, kind text)
                      ON n.property_id = w.property_id AND n.nights && daterange(w.first, w.until)
                    WHERE n.claim_id <> w.claim_id AND (w.kind = 'stay' OR upper_inf(n.lane)));
        END IF;
    END $$;

    CREATE FUNCTION append(command jsonb, OUT positions bigint[], OUT kept jsonb) LANGUAGE plpgsql AS $$
    -- `command` is {"events": […], "answer": {…}, "person": {…}, "nights": {"give_back": […], "take": […]}}, all but
    -- the events optional. One document, because ten parameters take longer to pass than an event to insert.
    -- `positions` are those of the events, which come sorted by (stream, version) so that two appends never wait for
    -- each other; `kept` is the answer this command already got, and then nothing else happens. The events come
    -- last: whatever has to wait, waits without holding the lock on `events` that readers of the log wait for.
    DECLARE
        earlier answers;
        event jsonb;
        placed bigint;
    BEGIN
        IF command ? 'answer' THEN
            earlier := keep_answer(command->'answer');
            IF earlier.key IS NOT NULL THEN
                kept := to_jsonb(earlier);
                RETURN;
            END IF;
        END IF;

        IF command ? 'person' THEN
            PERFORM take_identities((command#>>'{person,user_id}')::uuid, command#>'{person,identities}');
            INSERT INTO people (user_id, username, email, name, password_hash)
            SELECT p.user_id, p.username, p.email, p.name, p.password_hash
            FROM jsonb_to_record(command->'person')
                AS p(user_id uuid, username text, email text, name text, password_hash text);
        END IF;

        IF command ? 'nights' THEN
            PERFORM change_nights(command#>'{nights,give_back}', command#>'{nights,take}');
        END IF;

        -- In the order given, so that a stream's versions and positions rise together.
        FOR event IN SELECT value FROM jsonb_array_elements(command->'events') LOOP
            INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
            VALUES ((event->>'partition_key')::uuid, (event->>'stream_id')::uuid, (event->>'version')::integer,
                    event->>'type', (event->>'schema_version')::integer, event->>'data', event->>'meta')
            RETURNING position INTO placed;
            positions := positions || placed;
        END LOOP;

        IF command ? 'answer' THEN
            UPDATE answers a SET position = coalesce(positions[cardinality(positions)], a.position)
            WHERE (a.principal, a.route, a.key)
                = (command#>>'{answer,principal}', command#>>'{answer,route}', command#>>'{answer,key}');
        END IF;
    END $$;
    """)
