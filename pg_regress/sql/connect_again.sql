-- Prices stay connected: new bars and new symbols, calling again, a second relation beside the first, and taking away.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
DROP SCHEMA IF EXISTS desk CASCADE;
CREATE TABLE prices (symbol text, date date, close float8, PRIMARY KEY (symbol, date));
CREATE FUNCTION price(asset int, d int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    'SELECT (4000 + 30 * abs((d + 70 * asset) % 300 - 150) + (1 + d / 80 % 3 * 2) * (d * (31 + asset) % 13 - 6) * 9) / 100.0';
INSERT INTO prices SELECT 'S' || a, date '2020-01-01' + d, price(a, d) FROM generate_series(1, 2) AS a, generate_series(1, 900) AS d;
\set ECHO all
SELECT step, item FROM regime_connect('prices');
SELECT id, status, regime_rows, feature_tier FROM refresh_cmc_regimes();
-- New bars and a new symbol: one call.
INSERT INTO prices SELECT 'S' || a, date '2020-01-01' + d, price(a, d) FROM generate_series(1, 2) AS a, generate_series(901, 960) AS d;
INSERT INTO prices SELECT 'NEW', date '2020-01-01' + d, price(3, d) FROM generate_series(801, 960) AS d;
SELECT id, status, regime_rows, mode FROM refresh_cmc_regimes();
TABLE dim_assets ORDER BY id;
CREATE TABLE kept AS SELECT id, ts, regime_key, size_mult FROM cmc_regimes;
SELECT FROM regime_build_inputs();
SELECT id, mode FROM refresh_cmc_regimes(full_refresh => true);
(SELECT id, ts, regime_key, size_mult FROM cmc_regimes EXCEPT ALL TABLE kept) UNION ALL (TABLE kept EXCEPT ALL SELECT id, ts, regime_key, size_mult FROM cmc_regimes);
-- Again, and with another close.
SELECT step, item FROM regime_connect('prices');
ALTER TABLE prices ADD COLUMN adj_close float8;
UPDATE prices SET adj_close = close / 2;
SELECT step, item, detail FROM regime_connect('prices') WHERE step = 'made' OR item = 'close';
SELECT id, mode, reason FROM refresh_cmc_regimes();
SELECT step, item FROM regime_connect('prices') WHERE step = 'made';

-- Tracked, with built tables.
SELECT relation, action FROM regime_track() WHERE relation ~ 'prices';
SELECT id, mode FROM refresh_cmc_regimes();
INSERT INTO prices SELECT 'S1', date '2020-01-01' + d, price(1, d), price(1, d) / 2 FROM generate_series(961, 975) AS d;
SELECT id, mode FROM refresh_cmc_regimes(only_dirty => true);
SELECT count(*) FROM refresh_cmc_regimes(only_dirty => true);

-- A second relation, in a schema of its own, has a scheme and a profile.
CREATE SCHEMA desk;
CREATE TABLE desk.coins (coin text, ts timestamptz, price numeric);
INSERT INTO desk.coins SELECT c, timestamptz '2020-01-01 23:59:59+00' + d * interval '1 day', price(ascii(c), d) FROM unnest('{S1,X,Y}'::text[]) AS c, generate_series(1, 500) AS d;
SELECT step, item, detail FROM regime_connect('desk.coins');
SELECT id, status, regime_rows FROM refresh_cmc_regimes();
TABLE desk.dim_assets ORDER BY id;
TABLE regime_profile_asset;
INSERT INTO desk.coins SELECT 'Z', timestamptz '2020-01-01 23:59:59+00' + d * interval '1 day', price(7, d) FROM generate_series(1, 500) AS d;
SELECT id, status, regime_rows, mode FROM refresh_cmc_regimes();
CALL refresh_all_cmc_regimes();
SELECT id, regime_key IS NOT NULL AS any FROM cmc_regime_latest ORDER BY id;
-- A third, beside the first: assets of its own by id; those of the first are refused.
CREATE TABLE other (symbol text, date date, close float8);
INSERT INTO other SELECT 'OWN', date, close FROM prices WHERE symbol = 'S1';
INSERT INTO prices SELECT 'LAST', date, close FROM prices WHERE symbol = 'NEW';
SELECT step, item, detail FROM regime_connect('other') WHERE step = 'made';
SELECT id, status, regime_rows FROM refresh_cmc_regimes();
CREATE TABLE same AS TABLE prices;
SELECT * FROM regime_connect('same');
CREATE TABLE ids AS SELECT 1 AS id, date, close FROM prices WHERE symbol = 'S1';
SELECT * FROM regime_connect('ids');
SELECT bars_schema, bars_table, cal_scheme, profile, candles, names, built FROM regime_connection ORDER BY 1, 2;

-- Taking away one leaves the others; what was changed stays.
SELECT * FROM regime_disconnect('desk.coins');
SELECT id, status FROM refresh_cmc_regimes();
UPDATE dim_assets SET is_active = false WHERE symbol = 'S2';
UPDATE regime_profile SET policy = 'default' WHERE profile = 'default';
DROP TABLE other;
SELECT * FROM regime_disconnect('public.other');
SELECT * FROM regime_teardown(keep_rows => false) WHERE relation !~ 'cmc_|market_|regime_work';
TABLE regime_connection;
TABLE regime_source_user;
SELECT profile, policy FROM regime_profile;
SELECT symbol, is_active FROM dim_assets ORDER BY id;

-- US weeks.
DROP TABLE dim_assets;
DELETE FROM regime_profile;
SELECT step, item, detail FROM regime_connect('prices', cal_scheme => 'us') WHERE item IN ('source map', 'profile');
SELECT id, status FROM refresh_cmc_regimes();
SELECT DISTINCT extract(isodow FROM time_close) AS day FROM prices_regime_bars WHERE tf = '1W';
DROP SCHEMA desk CASCADE;

-- Names of the user's own, without ids that come by themselves.
SELECT FROM regime_disconnect('prices');
CREATE TABLE dim_assets (id int PRIMARY KEY, symbol text);
INSERT INTO dim_assets VALUES (7, 'S1');
SELECT step, item, command FROM regime_connect('prices') WHERE item = 'names';
SELECT id, status FROM refresh_cmc_regimes();
