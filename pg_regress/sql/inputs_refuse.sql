-- What is built, and where: the assets asked for, in the schema asked for; bad bars fail their asset alone, and tables that
-- hold the rows of another pipeline are never written.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- All tables are of another pipeline here.
CREATE VIEW rows AS SELECT md5(string_agg(line, ' ' ORDER BY line)) FROM (SELECT e::text AS line FROM cmc_ema_multi_tf_u e
    UNION ALL SELECT e::text FROM cmc_ema_multi_tf_cal_iso e UNION ALL SELECT b::text FROM cmc_price_bars_multi_tf_cal_iso b) lines;
SELECT md5 FROM rows \gset before_
SELECT * FROM regime_build_inputs();
SELECT md5 = :'before_md5' AS same FROM rows;
DROP VIEW rows;
SELECT count(*) FROM pg_class WHERE relname ~ '^cmc_' AND relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND obj_description(oid, 'pg_class') IS NOT NULL;
SET client_min_messages = warning;
CREATE SCHEMA own;

-- A schema of its own, and where the map does not read it.
RESET client_min_messages;
SELECT * FROM regime_build_inputs(ARRAY[2, 4, 2], 'iso', 'own');
SET client_min_messages = warning;
SELECT id, count(*) FROM own.cmc_ema_multi_tf_u GROUP BY id ORDER BY id;
SELECT id, tf, count(*) FROM own.cmc_price_bars_multi_tf_cal_iso GROUP BY 1, 2 ORDER BY 1, 2;
-- Without open, high and low, bars are of closes; without volume there is none.
SELECT count(*), count(volume), count(market_cap), count(*) FILTER (WHERE high < greatest(open, close) OR low > least(open, close)) AS impossible
FROM own.cmc_price_bars_multi_tf_cal_iso;
-- An id without bars is built as nothing. No ids are none, NULL is all.
SELECT * FROM regime_build_inputs(ARRAY[99], target_schema => 'own');
SELECT * FROM regime_build_inputs(ARRAY[]::int[], target_schema => 'own');
SELECT * FROM regime_build_inputs(ARRAY[1, NULL, 3], target_schema => 'own');
\echo :LAST_ERROR_SQLSTATE
SELECT id FROM own.cmc_ema_multi_tf_u GROUP BY id ORDER BY id;
SELECT * FROM regime_build_inputs(NULL, NULL, 'own');
SELECT id, count(*) FROM own.cmc_ema_multi_tf_u GROUP BY id ORDER BY id;

-- Bad bars: a warning, the asset keeps what it has, and the others go on.
CREATE TABLE before AS SELECT * FROM own.cmc_ema_multi_tf_u;
UPDATE cmc_price_bars_multi_tf SET close = CASE id WHEN 1 THEN 0 WHEN 2 THEN float8 'NaN' ELSE close + 1 END WHERE tf = '1D' AND time_close::date IN ('2024-12-29', '2024-12-30');
INSERT INTO cmc_price_bars_multi_tf SELECT id, tf, bar_seq + 1000, time_close, close FROM cmc_price_bars_multi_tf WHERE (id, bar_seq) = (3, 40);
SELECT * FROM regime_build_inputs(target_schema => 'own');
SELECT id, count(*) FROM (TABLE before EXCEPT ALL TABLE own.cmc_ema_multi_tf_u) x GROUP BY id ORDER BY id;
UPDATE cmc_price_bars_multi_tf SET close = 50 WHERE id IN (1, 2) AND tf = '1D' AND time_close::date IN ('2024-12-29', '2024-12-30');
DELETE FROM cmc_price_bars_multi_tf WHERE bar_seq > 1000 AND id = 3;
SELECT * FROM regime_build_inputs(target_schema => 'own');

-- One table of another pipeline beside others that are missing, empty, or built before: only that one is left alone.
CREATE TABLE before_emas AS TABLE cmc_ema_multi_tf_u;
DROP TABLE cmc_price_bars_multi_tf_cal_iso;
CREATE TABLE cmc_price_bars_multi_tf_cal_iso (LIKE own.cmc_price_bars_multi_tf_cal_iso INCLUDING ALL);
DROP TABLE cmc_ema_multi_tf_cal_iso;
SELECT * FROM regime_build_inputs(ARRAY[1, 2]);
SELECT count(*) FROM ((TABLE before_emas EXCEPT ALL TABLE cmc_ema_multi_tf_u) UNION ALL (TABLE cmc_ema_multi_tf_u EXCEPT ALL TABLE before_emas)) x;
SELECT count(*) FROM cmc_price_bars_multi_tf_cal_iso b FULL JOIN (SELECT * FROM own.cmc_price_bars_multi_tf_cal_iso WHERE id IN (1, 2)) o
    USING (id, tf, bar_seq) WHERE to_jsonb(b) - 'ingested_at' IS DISTINCT FROM to_jsonb(o) - 'ingested_at';
-- A table that loses the comment is another pipeline's.
COMMENT ON TABLE cmc_price_bars_multi_tf_cal_iso IS NULL;
SELECT * FROM regime_build_inputs();
SELECT id, count(*) FROM cmc_price_bars_multi_tf_cal_iso GROUP BY id ORDER BY id;
-- An empty table of another shape cannot be filled, so it does not become ours, whatever the call says.
TRUNCATE cmc_ema_multi_tf_u;
ALTER TABLE cmc_ema_multi_tf_u DROP alignment_source;
SET client_min_messages = error;
DO $$
BEGIN
    PERFORM regime_build_inputs(ARRAY[3]);
EXCEPTION WHEN OTHERS THEN NULL;
END $$;
SET client_min_messages = warning;
SELECT obj_description('cmc_ema_multi_tf_u'::regclass, 'pg_class');

-- No schema, no calendar, no source, no daily bars.
SELECT * FROM regime_build_inputs(target_schema => 'Nowhere');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM regime_build_inputs(target_schema => '');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table) VALUES ('own', 'L2', '1D', '{20,50,100}', 'cmc_price_bars_multi_tf', 'mine');
SELECT * FROM regime_build_inputs(cal_scheme => 'own');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM regime_build_inputs(cal_scheme => 'mars');
\echo :LAST_ERROR_SQLSTATE
SET pg_regime.cal_scheme = 'own';
SELECT * FROM regime_build_inputs();
\echo :LAST_ERROR_SQLSTATE
SET pg_regime.cal_scheme = 'us';
SELECT * FROM regime_build_inputs(ARRAY[3], target_schema => 'own');
RESET pg_regime.cal_scheme;
DELETE FROM regime_source WHERE cal_scheme = 'us' AND layer = 'L1';
SELECT * FROM regime_build_inputs(cal_scheme => 'us', target_schema => 'own');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE cmc_price_bars_multi_tf RENAME TO prices;
SELECT * FROM regime_build_inputs(target_schema => 'own');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE prices RENAME TO cmc_price_bars_multi_tf;

-- A transaction that is read only. A role that may not make tables, or may not read the bars.
BEGIN READ ONLY;
SELECT * FROM regime_build_inputs(target_schema => 'own');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
CREATE ROLE "regress Clerk";
CREATE SCHEMA clerk;
GRANT USAGE ON SCHEMA clerk TO "regress Clerk";
SET ROLE "regress Clerk";
SELECT * FROM regime_build_inputs(target_schema => 'clerk');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT SELECT ON cmc_price_bars_multi_tf TO "regress Clerk";
SET ROLE "regress Clerk";
SELECT * FROM regime_build_inputs(target_schema => 'clerk');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT count(*) FROM pg_class WHERE relnamespace = 'clerk'::regnamespace;
GRANT CREATE ON SCHEMA clerk TO "regress Clerk";
SET ROLE "regress Clerk";
SELECT * FROM regime_build_inputs(ARRAY[3], target_schema => 'clerk');
RESET ROLE;
\set ECHO none
SET client_min_messages = error;
DROP OWNED BY "regress Clerk";
DROP ROLE "regress Clerk";
DROP SCHEMA own, clerk CASCADE;
