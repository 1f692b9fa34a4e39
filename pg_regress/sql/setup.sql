-- regime_setup makes the output tables, where they are to be, and leaves alone what is as it should be.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT * FROM regime_setup();
SELECT * FROM regime_setup();
SELECT * FROM regime_setup(NULL);
-- Keys, further indexes, and who owns them.
SELECT tablename, indexdef FROM pg_indexes WHERE tablename LIKE 'cmc\_regime%' ORDER BY 1, 2;
SELECT DISTINCT relowner = current_user::regrole AS mine FROM pg_class WHERE relname LIKE 'cmc\_regime%';
SELECT count(*) AS members FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
    WHERE d.classid = 'pg_class'::regclass AND deptype = 'e' AND relkind = 'r' AND relname LIKE 'cmc\_regime%';
CREATE TEMP VIEW views AS SELECT relname, relnamespace::regnamespace::text FROM pg_class WHERE relkind = 'v';
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
    WHERE table_name LIKE 'cmc\_regime%' AND (table_name, table_schema) NOT IN (TABLE views) ORDER BY table_name, ordinal_position;
-- What cannot be is refused by the tables themselves.
\set VERBOSITY terse
INSERT INTO cmc_regimes SELECT (jsonb_populate_record(NULL::cmc_regimes, to_jsonb(c) || '{"orders": "market"}')).*
    FROM regime_compute(3) c LIMIT 1;
INSERT INTO cmc_regimes SELECT (jsonb_populate_record(NULL::cmc_regimes, to_jsonb(c) - 'regime_key')).*
    FROM regime_compute(3) c LIMIT 1;
INSERT INTO cmc_regimes SELECT * FROM regime_compute(3) UNION ALL SELECT * FROM regime_compute(3);
INSERT INTO cmc_regime_flips (id, ts, tf, layer, new_regime) VALUES (1, now(), '1D', 'L9', 'Up-Low-Normal');
\set VERBOSITY default
-- Only what is missing is made again.
DROP TABLE cmc_regime_flips;
DROP VIEW cmc_regime_progress;
SELECT * FROM regime_setup();

-- Another schema, by argument or by setting; each is a set of its own.
CREATE SCHEMA "Desk A";
SELECT * FROM regime_setup('Desk A');
SELECT status FROM refresh_cmc_regimes(3);
SET pg_regime.target_schema = 'Desk A';
SELECT status, rows_written FROM refresh_cmc_regimes(2);
SELECT status, rows_written FROM refresh_cmc_regimes(2);
SELECT (SELECT count(*) FROM "Desk A".cmc_regimes) AS there, (SELECT count(*) FROM cmc_regimes) AS here,
    (SELECT string_agg(id::text, ',') FROM cmc_regime_latest) AS latest;
SELECT count(ts) FROM regime_at(2, '2025-01-01');
RESET pg_regime.target_schema;
SELECT count(ts) FROM regime_at(2, '2025-01-01');
-- A schema that is not there is not made, by whichever way it is named.
SELECT * FROM regime_setup('Desk B');
\echo :LAST_ERROR_SQLSTATE
SELECT hint_of($$SELECT regime_setup('Desk B')$$) AS hint \gset
\echo :hint
:hint
SELECT action, count(*) FROM regime_setup('Desk B') GROUP BY 1;
SELECT * FROM regime_setup('desk a');
SELECT * FROM regime_setup('');
\echo :LAST_ERROR_SQLSTATE
SELECT action, count(*) FROM regime_setup(current_schema()) GROUP BY 1;
\set VERBOSITY terse
DROP SCHEMA "Desk A", "Desk A_regime_work", "Desk B", "Desk B_regime_work" CASCADE;
