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
    AND abs(f.t - e.mean_return / (e.std_return / sqrt(e.n))) < 1e-9 AND abs(f.hit_rate - e.hit_rate) < 1e-12 AND abs(f.worst_return - e.worst_return) < 1e-12) AS same
FROM regime_forward_returns(1) f FULL JOIN expected e USING (regime, horizon);
-- Of one row ahead they are those of cmc_regime_stats.
SELECT count(*) AS compared, count(*) FILTER (WHERE abs(mean_return - avg_ret_1d) < 1e-12 AND abs(std_return - std_ret_1d) < 1e-12) AS same
FROM regime_forward_returns(1, '{1}') JOIN cmc_regime_stats ON id = 1 AND regime_key = regime;
SELECT regime, horizon, n, round(mean_return::numeric, 6) AS mean_return, round(t::numeric, 3) AS t, round(hit_rate::numeric, 4) AS hit_rate
FROM regime_forward_returns(1, '{5}') WHERE regime LIKE 'Up-%' ORDER BY regime;
-- Horizons once each, ascending; each regime has a row for each, also where no row has so many after it.
SELECT regime, horizon, n, mean_return IS NULL AS mean, std_return IS NULL AS std, t IS NULL AS t, hit_rate IS NULL AS hits, worst_return IS NULL AS worst
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
