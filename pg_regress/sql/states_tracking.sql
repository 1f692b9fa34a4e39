-- Tracking of candles for market states: the triggers that also leave the marks of market_regimes, marks, and what a refresh reads.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/states.sql
\pset null -
\set how 'symbol, timeframe, status, state_rows, rows_written, mode, reason'
\set marks 'symbol, timeframe, source, since FROM market_state_marks ORDER BY symbol COLLATE "C", timeframe, since'
\set read 'subject, status, mode, reason, rows_read FROM cmc_regime_run_log WHERE run = (SELECT max(run) FROM cmc_regime_run_log) AND subject IS NOT NULL ORDER BY subject COLLATE "C"'
SELECT * FROM regime_track();
SELECT * FROM regime_track();
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'candles'::regclass AND tgname LIKE 'pg_regime%' ORDER BY 1;
SELECT obj_description(oid) FROM pg_proc WHERE proname LIKE 'market\_regime\_mark\_%';
SELECT :how FROM refresh_market_states();
-- Nothing new: nothing is read.
SELECT :how FROM refresh_market_states();
SELECT :read;
-- New candles alone are read and computed, whatever market_regimes has done with them.
INSERT INTO candles SELECT c.* FROM generate_series(420, 424) n, bar('DDDUSDT', '1d', '1 day', n) c;
SELECT :marks;
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT count(*) FROM market_regime_marks;
SELECT :how FROM refresh_market_states();
SELECT :read;
SELECT :marks;
SELECT differ();
-- One bar at a time gives the same as all at once.
CREATE FUNCTION append(n int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO candles SELECT * FROM bar('BBBUSDT', '1h', '1 hour', n);
    RETURN (SELECT concat_ws(' ', status, mode, rows_written) FROM refresh_market_states('BBBUSDT', '1h'));
END $$;
SELECT append(n), count(*) FROM generate_series(360, 760) n GROUP BY 1;
SELECT differ(), unlike();
SELECT count(escalation_percentile) FROM market_states WHERE symbol = 'BBBUSDT';
-- A corrected, a late and a deleted candle.
UPDATE candles SET close = close * 1.01, high = high * 1.1 WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time = '2024-01-20';
INSERT INTO candles SELECT symbol, timeframe, open_time + interval '1 minute', open, high, low, close, volume FROM bar('BBBUSDT', '1h', '1 hour', 700);
DELETE FROM candles WHERE symbol = 'DDDUSDT' AND timeframe = '4h' AND open_time = '2024-02-02';
SELECT :marks;
SELECT symbol, timeframe, created_at IS NOT NULL AS stored, count(*), min(open_time), max(open_time) FROM (SELECT * FROM get_market_states('AAAUSDT', '1h') UNION ALL SELECT * FROM get_market_states('DDDUSDT', '4h')
    UNION ALL SELECT * FROM get_market_states('BBBUSDT', '1h')) r GROUP BY 1, 2, 3 ORDER BY 1, 2, 5;
SELECT unlike();
SELECT system, n_stale FROM regime_systems WHERE system = 'market_states';
SELECT :how FROM refresh_market_states();
SELECT differ(), unlike();
-- The newest candle, before it has closed.
UPDATE candles SET close = close + 0.01 WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = (SELECT max(open_time) FROM candles WHERE symbol = 'DDDUSDT' AND timeframe = '1d');
SELECT unlike();
SELECT :how FROM refresh_market_states('DDDUSDT', '1d');
SELECT differ();
-- A failing series keeps its marks.
UPDATE candles SET open = 'NaN' WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = '2024-12-24';
SELECT symbol, timeframe, status, message FROM refresh_market_states('DDDUSDT');
SELECT :marks;
UPDATE candles SET open = close WHERE open = 'NaN';
SELECT :how FROM refresh_market_states('DDDUSDT');
SELECT count(*) AS marks FROM market_state_marks;
-- Rolled back, it has to be done again, with the ranks as they were.
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 425);
BEGIN;
SELECT status, mode FROM refresh_market_states('DDDUSDT', '1d');
ROLLBACK;
SELECT status, mode FROM refresh_market_states('DDDUSDT', '1d', dry_run => true);
SELECT status, mode FROM refresh_market_states('DDDUSDT', '1d');
SELECT differ();
-- A statement that touches many series leaves one row for all of them.
CREATE VIEW rows AS SELECT (SELECT count(*) FROM regime_work.market_state_dirty) AS few, (SELECT count(*) FROM regime_work.market_state_dirty_many) AS many,
    (SELECT count(*) FROM regime_work.market_state_dirty_done) AS done, (SELECT count(*) FROM market_state_marks) AS marks;
INSERT INTO candles SELECT 'S' || s, '1h', timestamptz '2024-01-01' + n * interval '1 hour', 1, 3 + (s * n) % 3, 1, 2 + (s * n) % 2, s
    FROM generate_series(1, 40) s, generate_series(1, 5) n;
TABLE rows;
SELECT status, mode, count(*) FROM refresh_market_states() GROUP BY 1, 2 ORDER BY 1, 2;
TABLE rows;
SELECT differ();
-- Without triggers, all is read again; taken up again, once more.
SELECT * FROM regime_track(false);
SELECT DISTINCT mode, reason FROM refresh_market_states();
SELECT count(*) FROM regime_track();
SELECT DISTINCT mode, reason FROM refresh_market_states();
SELECT DISTINCT mode, reason FROM refresh_market_states();
-- Triggers of the named systems alone: a load leaves no marks for the others, whose refreshes find changes by comparing.
\set by_system 'split_part(tgname, \'_\', 3) AS system, count(*) FROM pg_trigger WHERE tgrelid = \'candles\'::regclass AND tgname LIKE \'pg\\_regime\\_%\' GROUP BY 1 ORDER BY 1'
SELECT * FROM regime_track();
SELECT :by_system;
SELECT DISTINCT status FROM refresh_market_states() UNION ALL SELECT DISTINCT status FROM refresh_market_regimes() ORDER BY 1;
SELECT * FROM regime_track(false, '{market_states}');
SELECT :by_system;
SELECT * FROM regime_track(systems => '{cmc_regimes,market_regimes}');
SELECT * FROM regime_track(systems => '{cmc_regimes,market_regimes}');
SELECT :by_system;
UPDATE candles SET close = close * 1.001 WHERE symbol = 'DDDUSDT' AND timeframe = '4h' AND open_time = '2024-03-02';
SELECT (SELECT count(*) FROM market_regime_marks) AS of_regimes, (SELECT count(*) FROM market_state_marks) AS of_states;
SELECT status, mode FROM refresh_market_states('DDDUSDT', '4h');
SELECT differ();
SELECT severity, what, detail FROM regime_health_details() WHERE what = 'untracked source';
SELECT * FROM regime_track(systems => '{}');
SELECT * FROM regime_track(systems => '{market_state}');
SELECT * FROM regime_track(systems => '{NULL}');
-- What was tracked before a move is tracked after it, and nothing else.
BEGIN;
CREATE SCHEMA elsewhere;
SELECT count(*) > 0 AS moved FROM regime_move('elsewhere');
SELECT :by_system;
ROLLBACK;
SELECT * FROM regime_track(systems => '{market_states,market_states}');
SELECT :by_system;
SELECT * FROM regime_track(false);
SELECT :by_system;
