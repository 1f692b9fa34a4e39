-- The foreign key of market_states: as that of market_regimes, beside it.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/states.sql
\pset null -
SET client_min_messages = error;
CREATE FUNCTION said() RETURNS SETOF text LANGUAGE sql AS $$ SELECT relation || ': ' || action FROM regime_setup() WHERE relation ~ 'market_(states|regimes)$' $$;
CREATE FUNCTION refer() RETURNS SETOF text LANGUAGE sql AS $$ SELECT conrelid::regclass || ': ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' ORDER BY 1 $$;
SELECT said();
SELECT refer();
SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conname = 'market_states_candle_fkey';
SELECT DISTINCT status FROM refresh_market_states();
-- A row goes with its candle; the next refresh brings the rows after it to what they now are.
DELETE FROM candles WHERE symbol = 'BBBUSDT' AND open_time = '2024-01-14';
SELECT count(*) FROM market_states WHERE symbol = 'BBBUSDT';
SELECT status, state_rows FROM refresh_market_states('BBBUSDT');
SELECT differ();
-- Candles mapped to another table: the hint says what to do.
CREATE TABLE "My Candles" (LIKE candles INCLUDING ALL);
INSERT INTO "My Candles" TABLE candles;
INSERT INTO "My Candles" SELECT c.* FROM generate_series(0, 59) n, bar('CCCUSDT', '1h', '1 hour', n) c;
UPDATE regime_source SET bars_table = 'My Candles' WHERE layer = 'candles';
SELECT symbol, timeframe, status, rows_written, message FROM refresh_market_states('CCCUSDT');
SELECT hint FROM cmc_regime_run_log WHERE subject = 'CCCUSDT 1h' ORDER BY run DESC LIMIT 1;
SELECT said();
SELECT refer();
SELECT symbol, timeframe, status, rows_written FROM refresh_market_states();
-- Opens and volumes that are not there keep no table from being set up.
ALTER TABLE "My Candles" RENAME open TO o;
SELECT said();
SELECT refer();
-- Without a key.
SET pg_regime.candle_key = off;
SELECT said();
SELECT refer();
