-- All systems in one place: regime_systems, and what regime_health says of those beside cmc_regimes.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null -
-- Nothing is there yet; candles are not even mapped to a table that exists, which nobody has to have.
SELECT system, tables, is_set_up, n, n_stale, newest_row, lag FROM regime_systems();
SELECT severity, what, detail, command FROM regime_health_details() WHERE detail ~ 'market|candle';
SELECT version = regime_version_hash() AS cmc FROM regime_systems WHERE system = 'cmc_regimes';
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 3]);
SELECT system, is_set_up, n, n_stale, newest_row, lag FROM regime_systems;
SELECT version = regime_version_hash() AS cmc FROM regime_systems WHERE system = 'cmc_regimes';
-- Candles come.
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, high float8, low float8, close float8, PRIMARY KEY (symbol, timeframe, open_time));
INSERT INTO candles SELECT s, '1h', timestamptz '2024-01-01 00:00+00' + n * interval '1 hour', 102 + n % 7, 98 - n % 5, 100 + n % 7
FROM unnest('{AAA,"B B"}'::text[]) s, generate_series(0, 99) n;
SELECT severity, what, id, detail, command FROM regime_health_details() WHERE detail ~ 'market|candle';
SELECT symbol, status FROM refresh_market_regimes();
SELECT system, is_set_up, n, n_stale, newest_row, lag, CASE WHEN system LIKE 'market%' THEN version END AS version FROM regime_systems;
SELECT severity, what, id, detail, command FROM regime_health_details() WHERE detail ~ 'market|candle';
-- A series that lags, one that fails, one that is gone, one of another version.
INSERT INTO candles SELECT 'B B', '1h', timestamptz '2024-01-05 04:00+00' + n * interval '1 hour', 101, 99, 100 FROM generate_series(0, 2) n;
INSERT INTO candles VALUES ('AAA', '1h', '2024-01-06', 1, 1, -1);
SELECT symbol, status FROM refresh_market_regimes('AAA');
INSERT INTO candles SELECT 'CCC', '1d', open_time, high, low, close FROM candles WHERE symbol = 'AAA' AND close > 0;
SELECT severity, what, id, detail, command FROM regime_health_details() WHERE what ~ 'series';
SELECT system, n, n_stale, newest_row, lag, version FROM regime_systems WHERE system = 'market_regimes';
UPDATE candles SET close = 1 WHERE close < 0;
SELECT symbol, status FROM refresh_market_regimes();
SELECT symbol, status FROM refresh_market_regimes('CCC', config => '{"rsi_bullish": 60}');
SELECT system, n, n_stale, newest_row, lag, version FROM regime_systems WHERE system = 'market_regimes';
SELECT severity, what, id, detail, command FROM regime_health_details() WHERE what ~ 'series';
-- What a command says can be typed, also of a timeframe of two words.
INSERT INTO candles SELECT 'B B', '1 h', open_time, high, low, close FROM candles WHERE symbol = 'B B' AND timeframe = '1h' ORDER BY open_time LIMIT 60;
SELECT replace(command, '*', 'symbol, timeframe, status') AS command FROM regime_health_details() WHERE what = 'stale series' \gset
:command
DELETE FROM candles WHERE timeframe = '1 h';
SELECT delete_market_regimes('B B', '1 h');
SELECT symbol, timeframe, status FROM refresh_market_regimes('B B', '1h');
-- Somebody who has only candles.
DROP TABLE cmc_price_bars_multi_tf CASCADE;
SELECT system, is_set_up, n, problem FROM regime_systems;
SELECT severity, what, detail FROM regime_health_details() WHERE severity = 'error';
DROP TABLE cmc_regimes;
SELECT system, is_set_up, n, problem FROM regime_systems;
SELECT severity, what, detail FROM regime_health_details() WHERE severity = 'error';
-- Without rights.
CREATE ROLE regress_looker;
SET ROLE regress_looker;
SELECT system, is_set_up, n, problem FROM regime_systems;
RESET ROLE;
DROP ROLE regress_looker;
-- The history: a symbol that lags, one whose batch failed, one whose closes were corrected.
CREATE TABLE cmc_price_bars_multi_tf (id int, tf text, bar_seq int, time_close timestamptz, close float8);
INSERT INTO candles SELECT s, '1d', timestamptz '2024-01-01 00:00+00' + n * interval '1 day', 1 + n % 13, 1, 1 + n % 13 FROM unnest('{^GSPC,^DJI}'::text[]) s, generate_series(0, 89) n;
SET client_min_messages = error;
CALL backfill_market_regime_history('2024-01-01', '2024-03-20');
CALL backfill_market_regime_history('2024-01-01', '2024-12-31', symbol => '^DJI');
RESET client_min_messages;
SELECT system, is_set_up, n, n_stale, newest_row, lag, version, problem FROM regime_systems WHERE system = 'market_regime_history';
SELECT severity, what, id, detail, command FROM regime_health_details() WHERE what ~ 'history';
UPDATE candles SET close = -1 WHERE symbol = '^GSPC' AND open_time >= '2024-03-25';
\set VERBOSITY terse
SET client_min_messages = error;
CALL backfill_market_regime_history('2024-01-01', '2024-12-31');
UPDATE candles SET close = close + 5 WHERE symbol = '^DJI' AND open_time = '2024-03-15';
CALL backfill_market_regime_history('2024-01-01', '2024-12-31', symbol => '^DJI');
RESET client_min_messages;
SELECT severity, what, id, detail, command FROM regime_health_details() WHERE what ~ 'history';
SELECT system, n, n_stale, newest_row, lag FROM regime_systems WHERE system = 'market_regime_history';
