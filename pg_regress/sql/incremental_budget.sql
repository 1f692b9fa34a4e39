-- Where the data budget is that of the whole history and further bars change this budget, all rows are computed anew.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Point in time, no row depends on how many bars there are in all.
SET pg_regime.point_in_time = off;
-- 5: a day is missing to the tier full; 6: a day to L2; 7: a week to L1; 8: a month to L0.
INSERT INTO cmc_price_bars_multi_tf SELECT v.id, tf, bar_seq, time_close, close FROM cmc_price_bars_multi_tf b,
    (VALUES (5, 249), (6, 119), (7, 400), (8, 400)) AS v (id, bars) WHERE b.id = 1 AND bar_seq > 2200 - bars;
INSERT INTO cmc_price_bars_multi_tf_cal_iso SELECT v.id, tf, bar_seq, time_close, close FROM cmc_price_bars_multi_tf_cal_iso b,
    (VALUES (5, 200, 70), (6, 60, 20), (7, 51, 20), (8, 200, 59)) AS v (id, weeks, months)
    WHERE b.id = 1 AND (tf = '1W' AND bar_seq <= weeks OR tf = '1M' AND bar_seq <= months);
-- A bar of a calendar after the last, closing when the asset's newest daily bar does.
CREATE FUNCTION append_to_calendar(asset int, timeframe text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cmc_price_bars_multi_tf_cal_iso SELECT asset, timeframe, 999, max(time_close), 50 FROM cmc_price_bars_multi_tf
        WHERE id = asset
$$;
\set layers 'id, feature_tier, layers, bars FROM regime_work.cmc_regime_state ORDER BY id'
SELECT :how FROM refresh_cmc_regimes(ARRAY[5, 6, 7, 8]);
SELECT :layers;
SELECT count(*) FROM generate_series(5, 8) id, append_bar(id, 60);
SELECT append_to_calendar(7, '1W'), append_to_calendar(8, '1M');
SELECT :how FROM refresh_cmc_regimes(ARRAY[5, 6, 7, 8]);
SELECT :layers;
SELECT differ(ARRAY[5, 6, 7, 8]);
-- The next one is like any other.
SELECT count(*) FROM generate_series(5, 8) id, append_bar(id, 61);
SELECT :how FROM refresh_cmc_regimes(ARRAY[5, 6, 7, 8]);
SELECT differ(ARRAY[5, 6, 7, 8]);
-- And back. A bar that closes after the newest row counts too, and leaves none of the rows as they were when it goes.
INSERT INTO cmc_price_bars_multi_tf_cal_iso SELECT id, tf, 1000 + n, timestamptz '2025-06-30' + n * interval '30 days', 50
    FROM (VALUES (6, '1M', 40), (7, '1W', 48)) AS v (id, tf, bars), generate_series(1, bars) n;
SELECT :how FROM refresh_cmc_regimes(ARRAY[6, 7]);
DELETE FROM cmc_price_bars_multi_tf_cal_iso WHERE (id, tf, bar_seq) IN ((6, '1M', 1040), (7, '1W', 1048));
SELECT :how FROM refresh_cmc_regimes(ARRAY[6, 7]);
DELETE FROM cmc_price_bars_multi_tf WHERE id = 5 AND time_close > '2024-12-31 23:59:59+00';
SELECT :how FROM refresh_cmc_regimes(5);
SELECT :layers;
SELECT differ(ARRAY[5, 6, 7, 8]);
-- With tracking.
SELECT count(*) FROM regime_track() WHERE action = 'now tracked';
SELECT :how FROM refresh_cmc_regimes(ARRAY[5, 6, 7, 8]);
SELECT append_bar(5, 60);
INSERT INTO cmc_price_bars_multi_tf_cal_iso VALUES (6, '1M', 1040, '2037-06-01', 50), (7, '1W', 1048, '2037-06-01', 50);
SELECT :how FROM refresh_cmc_regimes(ARRAY[5, 6, 7, 8]);
DELETE FROM cmc_price_bars_multi_tf_cal_iso WHERE (id, tf, bar_seq) IN ((6, '1M', 1040), (7, '1W', 1048));
SELECT :how FROM refresh_cmc_regimes(ARRAY[5, 6, 7, 8]);
SELECT differ(ARRAY[5, 6, 7, 8]);
