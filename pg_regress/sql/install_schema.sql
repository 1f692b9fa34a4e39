-- In a schema of its own, that search_path does not hold, everything works when called with its schema.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\set ECHO none
SET client_min_messages = error;
DROP EXTENSION pg_regime;
DROP SCHEMA IF EXISTS "Odd Schema";
RESET client_min_messages;
\set ECHO all
CREATE SCHEMA "Odd Schema";
CREATE EXTENSION pg_regime SCHEMA "Odd Schema";
SHOW search_path;
SELECT relation, action FROM "Odd Schema".regime_setup();
SELECT id, status, message FROM "Odd Schema".refresh_cmc_regimes();
SELECT status FROM "Odd Schema".refresh_cmc_regimes(2);
SELECT count(*) FROM "Odd Schema".regime_compute(2);
SELECT regime_key FROM "Odd Schema".regime_at(2, '2024-12-31');
SELECT count(*), min(label) FROM "Odd Schema".regime_label_daily(2);
SELECT "Odd Schema".regime_label_daily('{1}', '{1}', '{1}', '{1}');
SELECT "Odd Schema".regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0}]');
SELECT size_mult FROM "Odd Schema".resolve_policy(l2 => 'Down-Low-Normal', policy => 'desk');
SELECT match, size_mult FROM "Odd Schema".regime_policy_rules('desk') WHERE origin = 'overlay';
SELECT length("Odd Schema".regime_version_hash('desk'));
SELECT status FROM "Odd Schema".refresh_cmc_regimes(2, policy => 'desk');
SELECT "Odd Schema".regime_drop_policy('desk');
CALL "Odd Schema".refresh_all_cmc_regimes();
SELECT DISTINCT action FROM "Odd Schema".regime_track();
CALL "Odd Schema".refresh_all_cmc_regimes(only_dirty => true);
SELECT count(*) FROM "Odd Schema".cmc_regime_status;
SELECT DISTINCT action FROM "Odd Schema".regime_track(false);
-- Editing the map uses its trigger, which has to find the map.
UPDATE "Odd Schema".regime_source SET close_column = 'close' WHERE layer = 'L2';
UPDATE "Odd Schema".regime_source SET close_column = 'price' WHERE cal_scheme = 'us' AND layer = 'L2';
INSERT INTO "Odd Schema".regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table)
    VALUES ('us', 'L0', '1M', '{1,2,3}', 'b', 'e');
SELECT cal_scheme, layer, close_column, origin FROM "Odd Schema".regime_source WHERE cal_scheme = 'us' ORDER BY 2;
-- The same edit once more is none; a row that moves takes the place of a built-in row and leaves none behind; COPY edits too.
BEGIN;
UPDATE "Odd Schema".regime_source SET layer = layer WHERE layer = 'candles' RETURNING origin;
UPDATE "Odd Schema".regime_source SET cal_scheme = 'iso' WHERE cal_scheme = 'us' AND layer = 'L0';
COPY "Odd Schema".regime_source (cal_scheme, layer, periods, bars_table, ema_table, origin) FROM stdin;
us	L1	{1,2,3}	b	e	built-in
\.
DELETE FROM "Odd Schema".regime_source WHERE layer = 'L2';
SELECT cal_scheme, layer, bars_table, ema_filter, origin FROM "Odd Schema".regime_source ORDER BY 1, 2;
INSERT INTO "Odd Schema".regime_source SELECT * FROM "Odd Schema".regime_source WHERE cal_scheme = 'iso' AND layer = 'L0';
ROLLBACK;

-- A hint can be typed as it stands, also here.
SELECT hint_of($$SELECT * FROM "Odd Schema".resolve_policy(policy => 'none')$$) AS hint \gset
\echo :hint
SELECT hint_of($$SELECT * FROM "Odd Schema".refresh_cmc_regimes(2, cal_scheme => 'lunar')$$) AS hint \gset
\echo :hint
SELECT hint_of($$SELECT * FROM "Odd Schema".regime_label_intraday(1)$$) AS hint \gset
\echo :hint
SELECT hint_of($$SELECT * FROM "Odd Schema".refresh_cmc_regimes(only_dirty => true)$$) AS hint \gset
\echo :hint
SELECT "Odd Schema".regime_load_policy('desk', '[{"match": "Up-Low-Normal", "size_mult": 1}]');
DROP VIEW cmc_regime_progress;
SELECT hint_of($$SELECT * FROM "Odd Schema".regime_at(1, now())$$) AS hint \gset
\echo :hint
SELECT relation, action FROM "Odd Schema".regime_setup('public');
DROP EXTENSION pg_regime;
DROP SCHEMA "Odd Schema";
