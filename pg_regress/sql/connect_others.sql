-- Connected prices beside other prices, and prices that are not what they seem.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
\pset null -
CREATE FUNCTION price(n int, d int) RETURNS float8 IMMUTABLE LANGUAGE sql AS 'SELECT round((100 + 20 * sin(d / 17.0 + n) + d / 25.0 + d * 7 * n % 5)::numeric, 2)';
-- An hour that clocks repeat: a daily bar in it keeps its instant.
CREATE SCHEMA s;
CREATE TABLE s.p AS SELECT 1 AS id, timestamptz '2020-01-01 00:00+00' + d * interval '1 day' AS closed, price(1, d) AS close FROM generate_series(0, 999) AS d;
SELECT DISTINCT step FROM regime_connect('s.p', zone => 'Europe/London', shift => '0') ORDER BY 1;
SELECT id, status FROM refresh_cmc_regimes();
SELECT count(*) AS bars_without_emas FROM s.p WHERE closed >= '2020-02-01' AND NOT EXISTS (SELECT FROM s.p_regime_daily_emas AS e WHERE e.id = p.id AND e.ts = p.closed AND e.period = 20);
SELECT action FROM regime_disconnect('s.p') WHERE action ~ 'removed';
DROP SCHEMA s CASCADE;
-- Bars by id and bars by symbol in one schema: each with its own assets.
CREATE SCHEMA y;
CREATE TABLE y.i AS SELECT id, timestamptz '2022-01-01 23:59:59+00' + d * interval '1 day' AS ts, price(id, d) AS close FROM unnest('{25,26}'::int[]) AS id, generate_series(1, 400) AS d;
CREATE TABLE y.k AS SELECT s AS symbol, date '2022-01-01' + d AS date, price(3, d) AS close FROM unnest('{A,B}'::text[]) AS s, generate_series(1, 400) AS d;
SELECT DISTINCT step FROM regime_connect('y.i') ORDER BY 1;
SELECT DISTINCT step FROM regime_connect('y.k') ORDER BY 1;
SELECT id, status, regime_rows FROM refresh_cmc_regimes();
-- Called again, an asset that other prices have is still refused.
CREATE TABLE y.j AS SELECT id + 100 AS id, ts, close FROM y.i;
SELECT DISTINCT step FROM regime_connect('y.j') ORDER BY 1;
INSERT INTO y.j SELECT id, ts, close * 2 FROM y.i WHERE id = 25;
SELECT step FROM regime_connect('y.j');
DELETE FROM y.j WHERE id = 25;
SELECT DISTINCT step FROM regime_connect('y.j') ORDER BY 1;
-- A dim_assets that makes no ids is left as it is.
CREATE SCHEMA u;
CREATE TABLE u.dim_assets (id int, symbol text);
INSERT INTO u.dim_assets VALUES (7, 'A');
CREATE TABLE u.p AS SELECT * FROM y.k;
SELECT step, detail, command FROM regime_connect('u.p') WHERE item = 'names';
TABLE u.dim_assets;
SELECT action FROM regime_disconnect('u.p') WHERE action ~ 'removed';
-- Ids beyond int; columns that no label needs; times that a bar of today interrupts, and times of closes.
CREATE TABLE u.big AS SELECT 3000000000 AS id, ts, close FROM y.i WHERE id = 25;
SELECT step FROM regime_connect('u.big');
CREATE TABLE u.odd AS SELECT 901 AS id, ts, close, true AS open, '1.2T'::text AS market_cap FROM y.i WHERE id = 25;
SELECT DISTINCT step FROM regime_connect('u.odd') ORDER BY 1;
SELECT status, regime_rows FROM refresh_cmc_regimes(901);
CREATE TABLE u.live AS SELECT 902 AS id, date_trunc('day', ts) AS ts, close FROM y.i WHERE id = 25 UNION ALL SELECT 902, '2023-02-06 13:37+00', 100;
SELECT detail FROM regime_connect('u.live', dry_run => true) WHERE item = 'times';
CREATE TABLE u.closes AS SELECT 903 AS id, date_trunc('day', ts) AS close_time, close FROM y.i WHERE id = 25;
SELECT detail FROM regime_connect('u.closes', dry_run => true) WHERE item = 'times';
-- Called again without filter, zone and shift, a connection keeps these.
CREATE TABLE u.venues AS SELECT 904 AS id, venue, ts, price(9, extract(day FROM ts)::int) AS open_price, close AS last, close * 1.5 AS bid FROM y.i, unnest('{X,Z}'::text[]) AS venue WHERE id = 25;
SELECT DISTINCT step FROM regime_connect('u.venues', close => 'bid', bars_filter => '{"venue": "Z"}', zone => 'America/New_York', shift => '0') ORDER BY 1;
CREATE TEMP TABLE map AS SELECT * FROM regime_source WHERE bars_table = 'venues';
SELECT DISTINCT step FROM regime_connect('u.venues', close => 'bid') ORDER BY 1;
SELECT count(*), bool_and(m = s) AS same FROM regime_source AS s JOIN map AS m USING (cal_scheme, layer);
-- A profile that was given windows of its own stays.
SELECT action FROM regime_disconnect('y.i') WHERE action ~ 'profile';
SELECT DISTINCT step FROM regime_connect('y.i') ORDER BY 1;
UPDATE regime_profile SET config = '{"vol_low_percentile": 20}' WHERE profile = 'default';
SELECT action FROM regime_disconnect('u.odd') WHERE action ~ 'profile|kept';
SELECT profile, config, cal_scheme FROM regime_profile WHERE profile = 'default';
SELECT count(*) > 0 AS torn_down FROM regime_teardown(keep_rows => false);
DROP EXTENSION pg_regime CASCADE;
DROP SCHEMA u, y CASCADE;
