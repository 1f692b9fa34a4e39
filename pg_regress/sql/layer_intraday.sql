-- L3 of intraday bars: its EMAs are built beside the others, its hysteresis counts its own bars, it has flips like any layer.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE SCHEMA desk;
-- Six bars a day of asset 2 over 60 days, which rise for five days and fall for two.
CREATE TABLE desk.hours AS SELECT 2 AS id, time_close - (5 - n) * interval '4 hours' AS time_close,
    (100 + 10 * (((bar_seq * 6 + n) / 30) % 2) + (CASE ((bar_seq * 6 + n) / 30) % 2 WHEN 0 THEN 1 ELSE -1 END) * ((bar_seq * 6 + n) % 30) * 2)::float8 AS close
    FROM public.cmc_price_bars_multi_tf, generate_series(0, 5) AS n WHERE id = 2 AND bar_seq > 340;
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_schema, bars_table, ema_schema, ema_table)
    VALUES ('iso', 'L3', NULL, '{3,6,12}', 'desk', 'hours', 'desk', 'hour_emas');
-- The error for EMAs that are not there says how to build them.
SELECT hint_of('SELECT FROM refresh_cmc_regimes(2)') LIKE 'If you have bars only: SELECT public.regime_build_inputs(cal_scheme => ''iso'', target_schema => ''desk'');%' AS hint;
SELECT relation, action, rows_written FROM regime_build_inputs(ARRAY[2], target_schema => 'desk') WHERE relation LIKE '%hour%';
SELECT period, count(*), min(ts), round(avg(ema)::numeric, 6) AS mean FROM desk.hour_emas GROUP BY 1 ORDER BY 1;
SELECT relation, action, rows_written FROM regime_build_inputs(ARRAY[2], target_schema => 'desk') WHERE relation LIKE '%hour%';
-- EMAs elsewhere are the user's own.
SELECT count(*) FROM regime_build_inputs(ARRAY[2], target_schema => 'public') WHERE relation LIKE '%hour%';
-- A hold of 3 bars is 12 hours, so that a label is accepted within the day; daily rows would take three days.
SELECT status FROM refresh_cmc_regimes(2);
SELECT array_agg(DISTINCT layer ORDER BY layer) FROM cmc_regime_flips WHERE id = 2;
SELECT ts::date, old_regime, new_regime, duration_bars FROM cmc_regime_flips WHERE layer = 'L3' ORDER BY ts;
SELECT sum(bars) = (SELECT count(l3_label) FROM cmc_regimes) AS whole FROM regime_periods(2, 'L3');
SELECT concat_ws(' | ', what, value, detail) AS line FROM regime_explain(2, '2024-12-30 23:59:59+00') WHERE layer = 'L3' AND what IN ('raw label', 'accepted label', 'pending label');
-- A refresh builds the EMAs of new bars itself; incremental as in full.
UPDATE regime_source SET build_calendar = 'iso' WHERE layer = 'L3';
SELECT append_bar(2, 55);
INSERT INTO desk.hours SELECT 2, time_close + n * interval '4 hours', close - 3 * n FROM (SELECT * FROM desk.hours ORDER BY time_close DESC LIMIT 1) b, generate_series(1, 6) AS n;
SELECT mode, reason FROM refresh_cmc_regimes(2);
SELECT count(*) FROM desk.hour_emas WHERE ts > '2025-01-01';
SELECT differ('{2}');
UPDATE desk.hours SET close = close + 20 WHERE time_close = '2024-12-20 23:59:59+00';
SELECT mode, reason FROM refresh_cmc_regimes(2);
SELECT differ('{2}');
