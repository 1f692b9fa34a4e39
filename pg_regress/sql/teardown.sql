-- The ways out and away: regime_teardown, regime_move, and an output table that is gone.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null -
CREATE VIEW made AS SELECT n.nspname AS schema, count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE relkind IN ('r', 'p', 'v') AND (relname ~ '^(cmc_regime|market_)' OR nspname ~ 'work') AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') GROUP BY 1 ORDER BY 1;
SELECT FROM regime_setup();
SELECT DISTINCT action FROM regime_track() WHERE action !~ 'created|unchanged';
SELECT id, status FROM refresh_cmc_regimes();
CREATE TABLE before AS :content;
-- An output table that was moved or renamed is missed.
CREATE SCHEMA elsewhere;
ALTER TABLE cmc_regimes SET SCHEMA elsewhere;
SELECT id, status FROM refresh_cmc_regimes();
\echo :LAST_ERROR_SQLSTATE
SELECT id, status FROM refresh_cmc_regimes(dry_run => true);
CALL refresh_all_cmc_regimes();
SELECT severity, what, detail, command FROM regime_health_details() WHERE severity = 'error';
SELECT to_regclass('public.cmc_regimes');
ALTER TABLE elsewhere.cmc_regimes SET SCHEMA public;
SELECT id, status, reason, rows_written FROM refresh_cmc_regimes();
ALTER TABLE cmc_regime_stats RENAME TO old_stats;
SELECT id, status FROM refresh_cmc_regimes(1);
SELECT relation, action FROM regime_setup('public') WHERE action <> 'unchanged';
SELECT id, status, rows_written > 0 AS written FROM refresh_cmc_regimes();
SELECT count(*) AS differ FROM old_stats AS o FULL JOIN cmc_regime_stats AS s USING (id, tf, regime_key)
    WHERE to_jsonb(o) - 'computed_at' IS DISTINCT FROM to_jsonb(s) - 'computed_at';
DROP TABLE old_stats;

-- To another schema: rows, states, marks and tracking go along; partitions, too.
CREATE SCHEMA "The Desk";
CREATE VIEW mine AS SELECT id, count(*) FROM cmc_regimes GROUP BY id;
CREATE VIEW my_runs AS SELECT * FROM cmc_regime_run_log;
SELECT append_bar(3, 50);
SELECT * FROM regime_move(NULL);
SELECT * FROM regime_move('public');
SELECT * FROM regime_move('nowhere');
SELECT * FROM regime_move('regime_work');
CREATE TABLE "The Desk".cmc_regime_flips ();
SELECT * FROM regime_move('The Desk');
DROP TABLE "The Desk".cmc_regime_flips;
CREATE TABLE "The Desk".other (cmc_regimes_pkey int PRIMARY KEY);
ALTER INDEX "The Desk".other_pkey RENAME TO cmc_regimes_pkey;
SELECT * FROM regime_move('The Desk');
ALTER INDEX "The Desk".cmc_regimes_pkey RENAME TO cmc_regimes_pkey_before;
SELECT * FROM regime_move('');
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA regime_work TO regress_reader;
CREATE TEMP TABLE moved AS SELECT * FROM regime_move('The Desk');
SELECT relation, replace(action, current_database(), 'this_database') AS action FROM moved WHERE relation ~ 'cmc_regimes|state|run_log|regime_work$|bars_multi_tf$|pg_regime' ORDER BY relation, action COLLATE "C";
SELECT * FROM made;
SELECT has_schema_privilege('regress_reader', 'The Desk_regime_work', 'USAGE') AS may_use;
SELECT * FROM regime_move('elsewhere');
SET pg_regime.target_schema = 'The Desk';
SET search_path = public, "The Desk";
SELECT count(*) FROM mine;
SELECT count(*) > 0 AS seen FROM my_runs;
SELECT count(*) AS differ FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) AS x;
SELECT id, lag_bars, is_stale FROM cmc_regime_status ORDER BY id;
SELECT id, status, mode, rows_written > 0 AS written FROM refresh_cmc_regimes();
UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 2 AND bar_seq = 30;
SELECT id, status, reason FROM refresh_cmc_regimes(only_dirty => true);
SELECT what, detail FROM regime_health_details() WHERE severity <> 'info';
SELECT obj_description('"The Desk_regime_work"'::regnamespace, 'pg_namespace');
SELECT count(*) > 20 AS runs FROM regime_move('public');
RESET pg_regime.target_schema;
RESET search_path;
REVOKE USAGE ON SCHEMA regime_work FROM regress_reader;
DROP ROLE regress_reader;
SELECT id, status, rows_written FROM refresh_cmc_regimes();
SELECT * FROM made;

-- Out: what of the user's depends on a view of ours stops it, and nothing is half done.
SELECT * FROM regime_teardown();
SELECT count(*) > 0 AS tracked FROM pg_trigger WHERE tgname LIKE 'pg_regime%';
DROP VIEW my_runs;
CREATE ROLE regress_other;
GRANT USAGE ON SCHEMA public TO regress_other;
SET ROLE regress_other;
SELECT * FROM regime_teardown();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM regime_move('The Desk');
RESET ROLE;
REVOKE USAGE ON SCHEMA public FROM regress_other;
DROP ROLE regress_other;
BEGIN READ ONLY;
SELECT * FROM regime_teardown();
ROLLBACK;
CREATE TABLE before_end AS :content;
SELECT * FROM regime_teardown();
SELECT * FROM made;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgname LIKE 'pg_regime%';
SELECT count(*) AS functions FROM pg_proc AS p WHERE proname ~ 'mark_' AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e');
SELECT count(*) AS differ FROM ((TABLE before_end EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before_end)) AS x;
-- Rows that stayed are taken over again.
SELECT id, status, rows_written FROM refresh_cmc_regimes();
-- Without the rows, and where there is nothing.
SELECT relation, action FROM regime_teardown(keep_rows => false) WHERE relation ~ 'cmc_regimes|pg_regime';
DROP VIEW mine;
SELECT relation, action FROM regime_teardown(keep_rows => false) WHERE relation ~ 'cmc_regimes|pg_regime';
SELECT * FROM made;
SELECT * FROM regime_teardown();
SELECT append_bar(3, 51);
DROP EXTENSION pg_regime;
