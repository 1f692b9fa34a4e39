-- Refreshes and reads of candles that are called while a statement on the candles is still running: its changes have no marks
-- yet. Rows are those of a computation of all candles.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
SELECT count(*) FROM regime_track();
SELECT status FROM refresh_market_regimes();
CREATE VIEW read AS SELECT subject, status, mode, reason, rows_read FROM cmc_regime_run_log
    WHERE run = (SELECT max(run) FROM cmc_regime_run_log) AND subject IS NOT NULL ORDER BY subject;
CREATE FUNCTION refresh_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM refresh_market_regimes(NEW.symbol, NEW.timeframe); RETURN NEW; END $$;
CREATE TRIGGER own AFTER UPDATE ON candles FOR EACH ROW EXECUTE FUNCTION refresh_row();
UPDATE candles SET close = close * 1.2, high = high * 1.3 WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time = '2024-01-20';
TABLE read;
SELECT differ();
DROP TRIGGER own ON candles;
CREATE FUNCTION refresh_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM refresh_market_regimes(); RETURN NULL; END $$;
CREATE TRIGGER a_refresh AFTER DELETE ON candles EXECUTE FUNCTION refresh_all();
DELETE FROM candles WHERE symbol = 'AAAUSDT' AND timeframe = '4h' AND open_time = '2024-02-02';
SELECT differ();
DROP TRIGGER a_refresh ON candles;
WITH changed AS (UPDATE candles SET close = close * 1.1, high = high * 1.2 WHERE symbol = 'BBBUSDT' AND open_time = '2024-01-14' RETURNING symbol, timeframe)
SELECT r.symbol, status, mode, reason FROM changed c, refresh_market_regimes(c.symbol, c.timeframe) r;
SELECT differ();
-- Readers.
CREATE FUNCTION unlike(s text, t text) RETURNS bigint LANGUAGE sql AS $$
    WITH got AS (SELECT open_time, full_regime, simplified_regime, confidence, classifier_version, warmup FROM get_market_regimes(s, t)),
    right_ AS (SELECT open_time, full_regime, simplified_regime, confidence, classifier_version, warmup FROM market_regimes_compute(s, t))
    SELECT (SELECT count(*) FROM (TABLE got EXCEPT ALL TABLE right_) a) + (SELECT count(*) FROM (TABLE right_ EXCEPT ALL TABLE got) b) $$;
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE NOTICE '% %: % rows differ', TG_NAME, TG_OP, unlike(NEW.symbol, NEW.timeframe); RETURN NEW; END $$;
SELECT status FROM refresh_market_regimes();
CREATE TRIGGER each AFTER UPDATE OR INSERT ON candles FOR EACH ROW EXECUTE FUNCTION look();
UPDATE candles SET close = close * 1.2, high = high * 1.3 WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time IN ('2024-01-21', '2024-01-22');
INSERT INTO candles SELECT * FROM candle('BBBUSDT', '1h', '1 hour', 250);
-- Before the candles have changed, too: a trigger BEFORE sees the candles that were.
SELECT status FROM refresh_market_regimes();
CREATE TRIGGER before BEFORE UPDATE ON candles FOR EACH ROW EXECUTE FUNCTION look();
UPDATE candles SET close = close * 1.2, high = high * 1.3 WHERE symbol = 'AAAUSDT' AND timeframe = '1h' AND open_time = '2024-01-23';
SELECT unlike('AAAUSDT', '1h');
DROP TRIGGER each ON candles;
DROP TRIGGER before ON candles;
-- After a load in the same transaction, only what is new is read.
SELECT status FROM refresh_market_regimes();
BEGIN;
INSERT INTO candles SELECT * FROM candle('AAAUSDT', '1h', '1 hour', 700);
SELECT created_at IS NULL AS computed, count(*) FROM get_market_regimes('AAAUSDT', '1h') GROUP BY 1 ORDER BY 1;
SELECT status FROM refresh_market_regimes('AAAUSDT', '1h');
TABLE read;
COMMIT;
SELECT differ();
