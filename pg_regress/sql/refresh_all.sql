-- CALL refresh_all_cmc_regimes: batches that are committed one by one, and a view of how far they are.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null -
UPDATE dim_assets SET is_active = true;
INSERT INTO dim_assets VALUES (5, 'COMING', true);
\set progress 'round, task ~ ''^(all|changed) assets as of [0-9a-f]{16}, sources [0-9a-f]{8}$'' AS task, started_at <= finished_at AS times, assets, done, failed, waiting, workers FROM cmc_regime_progress ORDER BY round'
CALL refresh_all_cmc_regimes();
SELECT :progress;
SELECT id, place, status, worker = pg_backend_pid() AS mine, sqlstate, message FROM regime_work.cmc_regime_work ORDER BY place;
SELECT differ('{1,2,3,4}');
-- Again: the next round, of which only the last is kept. Batches of two, of one, and larger than all.
CALL refresh_all_cmc_regimes(batch_size => 2);
SELECT :progress;
CALL refresh_all_cmc_regimes(1);
CALL refresh_all_cmc_regimes(batch_size => 100000);
-- A batch is a call: one entry in the log each.
SELECT run, count(id) AS assets FROM cmc_regime_run_log GROUP BY 1 ORDER BY 1;
-- Each batch is committed: what came after does not undo it. A row that cannot be written in one, at its commit.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'closed for asset %', NEW.id; END $$;
CREATE CONSTRAINT TRIGGER r AFTER INSERT ON cmc_regimes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id = 3)
    EXECUTE FUNCTION refuse();
SELECT count(*) FROM generate_series(1, 4) id, append_bar(id, 50);
CALL refresh_all_cmc_regimes(2);
SELECT id, max(ts) FROM cmc_regimes GROUP BY 1 ORDER BY 1;
SELECT :progress;
SELECT id, status FROM regime_work.cmc_regime_work ORDER BY id;
-- and the next call goes on from there, whatever its size of batches.
DROP TRIGGER r ON cmc_regimes;
CALL refresh_all_cmc_regimes(3);
SELECT differ('{1,2,3,4}');
-- Assets that were refreshed longest ago come first; new ones before them.
UPDATE regime_work.cmc_regime_work SET finished_at = finished_at - interval '1 hour' WHERE id = 4;
INSERT INTO dim_assets VALUES (6, 'NEXT', true);
CALL refresh_all_cmc_regimes();
SELECT id FROM regime_work.cmc_regime_work ORDER BY place LIMIT 2;
-- Only what changed, where that is known.
CALL refresh_all_cmc_regimes(only_dirty => true);
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM regime_track();
CALL refresh_all_cmc_regimes(only_dirty => true);
CALL refresh_all_cmc_regimes(only_dirty => true);
SELECT append_bar(2, 50), append_bar(3, 50);
CALL refresh_all_cmc_regimes(only_dirty => true);
SELECT :progress;
SELECT id, status FROM regime_work.cmc_regime_work WHERE task LIKE 'changed%' ORDER BY id;
SELECT count(*) AS marks FROM regime_work.cmc_regime_dirty;
-- Every label parameter, which makes a round of its own.
CALL refresh_all_cmc_regimes(batch_size => 50, only_dirty => false, max_runtime => '1 hour', cal_scheme => 'us', policy => 'default',
    hysteresis => true, hysteresis_mode => 'symmetric', min_hold_bars => 2, min_bars_l0 => 10, min_bars_l1 => 11, min_bars_l2 => 12,
    l4_label => 'Easing-Calm');
SELECT DISTINCT regime_version_hash = regime_version_hash(cal_scheme => 'us', hysteresis_mode => 'symmetric', min_hold_bars => 2,
    min_bars_l0 => 10, min_bars_l1 => 11, min_bars_l2 => 12, l4_label => 'Easing-Calm') AS same FROM cmc_regimes;
SELECT count(*) FROM cmc_regime_progress;
-- NULL is the default of each.
CALL refresh_all_cmc_regimes(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
-- No assets at all.
UPDATE dim_assets SET is_active = false;
CALL refresh_all_cmc_regimes();
