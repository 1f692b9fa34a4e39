-- Tracking of candles, what goes by the triggers: it is noticed, and the series is computed in full. Candles of other types, in
-- partitions, in views; who needs which rights; and off.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\pset null -
\set how 'symbol, timeframe, status, mode, reason'
SELECT action, count(*) FROM regime_track() GROUP BY 1;
SELECT :how FROM refresh_market_regimes();
-- Loads of replication and pg_restore are marked too.
SET session_replication_role = replica;
UPDATE candles SET close = close + 1 WHERE symbol = 'BBBUSDT' AND open_time = '2024-01-14';
RESET session_replication_role;
SELECT :how FROM refresh_market_regimes();
ALTER TABLE candles DISABLE TRIGGER pg_regime_candles_update;
UPDATE candles SET close = close - 1 WHERE symbol = 'BBBUSDT' AND open_time = '2024-01-14';
SELECT what, detail FROM regime_health_details() WHERE what ~ 'untracked';
SELECT :how FROM refresh_market_regimes('BBBUSDT');
SELECT relation, action FROM regime_track();
SELECT :how FROM refresh_market_regimes('BBBUSDT');
SELECT :how FROM refresh_market_regimes('BBBUSDT');
-- Off and on again; another type; the marks or the rows emptied.
BEGIN;
ALTER TABLE candles DISABLE TRIGGER pg_regime_candles_update;
UPDATE candles SET close = close + 1 WHERE symbol = 'BBBUSDT' AND open_time = '2024-01-14';
ALTER TABLE candles ENABLE ALWAYS TRIGGER pg_regime_candles_update;
COMMIT;
SELECT count(*) AS marks FROM market_regime_marks;
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('BBBUSDT', '1h') GROUP BY 1;
SELECT :how FROM refresh_market_regimes('BBBUSDT');
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('BBBUSDT', '1h') GROUP BY 1;
ALTER TABLE candles ALTER close TYPE float8, ALTER high TYPE real, ALTER low TYPE numeric(12, 1);
SELECT :how FROM refresh_market_regimes('BBBUSDT');
SELECT :how FROM refresh_market_regimes('BBBUSDT');
UPDATE candles SET close = close - 1 WHERE symbol = 'BBBUSDT' AND open_time = '2024-01-14';
TRUNCATE regime_work.market_regime_dirty;
SELECT :how FROM refresh_market_regimes('BBBUSDT');
TRUNCATE market_regimes;
SELECT :how FROM refresh_market_regimes('BBBUSDT');
DELETE FROM market_regimes;
SELECT :how FROM refresh_market_regimes();
SELECT :how FROM refresh_market_regimes();
SELECT differ();
DROP TABLE regime_work.market_regime_dirty_done CASCADE;
INSERT INTO candles SELECT c.* FROM candle('AAAUSDT', '1h', '1 hour', 700) c;
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('AAAUSDT', '1h') GROUP BY 1 ORDER BY 1;
SELECT :how FROM refresh_market_regimes('AAAUSDT');
SELECT :how FROM refresh_market_regimes('AAAUSDT');
-- Partitions, times without a zone, and columns that are called as the variables of the function.
CREATE TABLE klines (keys text, sinces text, at timestamp, high float8, low float8, close float8, PRIMARY KEY (keys, sinces, at)) PARTITION BY RANGE (at);
CREATE TABLE klines_1 PARTITION OF klines FOR VALUES FROM (MINVALUE) TO ('2024-01-15');
CREATE TABLE klines_2 PARTITION OF klines FOR VALUES FROM ('2024-01-15') TO (MAXVALUE);
INSERT INTO klines SELECT symbol, timeframe, open_time AT TIME ZONE 'UTC', high, low, close FROM candles;
UPDATE regime_source SET bars_table = 'klines', bars_id_column = 'keys', bars_tf_column = 'sinces', bars_ts_column = 'at' WHERE layer = 'candles';
SELECT relation, action FROM regime_setup() WHERE action NOT IN ('created', 'unchanged');
SELECT * FROM regime_track();
SELECT :how FROM refresh_market_regimes();
SELECT :how FROM refresh_market_regimes('AAAUSDT');
SET timezone = 'Asia/Tokyo';
INSERT INTO klines_2 VALUES ('AAAUSDT', '1h', '2024-02-01', 230, 220, 225);
UPDATE klines SET at = '2024-01-01 00:30' WHERE keys = 'AAAUSDT' AND sinces = '4h' AND at = '2024-02-02';
SET timezone = 'UTC';
SELECT symbol, timeframe, source, since FROM market_regime_marks ORDER BY 1, 2, 4;
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('AAAUSDT', '4h') GROUP BY 1;
SELECT :how FROM refresh_market_regimes();
ALTER TABLE klines DETACH PARTITION klines_2;
SELECT :how FROM refresh_market_regimes();
ALTER TABLE klines ATTACH PARTITION klines_2 FOR VALUES FROM ('2024-01-15') TO ('2025-01-01');
CREATE TABLE klines_3 PARTITION OF klines FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
SELECT :how FROM refresh_market_regimes();
SELECT * FROM regime_track();
SELECT :how FROM refresh_market_regimes();
SELECT :how FROM refresh_market_regimes();
TRUNCATE klines_3;
SELECT count(*) AS marks FROM market_regime_marks;
SELECT :how FROM refresh_market_regimes();
-- A view is not tracked, with a WARNING; the tables of before are no longer.
CREATE VIEW some_klines AS SELECT * FROM klines WHERE keys = 'AAAUSDT';
UPDATE regime_source SET bars_table = 'some_klines' WHERE layer = 'candles';
SELECT * FROM regime_track();
SELECT :how FROM refresh_market_regimes('AAAUSDT');
SELECT :how FROM refresh_market_regimes('AAAUSDT');
-- One table of daily bars and candles gets marks of both kinds.
CREATE TABLE both_ (id int, symbol text, timeframe text, time timestamptz, high float8, low float8, close float8, PRIMARY KEY (symbol, timeframe, time));
CREATE TABLE emas (id int, tf text, ts timestamptz, period int, ema float8);
INSERT INTO both_ SELECT 1, 'AAA', '1D', timestamptz '2024-01-01' + n * interval '1 day', 102 + n % 7, 98 - n % 5, 100 + n % 7 FROM generate_series(0, 99) n;
DELETE FROM regime_source WHERE cal_scheme <> 'any' AND layer <> 'L2';
UPDATE regime_source SET bars_table = 'both_', bars_tf_column = 'timeframe', bars_ts_column = 'time', bars_filter = '{}', ema_table = 'emas', ema_filter = '{}' WHERE layer = 'L2';
UPDATE regime_source SET bars_table = 'both_', bars_id_column = 'symbol', bars_tf_column = 'timeframe', bars_ts_column = 'time' WHERE layer = 'candles';
SELECT * FROM regime_track() WHERE action <> 'created';
SELECT relation, action FROM regime_setup() WHERE action NOT IN ('created', 'unchanged');
SELECT id, status FROM refresh_cmc_regimes();
SELECT :how FROM refresh_market_regimes('AAA');
UPDATE both_ SET close = 101 WHERE time = '2024-02-01';
SELECT id, source, since FROM cmc_regime_marks;
SELECT symbol, timeframe, source, since FROM market_regime_marks;
SELECT id, mode, reason FROM refresh_cmc_regimes(only_dirty => true);
SELECT :how FROM refresh_market_regimes('AAA');
SELECT (SELECT count(*) FROM cmc_regime_marks) + (SELECT count(*) FROM market_regime_marks) AS marks;
SELECT * FROM regime_track(false);
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pg\_regime%';
-- Bars alone: no tables of candles are made, and a table that only has the name is nothing to track.
DROP TABLE market_regimes, regime_work.market_regime_state, regime_work.market_regime_dirty, regime_work.market_regime_dirty_many, regime_work.market_regime_dirty_done CASCADE;
DROP TABLE market_states, regime_work.market_state_series, regime_work.market_state_ranks, regime_work.market_state_dirty, regime_work.market_state_dirty_many, regime_work.market_state_dirty_done CASCADE;
DELETE FROM regime_source WHERE layer = 'candles';
SELECT * FROM regime_track();
DROP EXTENSION pg_regime CASCADE;
CREATE EXTENSION pg_regime;
ALTER TABLE candles RENAME low TO bottom;
ALTER TABLE both_ RENAME TO cmc_price_bars_multi_tf;
ALTER TABLE cmc_price_bars_multi_tf RENAME timeframe TO tf;
ALTER TABLE cmc_price_bars_multi_tf RENAME time TO time_close;
ALTER TABLE emas RENAME TO cmc_ema_multi_tf_u;
ALTER TABLE cmc_ema_multi_tf_u ADD alignment_source text;
SELECT * FROM regime_track();
-- One that is said to be candles is an error.
UPDATE regime_source SET low_column = 'lowest' WHERE layer = 'candles';
SELECT * FROM regime_track();
UPDATE regime_source SET low_column = 'bottom' WHERE layer = 'candles';
SELECT relation, action FROM regime_track();
-- Who loads candles needs no right on the marks; who reads regimes needs SELECT on them, where changes are marked.
SELECT DISTINCT status FROM refresh_market_regimes();
CREATE ROLE regress_candle_loader;
GRANT SELECT, INSERT, UPDATE, DELETE ON candles TO regress_candle_loader;
SET ROLE regress_candle_loader;
UPDATE candles SET close = close + 1 WHERE symbol = 'BBBUSDT' AND open_time = '2024-01-14';
SELECT symbol FROM market_regime_marks;
SELECT count(*) FROM get_market_regimes('BBBUSDT', '1h');
RESET ROLE;
SELECT symbol, timeframe, since FROM market_regime_marks;
GRANT USAGE ON SCHEMA regime_work TO regress_candle_loader;
GRANT SELECT ON market_regimes, regime_work.market_regime_state TO regress_candle_loader;
-- Privileges on working tables were changed: stored rows are read after the next refresh.
SELECT DISTINCT status FROM refresh_market_regimes();
SET ROLE regress_candle_loader;
SELECT count(*) FROM get_market_regimes('BBBUSDT', '1h');
SELECT * FROM regime_track();
RESET ROLE;
GRANT SELECT ON regime_work.market_regime_dirty, regime_work.market_regime_dirty_many, regime_work.market_regime_dirty_done TO regress_candle_loader;
SET ROLE regress_candle_loader;
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('BBBUSDT', '1h') GROUP BY 1;
SELECT symbol, status, message FROM refresh_market_regimes('BBBUSDT');
RESET ROLE;
SELECT relation, action FROM regime_track(false);
DROP OWNED BY regress_candle_loader;
DROP ROLE regress_candle_loader;
