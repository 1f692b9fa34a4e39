-- Refreshing the regimes of candles: what is written, what is left alone, what fails and what it leaves.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\pset null -
\set last 'system, subject, status, mode, reason, rows_read, inserted, updated, deleted, message FROM cmc_regime_run_log WHERE run = (SELECT max(run) FROM cmc_regime_run_log) ORDER BY subject NULLS FIRST'
-- A dry run before there is a table; then for real.
SELECT symbol, timeframe, status, regime_rows, rows_written, classifier_version, message, mode, reason FROM refresh_market_regimes(dry_run => true);
SELECT to_regclass('market_regimes');
SELECT symbol, timeframe, status, regime_rows, rows_written, classifier_version, message, mode, reason FROM refresh_market_regimes();
SELECT differ();
SELECT :last;
SELECT symbol, timeframe, simplified_regime, count(*), min(open_time), max(open_time), avg(confidence)::numeric(4, 3) FROM market_regimes GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT open_time, trend_state, volatility_state, momentum_state, full_regime, simplified_regime, confidence, classifier_version, warmup, created_at = now() AS now
FROM market_regimes WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time IN ('2024-01-01', '2024-01-09 06:00', '2024-01-09 07:00', '2024-01-20') ORDER BY 1;
-- Nothing to do; one series; a symbol; a timeframe.
SELECT symbol, timeframe, status, rows_written, mode FROM refresh_market_regimes();
SELECT symbol, timeframe, status FROM refresh_market_regimes('AAAUSDT', '4h');
SELECT symbol, timeframe, status FROM refresh_market_regimes('AAAUSDT');
SELECT symbol, timeframe, status FROM refresh_market_regimes(timeframe => '1h');
-- A new candle, a corrected one, a late one, a deleted one: only rows that differ are touched.
INSERT INTO candles SELECT * FROM candle('AAAUSDT', '1h', '1 hour', 700);
SELECT symbol, timeframe, status, regime_rows, rows_written, mode, reason FROM refresh_market_regimes('AAAUSDT', '1h');
UPDATE candles SET close = close * 1.2, high = high * 1.3 WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time = '2024-01-20';
SELECT status, regime_rows, rows_written BETWEEN 1 AND 250 AS some FROM refresh_market_regimes('AAAUSDT', '1h');
SELECT min(open_time) FROM market_regimes WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND created_at = (SELECT max(created_at) FROM market_regimes);
INSERT INTO candles SELECT * FROM candle('BBBUSDT', '1h', '1 hour', 250);
SELECT status, regime_rows, rows_written FROM refresh_market_regimes('BBBUSDT');
DELETE FROM candles WHERE symbol = 'BBBUSDT' AND open_time = '2024-01-13 15:00';
SELECT count(*) AS went_with_its_candle FROM market_regimes WHERE symbol = 'BBBUSDT';
SELECT status, regime_rows FROM refresh_market_regimes('BBBUSDT');
SELECT differ();
-- Rows that someone changed or removed.
UPDATE market_regimes SET confidence = 0.9 WHERE symbol = 'BBBUSDT' AND open_time < '2024-01-14';
DELETE FROM market_regimes WHERE symbol = 'BBBUSDT' AND open_time > '2024-01-14 20:00';
SELECT status, rows_written, reason FROM refresh_market_regimes('BBBUSDT');
SELECT differ();
-- Other thresholds are another version; the tables' rows are of one.
SELECT status, classifier_version, rows_written, reason FROM refresh_market_regimes('BBBUSDT', config => '{"adx_trending": 40}');
SELECT DISTINCT classifier_version FROM market_regimes WHERE symbol = 'BBBUSDT';
SELECT status, classifier_version, reason FROM refresh_market_regimes('BBBUSDT', full_refresh => true);
-- The state: what is there may go.
SELECT symbol, timeframe, newest, candles, classifier_version, config, length(sources) AS sources, tracking, length(memory) < 10000 AS memory FROM regime_work.market_regime_state ORDER BY 1, 2;
DELETE FROM regime_work.market_regime_state WHERE symbol = 'BBBUSDT';
SELECT status, mode, reason FROM refresh_market_regimes('BBBUSDT');
-- Parameters that cannot be read are not the default ones: nothing stored is relied on.
UPDATE regime_work.market_regime_state SET config = '{"adx": 30}' WHERE symbol = 'BBBUSDT';
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('BBBUSDT', '1h') GROUP BY 1;
SELECT status, mode, reason FROM refresh_market_regimes('BBBUSDT');
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('BBBUSDT', '1h') GROUP BY 1;
-- Bad candles: the series keeps its rows, the others go on.
INSERT INTO candles SELECT * FROM candle('AAAUSDT', '4h', '4 hours', 350);
UPDATE candles SET close = 0 WHERE symbol = 'BBBUSDT' AND open_time >= '2024-01-14 22:00';
SELECT symbol, timeframe, status, rows_written, message FROM refresh_market_regimes();
SELECT count(*) FROM market_regimes WHERE symbol = 'BBBUSDT';
SELECT sqlstate, message, hint FROM cmc_regime_run_log WHERE subject = 'BBBUSDT 1h' ORDER BY run DESC LIMIT 1;
UPDATE candles SET close = 'NaN' WHERE symbol = 'BBBUSDT' AND close = 0;
SELECT message FROM refresh_market_regimes('BBBUSDT');
UPDATE candles SET close = 1, low = NULL WHERE symbol = 'BBBUSDT' AND close = 'NaN';
SELECT message FROM refresh_market_regimes('BBBUSDT');
UPDATE candles SET low = 1, high = 'infinity' WHERE symbol = 'BBBUSDT' AND low IS NULL;
SELECT message FROM refresh_market_regimes('BBBUSDT');
UPDATE candles SET high = 1 WHERE symbol = 'BBBUSDT' AND high = 'infinity';
SELECT status FROM refresh_market_regimes('BBBUSDT');
SELECT differ();
-- A series whose candles are gone; all candles gone is taken for a mistake.
DELETE FROM candles WHERE symbol = 'BBBUSDT';
SELECT status, rows_written, message FROM refresh_market_regimes('BBBUSDT');
ALTER TABLE market_regimes DROP CONSTRAINT market_regimes_candle_fkey;
CREATE TABLE kept AS TABLE candles;
DELETE FROM candles WHERE timeframe = '4h';
SELECT timeframe, status, rows_written, message FROM refresh_market_regimes('AAAUSDT');
DELETE FROM candles;
SELECT timeframe, status, message FROM refresh_market_regimes('AAAUSDT');
SELECT count(*) FROM market_regimes;
INSERT INTO candles TABLE kept;
SELECT * FROM regime_setup() WHERE action <> 'unchanged';
SELECT timeframe, status FROM refresh_market_regimes();
SELECT differ();
-- Deleting.
SELECT delete_market_regimes('AAAUSDT', '4h');
SELECT delete_market_regimes('AAAUSDT', '4h');
SELECT symbol, timeframe, count(*) FROM market_regimes GROUP BY 1, 2;
SELECT delete_market_regimes(NULL, '1h');
-- Unknown names.
SELECT * FROM refresh_market_regimes('AAAUSD');
SELECT * FROM refresh_market_regimes('AAAUSDT', '1d');
SELECT * FROM refresh_market_regimes('');
SELECT * FROM refresh_market_regimes(timeframe => '2w');
SELECT * FROM refresh_market_regimes(config => '{"adx": 1}');
SELECT * FROM refresh_market_regimes(config => '[]');
BEGIN TRANSACTION READ ONLY;
SELECT status FROM refresh_market_regimes(dry_run => true);
SELECT * FROM refresh_market_regimes();
ROLLBACK;
SELECT delete_market_regimes('AAAUSDT', '1h');
-- Nothing is checked into the tables that cannot be.
\set VERBOSITY terse
INSERT INTO market_regimes VALUES ('A', '1h', '2024-01-01', 'up', 'low', 'weak', 'NEUTRAL_LOWVOL_WEAK', 'RANGE', 0.5, '1', true);
INSERT INTO market_regimes VALUES ('A', '1h', '2024-01-01', 'neutral', 'low', 'weak', 'NEUTRAL_HIGHVOL_WEAK', 'RANGE', 0.5, '1', true);
INSERT INTO market_regimes VALUES ('A', '1h', '2024-01-01', 'neutral', 'low', 'weak', 'NEUTRAL_LOWVOL_WEAK', 'RANGE', 1.5, '1', true);
INSERT INTO market_regimes VALUES ('A', '1h', '2024-01-01', 'neutral', 'low', 'weak', 'NEUTRAL_LOWVOL_WEAK', 'RANGE', 0.5, '1', true);
