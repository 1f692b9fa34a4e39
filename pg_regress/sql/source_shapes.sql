-- Tables as people have them, mapped without a view: dates, integers that count since 1970, prices as text. The rows equal those
-- of the same prices mapped by hand, in a table of the original's shape.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Whichever tables the map names.
SET pg_regime.market_proxy_id = 1;
\set rows 'SELECT to_jsonb(r) - ''computed_at'' - ''updated_at'' - ''ingested_at'' FROM cmc_regimes AS r'
-- The days of a market of New York: 500 of them with two changes of the clocks.
CREATE TABLE prices AS SELECT a.id, d::date AS day, round((100 + 20 * sin(n / 17.0 + a.id) + n / 25.0)::numeric, 4) AS price
FROM (VALUES (1), (2)) AS a (id), generate_series(timestamp '2022-01-03', '2023-11-30', '1 day') WITH ORDINALITY AS g (d, n)
WHERE extract(isodow FROM d) < 6;
-- By hand: instants.
CREATE SCHEMA hand;
CREATE TABLE hand.cmc_price_bars_multi_tf AS SELECT id, '1D' AS tf, ((day + interval '1 day - 1 millisecond') AT TIME ZONE 'America/New_York') AS time_close,
    price::float8 AS close FROM prices;
-- A date, in a zone, at the end of its day.
CREATE SCHEMA dates;
CREATE TABLE dates.daily AS SELECT id, day AS "Date", price::text AS px FROM prices;
CREATE INDEX ON dates.daily (id, "Date");
-- The same instants, as integers.
CREATE SCHEMA epochs;
CREATE TABLE epochs.daily AS SELECT id, (extract(epoch FROM time_close) * 1000)::bigint AS ms, close::text::varchar AS px FROM hand.cmc_price_bars_multi_tf;
-- Midnight of the day in the zone, as an instant, to be shifted.
CREATE SCHEMA opens;
CREATE TABLE opens.daily AS SELECT id, day::timestamp AT TIME ZONE 'America/New_York' AS opened, price AS px FROM prices;

CREATE PROCEDURE map_to(s text, unit text, zone text, shift interval, ts text) LANGUAGE sql AS $$
    UPDATE regime_source SET bars_schema = s, ema_schema = s WHERE cal_scheme = 'iso' AND layer <> 'candles';
    UPDATE regime_source SET bars_table = CASE s WHEN 'hand' THEN 'cmc_price_bars_multi_tf' ELSE 'daily' END,
        tf = CASE s WHEN 'hand' THEN '1D' END,
        bars_ts_column = ts, close_column = CASE s WHEN 'hand' THEN 'close' ELSE 'px' END,
        bars_ts_unit = unit, bars_zone = zone, bars_shift = shift WHERE cal_scheme = 'iso' AND layer = 'L2';
$$;
CREATE TABLE by_hand (row jsonb);
-- By hand, weeks and months are those of the days of New York.
CALL map_to('dates', NULL, 'America/New_York', '1 day - 1 millisecond', 'Date');
SELECT relation, action, rows_written FROM regime_build_inputs(target_schema => 'dates');
-- Weeks and months end with the last millisecond of their last day in New York, winter and summer.
SELECT tf, count(*), min(time_close AT TIME ZONE 'America/New_York') AS first, array_agg(DISTINCT (time_close AT TIME ZONE 'America/New_York')::time) AS at,
    array_agg(DISTINCT extract(isodow FROM time_close AT TIME ZONE 'America/New_York')) FILTER (WHERE tf = '1W') AS weekday
FROM dates.cmc_price_bars_multi_tf_cal_iso GROUP BY 1 ORDER BY 1;
-- Their closes are those of the last day in New York.
SELECT count(*), count(*) FILTER (WHERE b.close = p.price::float8) AS same FROM dates.cmc_price_bars_multi_tf_cal_iso AS b CROSS JOIN LATERAL
    (SELECT price FROM prices AS p WHERE p.id = b.id AND p.day <= (b.time_close AT TIME ZONE 'America/New_York')::date ORDER BY p.day DESC LIMIT 1) AS p;
SELECT id, status, regime_rows, feature_tier FROM refresh_cmc_regimes();
INSERT INTO by_hand :rows;
SELECT min(ts AT TIME ZONE 'America/New_York'), max(ts AT TIME ZONE 'America/New_York'), count(DISTINCT (ts AT TIME ZONE 'America/New_York')::time) FROM cmc_regimes;
CREATE TABLE hand.cmc_price_bars_multi_tf_cal_iso AS TABLE dates.cmc_price_bars_multi_tf_cal_iso;
CREATE TABLE hand.cmc_ema_multi_tf_cal_iso AS TABLE dates.cmc_ema_multi_tf_cal_iso;
CREATE TABLE hand.cmc_ema_multi_tf_u AS TABLE dates.cmc_ema_multi_tf_u;
CALL map_to('hand', NULL, NULL, NULL, 'time_close');
SELECT id, status, rows_written FROM refresh_cmc_regimes();
SELECT count(*) FROM ((TABLE by_hand EXCEPT ALL :rows) UNION ALL (:rows EXCEPT ALL TABLE by_hand)) AS x;

-- Milliseconds since 1970; weeks and months by the days of the zone.
CALL map_to('epochs', NULL, 'America/New_York', NULL, 'ms');
SELECT * FROM refresh_cmc_regimes(1);
CALL map_to('epochs', 'ms', 'America/New_York', NULL, 'ms');
SELECT relation, action, rows_written FROM regime_build_inputs(target_schema => 'epochs');
SELECT id, status, rows_written FROM refresh_cmc_regimes();
SELECT count(*) FROM ((TABLE by_hand EXCEPT ALL :rows) UNION ALL (:rows EXCEPT ALL TABLE by_hand)) AS x;
-- Instants that are shifted in the zone.
CALL map_to('opens', NULL, 'America/New_York', '1 day - 1 millisecond', 'opened');
SELECT relation, action, rows_written FROM regime_build_inputs(target_schema => 'opens');
SELECT id, status, rows_written FROM refresh_cmc_regimes();
SELECT count(*) FROM ((TABLE by_hand EXCEPT ALL :rows) UNION ALL (:rows EXCEPT ALL TABLE by_hand)) AS x;

-- Tracked: a refresh after new and corrected rows equals one that reads all.
CALL map_to('dates', NULL, 'America/New_York', '1 day - 1 millisecond', 'Date');
SELECT count(*) FROM refresh_cmc_regimes();
SELECT relation, action FROM regime_track() ORDER BY 1;
SELECT id, status, mode FROM refresh_cmc_regimes();
INSERT INTO dates.daily SELECT id, date '2023-12-01', price FROM prices WHERE day = '2023-11-30';
UPDATE dates.daily SET px = px::numeric + 1 WHERE id = 2 AND "Date" = '2023-03-13';
SELECT id, source, since AT TIME ZONE 'America/New_York' AS since FROM regime_work.cmc_regime_dirty ORDER BY 1, 2, 3;
SELECT count(*) FROM regime_build_inputs(target_schema => 'dates');
SELECT id, status, mode, reason FROM refresh_cmc_regimes(only_dirty => true);
CREATE TABLE incremental AS :rows;
SELECT count(*) FROM refresh_cmc_regimes(full_refresh => true);
SELECT count(*), (SELECT count(*) FROM incremental) AS rows FROM ((TABLE incremental EXCEPT ALL :rows) UNION ALL (:rows EXCEPT ALL TABLE incremental)) AS x;

-- A text that is no number fails its asset alone, and says where.
UPDATE dates.daily SET px = '12,50' WHERE id = 1 AND "Date" = '2023-05-05';
SELECT id, status, message FROM refresh_cmc_regimes();
SELECT severity, id, layer, problem, command, advice FROM regime_check_inputs_details() WHERE severity = 'error';
SELECT count(*) FROM regime_build_inputs(ARRAY[1], target_schema => 'dates');
UPDATE dates.daily SET px = '1e999' WHERE id = 1 AND "Date" = '2023-05-05';
SELECT * FROM regime_compute(1);
UPDATE dates.daily SET px = ' 1.25e2 ' WHERE id = 1 AND "Date" = '2023-05-05';
SELECT id, status FROM refresh_cmc_regimes(1);
-- A zone that is none; a unit that is none.
UPDATE regime_source SET bars_zone = 'Mars/Olympus' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT id FROM refresh_cmc_regimes();
UPDATE regime_source SET bars_ts_unit = 'min' WHERE cal_scheme = 'iso' AND layer = 'L2';
SET client_min_messages = error;
DROP SCHEMA hand, dates, epochs, opens CASCADE;
