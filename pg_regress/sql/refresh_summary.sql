-- The summary of a refresh: one row per asset, and what each status means.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
-- Makes the output tables where they are missing, and fills them.
SELECT :summary FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
-- The counts are those of the tables.
SELECT (SELECT count(*) FROM cmc_regimes WHERE id = 2) AS regimes, (SELECT count(*) FROM cmc_regime_flips
    WHERE id = 2) AS flips, (SELECT count(*) FROM cmc_regime_stats WHERE id = 2) AS stats,
    (SELECT count(*) FROM cmc_regime_comovement WHERE id = 2) AS comovement;
-- Again: nothing to do.
SELECT :summary FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
-- As in a cron job: as a value instead of as a table.
SELECT (refresh_cmc_regimes(ARRAY[2])).status;
SELECT count(*) FROM (SELECT refresh_cmc_regimes(ARRAY[1])) x;
-- The form for one asset, for callers that spread assets over sessions.
SELECT :summary FROM refresh_cmc_regimes(2);
SELECT d.id, r.status FROM dim_assets d, refresh_cmc_regimes(d.id) r ORDER BY 1;
-- What the other columns hold.
SELECT id, regime_version_hash = regime_version_hash() AS hash, elapsed_ms >= 0 AND elapsed_ms < 600000 AS elapsed
    FROM refresh_cmc_regimes(ARRAY[2, 99]);

-- empty: no daily bars. What an asset had is gone with its bars.
SELECT :summary FROM refresh_cmc_regimes(ARRAY[99]);
DELETE FROM cmc_price_bars_multi_tf WHERE id = 3;
SELECT :summary FROM refresh_cmc_regimes(ARRAY[3]);
SELECT :summary FROM refresh_cmc_regimes(ARRAY[3]);
SELECT count(*) FROM (:content) c WHERE id = 3;

-- failed: rolled back alone, the earlier rows are kept, the others go on.
CREATE TABLE before AS :content;
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 2 AND bar_seq >= 399;
SELECT append_bar(1, 60);
SELECT :summary FROM refresh_cmc_regimes(ARRAY[1, 2, 4]);
SELECT count(*) AS lost FROM (TABLE before EXCEPT ALL (:content)) x WHERE id = 2;
SELECT id, count(*) FROM cmc_regimes GROUP BY 1 ORDER BY 1;
-- The form for one asset does not raise either.
SELECT status, regime_rows, rows_written, regime_version_hash IS NOT NULL AS hash FROM refresh_cmc_regimes(2);
UPDATE cmc_price_bars_multi_tf SET close = 50 WHERE id = 2 AND bar_seq >= 399;

-- dry_run: what would happen, and nothing does.
DROP TABLE before;
CREATE TABLE before AS :content;
SELECT :summary FROM refresh_cmc_regimes(ARRAY[1, 2, 4, 99], dry_run => true);
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x;
SELECT status, rows_written, message FROM refresh_cmc_regimes(2);
UPDATE cmc_price_bars_multi_tf SET close = -1 WHERE id = 4 AND bar_seq = 3;
SELECT status, message FROM refresh_cmc_regimes(4, dry_run => true);
-- Before there are tables a dry run makes none.
DROP TABLE cmc_regimes, cmc_regime_flips, cmc_regime_stats, cmc_regime_comovement CASCADE;
TRUNCATE regime_work.cmc_regime_state;
SELECT :summary FROM refresh_cmc_regimes(ARRAY[1, 2], dry_run => true);
SELECT to_regclass('cmc_regimes');
-- A refresh makes those that are missing: here all, there one.
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
DROP TABLE cmc_regime_stats;
TRUNCATE regime_work.cmc_regime_state;
SELECT id, status, stat_rows, rows_written FROM refresh_cmc_regimes(2);
