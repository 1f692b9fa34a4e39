-- Market states of bad input: an error or a failed series that says what and where, and nothing is lost.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/states.sql
\pset null -
SELECT DISTINCT status FROM refresh_market_states();
-- What a refresh says of one bad price, the others go on; the rows stay.
SET client_min_messages = error;
CREATE FUNCTION spoilt(change text) RETURNS TABLE (status text, message text, sqlstate text, hint text, rows bigint, others text) LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE 'UPDATE candles SET ' || change || ' WHERE symbol = ''DDDUSDT'' AND timeframe = ''1d'' AND open_time >= ''2025-02-20''';
    SELECT r.status, r.message INTO status, message FROM refresh_market_states('DDDUSDT', '1d') r;
    SELECT l.sqlstate, l.hint INTO sqlstate, hint FROM cmc_regime_run_log l WHERE l.subject = 'DDDUSDT 1d' ORDER BY run DESC LIMIT 1;
    SELECT count(*) INTO rows FROM market_states WHERE symbol = 'DDDUSDT' AND timeframe = '1d';
    SELECT string_agg(DISTINCT r.status, ' ') INTO others FROM refresh_market_states() r WHERE (r.symbol, r.timeframe) <> ('DDDUSDT', '1d');
    RAISE EXCEPTION '%', concat_ws(' | ', status, message, sqlstate, hint, rows, others);
END $$;
CREATE FUNCTION spoiled(change text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM spoilt(change); EXCEPTION WHEN raise_exception THEN RETURN SQLERRM; END $$;
SELECT spoiled(p || ' = ' || v) FROM unnest('{open,high,low,close}'::text[]) p, unnest(ARRAY['NULL', '''NaN''', '0', '-1', '1e200', '1e-200', '''infinity''']) v WHERE p IN ('open', 'close') OR v IN ('NULL', '1e200');
-- The bounds themselves are prices.
SELECT left(spoiled('open = 1e100, high = 1e100'), 2), left(spoiled('low = 1e-100'), 2);
-- A volume that is none is unknown; 0 is a volume.
SELECT left(spoiled('volume = ' || v), 8) FROM unnest(ARRAY['NULL', '''NaN''', '-1', '1e101', '0']) v;
SELECT count(*) FROM (SELECT to_jsonb(m) - 'bar' FROM (SELECT array_agg(close::float8 ORDER BY open_time) AS c FROM candles WHERE symbol = 'DDDUSDT' AND timeframe = '1d') a,
    unnest(ARRAY[NULL, 'NaN', -1, 1e101, 'infinity']::float8[]) v, market_state_labels(c, c, c, c, array_fill(v, ARRAY[cardinality(c)])) m
    EXCEPT SELECT to_jsonb(m) - 'bar' FROM (SELECT array_agg(close::float8 ORDER BY open_time) AS c FROM candles WHERE symbol = 'DDDUSDT' AND timeframe = '1d') a, market_state_labels(c, c, c, c) m) d;
SELECT v, liquidity_label FROM (SELECT array_agg(close::float8 ORDER BY open_time) AS c FROM candles WHERE symbol = 'DDDUSDT' AND timeframe = '1d') a,
    unnest(ARRAY[1000, NULL, 0]::float8[]) v, market_state_labels(c, c, c, c, array_fill(1000::float8, ARRAY[cardinality(c) - 1]) || v) WHERE bar = cardinality(c) - 1;
RESET client_min_messages;
SELECT differ();
-- Extreme prices, a constant price, bars whose high is below their low: rows all the same, within their bounds.
INSERT INTO candles SELECT 'TINY', '1d', timestamptz '2024-01-01' + n * interval '1 day', p, p * 1.1, p * 0.9, p, 1e100 FROM (SELECT n, 1e-99 * (1 + n % 7) AS p FROM generate_series(0, 299) n) x;
INSERT INTO candles SELECT 'HUGE', '1d', timestamptz '2024-01-01' + n * interval '1 day', p, p * 1.1, p * 0.9, p, 1e100 FROM (SELECT n, 1e98 * (1 + n % 7) AS p FROM generate_series(0, 299) n) x;
INSERT INTO candles SELECT 'BOTH', '1d', timestamptz '2024-01-01' + n * interval '1 day', p, p, p, p, 1 FROM (SELECT n, CASE n % 2 WHEN 0 THEN 1e-100 ELSE 1e100 END AS p FROM generate_series(0, 299) n) x;
INSERT INTO candles SELECT 'FLAT', '1d', timestamptz '2024-01-01' + n * interval '1 day', 5, 5, 5, 5, NULL FROM generate_series(0, 419) n;
INSERT INTO candles SELECT 'TURN', '1d', timestamptz '2024-01-01' + n * interval '1 day', p, p * 0.9, p * 1.1, p, 0 FROM (SELECT n, 10 + n % 7 AS p FROM generate_series(0, 299) n) x;
SELECT symbol, status, state_rows FROM refresh_market_states(timeframe => '1d');
SELECT symbol, state_label, escalation, escalation_percentile, escalation_bucket, cardinality(supports) + cardinality(resistances) AS levels FROM market_state_latest WHERE symbol = 'FLAT';
-- Two bars of one time.
CREATE VIEW twice AS SELECT * FROM candles UNION ALL SELECT * FROM candles WHERE symbol = 'BBBUSDT' AND open_time > '2024-01-15';
UPDATE regime_source SET bars_table = 'twice' WHERE layer = 'candles';
SELECT * FROM market_states_compute('BBBUSDT', '1h');
SELECT symbol, status, message FROM refresh_market_states('BBBUSDT');
UPDATE regime_source SET bars_table = 'candles' WHERE layer = 'candles';
-- Columns that are not there: the row to edit is named. Other systems do not read them.
UPDATE regime_source SET open_column = 'first' WHERE layer = 'candles';
SELECT * FROM refresh_market_states();
SELECT * FROM get_market_states('BBBUSDT', '1h');
-- Other systems are tracked all the same.
SELECT * FROM regime_track();
SELECT tgname FROM pg_trigger WHERE tgrelid = 'candles'::regclass AND tgname ~ '^pg_regime_.*_insert$' ORDER BY 1;
SELECT * FROM regime_track(false);
UPDATE regime_source SET open_column = NULL WHERE layer = 'candles';
SELECT * FROM regime_track() WHERE relation = 'public.candles';
SELECT FROM regime_track(false);
SELECT * FROM market_states_compute('BBBUSDT', '1h');
SELECT system, n, problem FROM regime_systems WHERE system ~ 'market';
SELECT DISTINCT severity, what, detail, command FROM regime_health_details() WHERE what IN ('source map', 'failed check');
UPDATE regime_source SET open_column = 'open', volume_column = 'amount' WHERE layer = 'candles';
SELECT * FROM refresh_market_states();
UPDATE regime_source SET volume_column = 'symbol' WHERE layer = 'candles';
SELECT * FROM refresh_market_states();
SELECT count(*) FROM market_regimes_compute('BBBUSDT', '1h');
-- The hint runs as it stands.
DO $$ DECLARE hint text; BEGIN PERFORM refresh_market_states(); EXCEPTION WHEN datatype_mismatch THEN GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT; EXECUTE substring(hint FROM 'UPDATE.*'); END $$;
SELECT volume_column FROM regime_source WHERE layer = 'candles';
UPDATE regime_source SET volume_column = 'amount' WHERE layer = 'candles';
DO $$ DECLARE hint text; BEGIN PERFORM refresh_market_states(); EXCEPTION WHEN undefined_column THEN GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT; EXECUTE hint; END $$;
SELECT volume_column FROM regime_source WHERE layer = 'candles';
-- No volume column: all volumes are unknown.
UPDATE regime_source SET volume_column = NULL WHERE layer = 'candles';
SELECT symbol, timeframe, status, reason FROM refresh_market_states('BBBUSDT');
SELECT count(*) FROM (SELECT liquidity_score FROM market_states WHERE symbol = 'BBBUSDT' EXCEPT SELECT liquidity_score FROM (SELECT array_agg(open::float8 ORDER BY open_time) AS o, array_agg(high::float8 ORDER BY open_time) AS h,
    array_agg(low::float8 ORDER BY open_time) AS l, array_agg(close::float8 ORDER BY open_time) AS c FROM candles WHERE symbol = 'BBBUSDT') a, market_state_labels(o, h, l, c)) d;
-- Opens under another name; a view whose open is the close before.
CREATE VIEW closes AS SELECT symbol, timeframe, open_time, lag(close, 1, close) OVER (PARTITION BY symbol, timeframe ORDER BY open_time) AS "First!", high, low, close FROM candles;
UPDATE regime_source SET bars_table = 'closes', open_column = 'First!' WHERE layer = 'candles';
SELECT count(*) FROM market_states_compute('BBBUSDT', '1h');
-- Arrays: unequal lengths and bad prices, by their place.
SELECT * FROM market_state_labels('{1,2}', '{1,2}', '{1}', '{1,2}');
SELECT * FROM market_state_labels('{1,2}', '{1,2}', '{1,2}', '{1,2}', '{1}');
SELECT * FROM market_state_labels('{1,2}', '{1,NULL}', '{1,2}', '{1,2}');
SELECT * FROM market_state_labels('{1,2}', '{1,2}', '{1,2}', '{1,0}');
SELECT * FROM market_state_labels('{NaN,2}', '{1,2}', '{1,2}', '{1,2}');
SELECT * FROM market_state_labels('{1}', '{1}', '{-1e200}', '{1}');
SELECT * FROM market_state_labels(NULL, '{1}', '{1}', '{1}');
SELECT * FROM market_state_labels('{1}', '{1}', '{1}', '{1}', timeframe => NULL);
-- A table without opens that the user has not mapped serves market_regimes as before: market states are not in use.
UPDATE regime_source SET bars_table = 'candles', open_column = 'open', volume_column = 'volume' WHERE layer = 'candles';
DROP VIEW closes, twice;
DELETE FROM market_states;
ALTER TABLE candles DROP COLUMN open, DROP COLUMN volume;
SELECT relation, action FROM regime_track() WHERE relation = 'public.candles';
SELECT system, n, n_stale, problem FROM regime_systems WHERE system ~ 'market';
SELECT what, detail FROM regime_health_details() WHERE detail ~ 'open' OR command ~ 'states';
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT * FROM refresh_market_states();
