-- The id of an asset by its symbol, or by the id as text; an unknown name is an error that tells the nearest.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
INSERT INTO dim_assets VALUES (5, 'BTC'), (6, 'ETH'), (7, 'DOGE'), (8, 'btt'), (9, 'BTT'), (10, '3'), (11, 'O''Neil "x" \$1;--'), (12, '$1'),
    (13, 'Ä'), (14, NULL);
SELECT regime_asset('BTC'), regime_asset('btc'), regime_asset('Proxy'), regime_asset('btt'), regime_asset('BTT'), regime_asset('ä');
-- An id as text is the id, if dim_assets or the daily bars have it, unless it is the symbol of an asset.
SELECT regime_asset('1'), regime_asset(' 2 '), regime_asset('+4'), regime_asset('007'), regime_asset('14'), regime_asset('3');
DELETE FROM dim_assets WHERE id = 4;
SELECT regime_asset('4');
-- Quotes, dollars and backslashes are letters like any other.
SELECT regime_asset('O''Neil "x" \$1;--'), regime_asset('$1');
SELECT regime_asset('O''Neil "x" \$2;--');
SELECT regime_asset('''; DROP TABLE dim_assets; --');

-- Unknown: the nearest, if one is near.
SELECT regime_asset('BTX');
\echo :LAST_ERROR_SQLSTATE
CREATE FUNCTION near(name text) RETURNS text LANGUAGE sql AS
    $$ SELECT hint_of(format('SELECT regime_asset(%L)', name)) $$;
SELECT name, near(name) FROM unnest('{PROXIE,porxy,proxy2,DOG,DOGECOIN,ET,ETHUSDT,TH,B,X,XRP,BTC ,99,-1,99999999999,1.5,SELECT}'::text[]) AS name;
SELECT near(''), near(' '), near(repeat('x', 5000));
SELECT regime_asset('77');
SELECT regime_asset('');
SELECT regime_asset(repeat('Ä', 5000));
SELECT regime_asset('{1,2}');
SELECT regime_asset(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT regime_asset('BTC', 'lunar');
\echo :LAST_ERROR_SQLSTATE
-- A symbol of two assets is that of none.
SELECT regime_asset('Btt');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO dim_assets VALUES (15, 'ETH', false);
SELECT regime_asset('ETH');
SELECT * FROM public.dim_assets WHERE symbol::text = 'ETH';
INSERT INTO dim_assets SELECT id, 'MANY' FROM generate_series(101, 130) id;
SELECT regime_asset('MANY');
DELETE FROM dim_assets WHERE id > 14;

-- Twenty thousand assets: one look into the index, and all of them only for the error.
INSERT INTO dim_assets SELECT id, 'A' || id FROM generate_series(1001, 21000) id;
CREATE INDEX ON dim_assets (symbol);
ANALYZE dim_assets;
SELECT pg_stat_force_next_flush();
SELECT pg_stat_reset_single_table_counters('dim_assets'::regclass);
SELECT regime_asset('A20999');
SELECT pg_stat_force_next_flush();
SELECT seq_scan, i.idx_scan FROM pg_stat_user_tables t JOIN pg_stat_user_indexes i USING (relid)
WHERE indexrelname = 'dim_assets_symbol_idx';
SELECT regime_asset('A2099X');
DELETE FROM dim_assets WHERE id > 1000;

-- Columns of other types, another schema for another scheme, a view, and ids that are too large.
ALTER TABLE dim_assets ALTER symbol TYPE varchar(40), ALTER id TYPE bigint;
INSERT INTO dim_assets VALUES (3000000000, 'LARGE');
SELECT regime_asset('BTC'), regime_asset('1');
SELECT regime_asset('LARGE');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_asset('3000000000');
DELETE FROM dim_assets WHERE id = 3000000000;
ALTER TABLE dim_assets ALTER symbol TYPE char(40), ALTER id TYPE smallint;
SELECT regime_asset('BTC'), regime_asset('eth'), regime_asset('1');
ALTER TABLE dim_assets RENAME TO my_assets;
CREATE VIEW dim_assets AS SELECT id, symbol || '-USD' AS symbol FROM my_assets UNION ALL SELECT id, 'BTC-USD' FROM my_assets WHERE id = 5;
SELECT regime_asset('BTC-USD'), regime_asset('6');
SELECT regime_asset('BTC-EUR');
DROP VIEW dim_assets;
ALTER TABLE my_assets RENAME TO dim_assets;
CREATE SCHEMA desk;
CREATE TABLE desk.dim_assets (id int, symbol name);
INSERT INTO desk.dim_assets VALUES (2, 'BTC');
CREATE TABLE desk.bars (LIKE cmc_price_bars_multi_tf);
UPDATE regime_source SET bars_schema = 'desk', bars_table = 'bars' WHERE cal_scheme = 'us' AND layer = 'L2';
SELECT regime_asset('BTC'), regime_asset('BTC', 'us'), regime_asset('BTC', cal_scheme => 'iso');
SET pg_regime.cal_scheme = 'us';
SELECT regime_asset('BTC');
SELECT regime_asset('1');
RESET pg_regime.cal_scheme;
DELETE FROM regime_source WHERE cal_scheme = 'us' AND layer = 'L2';
SELECT regime_asset('BTC', 'us');

-- Who may not read it.
CREATE ROLE regress_names;
GRANT USAGE ON SCHEMA desk TO regress_names;
SET ROLE regress_names;
SELECT regime_asset('BTC');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_asset('1');
RESET ROLE;
GRANT SELECT (id, symbol) ON dim_assets TO regress_names;
SET ROLE regress_names;
SELECT regime_asset('BTC'), regime_asset('1');
SELECT regime_asset('99');
RESET ROLE;
UPDATE regime_source SET bars_schema = 'desk', bars_table = 'bars' WHERE cal_scheme = 'iso' AND layer = 'L2';
REVOKE USAGE ON SCHEMA desk FROM regress_names;
SET ROLE regress_names;
SELECT regime_asset('BTC');
RESET ROLE;
UPDATE regime_source SET bars_schema = 'public', bars_table = 'cmc_price_bars_multi_tf' WHERE cal_scheme = 'iso' AND layer = 'L2';

-- Without the column, or the table, ids go on working and symbols are an error.
ALTER TABLE dim_assets RENAME symbol TO ticker;
SELECT regime_asset('1'), regime_asset('5');
SELECT regime_asset('BTC');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_asset('77');
ALTER TABLE dim_assets ADD symbol int;
SELECT regime_asset('BTC');
ALTER TABLE dim_assets DROP symbol;
ALTER TABLE dim_assets RENAME ticker TO symbol;
ALTER TABLE dim_assets RENAME id TO asset;
SELECT regime_asset('BTC');
SELECT regime_asset('1');
DROP TABLE dim_assets;
SELECT regime_asset('1'), regime_asset('4');
SELECT regime_asset('BTC');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_asset('77');
SELECT regime_asset('{1,2}');
-- What is known of it follows it.
CREATE TABLE dim_assets (id int PRIMARY KEY, symbol text UNIQUE);
INSERT INTO dim_assets VALUES (1, 'BTC');
SELECT regime_asset('BTC');
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA desk CASCADE;
REVOKE ALL ON dim_assets FROM regress_names;
DROP ROLE regress_names;
