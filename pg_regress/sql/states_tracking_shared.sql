-- Triggers that leave the marks of market_regimes and of market_states: each system has all of its own, whatever becomes of the other.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/states.sql
\pset null -
\set by_system 'split_part(tgname, \'_\', 3) AS system, count(*) FROM pg_trigger WHERE tgrelid = \'candles\'::regclass AND tgname LIKE \'pg\\_regime\\_%\' GROUP BY 1 ORDER BY 1'
-- Refreshes both, and tells how what is stored differs from what is computed.
CREATE FUNCTION refreshed() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(DISTINCT concat_ws(' ', status, mode), ', ') FROM (SELECT status, mode FROM refresh_market_regimes() UNION ALL SELECT status, mode FROM refresh_market_states()) r $$;
CREATE FUNCTION other() RETURNS bigint LANGUAGE sql AS $$
    WITH s AS (SELECT DISTINCT symbol::text, timeframe::text FROM candles),
    computed AS (SELECT to_jsonb(m) - 'created_at' FROM s, market_regimes_compute(s.symbol, s.timeframe) m), stored AS (SELECT to_jsonb(m) - 'created_at' FROM market_regimes m)
    SELECT differ() + (SELECT count(*) FROM (TABLE computed EXCEPT ALL TABLE stored) a) + (SELECT count(*) FROM (TABLE stored EXCEPT ALL TABLE computed) b) $$;
SELECT FROM regime_setup();
CREATE VIEW marked AS SELECT r.system, count(*) AS marks, count(DISTINCT (symbol, timeframe)) AS series, min(since) AS since
    FROM (SELECT 'regimes' AS system, m.* FROM market_regime_marks m UNION ALL SELECT 'states', m.* FROM market_state_marks m) r GROUP BY 1 ORDER BY 1;
SELECT * FROM regime_track();
SELECT :by_system;
SELECT refreshed(), other();
SELECT refreshed(), other();
-- One statement of each kind, of one row, of few series, of many, and of all.
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 420);
TABLE marked;
SELECT refreshed(), other();
TABLE marked;
UPDATE candles SET close = close * 1.01, high = high * 1.1 WHERE open_time = '2024-01-20';
TABLE marked;
SELECT refreshed(), other();
DELETE FROM candles WHERE symbol = 'DDDUSDT' AND timeframe = '4h' AND open_time = '2024-02-02';
TABLE marked;
INSERT INTO candles SELECT 'S' || s, '1h', timestamptz '2024-01-01' + n * interval '1 hour', 1, 3 + (s * n) % 3, 1, 2 + (s * n) % 2, s
    FROM generate_series(1, 40) s, generate_series(1, 5) n;
TABLE marked;
SELECT refreshed(), other();
BEGIN;
TRUNCATE candles CASCADE;
TABLE marked;
ROLLBACK;
-- A refresh of one system clears none of the marks of the other.
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 421);
SELECT DISTINCT status FROM refresh_market_states();
TABLE marked;
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 422);
SELECT refreshed(), other();
-- Row by row, as logical replication writes: what this transaction has marked and refreshed since is marked again.
BEGIN;
SET LOCAL session_replication_role = replica;
ALTER TABLE candles DISABLE TRIGGER pg_regime_candles_insert;
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 423);
TABLE marked;
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 426);
TABLE marked;
DELETE FROM regime_work.market_state_dirty;
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 424);
TABLE marked;
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 425);
TABLE marked;
ROLLBACK;
-- Without the one system, the other has triggers of its own; the other way round too.
SELECT * FROM regime_track(false, '{market_regimes}');
SELECT :by_system;
SELECT refreshed(), other();
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 423);
TABLE marked;
SELECT refreshed(), other();
SELECT * FROM regime_track(systems => '{market_regimes}');
SELECT :by_system;
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 424);
TABLE marked;
SELECT * FROM regime_track();
SELECT :by_system;
SELECT refreshed(), other();
SELECT * FROM regime_track(systems => '{market_states}');
SELECT * FROM regime_track(systems => '{market_regimes}');
SELECT :by_system;
SELECT refreshed(), other();
-- Marks that cannot be written are missed by neither system.
BEGIN;
DROP VIEW market_state_marks CASCADE; DROP TABLE regime_work.market_state_dirty;
UPDATE candles SET close = close * 2, high = high * 2 WHERE symbol = 'DDDUSDT' AND timeframe = '4h' AND open_time = '2024-03-02';
SELECT status, mode, rows_written > 0 AS written FROM refresh_market_regimes('DDDUSDT', '4h');
SELECT severity, what, detail, command FROM regime_health_details() WHERE what IN ('untracked source', 'not set up') ORDER BY 3;
SELECT * FROM regime_track(false, '{market_states}');
SELECT :by_system;
SELECT * FROM regime_track(systems => '{market_regimes}');
ROLLBACK;
BEGIN;
DROP VIEW market_state_marks CASCADE; DROP TABLE regime_work.market_state_dirty;
SELECT * FROM regime_track(false, '{market_regimes}');
SELECT :by_system;
ROLLBACK;
-- The finding of either system has the statements that mend the tables of the other.
BEGIN;
ALTER TABLE regime_work.market_state_dirty ADD CHECK (series <> '');
SELECT severity, what, detail, command FROM regime_health_details() WHERE what = 'untracked source';
ROLLBACK;
-- Moved and taken away.
BEGIN;
CREATE SCHEMA elsewhere;
SELECT count(*) > 0 AS moved FROM regime_move('elsewhere');
SELECT :by_system;
ROLLBACK;
DROP VIEW marked;
SELECT count(*) > 0 AS gone FROM regime_teardown(keep_rows => false);
SELECT :by_system;
SELECT count(*) FROM pg_proc WHERE proname ~ '_mark_';
