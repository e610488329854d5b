"""Read models that are made anew beside the live ones, switched in, and kept for a way back; events that are parked."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(_PLACES)
    op.execute(_PARKED)
    op.execute(_ALIKE)
    op.execute(_MAKING)
    op.execute(_SWITCHING)


_PLACES = """
    DO $$ BEGIN
        -- Somebody else may have made them for a login that may make none.
        IF to_regnamespace('rebuilding') IS NULL THEN
            CREATE SCHEMA rebuilding;
        END IF;
        IF to_regnamespace('replaced') IS NULL THEN
            CREATE SCHEMA replaced;
        END IF;
    END $$;
    COMMENT ON SCHEMA rebuilding IS 'Read models under way: `lodger projections rebuild` fills them.';
    COMMENT ON SCHEMA replaced IS 'Read models that a rebuild replaced, for `lodger projections rollback`.';
"""

_PARKED = """
    ALTER TABLE positions
        ADD COLUMN parked        integer NOT NULL DEFAULT 0,
        ADD COLUMN kept_version  integer,
        ADD COLUMN kept_position bigint;
    COMMENT ON COLUMN positions.parked IS 'How many rows of parked_events are its.';
    COMMENT ON COLUMN positions.kept_version IS
        'Of the version that made the tables in replaced, which stand at kept_position; null: none are kept.';

    CREATE TABLE parked_events (
        projection    text        NOT NULL,
        position      bigint      NOT NULL,
        stream_id     uuid        NOT NULL,
        partition_key uuid        NOT NULL,
        reason        text,
        parked_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT parked_events_pkey PRIMARY KEY (projection, position)
    );
    CREATE INDEX parked_events_stream ON parked_events (projection, stream_id, position);
    COMMENT ON TABLE parked_events IS 'Events that a read model could not take, and later ones of their streams.';
    COMMENT ON COLUMN parked_events.reason IS 'Why it failed; null: it only waits for the ones before it.';
"""

_ALIKE = """
    -- Whoever may change every row of a table may have the table replaced, and of no other. A function that runs with
    -- its owner's rights still sees in `role` who called.
    CREATE FUNCTION must_be_read_models(tables text[]) RETURNS void LANGUAGE plpgsql
        SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        caller text := CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;
        name text;
        found regclass;
    BEGIN
        FOREACH name IN ARRAY tables LOOP
            found := to_regclass(format('public.%I', name));
            IF EXISTS (
                SELECT FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS needed
                WHERE NOT coalesce(has_table_privilege(caller, found, needed), false)
            ) THEN
                RAISE EXCEPTION '% has no read model %', caller, name USING ERRCODE = 'insufficient_privilege';
            END IF;
        END LOOP;
    END $$;

    -- Everything of a table that its rows do not show, as text, whichever of our schemas it is in.
    CREATE FUNCTION read_model_shape(place text, name text) RETURNS text LANGUAGE sql STABLE
        SET search_path = pg_catalog, pg_temp AS $$
        WITH it AS (SELECT to_regclass(format('%I.%I', place, name)) AS id, format(' ON %I.', place) AS on_place),
        lines AS (
            SELECT format('column %s %s %s %s %s %s', row_number() OVER (ORDER BY attnum), attname,
                          format_type(atttypid, atttypmod), attnotnull, attidentity::text || attgenerated::text,
                          pg_get_expr(adbin, adrelid)) AS line
            FROM it JOIN pg_attribute ON attrelid = id AND attnum > 0 AND NOT attisdropped
                LEFT JOIN pg_attrdef ON adrelid = id AND adnum = attnum
            UNION ALL
            SELECT format('constraint %s %s', conname, pg_get_constraintdef(oid))
            FROM it JOIN pg_constraint ON conrelid = id AND contype IN ('p', 'u', 'x', 'c', 'f')
            UNION ALL
            SELECT replace(pg_get_indexdef(indexrelid), on_place, ' ON ') FROM it JOIN pg_index ON indrelid = id
            UNION ALL
            SELECT replace(pg_get_triggerdef(oid), on_place, ' ON ')
            FROM it JOIN pg_trigger ON tgrelid = id AND NOT tgisinternal
            UNION ALL
            SELECT format('options %s', reloptions) FROM it JOIN pg_class ON oid = id
        )
        SELECT string_agg(line, chr(10) ORDER BY line) FROM lines
    $$;
"""

_MAKING = """
    CREATE FUNCTION discard_read_models(tables text[], place text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        name text;
    BEGIN
        IF place NOT IN ('rebuilding', 'replaced') THEN
            RAISE EXCEPTION 'nothing in % is discarded', place USING ERRCODE = 'insufficient_privilege';
        END IF;
        FOREACH name IN ARRAY tables LOOP
            EXECUTE format('DROP TABLE IF EXISTS %I.%I', place, name);
        END LOOP;
    END $$;

    -- Empty tables beside the live ones, without their indexes: most are filled faster before they have any.
    CREATE FUNCTION prepare_rebuild(tables text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        caller text := CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;
        name text;
        live regclass;
        statement text;
    BEGIN
        PERFORM public.must_be_read_models(tables);
        PERFORM public.discard_read_models(tables, 'rebuilding');
        FOREACH name IN ARRAY tables LOOP
            live := format('public.%I', name);
            EXECUTE format('CREATE TABLE rebuilding.%1$I (LIKE public.%1$I INCLUDING ALL EXCLUDING INDEXES) %2$s', name,
                (SELECT format('WITH (%s)', array_to_string(reloptions, ', ')) FROM pg_class
                 WHERE oid = live AND reloptions IS NOT NULL));
            EXECUTE format('COMMENT ON TABLE rebuilding.%I IS %L', name, obj_description(live, 'pg_class'));
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON rebuilding.%I TO %I', name, caller);
            FOR statement IN
                SELECT replace(pg_get_triggerdef(oid), format(' ON public.%I ', name),
                               format(' ON rebuilding.%I ', name))
                FROM pg_trigger WHERE tgrelid = live AND NOT tgisinternal
                UNION ALL
                SELECT format('ALTER TABLE rebuilding.%I ALTER %I SET STATISTICS %s', name, attname, attstattarget)
                FROM pg_attribute WHERE attrelid = live AND attnum > 0 AND NOT attisdropped AND attstattarget > 0
            LOOP
                EXECUTE statement;
            END LOOP;
        END LOOP;
    END $$;

    -- The indexes of the live tables, by their names, and what the planner wants to know.
    CREATE FUNCTION index_rebuild(tables text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        name text;
        live regclass;
        statement text;
    BEGIN
        PERFORM public.must_be_read_models(tables);
        FOREACH name IN ARRAY tables LOOP
            live := format('public.%I', name);
            FOR statement IN
                SELECT format('ALTER TABLE rebuilding.%I ADD CONSTRAINT %I %s', name, conname,
                              pg_get_constraintdef(oid))
                FROM pg_constraint WHERE conrelid = live AND contype IN ('p', 'u', 'x')
                UNION ALL
                SELECT replace(pg_get_indexdef(indexrelid), format(' ON public.%I ', name),
                               format(' ON rebuilding.%I ', name))
                FROM pg_index WHERE indrelid = live AND NOT EXISTS (
                    SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = live)
            LOOP
                EXECUTE statement;
            END LOOP;
            EXECUTE format('ANALYZE rebuilding.%I', name);
        END LOOP;
    END $$;
"""

_SWITCHING = """
    -- The tables in `coming` become the live ones, and these go to `leaving`, in place of what is there. Rights stay
    -- as they are with the live ones; views are bound to the new ones.
    CREATE FUNCTION switch_read_models(tables text[], coming text, leaving text) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        name text;
        statement text;
        live oid[];
        views text[];
        other text;
    BEGIN
        PERFORM public.must_be_read_models(tables);
        IF (coming, leaving) NOT IN (('rebuilding', 'replaced'), ('replaced', 'rebuilding')) THEN
            RAISE EXCEPTION 'not from % to %', coming, leaving USING ERRCODE = 'insufficient_privilege';
        END IF;
        FOR name IN SELECT unnest(tables) ORDER BY 1 LOOP
            EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', name);
            IF public.read_model_shape(coming, name) IS DISTINCT FROM public.read_model_shape('public', name) THEN
                RAISE EXCEPTION 'the table % is not as the one in % any more', name, coming
                    USING ERRCODE = 'object_not_in_prerequisite_state';
            END IF;
            live := live || to_regclass(format('public.%I', name))::oid;
        END LOOP;

        SELECT array_agg(DISTINCT format('CREATE OR REPLACE VIEW %s %s AS %s', v.oid::regclass,
                   CASE WHEN v.reloptions IS NOT NULL THEN format('WITH (%s)', array_to_string(v.reloptions, ', ')) END,
                   pg_get_viewdef(v.oid))) INTO views
        FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
            JOIN pg_class v ON v.oid = r.ev_class
        WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (live) AND v.relkind = 'v';

        -- What cannot be bound anew would go on showing the old rows.
        SELECT pg_describe_object(d.classid, d.objid, d.objsubid) INTO other
        FROM pg_depend d LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
            LEFT JOIN pg_class v ON v.oid = r.ev_class
            LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
        WHERE (d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (live)
               OR d.refclassid = 'pg_type'::regclass
                  AND d.refobjid IN (SELECT t.oid FROM pg_type t WHERE t.typrelid = ANY (live)))
          AND (v.relkind <> 'v' OR d.classid = 'pg_proc'::regclass OR k.conrelid <> ALL (live))
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'what hangs on the table cannot be switched: %', other
                USING ERRCODE = 'feature_not_supported';
        END IF;

        FOR statement IN
            SELECT format('GRANT %s %s ON %I.%I TO %s %s', a.privilege_type, a.columns, coming, a.relname,
                          coalesce((SELECT quote_ident(rolname) FROM pg_roles WHERE oid = a.grantee), 'PUBLIC'),
                          CASE WHEN a.is_grantable THEN 'WITH GRANT OPTION' END)
            FROM (
                SELECT relname, relowner, '' AS columns, (aclexplode(relacl)).* FROM pg_class WHERE oid = ANY (live)
                UNION ALL
                SELECT relname, relowner, format('(%I)', attname), (aclexplode(attacl)).*
                FROM pg_class c JOIN pg_attribute ON attrelid = c.oid WHERE c.oid = ANY (live)
            ) a
            WHERE a.grantee <> a.relowner
        LOOP
            EXECUTE statement;
        END LOOP;

        PERFORM public.discard_read_models(tables, leaving);
        FOREACH name IN ARRAY tables LOOP
            EXECUTE format('ALTER TABLE public.%I SET SCHEMA %I', name, leaving);
            EXECUTE format('ALTER TABLE %I.%I SET SCHEMA public', coming, name);
        END LOOP;
        FOREACH statement IN ARRAY coalesce(views, '{}') LOOP
            EXECUTE statement;
        END LOOP;
    END $$;
"""
