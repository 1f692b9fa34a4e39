-- A publication of all tables: every table of the extension, and of its demo, has a key or a replica identity, so that
-- rows can be updated and deleted.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE candles AS SELECT s.symbol, '1d' AS timeframe, time_close AS open_time, close * 1.01 AS high, close * 0.99 AS low, close
    FROM cmc_price_bars_multi_tf JOIN dim_assets s USING (id) WHERE tf = '1D' AND id IN (2, 3);
ALTER TABLE candles ADD PRIMARY KEY (symbol, timeframe, open_time);
-- Adopted without keys, with columns that may be NULL and with columns that may not.
CREATE TABLE cmc_regimes (id int, ts timestamptz, tf text, l0_label text, regime_key text, size_mult float8);
CREATE TABLE cmc_regime_stats (id int NOT NULL, tf text NOT NULL, regime_key text NOT NULL, n_bars int);
CREATE TABLE market_regimes (symbol text NOT NULL, timeframe text NOT NULL, open_time timestamptz NOT NULL, trend_state text) PARTITION BY RANGE (open_time);
CREATE TABLE market_regimes_all PARTITION OF market_regimes DEFAULT;
SELECT relation, action FROM regime_setup() WHERE relation IN ('public.cmc_regimes', 'public.cmc_regime_stats', 'public.market_regimes');
CREATE FUNCTION unidentified() RETURNS SETOF regclass LANGUAGE sql AS $$
    SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_|^information_schema$' AND c.relpersistence = 'p'
    AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisprimary AND c.relreplident = 'd' OR i.indisreplident))
    AND c.relreplident <> 'f' ORDER BY c.oid::regclass::text $$;
SELECT unidentified();
SELECT oid::regclass, relreplident FROM pg_class WHERE relreplident <> 'd' AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY oid::regclass::text;
SET client_min_messages = error;
CREATE PUBLICATION everything FOR ALL TABLES;
RESET client_min_messages;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT count(*) > 0 AS tracked FROM regime_track();
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT DISTINCT status FROM refresh_market_regimes();
UPDATE cmc_price_bars_multi_tf SET close = close * 1.3 WHERE id = 2 AND bar_seq % 5 = 1;
INSERT INTO candles SELECT symbol, timeframe, open_time - interval '10 years', high, low, close FROM candles WHERE symbol = 'NEW';
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT DISTINCT status FROM refresh_market_regimes();
-- A run log from before, without an identity.
ALTER TABLE regime_work.cmc_regime_run_log REPLICA IDENTITY DEFAULT;
SELECT unidentified();
SELECT DISTINCT action FROM regime_setup();
-- Marks of many, settled; rounds; backfills.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2], only_dirty => true);
CALL refresh_all_cmc_regimes();
CALL refresh_all_cmc_regimes();
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG');
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG', full_refresh => true);
-- Pruning the run log, in a session that has not done so.
UPDATE regime_work.cmc_regime_run_log SET finished_at = finished_at - interval '100 days';
\connect -
SELECT id, status FROM refresh_cmc_regimes(1);
SELECT count(*) FROM cmc_regime_run_log;
SELECT regime_track(false) IS NULL AS untracked LIMIT 1;
DELETE FROM market_regimes;
-- Policies, the source map, the demo.
SELECT regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.5}]');
SELECT regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.4}]');
SELECT regime_drop_policy('desk');
UPDATE regime_source SET bars_filter = bars_filter WHERE layer = 'candles';
CREATE SCHEMA demo;
SET pg_regime.target_schema = 'demo';
SELECT count(*) > 0 AS made FROM regime_setup('demo');
SELECT unidentified();
DROP PUBLICATION everything;
DROP SCHEMA demo, demo_regime_work CASCADE;
