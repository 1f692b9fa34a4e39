-- Relations of one schema share their symbols: what is taken away with one of them leaves the rows of both; symbols that are none are told.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
CREATE FUNCTION prices(symbols text[]) RETURNS TABLE (symbol text, date date, close float8) LANGUAGE sql AS
    'SELECT s, date ''2022-01-01'' + d, 100 + 20 * sin(d / 17.0 + length(s)) FROM unnest(symbols) AS s, generate_series(1, 200) AS d';
CREATE TABLE one AS SELECT * FROM prices('{A,B}');
CREATE TABLE two AS SELECT * FROM prices('{C,D}');
SELECT count(*) > 0 AS connected FROM regime_connect('one');
SELECT count(*) > 0 AS connected FROM regime_connect('two');
SELECT id, symbol, status FROM refresh_cmc_regimes();
SELECT action FROM regime_disconnect('two') WHERE relation ~ 'dim_assets';
SELECT id, symbol, status FROM refresh_cmc_regimes();
SELECT id, count(*) FROM cmc_regimes GROUP BY id ORDER BY id;
-- Connected again, its symbols get new ids. Without the first one, its symbols go likewise, and the table with the last.
SELECT count(*) > 0 AS connected FROM regime_connect('two');
SELECT id, symbol FROM dim_assets ORDER BY id;
SELECT action FROM regime_disconnect('one') WHERE relation ~ 'dim_assets' ORDER BY action COLLATE "C";
SELECT symbol, status FROM refresh_cmc_regimes() ORDER BY symbol COLLATE "C";
SELECT id, count(*) FROM cmc_regimes GROUP BY id ORDER BY id;
SELECT action FROM regime_disconnect('two') WHERE relation ~ 'dim_assets';
-- Bars without a symbol, and blank symbols.
CREATE SCHEMA s;
CREATE TABLE s.p AS SELECT * FROM prices('{E,"", " "}') UNION ALL SELECT NULL, '2022-01-02', 5;
SELECT item, detail, command FROM regime_connect('s.p') WHERE item = 'checked' OR detail ~ 'symbol (are|is)|without a symbol|blank';
SELECT severity, layer, problem, n, command FROM regime_check_inputs_details() WHERE severity <> 'info' ORDER BY problem COLLATE "C";
DROP SCHEMA s CASCADE;
