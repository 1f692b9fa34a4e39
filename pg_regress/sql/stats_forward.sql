-- Forward returns per regime, against plain SQL over rows and bars.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
SELECT count(*) FROM refresh_cmc_regimes(ARRAY[1, 3]);
CREATE TEMP TABLE expected AS
SELECT regime_key AS regime, h AS horizon, count(r) AS n, avg(r) AS mean_return, stddev_samp(r) AS std_return, avg((r > 0)::int) AS hit_rate, min(r) AS worst_return
FROM (SELECT regime_key, h, b.later / b.close - 1 AS r FROM unnest('{1,5,20}'::int[]) AS h CROSS JOIN LATERAL
    (SELECT time_close AS ts, close, lead(close, h) OVER (ORDER BY time_close) AS later FROM cmc_price_bars_multi_tf WHERE id = 1 AND tf = '1D') b
    JOIN cmc_regimes USING (ts) WHERE id = 1) x GROUP BY 1, 2;
SELECT count(*) AS compared, count(*) FILTER (WHERE f.n = e.n AND abs(f.mean_return - e.mean_return) < 1e-12 AND abs(f.std_return - e.std_return) < 1e-12
    AND abs(f.hit_rate - e.hit_rate) < 1e-12 AND abs(f.worst_return - e.worst_return) < 1e-12) AS same
FROM regime_forward_returns(1) f FULL JOIN expected e USING (regime, horizon);
-- Of one row ahead they are those of cmc_regime_stats.
SELECT count(*) AS compared, count(*) FILTER (WHERE abs(mean_return - avg_ret_1d) < 1e-12 AND abs(std_return - std_ret_1d) < 1e-12) AS same
FROM regime_forward_returns(1, '{1}') JOIN cmc_regime_stats ON id = 1 AND regime_key = regime;
SELECT regime, horizon, n, n_windows, round(mean_return::numeric, 6) AS mean_return, round(difference::numeric, 6) AS difference, round(t::numeric, 3) AS t, round(hit_rate::numeric, 4) AS hit_rate
FROM regime_forward_returns(1, '{5}') WHERE regime LIKE 'Up-%' ORDER BY regime;
-- The difference to all rows of the asset, and its error: the scores of the regression on the regime, pair by pair, with Bartlett's weights.
CREATE TEMP TABLE forward AS
SELECT h, ts, row_number() OVER w AS place, regime_key AS regime, lead(close, h) OVER w / close - 1 AS r
FROM (SELECT time_close AS ts, close FROM cmc_price_bars_multi_tf WHERE id = 1 AND tf = '1D') b JOIN cmc_regimes c USING (ts), unnest('{1,5,20}'::int[]) AS h
WHERE c.id = 1 WINDOW w AS (PARTITION BY h ORDER BY ts);
CREATE TEMP TABLE scored AS
SELECT k.regime, f.h, f.place, count(*) FILTER (WHERE f.regime = k.regime) OVER w AS n, (f.regime = k.regime)::int - avg((f.regime = k.regime)::int) OVER w AS d,
    f.r - avg(f.r) OVER (PARTITION BY k.regime, f.h, f.regime = k.regime) AS residual,
    avg(f.r) FILTER (WHERE f.regime = k.regime) OVER w - avg(f.r) OVER w AS difference
FROM forward f CROSS JOIN (SELECT DISTINCT regime FROM forward) k WHERE f.r IS NOT NULL WINDOW w AS (PARTITION BY k.regime, f.h);
CREATE INDEX ON scored (regime, h, place);
WITH pairs AS (
    SELECT a.regime, a.h AS horizon, min(a.n) AS n, min(a.difference) AS difference,
        sum(a.d * a.residual * b.d * b.residual * (1 - abs(a.place - b.place) / a.h::float8)) AS variance
    FROM scored a JOIN scored b ON b.regime = a.regime AND b.h = a.h AND b.place BETWEEN a.place - a.h AND a.place + a.h GROUP BY 1, 2)
SELECT count(*) AS compared, count(f.t) AS with_error, count(*) FILTER (WHERE f.n = p.n AND abs(f.difference - p.difference) < 1e-12 AND abs(f.mean_return - f.mean_all - f.difference) < 1e-12
    AND (f.std_error IS NULL AND f.n_windows < 10 OR abs(f.std_error - sqrt(p.variance) / p.n) < 1e-12 AND abs(f.t - p.difference / f.std_error) < 1e-9)) AS same
FROM regime_forward_returns(1) f FULL JOIN pairs p USING (regime, horizon);
-- Windows one after the other: each begins where the one before has ended, or later.
WITH RECURSIVE w (regime, h, place) AS (
    SELECT regime, h, min(place) FROM forward WHERE r IS NOT NULL GROUP BY 1, 2
    UNION ALL SELECT w.regime, w.h, (SELECT min(f.place) FROM forward f WHERE f.regime = w.regime AND f.h = w.h AND f.place >= w.place + w.h AND f.r IS NOT NULL) FROM w WHERE w.place IS NOT NULL)
SELECT count(*) AS compared, count(*) FILTER (WHERE f.n_windows = x.n) AS same
FROM regime_forward_returns(1) f JOIN (SELECT regime, h AS horizon, count(place) AS n FROM w GROUP BY 1, 2) x USING (regime, horizon);
-- Of all assets, a return is compared with those of its own asset; of the asset that has all rows of a regime, nothing else counts.
SELECT count(*) AS compared, count(*) FILTER (WHERE abs(p.difference - x.difference) < 1e-12 AND p.n_windows BETWEEN x.most AND x.windows) AS same
FROM regime_forward_returns(NULL) p JOIN (SELECT f.regime, f.horizon, sum(f.difference * f.n) / sum(f.n) AS difference, max(f.n_windows) AS most, sum(f.n_windows) AS windows
    FROM regime_assets() a, regime_forward_returns(a.id) f WHERE f.n > 0 GROUP BY 1, 2) x USING (regime, horizon);
-- No later bar than the end of a window has a say in its return: with the last 30 bars unknown, the figures are those of the rows before.
BEGIN;
CREATE TEMP TABLE known AS SELECT f.* FROM regime_forward_returns(1, '{20}') f LIMIT 0;
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 1 AND tf = '1D' AND time_close > '2024-12-01';
INSERT INTO known SELECT * FROM regime_forward_returns(1, '{20}');
DELETE FROM cmc_price_bars_multi_tf WHERE id = 1 AND tf = '1D' AND time_close > '2024-12-01';
DELETE FROM cmc_regimes WHERE id = 1 AND ts > '2024-12-01';
SELECT count(*) AS regimes, count(*) FILTER (WHERE k IS NOT DISTINCT FROM f) AS same FROM known k FULL JOIN regime_forward_returns(1, '{20}') f USING (regime, horizon);
ROLLBACK;
-- Horizons once each, ascending; each regime has a row for each, also where no row has so many after it.
SELECT regime, horizon, n, n_windows AS windows, mean_return IS NULL AS mean, std_return IS NULL AS std, mean_all IS NULL AS "all", difference IS NULL AS difference,
    std_error IS NULL AS error, t IS NULL AS t, hit_rate IS NULL AS hits, worst_return IS NULL AS worst
FROM regime_forward_returns(3, '{10000,39,38,38,1}');
SELECT count(DISTINCT regime) AS regimes FROM regime_forward_returns(1, layer => 'L0');
SELECT count(*) FROM regime_forward_returns(99);
-- A close that cannot be used does not count.
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 3 AND tf = '1D' AND bar_seq = 20;
SELECT regime, horizon, n FROM regime_forward_returns(3, '{1}');
UPDATE cmc_price_bars_multi_tf SET close = -1 WHERE id = 3 AND tf = '1D' AND bar_seq = 22;
SELECT regime, horizon, n FROM regime_forward_returns(3, '{1}');
-- Wrong arguments.
SELECT * FROM regime_forward_returns(1, NULL);
SELECT * FROM regime_forward_returns(1, '{}');
SELECT * FROM regime_forward_returns(1, '{1,NULL}');
SELECT * FROM regime_forward_returns(1, '{1,0}');
SELECT * FROM regime_forward_returns(1, '{10001}');
SELECT * FROM regime_forward_returns(1, (SELECT array_agg(h) FROM generate_series(1, 101) AS h));
SELECT count(*) > 0 AS of_all FROM regime_forward_returns(NULL);
SELECT * FROM regime_forward_returns(1, layer => 'L5');
\echo :LAST_ERROR_SQLSTATE
