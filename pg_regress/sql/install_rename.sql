-- The schema of the extension is renamed: whatever was stored or is kept in a session goes on, under the new name.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null -
DROP EXTENSION pg_regime;
CREATE SCHEMA own;
CREATE EXTENSION pg_regime SCHEMA own;
CREATE TABLE candles AS SELECT 'PROXY'::text AS symbol, '1d'::text AS timeframe, date_trunc('day', time_close) AS open_time, close, close * 1.01 AS high, close * 0.99 AS low
FROM cmc_price_bars_multi_tf WHERE id = 1;
ALTER TABLE candles ADD PRIMARY KEY (symbol, timeframe, open_time);
-- What a session keeps and a database stores: plans, the name of the schema, triggers, states, a round.
SELECT id, status FROM own.refresh_cmc_regimes();
SELECT DISTINCT action LIKE '%tracked' AS tracked FROM own.regime_track();
SELECT id, status FROM own.refresh_cmc_regimes();
SELECT symbol, status FROM own.refresh_market_regimes();
SELECT count(*) FROM own.regime_at('YOUNG', '2024-12-31');
SET client_min_messages = error;
CALL own.refresh_all_cmc_regimes();
CALL own.backfill_market_regime_history('2024-12-01', '2024-12-31', symbol => 'PROXY');
RESET client_min_messages;
SELECT own.regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}]');
CREATE VIEW mine AS SELECT id FROM own.regime_at('YOUNG', '2024-12-31');

ALTER SCHEMA own RENAME TO "New Name";
-- Procedures, the trigger of the source map, and functions that call others.
SET client_min_messages = error;
CALL "New Name".refresh_all_cmc_regimes();
CALL "New Name".refresh_all_cmc_regimes(only_dirty => true);
CALL "New Name".backfill_market_regime_history('2024-12-01', '2024-12-31', symbol => 'PROXY');
RESET client_min_messages;
INSERT INTO "New Name".regime_source SELECT (jsonb_populate_record(s, '{"cal_scheme": "desk"}')).* FROM "New Name".regime_source s WHERE cal_scheme = 'us';
INSERT INTO "New Name".regime_source SELECT * FROM "New Name".regime_source WHERE cal_scheme = 'iso' AND layer = 'L2';
UPDATE "New Name".regime_source SET adx_floor = 0 WHERE cal_scheme = 'us' AND layer = 'L2';
SELECT cal_scheme, layer, origin FROM "New Name".regime_source ORDER BY 1, 2;
SELECT id, status FROM "New Name".refresh_cmc_regimes('YOUNG');
SELECT id, status FROM "New Name".refresh_cmc_regimes(3);
SELECT id, status FROM "New Name".refresh_cmc_regimes('{NEW,YOUNG}'::text[]);
SELECT id, status, mode FROM "New Name".refresh_cmc_regimes();
SELECT symbol, status FROM "New Name".refresh_market_regimes();
SELECT size_mult FROM "New Name".resolve_policy(l2 => 'Down-Low-Normal', policy => 'desk');
SELECT * FROM mine;
-- Every form of a symbol, and every view.
SELECT count(*) FROM (SELECT FROM "New Name".regime_gate('YOUNG', '2024-12-31', 'hedge', 1) UNION ALL SELECT FROM "New Name".regime_explain('YOUNG')
    UNION ALL SELECT FROM "New Name".regime_compute('YOUNG') UNION ALL SELECT FROM "New Name".regime_label_daily('YOUNG')
    UNION ALL SELECT FROM "New Name".regime_label_weekly('YOUNG') UNION ALL SELECT FROM "New Name".regime_label_monthly('YOUNG')
    UNION ALL SELECT FROM "New Name".regime_transition_matrix('YOUNG') UNION ALL SELECT FROM "New Name".regime_durations('YOUNG')
    UNION ALL SELECT FROM "New Name".regime_periods('YOUNG') UNION ALL SELECT FROM "New Name".regime_forward_returns('YOUNG')
    UNION ALL SELECT FROM "New Name".regime_repaint_check('YOUNG', 2)) x;
SELECT "New Name".regime_chart_svg('YOUNG') LIKE '<svg%' AS svg, "New Name".regime_timeline('YOUNG') LIKE '%YOUNG%' AS timeline;
SELECT (SELECT count(*) > 0 FROM "New Name".cmc_regime_status) AND (SELECT count(*) > 0 FROM "New Name".cmc_regime_latest) AND (SELECT count(*) > 0 FROM "New Name".regime_systems)
    AND (SELECT count(*) > 0 FROM "New Name".cmc_regime_periods) AS views;
-- Changes are marked as before, and what is told carries the new name.
SELECT append_bar(2, 61);
SELECT what, id, command FROM "New Name".regime_health_details() WHERE severity <> 'info';
SELECT id, status, mode FROM "New Name".refresh_cmc_regimes(only_dirty => true);
SELECT "New Name".regime_chart_svg('YOUNG', to_ts => '1999-01-01');
SELECT * FROM "New Name".resolve_policy(policy => 'none');
-- No function of the extension has a name of the schema in its text.
SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = '"New Name"'::regnamespace AND (prosrc ~ '\mown\.' OR prosrc ~ 'New Name' OR array_to_string(proconfig, ' ') ~ 'own\M');
-- And back again.
ALTER SCHEMA "New Name" RENAME TO own;
SELECT id, status FROM own.refresh_cmc_regimes('YOUNG');
UPDATE own.regime_source SET adx_floor = NULL WHERE cal_scheme = 'us' AND layer = 'L2';
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA own CASCADE;
