-- Entries go when they are older than pg_regime.run_log_days. A session looks for them with its first refresh, and every ten
-- minutes.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT count(*) FROM regime_setup();
INSERT INTO regime_work.cmc_regime_run_log (run, id, started_at, finished_at, status, rows_read, inserted, updated, deleted, elapsed_ms,
        regime_version_hash, run_by)
    SELECT -days, 7, now() - days * interval '1 day', now() - days * interval '1 day', 'ok', 0, 0, 0, 0, 0, '', 'me'
    FROM unnest('{1,29,31,100,5000}'::int[]) days;
\set left 'array_agg(-run ORDER BY run DESC) AS days FROM cmc_regime_run_log WHERE id = 7'
\c -
SELECT status FROM refresh_cmc_regimes(3);
SELECT :left;
-- Another limit, from the next session on.
SET pg_regime.run_log_days = 20;
SELECT status FROM refresh_cmc_regimes(3);
SELECT :left;
\c -
SET pg_regime.run_log_days = 20;
SELECT status FROM refresh_cmc_regimes(3);
SELECT :left;
-- Without a log nothing is looked for.
\c -
SET pg_regime.run_log_days = 0;
UPDATE regime_work.cmc_regime_run_log SET finished_at = '2001-01-01' WHERE id = 7;
SELECT status FROM refresh_cmc_regimes(3);
SELECT :left;
