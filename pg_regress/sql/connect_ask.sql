-- regime_connect where it cannot tell: each error names the argument, and its hint runs.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
CREATE TABLE quotes (symbol text, date date, bid numeric, ask numeric);
INSERT INTO quotes SELECT 'A', date '2024-01-01' + n, 10, 11 FROM generate_series(1, 30) AS n;
\set ECHO all
SELECT * FROM regime_connect('quotes');
SELECT step, item, detail FROM regime_connect('quotes', close => 'bid', dry_run => true);
SELECT * FROM regime_connect('quotes', close => 'last');
SELECT * FROM regime_connect('quotes', close => 'symbol', asset => 'date');
SELECT * FROM regime_connect('quotes', close => 'bid', zone => 'Europe/Nowhere');
SELECT * FROM regime_connect('quotes', close => 'bid', shift => 'soon');
SELECT * FROM regime_connect('quotes', close => 'bid', cal_scheme => 'lunar');
SELECT * FROM regime_connect('quotes', close => 'bid', bars_filter => '{"venue": "X"}');
SELECT * FROM regime_connect('quotes', close => 'bid', bars_filter => '[1]');
SELECT * FROM regime_connect('quotes', close => '');
SELECT * FROM regime_connect(NULL);
-- Two columns of one name but for case; two times; two texts.
CREATE TABLE twice (symbol text, date date, close numeric, "Close" numeric);
SELECT * FROM regime_connect('twice');
CREATE TABLE times (symbol text, begun timestamptz, ended timestamptz, price numeric);
SELECT * FROM regime_connect('times');
CREATE TABLE texts (name text, sector text, date date, price numeric);
SELECT * FROM regime_connect('texts');
-- Nothing to take.
CREATE TABLE untimed (symbol text, date text, price numeric);
SELECT * FROM regime_connect('untimed');
CREATE TABLE unnamed (date date, price numeric);
SELECT * FROM regime_connect('unnamed');
-- Names of a type that is not read as a text.
CREATE TYPE ticker AS ENUM ('A', 'B');
CREATE TYPE bar AS ENUM ('1d', '1w');
CREATE TABLE listed (symbol ticker, timeframe bar, date date, price numeric);
INSERT INTO listed SELECT s, tf, date '2024-01-01' + n, 10 + n FROM unnest('{A,B}'::ticker[]) AS s, unnest('{1d,1w}'::bar[]) AS tf, generate_series(1, 40) AS n WHERE tf = '1d' OR n % 7 = 0;
SELECT * FROM regime_connect('listed');
CREATE VIEW listing AS TABLE listed;
SELECT * FROM regime_connect('listing', close => 'price');
DROP VIEW listing;
ALTER TABLE listed ALTER COLUMN timeframe TYPE text;
SELECT * FROM regime_connect('listed', dry_run => true, asset => 'symbol');
ALTER TABLE listed ALTER COLUMN symbol TYPE text;
SELECT step, item, detail FROM regime_connect('listed', dry_run => true);
CREATE TABLE unpriced (symbol text, date date);
SELECT * FROM regime_connect('unpriced');
CREATE TABLE blank (symbol text, date date, price numeric);
SELECT * FROM regime_connect('blank');
SELECT * FROM regime_connect('pg_class');
CREATE TEMP TABLE temporary AS TABLE quotes;
SELECT * FROM regime_connect('temporary');
CREATE SEQUENCE numbers;
SELECT * FROM regime_connect('numbers');
-- Numbers of rows are no assets; days as numbers are no times; texts are no numbers.
CREATE TABLE numbered AS SELECT n AS id, date, bid AS price FROM (SELECT row_number() OVER () AS n, * FROM quotes) AS q;
SELECT * FROM regime_connect('numbered');
CREATE TABLE coded AS SELECT symbol, to_char(date, 'YYYYMMDD')::int AS date, bid AS price FROM quotes;
SELECT * FROM regime_connect('coded');
CREATE TABLE worded AS SELECT symbol, date, 'n/a'::text AS close FROM quotes;
SELECT * FROM regime_connect('worded');
-- Other lengths.
CREATE TABLE weekly AS SELECT symbol, date + (date - '2024-01-01') * 6 AS date, bid AS price FROM quotes;
SELECT * FROM regime_connect('weekly');
CREATE TABLE hourly AS SELECT symbol, date + h * interval '1 hour' AS ts, bid AS price FROM quotes, generate_series(0, 23) AS h;
SELECT * FROM regime_connect('hourly');
CREATE TABLE spelled AS SELECT tf, symbol, date, bid AS price FROM quotes, unnest('{1d,1D}'::text[]) AS tf;
SELECT * FROM regime_connect('spelled');
-- Candles alone.
CREATE TABLE hours AS SELECT symbol, date + h * interval '1 hour' AS open_time, 10 AS open, 11 AS high, 9 AS low, 10 AS close FROM quotes, generate_series(0, 23) AS h;
SELECT step, item, detail FROM regime_connect('hours');
SELECT tf, bars_table, bars_ts_column, high_column, volume_column FROM regime_source WHERE layer = 'candles';
SELECT count(*) FROM market_regimes_compute('A', '1h');
SELECT * FROM regime_disconnect('hours');
SELECT bars_table, origin FROM regime_source WHERE layer = 'candles';
SELECT * FROM regime_disconnect('hours');
SELECT * FROM regime_disconnect(NULL);
-- Who may not.
CREATE ROLE reader;
GRANT SELECT ON quotes TO reader;
SET ROLE reader;
SELECT * FROM regime_connect('quotes', close => 'bid');
RESET ROLE;
GRANT INSERT, UPDATE, DELETE ON public.regime_source, public.regime_source_user, public.regime_connection, public.regime_profile, public.regime_profile_asset TO reader;
SET ROLE reader;
SELECT * FROM regime_connect('quotes', close => 'bid');
RESET ROLE;
GRANT CREATE ON SCHEMA public TO reader;
SET ROLE reader;
SELECT step, item, detail FROM regime_connect('quotes', close => 'bid');
SELECT id, status FROM refresh_cmc_regimes();
SELECT * FROM regime_disconnect('quotes');
BEGIN READ ONLY;
SELECT * FROM regime_connect('quotes', close => 'bid');
ROLLBACK;
RESET ROLE;
DROP OWNED BY reader;
DROP ROLE reader;
