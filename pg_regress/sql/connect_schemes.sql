-- Two connected relations, each with a calendar scheme of its own: what reads prices reads those of the asset, and taking one away
-- leaves the other.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
CREATE SCHEMA q;
CREATE SCHEMA s;
CREATE TABLE q.px (symbol text, date date, close float8, PRIMARY KEY (symbol, date));
CREATE TABLE s.px (LIKE q.px INCLUDING ALL);
INSERT INTO q.px SELECT 'Q' || k, date '2022-12-31' + n, 100 + 20 * k + 30 * sin(n / 25.0 + k) + n / 20.0 FROM generate_series(1, 2) k, generate_series(1, 500) n;
INSERT INTO s.px SELECT 'S' || k, date '2022-12-31' + n, 50 + 10 * k + 15 * sin(n / 20.0 + k) + n / 30.0 FROM generate_series(1, 2) k, generate_series(1, 500) n;
SELECT count(*) > 0 AS connected FROM regime_connect('q.px');
SELECT count(*) > 0 AS connected FROM regime_connect('s.px');
SELECT symbol, status FROM refresh_cmc_regimes() ORDER BY symbol;
SELECT symbol, return_since IS NOT NULL AS has_return FROM regime_now() ORDER BY symbol;
SELECT symbol, count(*) > 0 AS some, count(*) = count(return_over_period) AS all_known FROM regime_periods() GROUP BY 1 ORDER BY 1;
SELECT symbol, bool_and(return_since IS NOT NULL) AS all_known FROM regime_flips() GROUP BY 1 ORDER BY 1;
SELECT a, sum(n) > 400 AS windows FROM unnest('{Q1,S1}'::text[]) AS a, regime_forward_returns(a, '{1}') GROUP BY 1 ORDER BY 1;
SELECT length(regime_chart_svg('S1')) > 1000 AS chart, length(regime_chart_svg('Q1')) > 1000 AS chart;
-- Bars that name assets by symbols, as the days of a market.
SELECT count(*) > 100 AS days FROM market_regime_history_compute('Q1');
-- The asset in the systems that have it.
SELECT symbol, system FROM regime_now('S2', system => NULL);
SELECT regime_now('NOBODY', system => NULL);
SELECT count(*) FROM regime_now(77, system => NULL);
SET pg_regime.cal_scheme = 'nope';
SELECT regime_now('Q1', system => NULL);
RESET pg_regime.cal_scheme;
-- A relation that is gone with its schema takes nothing of the other one along.
SELECT level FROM regime_monitor();
DROP SCHEMA s CASCADE;
SELECT level, substring(text FROM '\d+ errors? .*$') AS errors FROM regime_monitor();
SELECT count(*) FROM refresh_cmc_regimes();
SELECT relation, action FROM regime_disconnect('s.px') WHERE relation !~ 'regime_';
SELECT symbol, status FROM refresh_cmc_regimes() WHERE symbol LIKE 'Q%' ORDER BY symbol;
SELECT count(*) AS names FROM q.dim_assets;
-- One in a renamed schema takes its own.
CREATE SCHEMA s;
CREATE TABLE s.px AS SELECT 'S' || right(symbol, 1) AS symbol, date, close FROM q.px;
SELECT count(*) > 0 AS connected FROM regime_connect('s.px');
SELECT count(*) FILTER (WHERE status = 'ok') AS ok FROM refresh_cmc_regimes();
ALTER SCHEMA s RENAME TO s_new;
SELECT relation, action FROM regime_disconnect('s.px') WHERE action = 'dropped' ORDER BY 1;
-- One that is gone takes nothing of another one whose schema was renamed, and a table of the name of one is none that is connected.
CREATE SCHEMA x;
CREATE TABLE x.py AS TABLE s_new.px;
SELECT count(*) > 0 AS connected FROM regime_connect('x.py');
DROP SCHEMA x CASCADE;
ALTER SCHEMA q RENAME TO q2;
SELECT relation, action FROM regime_disconnect('x.py') WHERE action = 'dropped';
CREATE SCHEMA w;
CREATE TABLE w.px (a int);
SELECT regime_disconnect('w.px');
SELECT regime_disconnect('nowhere.px');
ALTER SCHEMA q2 RENAME TO q;
SELECT count(*) AS names FROM q.dim_assets;
DROP SCHEMA w CASCADE;
SELECT c.relname FROM pg_class c WHERE relnamespace IN ('q'::regnamespace, 's_new'::regnamespace) AND relkind = 'r' ORDER BY relnamespace::regnamespace::text, 1;
-- An adjusted close is beyond high and low that are not; a close as it was traded must not be.
CREATE TABLE split (symbol text, date date, high float8, low float8, close float8, adj_close float8);
INSERT INTO split SELECT 'X', date, close + 1, close - 1, close, close / 4 FROM q.px WHERE symbol = 'Q1';
SELECT item, detail FROM regime_connect('split') WHERE item IN ('close', 'checked');
SELECT problem, n FROM regime_check_inputs_details('{X}') WHERE problem ~ 'low';
UPDATE regime_source SET close_column = 'close' WHERE bars_table = 'split' AND layer = 'L2';
UPDATE split SET close = close * 3 WHERE date = '2023-03-03';
SELECT problem, n FROM regime_check_inputs_details('{X}') WHERE problem ~ 'low';
-- So is one without a close as it was traded, and so are the weeks and months that are built from it: of these, high and low are those of
-- the adjusted closes. A high below a low is a fault whatever the close is.
SELECT relation, action FROM regime_disconnect('split') WHERE action = 'dropped' ORDER BY 1;
CREATE TABLE adjusted (symbol text, date date, open float8, high float8, low float8, adj_close float8);
INSERT INTO adjusted SELECT 'Y', date, close, close + 1, close - 1, close / 4 FROM q.px WHERE symbol = 'Q1';
SELECT item, detail FROM regime_connect('adjusted') WHERE item IN ('close', 'checked');
SELECT problem, n FROM regime_check_inputs_details('{Y}') WHERE problem ~ 'low|close';
SELECT tf, bool_and(close BETWEEN low AND high) AS fit, bool_and(high < 100) AS adjusted FROM adjusted_regime_bars GROUP BY 1 ORDER BY 1;
UPDATE adjusted SET high = low - 1 WHERE date = '2023-03-03';
SELECT layer, problem, n FROM regime_check_inputs_details('{Y}') WHERE problem ~ 'low';
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA q, s_new CASCADE;
