-- Symbols and timeframes that an array has in quotes: their marks are found, and cleared.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
TRUNCATE candles;
CREATE TABLE odd AS SELECT s, t FROM unnest(ARRAY['a,b', 'a b', '{a}', '}', 'null', 'Null', 'nulls', '"', '""', '\', 'a\"b', E'\t', E'a\nb', E'\x0B', U&'\00A0', 'é', '''', '$1', '%', 'A', 'a']) AS s, unnest(ARRAY['1h', 'N,U', '']) AS t;
INSERT INTO candles SELECT c.* FROM odd, generate_series(0, 2) AS n, candle(s, t, '1 hour', n) AS c;
SELECT count(*) FROM regime_track();
SELECT status, mode, reason, count(*) FROM refresh_market_regimes() GROUP BY 1, 2, 3;
INSERT INTO candles SELECT c.* FROM odd, candle(s, t, '1 hour', 3) AS c;
SELECT count(*) FROM market_regime_marks JOIN odd ON (s, t) = (symbol, timeframe);
SELECT status, mode, reason, count(*) FROM refresh_market_regimes() GROUP BY 1, 2, 3;
SELECT count(*) FROM market_regime_marks;
-- A statement each: rows instead of arrays of marks.
DO $$ DECLARE o odd; BEGIN FOR o IN TABLE odd LOOP UPDATE candles SET close = close * 1.01 WHERE symbol = o.s AND timeframe = o.t; END LOOP; END $$;
SELECT count(*) FROM regime_work.market_regime_dirty;
SELECT status, mode, reason, count(*) FROM refresh_market_regimes() GROUP BY 1, 2, 3;
SELECT count(*) FROM market_regime_marks;
