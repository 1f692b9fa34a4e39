-- Errors of regime_compare, each with a hint.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE FUNCTION tried(statement text) RETURNS TABLE (code text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
CREATE SCHEMA "Old";
CREATE TABLE "Old"."Rows" (id int, ts text, tf text, l2_label text, size_mult text, setups jsonb, pyramids int);
\x on
-- Columns, before there are outputs: times as text are converted by the hint, which then meets the missing outputs.
SELECT * FROM tried($$SELECT FROM regime_compare('"Old"."Rows"')$$);
SELECT hint FROM tried($$SELECT FROM regime_compare('"Old"."Rows"')$$) \gset
\set VERBOSITY terse
:hint
\set VERBOSITY default
SELECT * FROM tried($$SELECT FROM regime_compare('pg_temp.pg_regime_theirs')$$);
SELECT id, status FROM refresh_cmc_regimes(3);
INSERT INTO "Old"."Rows" SELECT id, ts, tf, l2_label, size_mult, to_jsonb(setups), 1 FROM cmc_regimes;
SELECT count(*) AS lines, sum(n_differ) AS differ, sum(n_only_ours + n_only_theirs) AS missing FROM regime_compare('pg_temp.pg_regime_theirs');
-- Which table.
CREATE TABLE "Old".other (id int, ts timestamptz);
SELECT * FROM tried($$SELECT FROM regime_compare('"Old".other')$$);
SELECT * FROM tried($$SELECT FROM regime_compare('"Old".other', 'cmc_regimes')$$);
SELECT * FROM tried($$SELECT FROM regime_compare('"Old"."Rows"', 'cmc_regime')$$);
CREATE TABLE "Old".both (symbol text, timeframe text, open_time timestamptz, confidence float8);
SELECT * FROM tried($$SELECT FROM regime_compare('"Old".both')$$);
-- The output itself, NULL, what is no table, what is not there.
SELECT * FROM tried($$SELECT FROM regime_compare('cmc_regimes')$$);
SELECT code, message FROM tried($$SELECT FROM regime_compare(NULL)$$);
SELECT code, message FROM tried($$SELECT FROM regime_compare('cmc_regimes_pkey')$$);
SELECT code, message FROM tried($$SELECT FROM regime_compare(1)$$);
SELECT code, message, hint FROM tried($$SELECT FROM regime_compare('pg_temp.pg_regime_theirs', assets => '{1, NULL}')$$);
-- A key twice.
CREATE TABLE "Old".twice AS SELECT * FROM cmc_regimes;
INSERT INTO "Old".twice SELECT * FROM cmc_regimes ORDER BY ts DESC LIMIT 1;
SELECT * FROM tried($$SELECT FROM regime_compare('"Old".twice')$$);
DELETE FROM "Old".twice WHERE ts = (SELECT max(ts) FROM cmc_regimes);
-- NULL in the key.
CREATE TABLE "Old".gaps AS SELECT CASE WHEN ts < '2024-12-01' THEN id END AS id, nullif(ts, (SELECT max(ts) FROM cmc_regimes)) AS ts, tf, size_mult FROM cmc_regimes;
SELECT * FROM tried($$SELECT FROM regime_compare('"Old".gaps')$$);
DELETE FROM "Old".gaps WHERE id IS NULL;
SELECT * FROM tried($$SELECT FROM regime_compare('"Old".gaps')$$);
-- Symbols without a table of them.
ALTER TABLE dim_assets RENAME TO assets;
CREATE TABLE "Old".named AS SELECT 'NEW'::text AS symbol, ts, tf, size_mult FROM cmc_regimes;
SELECT * FROM tried($$SELECT FROM regime_compare('"Old".named')$$);
ALTER TABLE assets RENAME TO dim_assets;
ALTER TABLE dim_assets RENAME symbol TO ticker;
SELECT code, message, hint FROM tried($$SELECT FROM regime_compare('"Old".named')$$);
ALTER TABLE dim_assets RENAME ticker TO symbol;
SELECT id, symbol, column_name, n, n_agree FROM regime_compare('"Old".named');
UPDATE "Old".named SET symbol = 'LOST';
SELECT id, symbol, column_name, n, n_only_theirs FROM regime_compare('"Old".named');
-- Privileges and rows that are hidden, theirs and ours.
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA "Old", regime_work TO regress_reader;
SET ROLE regress_reader;
SELECT * FROM tried($$SELECT FROM regime_compare('"Old".twice')$$);
RESET ROLE;
GRANT SELECT ON "Old".twice TO regress_reader;
SET ROLE regress_reader;
SELECT * FROM tried($$SELECT FROM regime_compare('"Old".twice')$$);
RESET ROLE;
GRANT SELECT ON cmc_regimes TO regress_reader;
ALTER TABLE "Old".twice ENABLE ROW LEVEL SECURITY;
SET ROLE regress_reader;
SELECT * FROM tried($$SELECT FROM regime_compare('"Old".twice')$$);
RESET ROLE;
ALTER TABLE "Old".twice DISABLE ROW LEVEL SECURITY;
ALTER TABLE cmc_regimes ENABLE ROW LEVEL SECURITY;
SET ROLE regress_reader;
SELECT code, message FROM tried($$SELECT FROM regime_compare('"Old".twice')$$);
RESET ROLE;
ALTER TABLE cmc_regimes DISABLE ROW LEVEL SECURITY;
ALTER TABLE dim_assets ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON dim_assets, "Old".named TO regress_reader;
SET ROLE regress_reader;
SELECT code, message FROM tried($$SELECT FROM regime_compare('"Old".named')$$);
RESET ROLE;
ALTER TABLE cmc_regimes ENABLE ROW LEVEL SECURITY;
ALTER ROLE regress_reader BYPASSRLS;
SET ROLE regress_reader;
\x off
-- Neither bars nor the working tables are needed where nothing but keys differ.
SELECT column_name, n, n_agree, n_differ, n_only_ours FROM regime_compare('"Old".twice') LIMIT 2;
RESET ROLE;
-- A cancel.
CREATE VIEW "Old".slow AS SELECT id, ts, tf, l2_label, size_mult FROM cmc_regimes, pg_sleep(60);
SET statement_timeout = 300;
SELECT count(*) FROM regime_compare('"Old".slow');
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;
-- A transaction that may not write.
BEGIN READ ONLY;
SELECT count(*) FROM regime_compare('"Old".twice');
ROLLBACK;
DROP OWNED BY regress_reader;
DROP ROLE regress_reader;
