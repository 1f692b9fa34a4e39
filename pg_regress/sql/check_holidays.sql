-- Ordinary holidays are no finding of bars, of days, weeks or months, nor of candles; an outage is one.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
-- Three years of a market that closes on weekends, on Christmas and other days of its country, in a golden week each May and a
-- week each new year of the moon.
CREATE FUNCTION is_open(d date) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT extract(isodow FROM d) < 6 AND to_char(d, 'MM-DD') NOT IN ('01-01', '07-04', '12-24', '12-25', '12-26')
        AND to_char(d, 'MM-DD') NOT BETWEEN '04-29' AND '05-05'
        AND d NOT BETWEEN '2022-01-31' AND '2022-02-04' AND d NOT BETWEEN '2023-01-23' AND '2023-01-27' AND d NOT BETWEEN '2024-02-12' AND '2024-02-16'
        AND NOT (to_char(d, 'MM-DD') BETWEEN '11-22' AND '11-28' AND extract(isodow FROM d) = 4) $$;
CREATE TABLE px (symbol text, ts timestamptz, close float8, PRIMARY KEY (symbol, ts));
-- The day before Christmas Eve closes early.
INSERT INTO px SELECT 'STOCK', (d + CASE WHEN to_char(d, 'MM-DD') = '12-23' THEN time '13:00' ELSE time '16:00' END)::timestamp AT TIME ZONE 'America/New_York', 100 + n % 17 + n / 50.0
FROM (SELECT date '2021-12-31' + n AS d, n FROM generate_series(1, 1096) AS n) AS n WHERE is_open(d);
INSERT INTO px SELECT 'COIN', timestamptz '2021-12-31 23:59:59+00' + n * interval '1 day', 100 + n % 17 + n / 50.0 FROM generate_series(1, 1096) AS n;
INSERT INTO px SELECT 'OUT', ts, close FROM px WHERE symbol = 'STOCK' AND ts::date NOT BETWEEN '2023-08-01' AND '2023-08-21';
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, high float8, low float8, close float8);
INSERT INTO candles SELECT symbol, '1d', (ts::date + time '09:30')::timestamp AT TIME ZONE 'America/New_York', close + 1, close - 1, close FROM px;
INSERT INTO candles SELECT symbol, '1h', open_time + h * interval '1 hour', high, low, close FROM candles, generate_series(0, 6) AS h
WHERE symbol <> 'COIN' AND (h < 3 OR to_char(open_time, 'MM-DD') <> '12-23');
\set ECHO all
SELECT item FROM regime_connect('px') WHERE item = 'checked';
\set of_time '(SELECT symbol, layer, problem, n, first_ts FROM regime_check_inputs_details() WHERE problem ~ ''gap|week|month|date|midnight|future'' ORDER BY symbol COLLATE "C", layer, problem COLLATE "C")'
:of_time;
SELECT symbol, timeframe, problem, n, first_ts FROM regime_check_candles_details();
-- Three days of a coin are missing, twice.
DELETE FROM px WHERE symbol = 'COIN' AND ts::date IN ('2023-03-10', '2023-03-11', '2023-03-12', '2024-06-07', '2024-06-08', '2024-06-09');
DELETE FROM candles WHERE symbol = 'COIN' AND open_time::date IN ('2023-03-10', '2023-03-11', '2023-03-12', '2024-06-07', '2024-06-08', '2024-06-09');
:of_time;
SELECT symbol, timeframe, problem, n, first_ts FROM regime_check_candles_details('{COIN}');
-- By the same rhythm, the feed of a stock may rest over Christmas, and that of a coin may not.
SELECT symbol, regime_due(array_agg(ts)) > '2024-12-27 21:00+00' AS may_rest FROM px WHERE ts < '2024-12-24' GROUP BY 1 ORDER BY 1;
\set ECHO none
SET client_min_messages = error;
DROP TABLE px, candles CASCADE;
