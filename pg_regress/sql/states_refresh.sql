-- Refreshing market states: what is written, what is left alone, what fails and what it leaves.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/states.sql
\pset null -
\set how 'symbol, timeframe, status, state_rows, rows_written, message, mode, reason'
\set last 'system, subject, status, mode, reason, rows_read, inserted, updated, deleted, message FROM cmc_regime_run_log WHERE run = (SELECT max(run) FROM cmc_regime_run_log) ORDER BY subject COLLATE "C" NULLS FIRST'
-- A dry run before there is a table; then for real.
SELECT :how FROM refresh_market_states(dry_run => true);
SELECT to_regclass('market_states');
SELECT :how, classifier_version FROM refresh_market_states();
SELECT differ();
SELECT :last;
-- A row for every bar from the first; nothing is known of escalation in the first 272 bars, nor of its percentile until there are enough.
SELECT symbol, timeframe, count(*), count(*) FILTER (WHERE warmup) AS warmup, count(escalation) AS escalation, count(escalation_percentile) AS percentile,
    count(escalation_bucket) AS bucket, count(escalation_action) AS action, count(era_start) AS era FROM market_states GROUP BY 1, 2 ORDER BY 1, 2;
SELECT state_label, count(*) FROM market_states GROUP BY 1 ORDER BY 1;
SELECT open_time, state_label, confidence::numeric(8, 6), bias, risk_posture, market_bias::numeric(8, 6), volatility_label, momentum_state, liquidity_label, cardinality(supports) AS supports,
    cardinality(resistances) AS resistances, escalation::numeric(8, 6), escalation_percentile::numeric(8, 6), escalation_bucket, escalation_action, warmup, created_at = now() AS now
FROM market_states WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time IN ('2024-01-01', '2024-09-28', '2024-09-29', '2024-12-01', '2025-02-23') ORDER BY 1;
-- Nothing to do; one series; a symbol; a timeframe.
SELECT symbol, timeframe, status, rows_written, mode FROM refresh_market_states();
SELECT symbol, timeframe, status FROM refresh_market_states('DDDUSDT', '4h');
SELECT symbol, timeframe, status FROM refresh_market_states('DDDUSDT');
SELECT symbol, timeframe, status FROM refresh_market_states(timeframe => '1h');
-- A new candle, a corrected one, a late one, a deleted one: only rows that differ are touched, none before the change.
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 420);
SELECT :how FROM refresh_market_states('DDDUSDT', '1d');
UPDATE candles SET close = close * 1.02, high = high * 1.1 WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = '2025-02-01';
SELECT status, state_rows, rows_written FROM refresh_market_states('DDDUSDT', '1d');
SELECT min(open_time) FROM market_states WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND created_at = (SELECT max(created_at) FROM market_states);
INSERT INTO candles SELECT symbol, timeframe, open_time + interval '1 hour', open, high, low, close, volume FROM bar('DDDUSDT', '1d', '1 day', 300);
SELECT status, state_rows, rows_written FROM refresh_market_states('DDDUSDT', '1d');
SELECT min(open_time) FROM market_states WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND created_at = (SELECT max(created_at) FROM market_states);
DELETE FROM candles WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = '2025-02-10';
SELECT count(*) AS went_with_its_candle FROM market_states WHERE symbol = 'DDDUSDT' AND timeframe = '1d';
SELECT status, state_rows, rows_written FROM refresh_market_states('DDDUSDT', '1d');
-- A volume and an open count too; a corrected volume that is as unknown as before changes nothing.
UPDATE candles SET volume = 5000 WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = '2025-02-20';
SELECT status, rows_written > 0 AS some FROM refresh_market_states('DDDUSDT', '1d');
UPDATE candles SET open = open + 1 WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = '2025-02-21';
SELECT status, rows_written > 0 AS some FROM refresh_market_states('DDDUSDT', '1d');
SELECT differ();
-- Rows that someone changed or removed.
UPDATE market_states SET confidence = 0.9 WHERE symbol = 'BBBUSDT' AND open_time < '2024-01-14';
DELETE FROM market_states WHERE symbol = 'BBBUSDT' AND open_time > '2024-01-14 20:00';
SELECT status, rows_written, reason FROM refresh_market_states('BBBUSDT');
SELECT differ();
SELECT status, mode, reason FROM refresh_market_states('BBBUSDT', full_refresh => true);
-- The state: what is there may go, in part too.
SELECT symbol, timeframe, newest, candles, classifier_version, eras, length(sources) AS sources, tracking, length(memory) < 4000 AS memory FROM regime_work.market_state_series ORDER BY 1, 2;
SELECT tree, count(*) > 3 AS nodes, max(pg_column_size(content)) < 1500 AS small FROM regime_work.market_state_ranks WHERE symbol = 'DDDUSDT' AND timeframe = '1d' GROUP BY 1 ORDER BY 1;
DELETE FROM regime_work.market_state_series WHERE symbol = 'BBBUSDT';
SELECT status, mode, reason FROM refresh_market_states('BBBUSDT');
UPDATE regime_work.market_state_series SET memory = '\x00' WHERE symbol = 'BBBUSDT';
SELECT status, mode, reason FROM refresh_market_states('BBBUSDT');
SELECT FROM regime_track();
SELECT FROM refresh_market_states();
CREATE FUNCTION lose(which text) RETURNS TABLE (status text, mode text, reason text, stored bigint, computed bigint, differ bigint) VOLATILE LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE 'DELETE FROM regime_work.market_state_ranks WHERE ' || which;
    INSERT INTO candles SELECT c.* FROM (SELECT max(open_time) FROM candles WHERE candles.symbol = 'DDDUSDT' AND timeframe = '1d') m (newest),
        LATERAL (SELECT b.symbol, b.timeframe, newest + interval '1 day', b.open, b.high, b.low, b.close, b.volume FROM bar('DDDUSDT', '1d', '1 day', 200) b) c;
    SELECT count(created_at), count(*) - count(created_at) INTO stored, computed FROM get_market_states('DDDUSDT', '1d');
    SELECT r.status, r.mode, r.reason INTO status, mode, reason FROM refresh_market_states('DDDUSDT', '1d') r;
    differ := differ();
    RETURN NEXT;
END $$;
SELECT * FROM lose('false');
SELECT * FROM lose('symbol = ''DDDUSDT'' AND tree = 6');
SELECT * FROM lose('symbol = ''DDDUSDT'' AND tree = 2');
SELECT * FROM lose('symbol = ''DDDUSDT'' AND tree = 5 AND node = 0');
SELECT * FROM lose('true');
UPDATE regime_work.market_state_ranks SET content = '\x0102' WHERE symbol = 'DDDUSDT' AND tree = 1;
SELECT * FROM lose('false');
SELECT * FROM lose('false');
-- A series whose candles are gone; all candles gone is taken for a mistake.
SELECT FROM regime_track(false);
DELETE FROM candles WHERE symbol = 'BBBUSDT';
SELECT status, rows_written, message FROM refresh_market_states('BBBUSDT');
SELECT count(*) FROM regime_work.market_state_ranks WHERE symbol = 'BBBUSDT';
ALTER TABLE market_states DROP CONSTRAINT market_states_candle_fkey;
CREATE TABLE kept AS TABLE candles;
DELETE FROM candles WHERE timeframe = '4h';
SELECT timeframe, status, rows_written, message FROM refresh_market_states('DDDUSDT');
DELETE FROM candles;
SELECT timeframe, status, message FROM refresh_market_states('DDDUSDT');
SELECT sqlstate, hint FROM cmc_regime_run_log WHERE subject = 'DDDUSDT 1d' ORDER BY run DESC LIMIT 1;
INSERT INTO candles TABLE kept;
SELECT * FROM regime_setup() WHERE action <> 'unchanged' AND relation !~ 'cmc';
SELECT symbol, timeframe, status FROM refresh_market_states();
SELECT differ();
-- Deleting, the state with the rows.
SELECT delete_market_states('DDDUSDT', '4h');
SELECT delete_market_states('DDDUSDT', '4h');
SELECT symbol, timeframe, count(*) FROM market_states GROUP BY 1, 2 ORDER BY 1, 2;
SELECT (SELECT count(*) FROM regime_work.market_state_series s WHERE s.timeframe = '4h' AND symbol = 'DDDUSDT'), (SELECT count(*) FROM regime_work.market_state_ranks r WHERE r.timeframe = '4h' AND symbol = 'DDDUSDT');
SELECT delete_market_states(NULL, '1h');
-- Unknown names.
SELECT * FROM refresh_market_states('DDDUSD');
SELECT * FROM refresh_market_states('DDDUSDT', '2w');
SELECT * FROM refresh_market_states('');
SELECT * FROM refresh_market_states(timeframe => '2w');
BEGIN TRANSACTION READ ONLY;
SELECT status FROM refresh_market_states('DDDUSDT', '1d', dry_run => true);
SELECT * FROM refresh_market_states();
ROLLBACK;
SELECT delete_market_states('DDDUSDT', '1h');
-- Nothing is checked into the table that cannot be.
\set VERBOSITY terse
CREATE FUNCTION broken(change jsonb) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO market_states SELECT (jsonb_populate_record(m, jsonb_build_object('symbol', 'X', 'open_time', '2000-01-01') || change)).* FROM market_states m WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = '2025-02-23';
    RETURN 'inserted';
EXCEPTION WHEN check_violation OR not_null_violation OR foreign_key_violation THEN RETURN SQLERRM; END $$;
SELECT c, broken(c::jsonb) FROM unnest(ARRAY['{"state_label": "BULL"}', '{"confidence": 1.01}', '{"confidence": "NaN"}', '{"bias": "UP"}', '{"risk_posture": "RISK"}', '{"market_bias": -1.1}', '{"asymmetry": 2}',
    '{"volatility_label": "HIGH"}', '{"volatility_trend": "UP"}', '{"momentum_state": "UP"}', '{"liquidity_label": "LOW"}', '{"liquidity_trend": "UP"}',
    '{"supports": [1, 2, 3, 4]}', '{"support_strengths": [0.5, 0.5, 0.3]}', '{"resistances": []}', '{"resistance_strengths": null}', '{"escalation": 1.2}', '{"escalation": null}',
    '{"escalation_percentile": null}', '{"escalation_bucket": "EXTREME"}', '{"escalation_action": "NORMAL"}', '{"escalation_bucket": "LOW", "escalation_action": "REDUCE_40"}',
    '{"escalation_action": null}', '{"era_confidence": 0.5}', '{"warmup": null}', '{}']) AS c;
