-- The foreign key of market_regimes: which candles it refers to, what happens when these are other ones, and why there is none.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\pset null -
SET client_min_messages = error;
CREATE FUNCTION said() RETURNS text LANGUAGE sql AS $$ SELECT action FROM regime_setup() WHERE relation = 'public.market_regimes' $$;
CREATE FUNCTION refers_to() RETURNS text LANGUAGE sql AS $$ SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'market_regimes_candle_fkey' $$;
CREATE FUNCTION hint() RETURNS text LANGUAGE sql AS $$ SELECT hint FROM cmc_regime_run_log ORDER BY run DESC, subject DESC NULLS LAST LIMIT 1 $$;
SELECT said();
SELECT symbol, timeframe, status FROM refresh_market_regimes();
SELECT refers_to();
-- The candles are mapped to another table, in which there are others too. The key still refers to the first: the hint says so.
CREATE TABLE "My Candles" (LIKE candles INCLUDING ALL);
INSERT INTO "My Candles" SELECT * FROM candles WHERE symbol <> 'BBBUSDT' OR open_time > '2024-01-14';
INSERT INTO "My Candles" SELECT c.* FROM generate_series(0, 59) n, candle('CCCUSDT', '1h', '1 hour', n) c;
UPDATE regime_source SET bars_table = 'My Candles' WHERE layer = 'candles';
SELECT symbol, timeframe, status, rows_written, message FROM refresh_market_regimes('CCCUSDT');
SELECT hint();
SELECT said();
SELECT symbol, timeframe, status, rows_written FROM refresh_market_regimes();
SELECT refers_to();
-- Rows without a candle are gone now.
SELECT said();
SELECT refers_to(), said();
DELETE FROM "My Candles" WHERE symbol = 'CCCUSDT';
SELECT count(*) FROM market_regimes WHERE symbol = 'CCCUSDT';
-- A violation that has another cause gets no such hint.
ALTER TABLE market_regimes ADD CONSTRAINT other FOREIGN KEY (symbol, timeframe, open_time) REFERENCES candles;
INSERT INTO "My Candles" SELECT c.* FROM candle('BBBUSDT', '1h', '1 hour', 500) c;
SELECT status, message FROM refresh_market_regimes('BBBUSDT');
SELECT hint();
ALTER TABLE market_regimes DROP CONSTRAINT other;
SELECT status FROM refresh_market_regimes('BBBUSDT');
-- Another column is the time: the key to the first one does not fit either.
ALTER TABLE "My Candles" ADD opened timestamptz;
UPDATE "My Candles" SET opened = open_time + interval '1 minute';
ALTER TABLE "My Candles" ADD UNIQUE (symbol, timeframe, opened);
UPDATE regime_source SET bars_ts_column = 'opened' WHERE layer = 'candles';
SELECT status, message FROM refresh_market_regimes('AAAUSDT', '4h');
SELECT said();
SELECT status FROM refresh_market_regimes();
SELECT said();
SELECT refers_to();
UPDATE regime_source SET bars_ts_column = 'open_time' WHERE layer = 'candles';
-- Candles that nothing can refer to: a view, a table without the key, times without a zone, tables that inherit.
CREATE VIEW v AS TABLE "My Candles";
UPDATE regime_source SET bars_table = 'v' WHERE layer = 'candles';
SELECT said();
SELECT refers_to(), said();
SELECT DISTINCT status FROM refresh_market_regimes();
UPDATE regime_source SET bars_table = 'My Candles' WHERE layer = 'candles';
SELECT said();
CREATE TABLE heir () INHERITS ("My Candles");
INSERT INTO heir SELECT c.* FROM candle('CCCUSDT', '1h', '1 hour', 500) c;
SELECT status, message FROM refresh_market_regimes('CCCUSDT');
SELECT hint();
SELECT said();
SELECT status FROM refresh_market_regimes('CCCUSDT');
DROP TABLE heir;
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT said();
DROP VIEW v;
ALTER TABLE market_regimes DROP CONSTRAINT market_regimes_candle_fkey;
ALTER TABLE market_states DROP CONSTRAINT market_states_candle_fkey;
ALTER TABLE "My Candles" ALTER open_time TYPE timestamp;
SELECT said();
ALTER TABLE "My Candles" ALTER open_time TYPE timestamptz;
-- A table that refuses to be referred to.
CREATE UNLOGGED TABLE fast (LIKE candles INCLUDING ALL);
INSERT INTO fast TABLE candles;
UPDATE regime_source SET bars_table = 'fast' WHERE layer = 'candles';
SELECT said();
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT said();
-- Without the outputs, a refresh makes them and goes on.
DROP TABLE market_regimes, regime_work.market_regime_state;
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT refers_to();
ALTER TABLE fast SET LOGGED;
SELECT said();
-- Without a key, for good: the candles can be truncated.
SET pg_regime.candle_key = off;
SELECT said();
SELECT refers_to(), said();
DROP TABLE market_regimes, regime_work.market_regime_state;
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT refers_to(), said();
BEGIN;
TRUNCATE fast;
ROLLBACK;
RESET pg_regime.candle_key;
SELECT said();
-- Nor is there one to partitioned candles, whose partitions could not be dropped, or to a partition. One from before is
-- dropped.
CREATE TABLE parted (LIKE candles INCLUDING ALL) PARTITION BY RANGE (open_time);
CREATE TABLE parted_old PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2024-01-10 00:00+00');
CREATE TABLE parted_new PARTITION OF parted FOR VALUES FROM ('2024-01-10 00:00+00') TO (MAXVALUE);
INSERT INTO parted TABLE candles;
UPDATE regime_source SET bars_table = 'parted' WHERE layer = 'candles';
SELECT said();
SELECT refers_to(), said();
SELECT DISTINCT status FROM refresh_market_regimes();
ALTER TABLE market_regimes ADD CONSTRAINT market_regimes_candle_fkey FOREIGN KEY (symbol, timeframe, open_time) REFERENCES parted ON DELETE CASCADE;
SELECT said();
ALTER TABLE parted DETACH PARTITION parted_old;
DROP TABLE parted_old;
TRUNCATE parted;
UPDATE regime_source SET bars_table = 'parted_new' WHERE layer = 'candles';
SELECT said(), refers_to();
UPDATE regime_source SET bars_table = 'fast' WHERE layer = 'candles';
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT said();
-- A role that may not refer to the candles, or not read them, leaves the key as it is.
CREATE ROLE regress_regime_clerk;
GRANT regress_regime_clerk TO CURRENT_USER;
DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT oid FROM pg_class WHERE relname ~ '^(cmc_|market_)' AND relkind = 'r' LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO regress_regime_clerk', t); END LOOP; END $$;
GRANT CREATE ON SCHEMA public TO regress_regime_clerk;
SET ROLE regress_regime_clerk;
SELECT said();
RESET ROLE;
GRANT SELECT ON fast TO regress_regime_clerk;
SET ROLE regress_regime_clerk;
SELECT said();
SELECT refers_to();
RESET ROLE;
ALTER TABLE market_regimes DROP CONSTRAINT market_regimes_candle_fkey;
SET ROLE regress_regime_clerk;
SELECT said();
RESET ROLE;
GRANT REFERENCES ON fast TO regress_regime_clerk;
SET ROLE regress_regime_clerk;
SELECT said();
RESET ROLE;
SET client_min_messages = error;
DROP OWNED BY regress_regime_clerk CASCADE;
DROP ROLE regress_regime_clerk;
