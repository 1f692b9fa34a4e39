-- Eras: the percentile begins anew with each; a refresh notices that they were edited, tracked or not, and writes no row before the
-- earliest start that changed.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/states.sql
\pset null -
\set how 'symbol, timeframe, status, rows_written, mode, reason'
\set eras 'timeframe, era_start, count(*) AS bars, min(era_confidence)::numeric(6, 5) AS least, max(era_confidence)::numeric(6, 5) AS most, count(escalation_percentile) AS percentiles, min(open_time) FILTER (WHERE escalation_percentile IS NOT NULL) AS first FROM market_states WHERE symbol = ''DDDUSDT'' GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST'
SELECT FROM regime_track();
SELECT FROM refresh_market_states();
SELECT FROM refresh_market_states();
CREATE TABLE before AS SELECT * FROM market_states;
-- Rows of this refresh, of DDDUSDT.
CREATE FUNCTION touched() RETURNS TABLE (timeframe text, first timestamptz, rows bigint) LANGUAGE sql AS $$
    SELECT timeframe, min(open_time), count(*) FROM market_states m WHERE symbol = 'DDDUSDT'
    AND NOT EXISTS (SELECT FROM before b WHERE to_jsonb(b) = to_jsonb(m)) GROUP BY 1 ORDER BY 1 $$;
SELECT * FROM regime_eras;
-- An era for all timeframes: before it, nothing changes.
INSERT INTO regime_eras VALUES (NULL, '2024-10-20', 'the halving');
SELECT system, n_stale FROM regime_systems WHERE system = 'market_states';
SELECT what, detail FROM regime_health_details() WHERE what = 'stale series' AND detail ~ 'DDDUSDT 1d' AND command ~ 'states';
SELECT symbol, timeframe, is_stale FROM market_state_latest;
SELECT created_at IS NOT NULL AS stored, count(*), min(open_time), max(open_time) FROM get_market_states('DDDUSDT', '1d') GROUP BY 1 ORDER BY 1;
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_states('DDDUSDT', '1d', to_ts => '2024-10-19') GROUP BY 1;
SELECT unlike();
-- Without states, the rows themselves tell.
BEGIN;
DELETE FROM regime_work.market_state_series;
SELECT symbol, timeframe, is_stale FROM market_state_latest;
SELECT what, detail FROM regime_health_details() WHERE what = 'stale series' AND command ~ 'states';
DELETE FROM regime_eras;
SELECT symbol, timeframe, is_stale FROM market_state_latest;
SELECT what, detail FROM regime_health_details() WHERE what = 'stale series' AND command ~ 'states';
INSERT INTO regime_eras VALUES ('1d', '2030-01-01', NULL);
SELECT count(*) FROM market_state_latest WHERE is_stale;
ROLLBACK;
SELECT :how FROM refresh_market_states();
SELECT * FROM touched();
SELECT differ(), unlike();
SELECT :eras;
SELECT :how FROM refresh_market_states('DDDUSDT');
-- Own rows of a timeframe replace those of all.
INSERT INTO regime_eras VALUES ('4h', '-infinity', NULL);
SELECT unlike();
SELECT :how FROM refresh_market_states();
SELECT :eras;
SELECT differ();
-- With one era over all history, bars without an escalation count too.
SELECT bool_and(escalation_percentile < 0.85) FROM market_states WHERE timeframe = '4h';
-- Two eras; new bars go on in the newest, or begin it.
INSERT INTO regime_eras VALUES ('1d', '2024-06-01', NULL), ('1d', '2025-02-24', NULL), ('1d', '2025-02-26 12:00', NULL), ('1d', '2031-01-01', NULL);
SELECT :how FROM refresh_market_states('DDDUSDT', '1d');
SELECT :eras;
INSERT INTO candles SELECT c.* FROM generate_series(420, 421) n, bar('DDDUSDT', '1d', '1 day', n) c;
SELECT unlike();
SELECT :how FROM refresh_market_states('DDDUSDT', '1d');
INSERT INTO candles SELECT c.* FROM generate_series(422, 430) n, bar('DDDUSDT', '1d', '1 day', n) c;
SELECT :how FROM refresh_market_states('DDDUSDT', '1d');
SELECT :eras;
SELECT differ(), unlike();
SELECT count(*) FROM regime_work.market_state_ranks WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND tree = 5;
-- A start after the newest bar changes nothing, one that is taken away or moved is noticed.
DELETE FROM regime_eras WHERE starts = '2031-01-01';
INSERT INTO regime_eras VALUES ('1d', '2030-01-01', NULL);
SELECT :how FROM refresh_market_states('DDDUSDT', '1d');
UPDATE regime_eras SET starts = '2025-02-25' WHERE starts = '2025-02-26 12:00';
DROP TABLE before;
CREATE TABLE before AS SELECT * FROM market_states;
SELECT :how FROM refresh_market_states('DDDUSDT', '1d');
SELECT * FROM touched();
SELECT differ();
-- A note changes nothing.
UPDATE regime_eras SET note = 'noted';
SELECT :how FROM refresh_market_states('DDDUSDT', '1d');
-- Untracked.
SELECT FROM regime_track(false);
DELETE FROM regime_eras WHERE timeframe = '1d';
SELECT unlike();
SELECT :how FROM refresh_market_states('DDDUSDT', '1d');
SELECT FROM regime_track();
SELECT FROM refresh_market_states();
BEGIN;
TRUNCATE regime_work.market_state_series;
SELECT count(*) FROM market_state_latest WHERE is_stale;
DELETE FROM regime_eras WHERE timeframe = '4h';
INSERT INTO regime_eras VALUES ('1d', '-infinity', NULL);
UPDATE candles SET close = close + 1 WHERE symbol = 'DDDUSDT' AND open_time = '2024-02-01';
SELECT symbol, timeframe, is_stale FROM market_state_latest WHERE is_stale;
SELECT what, detail FROM regime_health_details() WHERE what = 'stale series' AND command ~ 'states';
ROLLBACK;
SELECT FROM regime_track(false);
DELETE FROM regime_eras;
SELECT :how FROM refresh_market_states();
SELECT :eras;
SELECT differ();
-- Each start once, and never NULL.
INSERT INTO regime_eras VALUES (NULL, '2024-01-01', NULL);
INSERT INTO regime_eras VALUES (NULL, '2024-01-01', 'again');
INSERT INTO regime_eras VALUES ('1d', NULL, NULL);
INSERT INTO regime_eras VALUES ('1d', '2024-01-01', NULL), ('', 'infinity', NULL);
SELECT :how FROM refresh_market_states();
SELECT differ();
-- A series without a bar in its newest era; bars before the first start are as without eras.
SELECT count(*) FROM market_states m JOIN market_states_compute('DDDUSDT', '1d') c USING (symbol, timeframe, open_time) WHERE m.escalation_percentile IS DISTINCT FROM c.escalation_percentile;
