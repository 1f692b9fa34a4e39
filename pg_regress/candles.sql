\set ECHO none
-- Candles for tests of the three-axis regimes: the extension, and AAAUSDT 1h (700), AAAUSDT 4h (250) and BBBUSDT 1h (60).
\i :abs_srcdir/empty.sql
CREATE TABLE candles (symbol varchar(20) NOT NULL, timeframe varchar(10) NOT NULL, open_time timestamptz NOT NULL, open numeric, high numeric,
    low numeric, close numeric, volume numeric, PRIMARY KEY (symbol, timeframe, open_time));

-- Close of candle n, in cents: a wave of 400 candles and a zigzag that is wilder in some stretches; integers, so all machines agree.
CREATE FUNCTION cents(n int) RETURNS int IMMUTABLE LANGUAGE sql AS
    'SELECT 20000 + 60 * abs(n % 400 - 200) + (1 + n / 60 % 3 * 4) * (n * 37 % 17 - 8) * 7';
CREATE FUNCTION candle(symbol text, timeframe text, step interval, n int) RETURNS candles STABLE LANGUAGE sql SET jit = off AS $$
    SELECT symbol, timeframe, timestamptz '2024-01-01 00:00+00' + n * step, cents(n - 1) / 100.0,
        (GREATEST(cents(n - 1), cents(n)) + n % 5 * 20) / 100.0, (LEAST(cents(n - 1), cents(n)) - n % 7 * 20) / 100.0, cents(n) / 100.0, 1 $$;
INSERT INTO candles SELECT c.* FROM generate_series(0, 699) n, candle('AAAUSDT', '1h', '1 hour', n) c;
INSERT INTO candles SELECT c.* FROM generate_series(0, 249) n, candle('AAAUSDT', '4h', '4 hours', n + 100) c;
INSERT INTO candles SELECT c.* FROM generate_series(0, 59) n, candle('BBBUSDT', '1h', '1 hour', n + 300) c;
-- Rows that a refresh would write and the table has not, or the other way round: none, if all is well.
SET check_function_bodies = off;
CREATE FUNCTION differ() RETURNS bigint LANGUAGE sql AS $$
    WITH computed AS (SELECT m.* FROM (SELECT DISTINCT symbol::text, timeframe::text FROM candles) s, market_regimes_compute(s.symbol, s.timeframe) m),
    stored AS (SELECT symbol, timeframe, open_time, trend_state, volatility_state, momentum_state, full_regime, simplified_regime, confidence, classifier_version, warmup FROM market_regimes)
    SELECT (SELECT count(*) FROM (TABLE computed EXCEPT ALL TABLE stored) a) + (SELECT count(*) FROM (TABLE stored EXCEPT ALL TABLE computed) b) $$;
RESET client_min_messages;
\set ECHO all
