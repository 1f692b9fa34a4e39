-- regime_grant: with what it grants, a role can do what the purpose says, and no more.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
\pset format unaligned
CREATE ROLE regress_reader;
CREATE ROLE regress_monitor;
CREATE ROLE "regress Refresher";
CREATE ROLE regress_loader;
SELECT FROM regime_demo(2, 400);
-- Nothing is set up: only what is there.
SELECT * FROM regime_grant('regress_reader', 'reader', dry_run => true);
SELECT count(*) FILTER (WHERE status = 'ok') AS ok FROM refresh_cmc_regimes();
SELECT bool_and(status = 'ok') AS ok FROM refresh_market_regimes();
SELECT FROM regime_setup();
SELECT FROM regime_track();
SELECT * FROM regime_grant('regress_reader', 'reader', dry_run => true);
SELECT status, count(*) > 0 AS some FROM regime_grant('regress_reader', 'reader') GROUP BY 1;
SELECT * FROM regime_grant('regress_reader', 'reader');
SET ROLE regress_reader;
SELECT count(*) > 0 AS rows FROM cmc_regimes;
SELECT symbol, count(*) > 0 AS rows FROM regime_flips('DEMO2') GROUP BY 1;
SELECT count(*) AS assets FROM regime_latest();
SELECT count(*) FROM cmc_price_bars_multi_tf;
RESET ROLE;
SELECT * FROM regime_grant('regress_monitor', 'monitor');
SET ROLE regress_monitor;
SELECT id, is_stale FROM regime_status() ORDER BY 1;
SELECT system, n, problem FROM regime_systems() ORDER BY system COLLATE "C";
SELECT severity, what FROM regime_health_details() WHERE severity = 'error' AND what <> 'missing grants';
SELECT status FROM refresh_cmc_regimes(1);
RESET ROLE;
SELECT * FROM regime_grant('regress Refresher', 'refresher');
UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 1 AND tf = '1D' AND time_close > '2016-12-01';
SET ROLE "regress Refresher";
SELECT id, status, message FROM refresh_cmc_regimes() ORDER BY 1;
SELECT bool_and(status = 'unchanged') AS unchanged FROM refresh_market_regimes();
SELECT bool_and(status = 'ok') AS ok FROM refresh_market_states();
SELECT what FROM regime_health_details() WHERE what = 'missing grants';
DELETE FROM cmc_price_bars_multi_tf;
RESET ROLE;
SELECT * FROM regime_grant('regress_loader', 'loader');
SET ROLE regress_loader;
UPDATE cmc_price_bars_multi_tf SET close = close WHERE id = 1 AND tf = '1D' AND bar_seq = 1;
DELETE FROM cmc_regimes;
RESET ROLE;
-- What a row of the user's names is told and not granted: who writes the row need not be who may read the relation. PostgreSQL's
-- own relations hold no prices.
CREATE SCHEMA hr;
CREATE TABLE hr.salaries (id int, tf text, time_close timestamptz, close float8);
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_schema, bars_table, ema_schema, ema_table) VALUES ('q', 'L2', '1D', '{20,50,100}', 'hr', 'salaries', 'pg_catalog', 'pg_authid');
CREATE ROLE regress_quant;
SELECT statement, status FROM regime_grant('regress_quant', 'loader') ORDER BY status, statement COLLATE "C";
SELECT statement, status FROM regime_grant('regress_quant', 'monitor') WHERE statement ~ 'hr|pg_' ORDER BY statement COLLATE "C";
SELECT has_table_privilege('regress_quant', 'hr.salaries', 'SELECT') AS reads, has_table_privilege('regress_quant', 'cmc_price_bars_multi_tf', 'INSERT') AS loads;
DELETE FROM regime_source WHERE cal_scheme = 'q';
DROP SCHEMA hr CASCADE;
DROP OWNED BY regress_quant;
DROP ROLE regress_quant;
SET ROLE regress_loader;
-- Who may not grant is told what to have run.
SELECT regime_grant('regress_reader', 'loader');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT regime_grant('nobody here', 'reader');
SELECT regime_grant('regress_reader', 'writer');
SELECT regime_grant(NULL, 'reader');
SELECT regime_grant('regress_reader', NULL);
BEGIN READ ONLY;
SELECT count(*) FROM regime_grant('regress_reader', 'refresher', dry_run => true);
SELECT regime_grant('regress_reader', 'refresher');
ROLLBACK;
\set ECHO none
SET client_min_messages = error;
SELECT FROM regime_teardown(keep_rows => false);
DROP OWNED BY regress_reader, regress_monitor, "regress Refresher", regress_loader;
DROP ROLE regress_reader, regress_monitor, "regress Refresher", regress_loader;
