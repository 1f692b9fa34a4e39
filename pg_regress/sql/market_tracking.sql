-- Tracking of candles: regime_track marks the series whose candles change, so that a refresh computes only what is new, and
-- readers know which stored rows are stale.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\pset null -
\set how 'symbol, timeframe, status, regime_rows, rows_written, mode, reason'
\set marks 'symbol, timeframe, source, since FROM market_regime_marks ORDER BY symbol COLLATE "C", timeframe, since'
\set read 'subject, status, mode, reason, rows_read FROM cmc_regime_run_log WHERE run = (SELECT max(run) FROM cmc_regime_run_log) AND subject IS NOT NULL ORDER BY subject'
-- get_market_regimes and a computation of all candles, row by row.
CREATE FUNCTION unlike() RETURNS bigint LANGUAGE sql AS $$
    WITH s AS (SELECT DISTINCT symbol::text, timeframe::text FROM candles),
    got AS (SELECT g.symbol, g.timeframe, open_time, full_regime, simplified_regime, confidence, classifier_version, warmup FROM s, get_market_regimes(s.symbol, s.timeframe) g),
    right_ AS (SELECT c.symbol, c.timeframe, open_time, full_regime, simplified_regime, confidence, classifier_version, warmup FROM s, market_regimes_compute(s.symbol, s.timeframe) c)
    SELECT (SELECT count(*) FROM (TABLE got EXCEPT ALL TABLE right_) a) + (SELECT count(*) FROM (TABLE right_ EXCEPT ALL TABLE got) b) $$;
-- Somebody who has only candles: their tables are made, and no others.
SELECT * FROM regime_track();
SELECT * FROM regime_track();
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'candles'::regclass AND tgname LIKE 'pg_regime%' ORDER BY 1;
SELECT obj_description(oid) FROM pg_proc WHERE proname LIKE 'market\_regime\_mark\_%';
SELECT :how FROM refresh_market_regimes();
-- Nothing new: nothing is read.
SELECT :how FROM refresh_market_regimes();
SELECT :read;
-- New candles alone are read and computed; readers go on from the stored rows.
INSERT INTO candles SELECT c.* FROM generate_series(700, 704) n, candle('AAAUSDT', '1h', '1 hour', n) c;
SELECT :marks;
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('AAAUSDT', '1h') GROUP BY 1 ORDER BY 1;
SELECT unlike();
SELECT :how FROM refresh_market_regimes();
SELECT :read;
SELECT :marks;
SELECT differ();
-- A corrected, a late and a deleted candle: stored rows count up to there.
UPDATE candles SET close = close * 1.2, high = high * 1.3 WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time = '2024-01-20';
INSERT INTO candles SELECT * FROM candle('BBBUSDT', '1h', '1 hour', 250);
DELETE FROM candles WHERE symbol = 'AAAUSDT' AND timeframe = '4h' AND open_time = '2024-02-02';
SELECT :marks;
SELECT symbol, created_at IS NOT NULL AS stored, count(*), min(open_time), max(open_time) FROM (SELECT * FROM get_market_regimes('AAAUSDT', '1h') UNION ALL SELECT * FROM get_market_regimes('AAAUSDT', '4h')
    UNION ALL SELECT * FROM get_market_regimes('BBBUSDT', '1h')) r GROUP BY symbol, timeframe, 2 ORDER BY symbol, timeframe, 4;
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_regimes('AAAUSDT', '1h', to_ts => '2024-01-19 23:00') GROUP BY 1;
SELECT unlike();
SELECT system, n_stale FROM regime_systems WHERE system = 'market_regimes';
SELECT what, detail FROM regime_health_details() WHERE what = 'stale series';
SELECT :how FROM refresh_market_regimes();
SELECT differ(), unlike();
SELECT system, n_stale FROM regime_systems WHERE system = 'market_regimes';
-- The newest candle, before it has closed.
UPDATE candles SET close = close + 0.01 WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time = '2024-01-30 08:00';
SELECT unlike();
SELECT :how FROM refresh_market_regimes('AAAUSDT', '1h');
DELETE FROM candles WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time = '2024-01-30 08:00';
SELECT unlike();
SELECT :how FROM refresh_market_regimes('AAAUSDT', '1h');
-- One that comes and goes between refreshes.
INSERT INTO candles SELECT * FROM candle('AAAUSDT', '1h', '1 hour', 900);
DELETE FROM candles WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time > '2024-02-05';
SELECT count(*) AS marks FROM market_regime_marks;
SELECT :how FROM refresh_market_regimes('AAAUSDT', '1h');
-- A candle that changes its series marks both; a failing series keeps its marks.
ALTER TABLE market_regimes DROP CONSTRAINT market_regimes_candle_fkey;
ALTER TABLE market_states DROP CONSTRAINT market_states_candle_fkey;
UPDATE candles SET symbol = 'BBBUSDT', close = 'NaN' WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time = '2024-01-25';
SELECT :marks;
SELECT symbol, timeframe, status, mode, reason, message FROM refresh_market_regimes();
SELECT :marks;
DELETE FROM candles WHERE close = 'NaN';
SELECT :how FROM refresh_market_regimes('BBBUSDT');
SELECT :marks;
SELECT differ();
-- Rolled back, it has to be done again.
INSERT INTO candles SELECT * FROM candle('AAAUSDT', '1h', '1 hour', 706);
BEGIN;
SELECT status, mode FROM refresh_market_regimes('AAAUSDT', '1h');
SELECT count(*) AS marks FROM market_regime_marks;
ROLLBACK;
SELECT status, mode FROM refresh_market_regimes('AAAUSDT', '1h', dry_run => true);
SELECT count(*) AS marks FROM market_regime_marks;
SELECT status, mode FROM refresh_market_regimes('AAAUSDT', '1h');
-- Names that hold whatever can be in a text, and NULL, which is no name.
ALTER TABLE candles DROP CONSTRAINT candles_pkey;
ALTER TABLE candles ALTER symbol DROP NOT NULL, ALTER timeframe DROP NOT NULL;
INSERT INTO candles VALUES ('a,b', '1 h', '2024-01-01', 1, 1, 1, 1), ('{"a\', '', '2024-01-01', 1, 1, 1, 1), ('', 'NULL', '2024-01-01', 1, 1, 1, 1),
    ('NULL', '1h', '2024-01-01', 1, 1, 1, 1), (NULL, '1h', '2024-01-01', 1, 1, 1, 1), ('x', NULL, '2024-01-01', 1, 1, 1, 1);
SELECT :marks;
SELECT symbol, timeframe, status, mode FROM refresh_market_regimes() WHERE regime_rows = 1;
SELECT count(*) AS marks FROM market_regime_marks;
DELETE FROM candles WHERE open_time = '2024-01-01' AND symbol <> 'AAAUSDT' OR symbol IS NULL OR timeframe IS NULL;
SELECT symbol, timeframe, status, message FROM refresh_market_regimes() WHERE regime_rows = 0;
SELECT count(*) AS marks FROM market_regime_marks;
ALTER TABLE candles ADD PRIMARY KEY (symbol, timeframe, open_time);
-- The tables in use by a computation with another config are marked in no other way.
SELECT :how FROM refresh_market_regimes('BBBUSDT', config => '{"rsi_bullish": 60}');
INSERT INTO candles SELECT * FROM candle('BBBUSDT', '1h', '1 hour', 400);
SELECT :how FROM refresh_market_regimes('BBBUSDT', config => '{"rsi_bullish": 60}');
SELECT :how FROM refresh_market_regimes('BBBUSDT');
-- A statement that touches many series leaves one row for all of them, which is gone when each was refreshed.
CREATE VIEW rows AS SELECT (SELECT count(*) FROM regime_work.market_regime_dirty) AS few, (SELECT count(*) FROM regime_work.market_regime_dirty_many) AS many,
    (SELECT count(*) FROM regime_work.market_regime_dirty_done) AS done, (SELECT count(*) FROM market_regime_marks) AS marks;
INSERT INTO candles SELECT 'S' || s, t, timestamptz '2024-01-01' + n * interval '1 hour', 1, 3 + (s * n) % 3, 1, 2 + (s * n) % 2
    FROM generate_series(1, 40) s, unnest('{1h,4h}'::text[]) t, generate_series(1, 30) n;
TABLE rows;
SELECT number, first, last, series_list[2], sinces[1], sinces[80] FROM regime_work.market_regime_dirty_many;
SELECT status, mode, count(*) FROM refresh_market_regimes() GROUP BY 1, 2 ORDER BY 1, 2;
TABLE rows;
INSERT INTO candles SELECT 'S' || s, t, '2024-01-03', 1, 3, 1, 2 FROM generate_series(1, 40) s, unnest('{1h,4h}'::text[]) t;
UPDATE candles SET close = 1.5 WHERE symbol LIKE 'S%' AND open_time = timestamptz '2024-01-01' + (substr(symbol, 2)::int % 5 + 5) * interval '1 hour';
TABLE rows;
SELECT since, count(*) FROM market_regime_marks GROUP BY 1 ORDER BY 1;
SELECT symbol, timeframe, mode, reason FROM refresh_market_regimes('S7');
TABLE rows;
SELECT unlike();
SELECT status, mode, reason, count(*) FROM refresh_market_regimes() GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
TABLE rows;
-- What is left after a day are marks of few.
UPDATE candles SET close = 2.5 WHERE symbol LIKE 'S%' AND open_time = '2024-01-03';
SELECT count(*) FROM refresh_market_regimes(timeframe => '1h');
TABLE rows;
UPDATE regime_work.market_regime_dirty_many SET marked_at = marked_at - interval '1 day';
UPDATE candles SET close = 2.6 WHERE symbol LIKE 'S%' AND open_time = '2024-01-03';
SELECT mode, count(*) FROM refresh_market_regimes(timeframe => '1h') GROUP BY 1;
TABLE rows;
SELECT mode, count(*) FROM refresh_market_regimes() GROUP BY 1 ORDER BY 1;
TABLE rows;
SELECT differ();
-- All candles gone: the series keep rows and marks; with those that refer to candles, all goes.
CREATE TABLE kept AS TABLE candles;
TRUNCATE candles;
SELECT since, count(*) FROM market_regime_marks GROUP BY 1;
SET client_min_messages = error;
SELECT status, count(*) FROM refresh_market_regimes() GROUP BY 1;
RESET client_min_messages;
INSERT INTO candles SELECT * FROM kept WHERE symbol !~ '^S';
SELECT unlike();
SET client_min_messages = error;
SELECT status, mode, reason, count(*) FROM refresh_market_regimes() GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
RESET client_min_messages;
SELECT count(*) AS marks FROM market_regime_marks;
SELECT differ();
SELECT action FROM regime_setup() WHERE relation = 'public.market_regimes';
SELECT mode, count(*) FROM refresh_market_regimes() GROUP BY 1;
SET client_min_messages = error;
TRUNCATE candles CASCADE;
RESET client_min_messages;
INSERT INTO candles SELECT * FROM kept WHERE symbol !~ '^S';
SELECT unlike();
SELECT mode, reason, count(*) FROM refresh_market_regimes() GROUP BY 1, 2;
SELECT differ();
