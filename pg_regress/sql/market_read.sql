-- Reading the regimes of candles: on the fly, stored, both; statistics and transitions.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\pset null -
-- On the fly, nothing stored.
SELECT count(*), min(open_time), max(open_time), bool_or(warmup), min(classifier_version) FROM market_regimes_compute('AAAUSDT', '1h');
SELECT to_regclass('market_regimes');
SELECT open_time, full_regime, simplified_regime, confidence, warmup FROM market_regimes_compute('AAAUSDT', '1h', '2024-01-29 21:00', '2024-01-29 23:00');
SELECT count(*) FROM market_regimes_compute('AAAUSDT', '1h', '2025-01-01');
SELECT count(*) FROM market_regimes_compute('AAAUSDT', '1h', to_ts => '2023-01-01');
SELECT DISTINCT classifier_version FROM market_regimes_compute('AAAUSDT', '1h', config => '{"adx_trending": 30}');
-- No look-ahead: what is computed up to a moment is what is computed with all.
SELECT count(*) FROM generate_series(timestamptz '2024-01-03', '2024-01-30', '1 day 7 hours') AS t,
    LATERAL (SELECT * FROM market_regimes_compute('AAAUSDT', '1h', to_ts => t) EXCEPT ALL SELECT * FROM market_regimes_compute('AAAUSDT', '1h')) d;
-- Before anything is stored everything is computed; after, only what is newer.
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('AAAUSDT', '1h') GROUP BY 1;
SELECT FROM regime_track();
SELECT status FROM refresh_market_regimes();
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('AAAUSDT', '1h') GROUP BY 1;
INSERT INTO candles SELECT c.* FROM generate_series(700, 704) n, candle('AAAUSDT', '1h', '1 hour', n) c;
SELECT created_at IS NOT NULL AS stored, count(*), min(open_time), max(open_time) FROM get_market_regimes('AAAUSDT', '1h') GROUP BY 1 ORDER BY 1;
SELECT created_at IS NOT NULL AS stored, count(*), min(open_time), max(open_time) FROM get_market_regimes('AAAUSDT', '1h', '2024-01-29', '2024-01-30 05:00') GROUP BY 1 ORDER BY 1;
SELECT created_at IS NOT NULL AS stored, count(*), max(open_time) FROM get_market_regimes('AAAUSDT', '1h', '2024-01-29', '2024-01-29 20:00') GROUP BY 1 ORDER BY 1;
SELECT created_at IS NOT NULL AS stored, count(*), min(open_time) FROM get_market_regimes('AAAUSDT', '1h', '2024-01-30 06:00') GROUP BY 1 ORDER BY 1;
CREATE FUNCTION unlike(symbol text, timeframe text) RETURNS bigint LANGUAGE sql AS $$
    WITH got AS (SELECT open_time, full_regime, simplified_regime, confidence, classifier_version, warmup FROM get_market_regimes(symbol, timeframe)),
    right_ AS (SELECT open_time, full_regime, simplified_regime, confidence, classifier_version, warmup FROM market_regimes_compute(symbol, timeframe))
    SELECT (SELECT count(*) FROM (TABLE got EXCEPT ALL TABLE right_) a) + (SELECT count(*) FROM (TABLE right_ EXCEPT ALL TABLE got) b) $$;
SELECT unlike('AAAUSDT', '1h');
-- Rows of other thresholds go on with them.
SELECT status FROM refresh_market_regimes('BBBUSDT', config => '{"rsi_bullish": 60}');
INSERT INTO candles SELECT c.* FROM generate_series(360, 380) n, candle('BBBUSDT', '1h', '1 hour', n) c;
SELECT created_at IS NOT NULL AS stored, classifier_version, count(*) FROM get_market_regimes('BBBUSDT', '1h') GROUP BY 1, 2 ORDER BY 1;
-- Rows of a version that is not that of their parameters, as an earlier release wrote them, are computed anew with these.
BEGIN;
UPDATE market_regimes SET classifier_version = '1-78752ad5' WHERE symbol = 'BBBUSDT';
UPDATE regime_work.market_regime_state SET classifier_version = '1-78752ad5' WHERE symbol = 'BBBUSDT';
SELECT created_at IS NOT NULL AS stored, classifier_version, count(*) FROM get_market_regimes('BBBUSDT', '1h') GROUP BY 1, 2 ORDER BY 1;
SELECT status, mode, reason FROM refresh_market_regimes('BBBUSDT', config => '{"rsi_bullish": 60}');
ROLLBACK;
-- Rows that were changed behind its back do not count.
DELETE FROM market_regimes WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time = (SELECT max(open_time) FROM market_regimes WHERE symbol = 'AAAUSDT' AND timeframe = '1h');
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('AAAUSDT', '1h') GROUP BY 1;
SELECT unlike('AAAUSDT', '1h');
-- Candles that are elsewhere, with other names and types: numbers as float8, times without a zone, which are UTC.
CREATE SCHEMA "Feed";
CREATE TABLE "Feed"."K-lines" (pair text, "interval" text, opened timestamp(3), hi float8, lo float8, px float8, venue text, PRIMARY KEY (pair, "interval", opened));
INSERT INTO "Feed"."K-lines" SELECT symbol, timeframe, open_time AT TIME ZONE 'UTC', high, low, close, 'X' FROM candles;
SET timezone = 'America/New_York';
UPDATE regime_source SET bars_schema = 'Feed', bars_table = 'K-lines', bars_filter = '{"venue": "X"}', bars_id_column = 'pair', bars_tf_column = 'interval',
    bars_ts_column = 'opened', high_column = 'hi', low_column = 'lo', close_column = 'px' WHERE layer = 'candles';
CREATE TABLE before AS SELECT * FROM market_regimes_compute('AAAUSDT', '1h');
SET timezone = 'UTC';
UPDATE regime_source SET bars_table = 'klines' WHERE layer = 'candles';
SELECT * FROM market_regimes_compute('AAAUSDT', '1h');
UPDATE regime_source SET bars_table = 'K-lines', high_column = 'opened' WHERE layer = 'candles';
SELECT * FROM market_regimes_compute('AAAUSDT', '1h');
UPDATE regime_source SET high_column = 'top' WHERE layer = 'candles';
SELECT * FROM market_regimes_compute('AAAUSDT', '1h');
UPDATE regime_source SET high_column = 'hi' WHERE layer = 'candles';
SELECT relation, action FROM regime_setup() WHERE action <> 'unchanged';
SELECT symbol, timeframe, status, regime_rows, reason FROM refresh_market_regimes('AAAUSDT');
SELECT count(*) FROM ((TABLE before EXCEPT ALL SELECT symbol, timeframe, open_time, trend_state, volatility_state, momentum_state, full_regime, simplified_regime,
    confidence, classifier_version, warmup FROM market_regimes WHERE timeframe = '1h')) d;
UPDATE regime_source SET cal_scheme = 'iso' WHERE layer = 'candles';
UPDATE regime_source SET low_column = NULL WHERE layer = 'candles';
DELETE FROM regime_source WHERE layer = 'candles';
SELECT * FROM market_regimes_compute('AAAUSDT', '1h');
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_id_column, bars_tf_column, bars_ts_column, high_column, low_column)
VALUES ('any', 'candles', 'candles', 'symbol', 'timeframe', 'open_time', 'high', 'low');
SELECT relation, action FROM regime_setup() WHERE action <> 'unchanged';
SELECT symbol, timeframe, status, mode, reason FROM refresh_market_regimes();
-- Statistics, transitions.
SELECT simplified_regime, classifier_version, n, share::numeric(5, 4), first_ts, last_ts, mean_confidence::numeric(5, 4) FROM market_regimes_stats('AAAUSDT', '1h');
SELECT simplified_regime, n, share::numeric(5, 4) FROM market_regimes_stats() ORDER BY 1;
SELECT sum(share), sum(n) FROM market_regimes_stats(timeframe => '1h');
SELECT * FROM market_regimes_flips('AAAUSDT', '1h', 0.8) LIMIT 5;
SELECT from_regime, to_regime, count(*) FROM market_regimes_flips('AAAUSDT', '1h') GROUP BY 1, 2 ORDER BY 1, 2;
-- A gap does not matter: the candle before is the one before.
SELECT count(*) FROM market_regimes_flips('AAAUSDT', NULL) WHERE at IN (SELECT min(open_time) FROM candles GROUP BY symbol, timeframe);
SELECT * FROM market_regimes_flips('AAAUSDT', '1h', 1.5);
SELECT * FROM market_regimes_flips('AAAUSDT', '1h', 'NaN');
SELECT * FROM market_regimes_stats('CCC');
SELECT * FROM market_regimes_flips('AAAUSDT', '15m');
SELECT * FROM market_regimes_compute('AAAUSD', '1h');
SELECT * FROM market_regimes_compute('AAAUSDT', '1d');
SELECT * FROM get_market_regimes('AAAUSDT', '1d');
SELECT * FROM get_market_regimes('AAAUSDT', NULL);
SELECT * FROM market_regimes_compute(NULL, '1h');
SELECT * FROM market_regimes_compute('AAAUSDT', '1h', '2024-02-01', '2024-01-01');
-- A view of candles with one twice.
CREATE VIEW twice AS SELECT * FROM candles UNION ALL SELECT * FROM candles WHERE symbol = 'BBBUSDT' AND open_time > '2024-01-15';
UPDATE regime_source SET bars_table = 'twice' WHERE layer = 'candles';
SELECT * FROM market_regimes_compute('BBBUSDT', '1h');
-- Rights: the candles for computing, the tables for what is stored.
UPDATE regime_source SET bars_table = 'candles' WHERE layer = 'candles';
CREATE ROLE regress_candle_reader;
SET ROLE regress_candle_reader;
SELECT * FROM market_regimes_compute('AAAUSDT', '1h');
RESET ROLE;
GRANT SELECT ON candles TO regress_candle_reader;
SET ROLE regress_candle_reader;
SELECT count(*) FROM market_regimes_compute('AAAUSDT', '1h');
SELECT count(*) FROM get_market_regimes('AAAUSDT', '1h');
SELECT * FROM market_regimes_stats();
SELECT status, message FROM refresh_market_regimes('BBBUSDT');
RESET ROLE;
GRANT SELECT ON market_regimes, regime_work.market_regime_state TO regress_candle_reader;
SET ROLE regress_candle_reader;
SELECT count(*) FROM get_market_regimes('AAAUSDT', '1h');
RESET ROLE;
GRANT USAGE ON SCHEMA regime_work TO regress_candle_reader;
SET ROLE regress_candle_reader;
SELECT count(*) FROM get_market_regimes('AAAUSDT', '1h');
SELECT status FROM refresh_market_regimes('BBBUSDT', dry_run => true);
RESET ROLE;
DROP OWNED BY regress_candle_reader;
DROP ROLE regress_candle_reader;
-- The queries that must be fast use their index.
SET enable_seqscan = off;
EXPLAIN (COSTS off) SELECT open_time FROM market_regimes WHERE simplified_regime = 'TREND_UP' AND open_time >= '2024-01-01' AND open_time < '2025-01-01' ORDER BY open_time DESC;
EXPLAIN (COSTS off) SELECT * FROM market_regimes WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND confidence > 0.7 ORDER BY open_time;
-- A symbol by the id of its asset; the error of a timeframe it has not is the same.
CREATE TABLE dim_assets (id int, symbol text);
INSERT INTO dim_assets VALUES (7, 'AAAUSDT'), (8, 'CCCUSDT');
SELECT count(*) FROM market_regimes_compute('7', '1h');
SELECT count(*) FROM market_regimes_compute('7', '1d');
SELECT count(*) FROM market_regimes_compute('8', '1h');
SELECT sum(n) FROM market_regimes_stats('7', '1h');
SELECT symbol, count(*) FROM market_regimes_flips('7', '1h') GROUP BY 1;
SELECT delete_market_regimes('7', '1h'), delete_market_regimes('7', '1h');
