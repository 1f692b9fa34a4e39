-- Assets whose prices cannot be read fail, each with the reason: a refresh of all assets never leaves them out in silence.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
CREATE FUNCTION prices(symbols text[]) RETURNS TABLE (symbol text, date date, close float8) LANGUAGE sql AS
    'SELECT s, date ''2022-01-01'' + d, 100 + 20 * sin(d / 17.0 + ascii(s)) FROM unnest(symbols) AS s, generate_series(1, 400) AS d';
CREATE TABLE p1 AS SELECT * FROM prices('{A,B}');
CREATE SCHEMA two;
CREATE TABLE two.p2 AS SELECT * FROM prices('{C,D,E}');
CREATE SCHEMA ids;
CREATE TABLE ids.p3 AS SELECT ascii(symbol) AS id, date, close FROM prices('{I}');
SELECT count(*) > 0 AS connected FROM regime_connect('p1');
SELECT count(*) > 0 AS connected FROM regime_connect('two.p2');
SELECT count(*) > 0 AS connected FROM regime_connect('ids.p3');
SELECT id, symbol, status FROM refresh_cmc_regimes();
UPDATE two.dim_assets SET is_active = false WHERE symbol = 'E';
-- The relation is gone, or a column of it; that one asset is inactive changes nothing.
ALTER TABLE two.p2 RENAME TO p2_old;
ALTER TABLE ids.p3 RENAME COLUMN close TO last;
SELECT id, status, message FROM refresh_cmc_regimes();
SELECT id, status, message FROM refresh_cmc_regimes(dry_run => true);
SELECT id, status FROM refresh_cmc_regimes(strict => true);
CALL refresh_all_cmc_regimes();
SELECT id, newest_bar IS NULL AS no_bar FROM cmc_regime_status WHERE id > 2 ORDER BY id;
SELECT what, id FROM regime_health_details() WHERE severity = 'error' ORDER BY what COLLATE "C", id;
SELECT count(*) AS kept FROM cmc_regimes WHERE id > 2;
ALTER TABLE two.p2_old RENAME TO p2;
ALTER TABLE ids.p3 RENAME COLUMN last TO close;
CALL refresh_all_cmc_regimes();
-- The role may not read the prices.
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA two, ids, regime_work TO regress_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public, two, ids, regime_work TO regress_reader;
REVOKE SELECT ON two.p2 FROM regress_reader;
SET ROLE regress_reader;
SELECT id, status, message FROM refresh_cmc_regimes(dry_run => true);
RESET ROLE;
DROP OWNED BY regress_reader;
DROP ROLE regress_reader;
DROP SCHEMA two, ids CASCADE;
