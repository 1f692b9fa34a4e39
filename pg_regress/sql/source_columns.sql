-- What a mapped column does: ATR, ADX, spread and slippage, and prices, ids and times of other types.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Whichever tables the map names.
SET pg_regime.market_proxy_id = 1;
-- The budget of the whole history, so that the first bars have labels.
SET pg_regime.point_in_time = off;
-- Bars with everything, in other types: numeric prices, bigint ids, varchar timeframes, timestamps without zone.
CREATE TABLE rich AS SELECT id::bigint AS id, tf::varchar(4) AS tf, bar_seq, time_close AT TIME ZONE 'UTC' AS at,
    close::numeric(20, 4) AS price,
    (CASE WHEN bar_seq % 3 = 0 THEN close * 0.05 ELSE close * 0.01 END)::real AS atr,
        CASE WHEN bar_seq <= 200 THEN 25 ELSE 20 END AS adx,
    (CASE WHEN bar_seq % 50 = 0 THEN 21 WHEN bar_seq % 50 = 10 THEN 7 ELSE 10 END)::smallint AS spread,
        CASE WHEN bar_seq % 50 IN (10, 20) THEN 0.7 WHEN bar_seq > 390 THEN NULL ELSE 1 END AS slippage
FROM cmc_price_bars_multi_tf;
CREATE TABLE rich_ema AS SELECT id::smallint AS id, tf::char(4) AS tf, ts AT TIME ZONE 'UTC' AS at, period::bigint AS period,
    ema::text::numeric AS ema FROM cmc_ema_multi_tf_u;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
CREATE TABLE before AS :content;
UPDATE regime_source SET bars_table = 'rich', bars_ts_column = 'at', close_column = 'price', ema_table = 'rich_ema',
    ema_ts_column = 'at', ema_filter = '{}' WHERE cal_scheme = 'iso' AND layer = 'L2';
SET timezone = 'Asia/Tokyo';
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
SELECT count(*) FROM regime_compute(2, as_of => '2024-06-30 23:59:59+00');
SET timezone = 'UTC';
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x;
SELECT id, status FROM refresh_cmc_regimes();
DROP TABLE dim_assets;
SELECT id, status FROM refresh_cmc_regimes();

-- ATR takes the place of the mean absolute return: 5 % of the close is high, 1 % low.
UPDATE regime_source SET atr_column = 'atr' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT vol, count(*), count(*) FILTER (WHERE bar_seq % 3 = 0) AS third FROM regime_label_daily(2) l
    JOIN rich r ON r.id = 2 AND r.at = l.ts AT TIME ZONE 'UTC' GROUP BY 1 ORDER BY 1;
-- An ATR that is NULL or a close that it cannot be divided by is unknown: normal by the fixed cut-offs.
UPDATE rich SET atr = NULL WHERE bar_seq = 7;
UPDATE rich SET atr = 'NaN' WHERE bar_seq = 8;
SELECT vol FROM regime_label_daily(2) ORDER BY ts OFFSET 6 LIMIT 2;
-- ADX at or under the floor makes a trend sideways: all of the bars after the 200th.
UPDATE regime_source SET adx_column = 'adx', adx_floor = 20 WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT bar_seq > 200 AS later, array_agg(DISTINCT trend ORDER BY trend) FROM regime_label_daily(2) l
    JOIN rich r ON r.id = 2 AND r.at = l.ts AT TIME ZONE 'UTC' GROUP BY 1 ORDER BY 1;
UPDATE regime_source SET adx_floor = 25 WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT DISTINCT trend FROM regime_label_daily(2);
-- An unknown ADX does not make a trend sideways: a comparison with it is false.
UPDATE rich SET adx = NULL;
SELECT DISTINCT trend FROM regime_label_daily(2) ORDER BY 1;
UPDATE regime_source SET adx_floor = 0 WHERE cal_scheme = 'iso' AND layer = 'L2';
UPDATE rich SET adx = 1;
SELECT DISTINCT trend FROM regime_label_daily(2) ORDER BY 1;

-- Liquidity, against the median of 60 bars, known from the 20th on: both under 0.8 is easy, one above 2 is stressed.
UPDATE regime_source SET spread_column = 'spread' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT DISTINCT liq FROM regime_label_daily(2);
UPDATE regime_source SET slippage_column = 'slippage' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT liq, count(*), array_agg(bar_seq ORDER BY bar_seq) FILTER (WHERE liq <> 'Normal') AS bars FROM regime_label_daily(2) l
    JOIN rich r ON r.id = 2 AND r.at = l.ts AT TIME ZONE 'UTC' GROUP BY 1 ORDER BY 1;
SELECT status FROM refresh_cmc_regimes(2, hysteresis => false);
SELECT split_part(l2_label, '-', 3) AS liq, array_agg(DISTINCT orders) AS orders, max(size_mult) <= 0.6 AS small
    FROM cmc_regimes WHERE id = 2 AND regime_key LIKE '%-Stressed' GROUP BY 1;
-- Each layer has its own map: the weeks are read as before.
SELECT DISTINCT liq FROM regime_label_weekly(2);
