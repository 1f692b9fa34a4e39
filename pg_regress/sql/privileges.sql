-- A role that owns nothing: what everybody may do, and what three kinds of grants add.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}]');
SELECT count(*) FROM regime_setup();
SELECT id, status FROM refresh_cmc_regimes();
CREATE ROLE regress_reader;
CREATE ROLE regress_writer;
CREATE ROLE regress_officer;
-- Everybody may look at rules, resolve labels, label arrays and read the map.
SET ROLE regress_reader;
SELECT size_mult FROM resolve_policy(l2 => 'Down-Low-Normal', policy => 'desk');
SELECT count(*) FROM regime_policy_rules('desk');
SELECT regime_label_daily('{1}', '{1}', '{1}', '{1}');
SELECT count(*) FROM regime_source;
SELECT count(*) FROM regime_policy;
-- and nobody may change them without a grant, with or without the functions,
SELECT regime_load_policy('mine', '[]');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_drop_policy('desk');
\echo :LAST_ERROR_SQLSTATE
UPDATE regime_policy SET rules = '[]';
UPDATE regime_source SET close_column = 'open';
\echo :LAST_ERROR_SQLSTATE
-- nor make tables, nor refresh.
SELECT * FROM regime_setup();
SELECT status FROM refresh_cmc_regimes(2);
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM cmc_regime_latest;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;

-- A reader of regimes needs the output, not the sources.
GRANT SELECT ON cmc_regimes TO regress_reader;
SET ROLE regress_reader;
SELECT id, regime_key, newest_bar, is_stale FROM cmc_regime_latest ORDER BY id;
SELECT regime_key FROM regime_at(2, '2025-01-01');
SELECT count(*) FROM regime_compute(2);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
-- With the sources too: what if, and labels.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO regress_reader;
SET ROLE regress_reader;
SELECT count(*) FROM regime_compute(2, policy => 'desk', rules => '[{"match": "Up-", "size_mult": 0.1}]');
SELECT count(*) FROM regime_label_weekly(2);
SELECT length(regime_version_hash());
SELECT status FROM refresh_cmc_regimes(2, dry_run => true);
SELECT status FROM refresh_cmc_regimes(2, hysteresis => false);
RESET ROLE;

-- Who refreshes needs the sources and may write the outputs; owns neither, creates nothing.
GRANT USAGE ON SCHEMA regime_work TO regress_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA public, regime_work TO regress_writer;
GRANT INSERT, UPDATE, DELETE ON :tables TO regress_writer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA regime_work TO regress_writer;
SET ROLE regress_writer;
SELECT id, status FROM refresh_cmc_regimes();
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2], policy => 'desk', hysteresis => false);
SELECT relation, action FROM regime_setup();
SELECT regime_load_policy('mine', '[]');
RESET ROLE;

-- Who loads policies needs to write that table, and no prices.
GRANT INSERT, UPDATE, DELETE ON regime_policy TO regress_officer;
SET ROLE regress_officer;
SELECT regime_load_policy('mine', '[{"match": "Down-", "size_mult": 0.4}]');
SELECT loaded_by FROM regime_policy WHERE policy = 'mine';
SELECT size_mult FROM resolve_policy(l2 => 'Down-Low-Normal', policy => 'mine');
SELECT regime_drop_policy('desk');
SELECT status FROM refresh_cmc_regimes(2, policy => 'mine');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
-- Who edits the map needs its tables: the view alone does not lend the rights of its owner.
GRANT INSERT, UPDATE, DELETE ON regime_source TO regress_officer;
SET ROLE regress_officer;
UPDATE regime_source SET adx_floor = 0 WHERE cal_scheme = 'us' AND layer = 'L2';
RESET ROLE;
GRANT INSERT, UPDATE, DELETE ON regime_source_user TO regress_officer;
SET ROLE regress_officer;
UPDATE regime_source SET adx_floor = 0 WHERE cal_scheme = 'us' AND layer = 'L2' RETURNING origin;
DELETE FROM regime_source WHERE cal_scheme = 'us' AND layer IN ('L0', 'L2');
RESET ROLE;
SELECT layer, origin FROM regime_source WHERE cal_scheme = 'us';
-- No function runs with rights other than the caller's.
SELECT count(*) FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
    JOIN pg_extension e ON e.oid = d.refobjid AND extname = 'pg_regime' WHERE prosecdef;
-- Row security of the output tables holds for reading through the function too.
ALTER TABLE cmc_regimes ENABLE ROW LEVEL SECURITY;
CREATE POLICY only_3 ON cmc_regimes TO regress_reader USING (id = 3);
SET ROLE regress_reader;
SELECT count(ts) FROM regime_at(2, '2025-01-01');
SELECT count(ts) FROM regime_at(3, '2025-01-01');
RESET ROLE;
-- A role that runs jobs, in a schema of its own: the grants of docs/operations.md, "Schedule refreshes with pg_cron", are
-- enough, and regime_health names a grant that is missing.
CREATE SCHEMA desk;
SET pg_regime.target_schema = 'desk';
SELECT count(*) FROM refresh_cmc_regimes();
CREATE ROLE regress_job;
GRANT SELECT ON cmc_price_bars_multi_tf, cmc_price_bars_multi_tf_cal_iso, cmc_ema_multi_tf_u, cmc_ema_multi_tf_cal_iso, dim_assets TO regress_job;
SET ROLE regress_job;
SELECT * FROM regime_health_details();
SELECT count(*) FROM cmc_regime_status;
\echo :LAST_ERROR_SQLSTATE
SELECT system, n, problem FROM regime_systems;
RESET ROLE;
GRANT USAGE ON SCHEMA desk, desk_regime_work TO regress_job;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA desk, desk_regime_work TO regress_job;
SET ROLE regress_job;
SELECT * FROM regime_health_details() WHERE what = 'missing grants';
CALL refresh_all_cmc_regimes();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA desk_regime_work TO regress_job;
SET ROLE regress_job;
SELECT id, status FROM refresh_cmc_regimes(full_refresh => true);
CALL refresh_all_cmc_regimes();
SELECT id, is_stale FROM cmc_regime_status;
SELECT id, is_stale FROM cmc_regime_latest;
SELECT system, n, n_stale, problem FROM regime_systems;
SELECT severity, what, detail FROM regime_health_details();
RESET ROLE;
-- The number of a mark is no privilege of whoever refreshes.
REVOKE USAGE ON SEQUENCE desk_regime_work.cmc_regime_dirty_mark_seq FROM regress_job;
SET ROLE regress_job;
SELECT count(*) FROM regime_health_details() WHERE what = 'missing grants';
SELECT id, status FROM refresh_cmc_regimes(2);
RESET ROLE;
RESET pg_regime.target_schema;
\set ECHO none
SET client_min_messages = error;
DROP OWNED BY regress_reader, regress_writer, regress_officer, regress_job;
DROP ROLE regress_reader, regress_writer, regress_officer, regress_job;
DROP SCHEMA desk, desk_regime_work CASCADE;
