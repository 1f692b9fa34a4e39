-- regime_backtest and regime_backtest_equity: what yesterday's size would have earned, on rows made point in time alone.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
-- There must be rows.
SELECT * FROM regime_backtest();
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) > 0 AS made FROM regime_setup();
SELECT * FROM regime_backtest();
SELECT id, status FROM refresh_cmc_regimes();
-- Closes 88.85, 88.80, 88.75 at size 0.7, at a cost of 1 %: (1 - 0.01 * 0.7) * (1 - 0.7 * 0.05 / 88.85); then 0.7 less what 0.7 has fallen to is bought.
SELECT ts::date AS day, r.close, e.size, round(bar_return::numeric, 6) AS bar_return, round(traded::numeric, 6) AS traded, round(equity::numeric, 6) AS equity,
    round(equity_plain::numeric, 6) AS plain, round(drawdown::numeric, 6) AS drawdown
FROM regime_backtest_equity(ARRAY[3], cost_bps => 100, to_ts => '2024-11-25') e JOIN cmc_price_bars_multi_tf r ON r.id = e.id AND tf = '1D' AND time_close = ts ORDER BY ts;
SELECT n, first_ts::date, last_ts::date, bars_per_year, round(yearly_return::numeric, 6) AS yearly, round(volatility::numeric, 6) AS volatility, round(sharpe::numeric, 6) AS sharpe,
    round(max_drawdown::numeric, 6) AS drawdown, time_in_market, mean_size, round(turnover::numeric, 6) AS turnover, round(cost::numeric, 6) AS cost
FROM regime_backtest(ARRAY[3], cost_bps => 100, to_ts => '2024-11-25');
-- Bar by bar by units of the asset and cash, the size of a row being held from its close on; 0 where the row stands down.
CREATE FUNCTION by_hand(asset int, cost float8) RETURNS TABLE (ts timestamptz, size float8, traded float8, equity float8, equity_plain float8) LANGUAGE plpgsql AS $$
DECLARE
    r record;
    before record;
    cash float8 := 1;
    units float8 := 0;
    bought float8;
BEGIN
    FOR r IN SELECT c.ts, b.close, CASE WHEN 'stand_down' = ANY (c.setups) THEN 0 ELSE c.size_mult END AS size
             FROM cmc_regimes c JOIN cmc_price_bars_multi_tf b ON b.id = c.id AND b.tf = '1D' AND b.time_close = c.ts WHERE c.id = asset ORDER BY 1 LOOP
        IF before IS NULL THEN
            bought := r.close;
        ELSE
            equity := cash + units * before.close;
            traded := abs(before.size - units * before.close / equity);
            equity := equity * (1 - cost * traded);
            units := before.size * equity / before.close;
            cash := equity - before.size * equity;
            equity := cash + units * r.close;
            equity_plain := (1 - cost) * r.close / bought;
            ts := r.ts;
            size := before.size;
            RETURN NEXT;
        END IF;
        before := r;
    END LOOP;
END $$;
SELECT count(*) AS bars, count(*) FILTER (WHERE e.size = h.size AND abs(e.traded - h.traded) < 1e-12 AND abs(e.equity / h.equity - 1) < 1e-12 AND abs(e.equity_plain / h.equity_plain - 1) < 1e-12) AS same,
    count(DISTINCT h.size) > 2 AS sizes, count(*) FILTER (WHERE h.size = 0) > 0 AS out
FROM regime_backtest_equity(ARRAY[1], cost_bps => 25) e FULL JOIN by_hand(1, 0.0025) h USING (ts) WHERE e.size IS NOT NULL OR h.ts IS NOT NULL;
-- What the bars add up to.
WITH e AS (SELECT * FROM regime_backtest_equity(cost_bps => 25)), x AS (
    SELECT id, count(size) AS n, power((array_agg(equity ORDER BY ts DESC))[1], 365.0 / count(size)) - 1 AS yearly_return, power((array_agg(equity_plain ORDER BY ts DESC))[1], 365.0 / count(size)) - 1 AS plain,
        stddev_samp(bar_return) * sqrt(365) AS volatility, avg(bar_return) / stddev_samp(bar_return) * sqrt(365) AS sharpe, max(drawdown) AS max_drawdown, max(drawdown_plain) AS drawdown_plain,
        stddev_samp(bar_return_plain) * sqrt(365) AS volatility_plain, avg(bar_return_plain) / stddev_samp(bar_return_plain) * sqrt(365) AS sharpe_plain,
        avg((size > 0)::int) AS time_in_market, avg(size) AS mean_size, sum(traded) * 365 / count(size) AS turnover FROM e GROUP BY 1)
SELECT id, b.symbol, b.policy, b.n, b.n = x.n AND abs(b.yearly_return - x.yearly_return) < 1e-9 AND abs(b.yearly_return_plain - x.plain) < 1e-9 AND abs(b.volatility - x.volatility) < 1e-9
    AND abs(b.volatility_plain - x.volatility_plain) < 1e-9 AND abs(b.sharpe - x.sharpe) < 1e-9 AND abs(b.sharpe_plain - x.sharpe_plain) < 1e-9 AND b.max_drawdown = x.max_drawdown
    AND b.max_drawdown_plain = x.drawdown_plain AND abs(b.time_in_market - x.time_in_market) < 1e-9 AND abs(b.mean_size - x.mean_size) < 1e-9 AND abs(b.turnover - x.turnover) < 1e-9
    AND abs(b.cost - x.turnover * 0.0025) < 1e-12 AS same
FROM regime_backtest(cost_bps => 25) b FULL JOIN x USING (id) ORDER BY 1;
-- Other policies are what a refresh with them stores; that of the rows by its name is that of the rows.
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0, "setups": ["stand_down"]}, {"match": "Up-", "size_mult": 0.9}]');
CREATE TEMP TABLE simulated AS SELECT * FROM regime_backtest(ARRAY['1','YOUNG'], '{desk,default,desk}', cost_bps => 10);
SELECT id, policy, n, round(time_in_market::numeric, 4) AS time_in_market FROM simulated ORDER BY 1, 2;
SELECT count(*) AS same FROM simulated s JOIN regime_backtest(ARRAY[1,2], cost_bps => 10) b ON to_jsonb(s) = to_jsonb(b);
BEGIN;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1,2], policy => 'desk');
SELECT count(*) AS same FROM simulated s JOIN regime_backtest(ARRAY[1,2], cost_bps => 10) b ON to_jsonb(s) = to_jsonb(b);
-- With the other parameters of the rows, too.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1], min_hold_bars => 0, cal_scheme => 'us');
CREATE TEMP TABLE held AS SELECT * FROM regime_backtest(ARRAY[1], '{desk}');
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1], min_hold_bars => 0, cal_scheme => 'us', policy => 'desk');
SELECT count(*) AS same FROM held s JOIN regime_backtest(ARRAY[1]) b ON to_jsonb(s) = to_jsonb(b);
ROLLBACK;
-- Nothing that comes later changes a bar: neither other closes nor other sizes.
CREATE TEMP TABLE earlier AS SELECT * FROM regime_backtest_equity(ARRAY[2], '{default,desk}', cost_bps => 10, to_ts => '2024-09-30 23:59:59+00');
BEGIN;
UPDATE cmc_price_bars_multi_tf SET close = close * (1 + bar_seq % 3) WHERE id = 2 AND tf = '1D' AND time_close > '2024-09-30 23:59:59+00';
UPDATE cmc_regimes SET size_mult = 0.1 WHERE id = 2 AND ts >= '2024-09-30 23:59:59+00';
SELECT (SELECT count(*) FROM earlier) AS rows, count(*) AS same FROM earlier e JOIN regime_backtest_equity(ARRAY[2], '{default,desk}', cost_bps => 10) b ON to_jsonb(e) = to_jsonb(b);
ROLLBACK;
BEGIN;
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND tf = '1D' AND time_close > '2024-09-30 23:59:59+00';
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2]);
SELECT (SELECT count(*) FROM earlier) AS rows, count(*) AS same FROM earlier e JOIN regime_backtest_equity(ARRAY[2], '{default,desk}', cost_bps => 10) b ON to_jsonb(e) = to_jsonb(b);
ROLLBACK;
-- The unit of prices does not matter.
BEGIN;
CREATE TEMP TABLE one AS SELECT id, policy, ts, equity, equity_plain FROM regime_backtest_equity(ARRAY[2], cost_bps => 10);
UPDATE cmc_price_bars_multi_tf SET close = close * 1024 WHERE id = 2;
SELECT (SELECT count(*) FROM one) = count(*) AS same FROM one JOIN regime_backtest_equity(ARRAY[2], cost_bps => 10) USING (id, policy, ts, equity, equity_plain);
ROLLBACK;
-- A row without a close is passed over: the position before it is held.
BEGIN;
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 3 AND tf = '1D' AND bar_seq IN (1, 20);
SELECT n, n_missing, first_ts::date FROM regime_backtest(ARRAY['NEW']);
SELECT count(*) AS rows, count(*) FILTER (WHERE abs(equity_plain - b.close / f.close) < 1e-12) AS same
FROM regime_backtest_equity(ARRAY['NEW']) e JOIN cmc_price_bars_multi_tf b ON b.id = 3 AND b.tf = '1D' AND b.time_close = e.ts
JOIN cmc_price_bars_multi_tf f ON f.id = 3 AND f.tf = '1D' AND f.bar_seq = 2;
-- Sizes of other policies cannot be computed from such bars.
SELECT * FROM regime_backtest(ARRAY['NEW'], '{default}');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
-- Of one row there is no bar, and none of what is undefined; an asset without rows has none.
SELECT id, n, n_missing, bars_per_year, yearly_return, volatility, sharpe, max_drawdown, time_in_market, mean_size, turnover, cost FROM regime_backtest(ARRAY[3,99], from_ts => '2024-12-31');
SELECT id, size, bar_return, traded, equity, drawdown FROM regime_backtest_equity(ARRAY[3], from_ts => '2024-12-31');
SELECT n, volatility IS NULL AS volatility, sharpe IS NULL AS sharpe, max_drawdown IS NULL AS drawdown FROM regime_backtest(ARRAY[3], from_ts => '2024-12-30');
SELECT count(*) FROM regime_backtest(ARRAY[1], from_ts => '2030-01-01');
-- Without weekends, a year has 252 bars; or as many as are given.
BEGIN;
DELETE FROM cmc_price_bars_multi_tf WHERE id = 1 AND extract(isodow FROM time_close) > 5;
DELETE FROM cmc_ema_multi_tf_u WHERE id = 1 AND extract(isodow FROM ts) > 5;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1]);
SELECT bars_per_year FROM regime_backtest(ARRAY[1]) UNION ALL SELECT bars_per_year FROM regime_backtest(ARRAY[1], bars_per_year => 260.5);
ROLLBACK;
-- Rows that were not made point in time, and each time the refresh that makes them so.
BEGIN;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2], point_in_time => false, min_hold_bars => 2);
SAVEPOINT made;
SELECT * FROM regime_backtest(ARRAY[1,2]);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO made;
SELECT id, status FROM refresh_cmc_regimes(2, min_hold_bars => 2, point_in_time => true);
SELECT id, n FROM regime_backtest(ARRAY[1,2]);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2], l4_label => 'Calm-Easy');
SAVEPOINT labelled;
SELECT * FROM regime_backtest_equity(ARRAY[2]);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO labelled;
SELECT id, status FROM refresh_cmc_regimes(2, l4_label => '', point_in_time => true);
UPDATE cmc_regimes SET regime_version_hash = 'mine' WHERE id = 2 AND ts >= '2024-12-30';
SELECT id, n FROM regime_backtest(ARRAY[2], to_ts => '2024-12-29 23:59:59+00');
SAVEPOINT other;
SELECT * FROM regime_backtest(ARRAY[2]);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO other;
SELECT id, status FROM refresh_cmc_regimes(2, point_in_time => true, full_refresh => true);
SELECT id, n FROM regime_backtest(ARRAY[2]);
DELETE FROM regime_work.cmc_regime_state WHERE id = 2;
SAVEPOINT nothing;
SELECT * FROM regime_backtest(ARRAY[2]);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO nothing;
SELECT id, status FROM refresh_cmc_regimes(2, point_in_time => true);
SELECT id, n FROM regime_backtest(ARRAY[2]);
ROLLBACK;
-- So does a profile.
BEGIN;
INSERT INTO regime_profile (profile, point_in_time) VALUES ('whole', false);
INSERT INTO regime_profile_asset (profile, id) VALUES ('whole', 2);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2]);
SAVEPOINT made;
SELECT * FROM regime_backtest(ARRAY[2]);
ROLLBACK TO made;
UPDATE public.regime_profile SET point_in_time = true WHERE profile = 'whole'; SELECT id, status FROM refresh_cmc_regimes(2);
SELECT id, n FROM regime_backtest(ARRAY[2]);
DELETE FROM regime_work.cmc_regime_state WHERE id = 2;
SELECT * FROM regime_backtest(ARRAY[2]);
ROLLBACK;
-- Wrong arguments.
SELECT * FROM regime_backtest(ARRAY[1], '{}');
SELECT * FROM regime_backtest(ARRAY[1], '{NULL}');
SELECT * FROM regime_backtest(ARRAY[1], '{none}');
\echo :LAST_ERROR_SQLSTATE
-- Of one asset, by its id or its symbol; as a list in text only where the argument is named.
SELECT count(*) AS rows, count(DISTINCT to_jsonb(b)) AS different FROM (SELECT * FROM regime_backtest(2) UNION ALL SELECT * FROM regime_backtest(2::smallint) UNION ALL SELECT * FROM regime_backtest('YOUNG') UNION ALL SELECT * FROM regime_backtest('2')
    UNION ALL SELECT * FROM regime_backtest(assets => '{YOUNG}') UNION ALL SELECT * FROM regime_backtest(ARRAY[2])) b;
SELECT count(*) > 0 AS some, count(*) = (SELECT count(*) FROM regime_backtest_equity(2)) AS same FROM regime_backtest_equity('YOUNG', '{default}');
SELECT * FROM regime_backtest(NULL);
SELECT * FROM regime_backtest_equity(NULL::int);
SELECT * FROM regime_backtest('{1,2}');
SELECT * FROM regime_backtest('NOBODY');
SELECT * FROM regime_backtest(ARRAY[NULL::text]);
SELECT * FROM regime_backtest(ARRAY['NOBODY']);
SELECT * FROM regime_backtest(ARRAY[1], cost_bps => -1);
SELECT * FROM regime_backtest(ARRAY[1], cost_bps => 'NaN');
SELECT * FROM regime_backtest(ARRAY[1], cost_bps => NULL);
SELECT * FROM regime_backtest(ARRAY[1], bars_per_year => 0);
SELECT * FROM regime_backtest(ARRAY[1], bars_per_year => 'Infinity');
SELECT * FROM regime_backtest(ARRAY[1], from_ts => '2024-02-01', to_ts => '2024-01-01');
-- Whoever may not see what rows were made with is told the grant; nothing is written.
BEGIN;
CREATE ROLE regress_backtest;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO regress_backtest;
SET ROLE regress_backtest;
SAVEPOINT reader;
SELECT * FROM regime_backtest(ARRAY[1]);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT count(*) FROM regime_backtest(policies => '{desk}');
ROLLBACK;
