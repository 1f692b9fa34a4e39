-- Only what users read lies in their schema; what refreshes work with lies in a schema beside it.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, high float8, low float8, close float8, PRIMARY KEY (symbol, timeframe, open_time));
CREATE TABLE own AS SELECT oid FROM pg_class;
SELECT action, count(*) FROM regime_setup() GROUP BY 1;
SELECT DISTINCT action LIKE '%tracked' AS tracked FROM regime_track();
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 'I') AND oid NOT IN (TABLE own) AND relname <> 'own' ORDER BY 1;
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'regime_work'::regnamespace AND relkind NOT IN ('i', 'I') ORDER BY 1;
SELECT pronamespace::regnamespace, count(*) FROM pg_proc WHERE proname ~ '_regime_mark_[0-9a-f]{8}$' GROUP BY 1;
SELECT obj_description('regime_work'::regnamespace, 'pg_namespace');

-- Who reads needs no right on that schema: functions, views over functions, and the views of what lies in it.
CREATE ROLE regress_reader;
GRANT SELECT ON cmc_regimes, cmc_regime_run_log, cmc_regime_marks, cmc_regime_progress, market_regime_marks, market_regime_progress TO regress_reader;
SELECT append_bar(3, 60);
SET ROLE regress_reader;
SELECT regime_key FROM regime_at(2, '2024-12-31');
SELECT count(*) FROM cmc_regime_latest;
SELECT id, status FROM cmc_regime_run_log ORDER BY id;
SELECT DISTINCT id FROM cmc_regime_marks;
SELECT (SELECT count(*) FROM cmc_regime_progress) AS rounds, (SELECT count(*) FROM market_regime_progress) AS backfills, (SELECT count(*) FROM market_regime_marks) AS marks;
INSERT INTO cmc_regime_run_log SELECT * FROM cmc_regime_run_log;
SELECT count(*) FROM regime_work.cmc_regime_run_log;
-- Nor does regime_setup, where nothing is to be made.
SELECT DISTINCT action FROM regime_setup();
RESET ROLE;

-- A role that may create tables, but no schema: the hint is typed by somebody who may.
CREATE ROLE "regress Job";
CREATE SCHEMA desk AUTHORIZATION "regress Job";
GRANT SELECT ON ALL TABLES IN SCHEMA public TO "regress Job";
CREATE FUNCTION typed(statement text) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 1..9 LOOP
        BEGIN
            SET ROLE "regress Job";
            EXECUTE statement;
            RESET ROLE;
            RETURN;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
            RETURN NEXT;
            EXECUTE split_part(hint, ';', 1);
        END;
    END LOOP;
END $$;
\pset format unaligned
\x on
SET pg_regime.target_schema = 'desk';
SELECT * FROM typed('SELECT id FROM refresh_cmc_regimes(3)');
SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'desk_regime_work';
SET client_min_messages = error;
DROP SCHEMA desk_regime_work CASCADE;
RESET client_min_messages;
-- The schema is there, and somebody else's.
CREATE SCHEMA desk_regime_work;
SELECT * FROM typed('SELECT regime_setup(''desk'')');
SELECT nspowner::regrole <> '"regress Job"'::regrole AS other FROM pg_namespace WHERE nspname = 'desk_regime_work';
\x off
\pset format aligned
SELECT id, status FROM refresh_cmc_regimes(3);
SET client_min_messages = error;
DROP SCHEMA desk, desk_regime_work CASCADE;
CREATE SCHEMA desk;
SELECT id, status FROM refresh_cmc_regimes(3);
-- Without its tables, the working schema of earlier ones is no harm: once they are made again, rows are computed in full.
DROP SCHEMA desk CASCADE;
CREATE SCHEMA desk;
SELECT :how FROM refresh_cmc_regimes(3);
SELECT count(*) > 0 AS made FROM regime_setup();
SELECT :how FROM refresh_cmc_regimes(3);
SELECT count(*) > 0 AS rows FROM desk.cmc_regimes;
-- And the other way round: without it, a refresh makes it again.
DROP SCHEMA desk_regime_work CASCADE;
SELECT :how FROM refresh_cmc_regimes(3);
SELECT id, status FROM desk.cmc_regime_run_log ORDER BY id;
RESET client_min_messages;
RESET pg_regime.target_schema;

-- A working table that was renamed and is made anew: the view shows the new one, to those who might read it before.
ALTER TABLE regime_work.cmc_regime_run_log RENAME TO old_log;
SELECT relation, action FROM regime_setup() WHERE action <> 'unchanged';
SET ROLE regress_reader;
SELECT count(*) FROM cmc_regime_run_log;
RESET ROLE;

-- The working schema of another target is none to write outputs to.
SELECT * FROM regime_setup('regime_work');
SELECT * FROM regime_setup('desk_regime_work');
SELECT * FROM regime_setup('information_schema');
SELECT * FROM regime_setup('pg_catalog');
-- Names of any kind and length: in the name of the working schema long ones are cut, and told apart.
SELECT repeat('Ä', 20) || 'long enough to be cut' AS long \gset
CREATE FUNCTION try(target text) RETURNS TABLE (work text, tables bigint, status text, again text) LANGUAGE plpgsql SET client_min_messages = error AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', target);
    PERFORM set_config('pg_regime.target_schema', target, true);
    SELECT trim('"' FROM relation) INTO work FROM regime_setup(target) LIMIT 1;
    SELECT r.status INTO status FROM refresh_cmc_regimes(3) r;
    SELECT r.status INTO again FROM refresh_cmc_regimes(3) r;
    SELECT count(*) INTO tables FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = replace(work, '""', '"') AND relkind = 'r';
    PERFORM set_config('pg_regime.target_schema', 'public', true);
    RETURN NEXT;
END $$;
SELECT octet_length(t.name) AS bytes, octet_length(work) AS work_bytes, work, tables, status, again
    FROM (VALUES ('Up "and" it''s'), ('{work}'), ('{schema}'), (:'long' || ' 1'), (:'long' || ' 2'), (repeat('n', 51)), (repeat('n', 52))) AS t (name), try(t.name);
\set ECHO none
SET client_min_messages = error;
DROP OWNED BY regress_reader, "regress Job";
DROP ROLE regress_reader, "regress Job";
SELECT format('DROP SCHEMA IF EXISTS %I CASCADE', nspname) FROM pg_namespace WHERE oid >= 16384 AND nspname NOT IN ('public') \gexec
