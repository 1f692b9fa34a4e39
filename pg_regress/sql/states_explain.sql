-- market_states_explain: the reasons for a row, step by step; what is told is the row that is made, and what is stored.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/states.sql
\pset format unaligned
\pset null -
\set told 'step, metric, what, value, regexp_replace(detail, ''written at [^,;]*'', ''written at TIME'') AS detail'
SELECT FROM refresh_market_states();
-- A whole explanation.
SELECT :told FROM market_states_explain('DDDUSDT', '1d', '2024-12-08 12:00+00');
-- The start of a series: closed gates, nothing known.
SELECT :told FROM market_states_explain('DDDUSDT', '1d', '2024-01-04') WHERE step <> 2;
-- An era.
INSERT INTO regime_eras VALUES (NULL, '2024-10-20', 'the halving'), ('4h', '-infinity', NULL);
SELECT :told FROM market_states_explain('DDDUSDT', '1d') WHERE step IN (7, 8);
SELECT :told FROM market_states_explain('DDDUSDT', '4h') WHERE step IN (7, 8);
SELECT FROM refresh_market_states();
-- Terms add up to their metric, and what is told is what is computed, on many rows.
CREATE FUNCTION wrong(symbol text, timeframe text) RETURNS TABLE (rows bigint, differing bigint, not_as_stored bigint, not_added bigint) LANGUAGE sql AS $$
    WITH computed AS (SELECT open_time, to_jsonb(c) AS c FROM market_states_compute(symbol, timeframe) c),
    told AS (SELECT c.open_time, c.c, e.* FROM (SELECT *, row_number() OVER (ORDER BY open_time) AS n FROM computed) c, market_states_explain(symbol, timeframe, c.open_time) e WHERE c.n % 41 = 7)
    SELECT count(DISTINCT open_time),
        count(*) FILTER (WHERE step IN (2, 4, 5, 6, 7) AND what = 'value' AND c ? metric AND metric NOT IN ('era_start')
            AND CASE jsonb_typeof(c -> metric) WHEN 'number' THEN (c ->> metric)::float8 IS DISTINCT FROM value::float8 ELSE coalesce(c ->> metric, 'NULL') <> value END),
        count(DISTINCT open_time) FILTER (WHERE step = 8 AND value <> 'as stored'),
        count(*) FILTER (WHERE step = 2 AND what = 'value' AND metric IN ('momentum_score', 'liquidity_score') AND abs(value::float8 - (
            SELECT sum(substring(t.detail FROM 'contribution (.*)')::float8) FROM told t WHERE t.open_time = told.open_time AND t.metric = told.metric AND t.step = 2)) > 1e-5)
    FROM told $$;
SELECT w.* FROM wrong('DDDUSDT', '1d') w;
SELECT w.* FROM wrong('DDDUSDT', '4h') w;
-- Why there are no levels: too few bars (above), no ATR, nothing strong enough on the side.
INSERT INTO candles SELECT 'FLAT', '1d', timestamptz '2024-01-01' + n * interval '1 day', 5, 5, 5, 5, 1 FROM generate_series(0, 259) n;
INSERT INTO candles SELECT 'RISE', '1d', timestamptz '2024-01-01' + n * interval '1 day', p, p * 1.001, p * 0.999, p, 1 FROM (SELECT n, 0.1 * 1.002 ^ n AS p FROM generate_series(0, 259) n) x;
SELECT :told FROM market_states_explain('FLAT', '1d') WHERE step = 3;
SELECT :told FROM market_states_explain('RISE', '1d') WHERE step = 3;
DELETE FROM candles WHERE symbol IN ('FLAT', 'RISE');
-- What is stored differs, or is not there.
UPDATE market_states SET confidence = 0.5, state_label = 'SHOCK', supports = '{1,2}', support_strengths = '{0.9,0.8}', era_start = NULL, era_confidence = NULL
    WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = '2024-12-08';
SELECT :told FROM market_states_explain('DDDUSDT', '1d', '2024-12-08') WHERE step = 8;
DELETE FROM market_states WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = '2024-12-08';
SELECT :told FROM market_states_explain('DDDUSDT', '1d', '2024-12-08') WHERE step = 8;
DROP TABLE market_states CASCADE;
SELECT :told FROM market_states_explain('DDDUSDT', '1d', '2024-12-08') WHERE step = 8;
-- It only reads.
BEGIN READ ONLY;
SELECT count(*) > 100 FROM market_states_explain('DDDUSDT', '1d');
COMMIT;
-- No row to explain.
SELECT FROM market_states_explain('DDDUSDT', '1d', '2020-01-01');
SELECT FROM market_states_explain('DDDUSDT', '7d');
SELECT FROM market_states_explain('DDDUSD', '1d');
SELECT FROM market_states_explain(NULL, '1d');
