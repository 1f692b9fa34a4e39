-- Series with new candles alone are refreshed together, the others by themselves, and what cannot be written takes nothing of the
-- others with it: a call for all series does what a call for each of them does.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
INSERT INTO candles SELECT (candle(s, '1h', '1 hour', n)).* FROM unnest('{CCC,DDD,EEE,FFF,GGG,HHH,"I{,}\"I",jjj}'::text[]) AS s, generate_series(1, 260) AS n;
SELECT count(*) FROM regime_track();
SELECT status, count(*) FROM refresh_market_regimes() GROUP BY 1;
VACUUM ANALYZE;
ALTER TABLE market_regimes ADD CONSTRAINT not_of_hhh CHECK (symbol <> 'HHH' OR open_time < '2024-01-11 21:00+00');
-- CCC, HHH, I{,}"I and jjj get a candle, DDD two, EEE a late one, FFF an unusable one, GGG loses its newest; KKK is new.
CREATE PROCEDURE hour(hhh boolean) LANGUAGE sql AS $$
    INSERT INTO candles SELECT (candle(s, '1h', '1 hour', 261 + n)).* FROM unnest('{CCC,DDD,FFF,HHH,"I{,}\"I",jjj,KKK}'::text[]) AS s, generate_series(0, CASE WHEN s = 'DDD' THEN 1 ELSE 0 END) AS n
        WHERE hhh OR s <> 'HHH';
    UPDATE candles SET close = -1 WHERE symbol = 'FFF' AND open_time = (SELECT max(open_time) FROM candles WHERE symbol = 'FFF');
    INSERT INTO candles SELECT symbol, timeframe, open_time - interval '30 minutes', open, high, low, close, volume FROM candles WHERE symbol = 'EEE' ORDER BY open_time DESC LIMIT 1;
    DELETE FROM candles WHERE symbol = 'GGG' AND open_time = (SELECT max(open_time) FROM candles WHERE symbol = 'GGG') $$;
-- What is told of an hour, returned and in the run log; the marks that are left; and all that is stored. Nothing of it stays.
CREATE FUNCTION told(by_one boolean, hhh boolean) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
DECLARE before bigint := (SELECT coalesce(max(run), 0) FROM cmc_regime_run_log); lines text[]; series text[];
BEGIN
    BEGIN
        CALL hour(hhh);
        series := ARRAY(SELECT DISTINCT symbol::text FROM candles);
        lines := CASE WHEN by_one THEN ARRAY(SELECT to_jsonb(r) - 'elapsed_ms' FROM unnest(series) AS s (symbol), refresh_market_regimes(s.symbol) AS r)
            ELSE ARRAY(SELECT to_jsonb(r) - 'elapsed_ms' FROM refresh_market_regimes() AS r) END;
        lines := lines || ARRAY(SELECT (to_jsonb(l) - '{run,started_at,finished_at,elapsed_ms}'::text[])::text FROM cmc_regime_run_log AS l WHERE run > before AND subject IS NOT NULL);
        lines := lines || ARRAY(SELECT to_jsonb(m)::text FROM (SELECT symbol, timeframe, source, since FROM market_regime_marks) AS m);
        lines := lines || ARRAY(SELECT (to_jsonb(t) - 'created_at')::text FROM market_regimes AS t);
        lines := lines || ARRAY(SELECT (to_jsonb(t) - 'computed_at')::text FROM regime_work.market_regime_state AS t);
        RAISE 'nothing stays';
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
    RETURN QUERY SELECT unnest(lines);
END $$;
SET client_min_messages = error;
BEGIN;
CALL hour(true);
SELECT symbol, timeframe, status, rows_written, mode, reason, message FROM refresh_market_regimes();
ROLLBACK;
SELECT count(*) > 2000 AS told FROM told(true, true);
SELECT * FROM told(false, false) EXCEPT ALL SELECT * FROM told(true, false);
SELECT * FROM told(true, false) EXCEPT ALL SELECT * FROM told(false, false);
SELECT * FROM told(false, true) EXCEPT ALL SELECT * FROM told(true, true);
SELECT * FROM told(true, true) EXCEPT ALL SELECT * FROM told(false, true);
