-- Intraday bars, where the user maps a source for L3: one label per bar, carried to the days, tightening like any other.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- The budget of the whole history, so that all days have labels.
SET pg_regime.point_in_time = off;
-- Four bars a day for the last 100 days of asset 2: up in the evening, down before.
CREATE TABLE intraday AS SELECT 2 AS id, '6H' AS tf, time_close - (3 - n) * interval '6 hours' AS time_close,
    CASE WHEN n = 3 THEN 30 ELSE 10 END::float8 AS close
    FROM cmc_price_bars_multi_tf, generate_series(0, 3) AS n WHERE id = 2 AND bar_seq > 300;
CREATE TABLE intraday_ema AS SELECT id, tf, time_close AS ts, period,
    CASE period WHEN 89 THEN 20 WHEN 55 THEN 20 ELSE CASE close WHEN 30 THEN 25 ELSE 15 END END::float8 AS ema
    FROM intraday, unnest(ARRAY[34, 55, 89]) AS period;
SELECT status FROM refresh_cmc_regimes(2, hysteresis => false, min_bars_l1 => 400);
CREATE TABLE without AS SELECT * FROM cmc_regimes;
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table)
    VALUES ('iso', 'L3', '6H', '{34,55,89}', 'intraday', 'intraday_ema');
SELECT origin FROM regime_source WHERE layer = 'L3';
-- Confirmed by its own bar; volatility by the fixed cut-offs, normal until it is known from the 14th return on.
SELECT count(*), array_agg(DISTINCT trend) FROM regime_label_intraday(2);
SELECT DISTINCT extract(hour FROM ts) AS hour, trend, vol FROM regime_label_intraday(2, mode => 'full') ORDER BY 1, 3 DESC;
SELECT count(DISTINCT label) FROM regime_label_intraday(2);
SELECT status FROM refresh_cmc_regimes(2, hysteresis => false, min_bars_l1 => 400);
-- The last bar up to the close of the day is the one that counts; days before the first have none.
SELECT l3_label, count(*), min(ts) FROM cmc_regimes GROUP BY 1 ORDER BY 3;
-- It never makes the key, has flips of its own, and only tightens.
SELECT count(*) FILTER (WHERE r.regime_key <> w.regime_key OR r.setups <> w.setups) AS other_key,
    count(*) FILTER (WHERE r.size_mult > w.size_mult OR r.stop_mult < w.stop_mult OR r.orders < w.orders
    AND w.orders <> 'mixed') AS looser,
    count(*) FILTER (WHERE r.stop_mult > w.stop_mult) AS wider_stop, count(*) FILTER (WHERE w.orders = 'mixed'
        AND r.orders = 'conservative') AS stricter FROM cmc_regimes r JOIN without w USING (id, ts);
SELECT ts, old_regime, new_regime, duration_bars FROM cmc_regime_flips WHERE layer = 'L3';
-- Under 300 bars it is off.
DELETE FROM intraday WHERE time_close < (SELECT min(time_close) FROM intraday) + interval '25 days';
SELECT count(*) FROM intraday;
SELECT count(label) FROM regime_label_intraday(2);
DELETE FROM intraday WHERE time_close = (SELECT min(time_close) FROM intraday);
SELECT count(*), count(label) FROM regime_label_intraday(2);
SELECT status FROM refresh_cmc_regimes(2, hysteresis => false);
SELECT count(l3_label) FROM cmc_regimes;
-- A table for L3 that is not there is an error like for any layer.
DROP TABLE intraday;
SELECT status FROM refresh_cmc_regimes(2);
\echo :LAST_ERROR_SQLSTATE
-- Without the row there is no L3, and an error says how to get one.
DELETE FROM regime_source WHERE layer = 'L3';
SELECT status FROM refresh_cmc_regimes(2);
SELECT count(*) FROM regime_label_intraday(2);
\echo :LAST_ERROR_SQLSTATE
