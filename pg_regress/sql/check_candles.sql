-- regime_check_candles: what is wrong with candles, a row for each kind, and its details, a row for each series.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
-- No candles, which no row at all would call clean; the map may name what is not there.
SELECT * FROM regime_check_candles();
SELECT problem FROM regime_check_candles_details('{FINE}');
UPDATE regime_source SET bars_table = 'gone' WHERE layer = 'candles';
SELECT * FROM regime_check_candles();
UPDATE regime_source SET bars_table = 'candles' WHERE layer = 'candles';
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, open float8, high float8, low float8, close float8, volume float8);
SELECT severity, problem, n, command, advice FROM regime_check_candles();
SELECT symbol, problem, n FROM regime_check_candles_details('{FINE}');
CREATE FUNCTION fill(name text, tf text, step interval, n int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO candles SELECT name, tf, '2024-01-01 00:00+00'::timestamptz + k * step, 100 + k % 7, 104 + k % 7, 99 + k % 7, 102 + k % 7, 1000 FROM generate_series(0, n - 1) AS k $$;
SELECT FROM fill('FINE', '1d', '1 day', 100);
SELECT FROM fill('FINE', '4h', '4 hours', 300);
SELECT * FROM regime_check_candles();
UPDATE regime_source SET bars_table = 'elsewhere' WHERE layer = 'candles';
SELECT count(*) FROM regime_check_candles();
UPDATE regime_source SET bars_table = 'candles', close_column = 'price' WHERE layer = 'candles';
SELECT severity, problem, command, advice FROM regime_check_candles();
UPDATE regime_source SET close_column = 'close' WHERE layer = 'candles';
-- One fault of each kind, each in a series of its own.
SELECT count(fill(s, '1d', '1 day', 100)) FROM unnest('{NULL_,NAN,ZERO,UPSIDE,OUTSIDE,TWICE,UNTIMED,FUTURE}'::text[]) AS s;
SELECT count(fill(s, '4h', '4 hours', 300)) FROM unnest('{GAP,OFF,SHUT}'::text[]) AS s;
UPDATE candles SET close = NULL WHERE symbol = 'NULL_' AND open_time > '2024-04-07';
UPDATE candles SET high = 'NaN' WHERE symbol = 'NAN' AND open_time = '2024-03-01';
UPDATE candles SET open = 0 WHERE symbol = 'ZERO' AND open_time = '2024-03-01';
UPDATE candles SET low = high + 1 WHERE symbol = 'UPSIDE' AND open_time = '2024-03-01';
UPDATE candles SET close = high + 1 WHERE symbol = 'OUTSIDE' AND open_time = '2024-03-01';
INSERT INTO candles SELECT * FROM candles WHERE symbol = 'TWICE' AND open_time = '2024-03-01';
INSERT INTO candles SELECT symbol, timeframe, 'infinity', open, high, low, close, volume FROM candles WHERE symbol = 'UNTIMED' AND open_time = '2024-03-01';
DELETE FROM candles WHERE symbol IN ('GAP', 'SHUT') AND open_time BETWEEN '2024-01-20' AND '2024-01-22';
DELETE FROM candles WHERE symbol = 'SHUT' AND open_time BETWEEN '2024-02-03' AND '2024-02-06';
INSERT INTO candles SELECT symbol, timeframe, '2990-01-01', open, high, low, close, volume FROM candles WHERE symbol = 'FUTURE' AND open_time = '2024-03-01';
UPDATE candles SET open_time = open_time + interval '1 hour' WHERE symbol = 'OFF' AND open_time = '2024-01-30';
INSERT INTO candles VALUES (NULL, '1d', '2024-01-01', 1, 1, 1, 1, 1);
SELECT severity, timeframe, problem, n_series, subjects, n, first_ts FROM regime_check_candles();
SELECT severity, symbol, timeframe, problem, n, first_ts FROM regime_check_candles_details() ORDER BY severity, symbol COLLATE "C";
-- What a refresh refuses is an error, and nothing else is.
SET client_min_messages = error;
SELECT (SELECT string_agg(DISTINCT symbol, ', ' ORDER BY symbol) FROM regime_check_candles_details() WHERE severity = 'error' AND problem !~ '^open is')
    = (SELECT string_agg(DISTINCT symbol, ', ' ORDER BY symbol) FROM refresh_market_regimes(dry_run => true) WHERE status = 'failed') AS same;
RESET client_min_messages;
-- Every command runs and shows as many candles as it says, but for those that show the first of them.
CREATE FUNCTION found(command text) RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM (%s) AS f', rtrim(command, ';')) INTO n;
    RETURN n;
END $$;
SELECT problem, n, found(command) FROM regime_check_candles_details() ORDER BY problem COLLATE "C", n;
SELECT timeframe, problem, n_series, command, found(command) FROM regime_check_candles() ORDER BY problem COLLATE "C", timeframe;
-- Some symbols, one of them without candles; a NULL.
SELECT severity, symbol, timeframe, problem, n, command FROM regime_check_candles_details('{GAP,NONE,FINE}');
SELECT severity, timeframe, problem, n_series, subjects FROM regime_check_candles('{GAP,NONE,FINE}');
SELECT * FROM regime_check_candles('{GAP,NULL}');
-- A close that is adjusted is compared with no high and low; without opens; a text that is no number.
ALTER TABLE candles RENAME close TO adj_close;
ALTER TABLE candles DROP open;
UPDATE regime_source SET close_column = 'adj_close', open_column = NULL WHERE layer = 'candles';
SELECT problem, subjects FROM regime_check_candles('{OUTSIDE,UPSIDE,ZERO}');
DELETE FROM candles WHERE symbol <> 'FINE';
ALTER TABLE candles ALTER adj_close TYPE text;
UPDATE candles SET adj_close = '12,50' WHERE open_time = '2024-02-01' AND timeframe = '1d';
SELECT severity, problem, command, advice FROM regime_check_candles();
DROP TABLE candles;
