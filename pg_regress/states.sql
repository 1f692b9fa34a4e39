\set ECHO none
-- Candles for tests of market states: those of candles.sql, and DDDUSDT 1d (420), 4h (400) with volumes and gaps.
\i :abs_srcdir/candles.sql
SET client_min_messages = error;
CREATE FUNCTION bar(symbol text, timeframe text, step interval, n int) RETURNS candles STABLE LANGUAGE sql AS $$
    SELECT c.symbol, c.timeframe, c.open_time, c.open + n % 11 - 5, GREATEST(c.high, c.open + n % 11 - 5), LEAST(c.low, c.open + n % 11 - 5), c.close, 1000 + n * 37 % 501
    FROM candle(symbol, timeframe, step, n) c $$;
INSERT INTO candles SELECT c.* FROM generate_series(0, 419) n, bar('DDDUSDT', '1d', '1 day', n) c;
INSERT INTO candles SELECT c.* FROM generate_series(0, 399) n, bar('DDDUSDT', '4h', '4 hours', n + 50) c;
-- Rows that a refresh would write and the table has not, or the other way round: none, if all is well.
DROP FUNCTION differ();
CREATE FUNCTION differ() RETURNS bigint LANGUAGE sql AS $$
    WITH computed AS (SELECT to_jsonb(m) FROM (SELECT DISTINCT symbol::text, timeframe::text FROM candles) s, market_states_compute(s.symbol, s.timeframe) m),
    stored AS (SELECT to_jsonb(m) - 'created_at' FROM market_states m)
    SELECT (SELECT count(*) FROM (TABLE computed EXCEPT ALL TABLE stored) a) + (SELECT count(*) FROM (TABLE stored EXCEPT ALL TABLE computed) b) $$;
-- The same of what get_market_states returns.
CREATE FUNCTION unlike() RETURNS bigint LANGUAGE sql AS $$
    WITH s AS (SELECT DISTINCT symbol::text, timeframe::text FROM candles),
    got AS (SELECT to_jsonb(g) - 'created_at' FROM s, get_market_states(s.symbol, s.timeframe) g),
    computed AS (SELECT to_jsonb(m) FROM s, market_states_compute(s.symbol, s.timeframe) m)
    SELECT (SELECT count(*) FROM (TABLE got EXCEPT ALL TABLE computed) a) + (SELECT count(*) FROM (TABLE computed EXCEPT ALL TABLE got) b) $$;
RESET client_min_messages;
\set ECHO all
