-- What a DBA watches: one row for programs, sizes, slow refreshes, and failures that outlive the log.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null -
SET client_min_messages = error;
SET pg_regime.market_proxy_id = 0;
\set monitor 'SELECT level, regexp_replace(text, ''\\d{4}-\\d\\d-\\d\\d [0-9:.]+\\+00'', ''TIME'') AS text, n, n_stale, n_silent, n_failing, oldest_success IS NOT NULL AS success, n_marks, n_waiting, not_seen FROM regime_monitor()'
-- Nothing is set up, then there are bars without rows, then all is well.
:monitor;
SELECT count(*) > 0 AS set_up FROM regime_setup();
:monitor;
SELECT status, count(*) FROM refresh_cmc_regimes() GROUP BY 1;
:monitor;
-- Changes that are marked, bars without rows, a feed that is silent.
SELECT count(*) > 0 AS tracked FROM regime_track();
SELECT status, count(*) FROM refresh_cmc_regimes() GROUP BY 1;
SELECT FROM append_bar(2, 77);
:monitor;
SELECT status, count(*) FROM refresh_cmc_regimes(only_dirty => true) GROUP BY 1;
SET pg_regime.feed_grace = 0;
:monitor;
SET pg_regime.feed_grace = -1;
-- An output table that is gone keeps every refresh from running.
BEGIN;
ALTER TABLE cmc_regimes RENAME TO elsewhere;
:monitor;
ROLLBACK;
-- A round that stopped.
CALL refresh_all_cmc_regimes(batch_size => 1, max_runtime => '0');
:monitor;
CALL refresh_all_cmc_regimes();
-- An asset that fails is critical, and the line says so.
UPDATE cmc_price_bars_multi_tf SET close = -1 WHERE id = 3 AND bar_seq = 5 AND tf = '1D';
SELECT id, status FROM refresh_cmc_regimes(ARRAY[3]);
:monitor;
-- The newest failure of an asset outlives the log, and earlier ones and successes do not.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[3]);
SELECT count(*) FROM cmc_regime_run_log WHERE status = 'failed' AND id = 3;
DO $$ DECLARE work text; BEGIN
    SELECT c.oid::regclass INTO work FROM pg_class c WHERE relname = 'cmc_regime_run_log' AND relkind = 'r';
    EXECUTE format('UPDATE %s SET started_at = started_at - interval ''100 days'', finished_at = finished_at - interval ''100 days''', work);
END $$;
\c
SET client_min_messages = error;
SET pg_regime.market_proxy_id = 0;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1]);
SELECT system, id, subject, status, finished_at < now() - interval '90 days' AS old FROM cmc_regime_run_log ORDER BY run, id;
SELECT last_error IS NOT NULL AS known, last_error_message FROM cmc_regime_status WHERE id = 3;
SELECT what, id, detail FROM regime_health_details() WHERE what = 'failing asset';
:monitor;
UPDATE cmc_price_bars_multi_tf SET close = 50 WHERE id = 3 AND close = -1;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[3]);
:monitor;
-- How long refreshes took.
SELECT system, id, subject, n, n_failed, p50_ms <= p95_ms AND p95_ms <= longest_ms AND p50_ms >= 0 AS ordered, last_at > now() - interval '1 hour' AS recent FROM regime_refresh_times() ORDER BY id;
SELECT id, n FROM regime_refresh_times(now() - interval '1 day') ORDER BY id;
SELECT bool_and(p50_ms = q50 AND p95_ms = q95) AS as_in_sql FROM regime_refresh_times() JOIN (SELECT id, percentile_cont(0.5) WITHIN GROUP (ORDER BY elapsed_ms) AS q50, percentile_cont(0.95) WITHIN GROUP (ORDER BY elapsed_ms) AS q95 FROM cmc_regime_run_log WHERE id IS NOT NULL GROUP BY id) AS q USING (id);
SELECT p95_ms >= lead(p95_ms) OVER () IS NOT FALSE AS slowest_first FROM regime_refresh_times() LIMIT 1;
-- Sizes, and what to vacuum.
VACUUM ANALYZE cmc_regimes;
SELECT system, relation, n_rows, n_dead, bytes > 0 AS has_bytes, vacuumed_at > now() - interval '1 hour' AS vacuumed, command FROM regime_sizes() WHERE relation = 'public.cmc_regimes';
SELECT count(*) FILTER (WHERE system IS NULL) > 0 AS has_shared, count(*) = count(DISTINCT relation) AS once, bool_and(bytes >= 0 AND n_rows >= 0 AND n_dead >= 0) AS figures FROM regime_sizes();
UPDATE cmc_regimes SET updated_at = now();
SELECT pg_stat_force_next_flush();
SELECT n_dead > 2000 AS dead, command FROM regime_sizes() WHERE relation = 'public.cmc_regimes';
SET search_path = '';
SELECT command AS vacuum FROM public.regime_sizes() WHERE relation = 'public.cmc_regimes' \gset
:vacuum
RESET search_path;
SELECT command FROM regime_sizes() WHERE relation = 'public.cmc_regimes';
SELECT * FROM regime_rows('cmc_regimes') WHERE relation IN ('cmc_regimes', 'cmc_regime_comovement');
SELECT count(*) FROM regime_rows('market_states');
SELECT sum(n_rows) = (SELECT count(*) FROM cmc_regimes) AS all_counted FROM regime_rows() WHERE relation = 'cmc_regimes';
SELECT regime_rows('weather');
-- A role that may read nothing, the outputs and the log alone, or all but the sources, sees less and gets no error.
CREATE ROLE regress_watch;
SET ROLE regress_watch;
:monitor;
SELECT count(*) > 0 AS sized FROM regime_sizes();
RESET ROLE;
GRANT SELECT ON cmc_regime_run_log TO regress_watch;
SET ROLE regress_watch;
:monitor;
RESET ROLE;
UPDATE cmc_price_bars_multi_tf SET close = -1 WHERE id = 3 AND bar_seq = 5 AND tf = '1D';
SELECT id, status FROM refresh_cmc_regimes(ARRAY[3]);
SET ROLE regress_watch;
SELECT level, n_failing, n_stale FROM regime_monitor();
RESET ROLE;
DROP OWNED BY regress_watch;
DROP ROLE regress_watch;
-- A system that cannot be read is critical.
UPDATE regime_source SET bars_table = 'nowhere' WHERE layer = 'L2' AND cal_scheme = 'iso';
SELECT level, n_stale, not_seen FROM regime_monitor();
