-- The run log: a row per call and one per asset, with what was done and what went wrong.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null -
\set last 'run, id, status, mode, reason, inserted, updated, deleted, sqlstate, message FROM cmc_regime_run_log WHERE run = (SELECT max(run) FROM cmc_regime_run_log) ORDER BY id NULLS FIRST'
SELECT status FROM refresh_cmc_regimes();
SELECT :last;
SELECT append_bar(2, 60);
SELECT id, status, rows_written, message FROM refresh_cmc_regimes(ARRAY[2, 99]);
SELECT :last;
-- What the other columns hold.
SELECT id, rows_read > 0 AS read, elapsed_ms > 0 AND elapsed_ms < 60000 AS elapsed,
    started_at <= finished_at AND finished_at <= clock_timestamp() AS times,
    started_at > now() - interval '1 minute' AS today, regime_version_hash = regime_version_hash() AS hash, run_by
FROM cmc_regime_run_log ORDER BY run, id NULLS FIRST;
SELECT sum(rows_read) FILTER (WHERE id IS NULL) = sum(rows_read) FILTER (WHERE id IS NOT NULL) AS rows,
    min(started_at) FILTER (WHERE id IS NULL) <= min(started_at) AS begun FROM cmc_regime_run_log;
-- Nothing to do, nothing at all, one asset.
SELECT status FROM refresh_cmc_regimes();
SELECT :last;
SELECT status FROM refresh_cmc_regimes('{}'::int[]);
SELECT :last;
SELECT status FROM refresh_cmc_regimes(3);
SELECT :last;
-- An asset that fails: code, message and hint; the others are logged as they are.
UPDATE cmc_price_bars_multi_tf SET close = 0 WHERE id = 2 AND bar_seq = 400;
SELECT append_bar(3, 44);
SELECT id, status FROM refresh_cmc_regimes();
SELECT :last;
SELECT DISTINCT hint FROM cmc_regime_run_log WHERE status = 'failed';
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'closed' USING HINT = 'Ask the auditor.'; END $$;
CREATE TRIGGER r BEFORE UPDATE ON cmc_regime_stats FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT append_bar(3, 45);
SELECT id, status FROM refresh_cmc_regimes(3);
SELECT :last;
SELECT hint FROM cmc_regime_run_log WHERE message = 'closed';
DROP TRIGGER r ON cmc_regime_stats;
-- Bars that are gone.
DELETE FROM cmc_price_bars_multi_tf WHERE id = 3;
SELECT id, status FROM refresh_cmc_regimes(3);
SELECT :last;
-- What leaves no entry: a call that ends with an error, one that is rolled back, a dry run, and all with the log off.
SELECT max(run) AS run FROM cmc_regime_run_log \gset
SELECT status FROM refresh_cmc_regimes(2, policy => 'none');
BEGIN;
SELECT status FROM refresh_cmc_regimes(1);
ROLLBACK;
SELECT status FROM refresh_cmc_regimes(1, dry_run => true);
SET pg_regime.run_log_days = 0;
SELECT status FROM refresh_cmc_regimes(1);
SELECT count(*) FROM cmc_regime_run_log WHERE run > :run;
RESET pg_regime.run_log_days;
-- Two calls of one transaction are two.
BEGIN;
SELECT status FROM refresh_cmc_regimes(1);
SELECT status FROM refresh_cmc_regimes(1);
COMMIT;
SELECT count(DISTINCT run), count(*) FROM cmc_regime_run_log WHERE run > :run;
-- A log that cannot be written costs a WARNING and no row.
CREATE TRIGGER r BEFORE INSERT ON regime_work.cmc_regime_run_log FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT append_bar(1, 45);
SELECT status, rows_written FROM refresh_cmc_regimes(1);
-- It may be put aside, and be dropped later.
ALTER TABLE regime_work.cmc_regime_run_log RENAME TO old_log;
SELECT status, rows_written FROM refresh_cmc_regimes(1);
SELECT id, status, inserted FROM cmc_regime_run_log ORDER BY id;
DROP TABLE regime_work.old_log;
SELECT status, rows_written FROM refresh_cmc_regimes(1);
SELECT id, status, inserted FROM cmc_regime_run_log ORDER BY run, id;
-- In a schema of any name.
CREATE SCHEMA "It's mine";
SET pg_regime.target_schema = 'It''s mine';
SELECT status FROM refresh_cmc_regimes(1);
SELECT status FROM "It's mine".cmc_regime_run_log ORDER BY id;
SET client_min_messages = error;
DROP SCHEMA "It's mine", "It's mine_regime_work" CASCADE;
