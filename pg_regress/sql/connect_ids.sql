-- The ids and symbols of connected prices: an id is never used again, and a new symbol is told from the first refresh on.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
\pset null -
CREATE FUNCTION prices(symbols text[]) RETURNS TABLE (symbol text, date date, close float8) LANGUAGE sql AS
    'SELECT s, date ''2022-01-01'' + d, 100 + 20 * sin(d / 17.0 + ascii(s)) FROM unnest(symbols) AS s, generate_series(1, 400) AS d';
CREATE TABLE y1 AS SELECT * FROM prices('{AAPL,MSFT}');
CREATE SCHEMA y;
CREATE TABLE y.y2 AS SELECT * FROM prices('{ONE}');
SELECT DISTINCT step FROM regime_connect('y1') ORDER BY 1;
SELECT id, symbol, status FROM refresh_cmc_regimes();
-- Rows outlast what they were computed from: ids of other prices begin above them.
SELECT action FROM regime_disconnect('y1') WHERE action ~ 'dropped|profile' ORDER BY action COLLATE "C";
SELECT DISTINCT step FROM regime_connect('y.y2') ORDER BY 1;
SELECT symbol, id FROM y.dim_assets;
SELECT id, ts, regime_key FROM regime_at('ONE', now());
SELECT id, symbol, status FROM refresh_cmc_regimes();
SELECT regime_asset('ONE') = id AS is_it FROM regime_at('ONE', now());
-- A symbol that a refresh gives an id has its name in the very summary, the warning and the run log.
INSERT INTO y.y2 SELECT * FROM prices('{TWO}') UNION ALL SELECT 'BAD', '2022-01-01', -1;
SET client_min_messages = warning;
\set VERBOSITY terse
SELECT symbol, status FROM refresh_cmc_regimes();
SET client_min_messages = error;
SELECT name, status FROM (SELECT subject AS name, status, run FROM regime_work.cmc_regime_run_log WHERE id IS NOT NULL) AS l WHERE run = (SELECT max(run) FROM regime_work.cmc_regime_run_log) ORDER BY name COLLATE "C";
-- Several relations in one statement.
SELECT count(*) > 0 AS connected FROM regime_teardown(keep_rows => false);
DROP EXTENSION pg_regime;
CREATE EXTENSION pg_regime;
CREATE SCHEMA z;
CREATE TABLE z.y3 AS SELECT * FROM prices('{A,B,C}');
SELECT DISTINCT r.step FROM unnest('{y1,y.y2,z.y3}'::regclass[]) AS t, regime_connect(t) AS r WHERE r.step <> 'to do' ORDER BY 1;
SELECT symbol, status FROM refresh_cmc_regimes() ORDER BY symbol COLLATE "C";
SELECT count(*) = count(DISTINCT symbol) AS each_once FROM cmc_regime_latest;
DROP SCHEMA y, z CASCADE;
