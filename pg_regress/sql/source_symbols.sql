-- Bars that name their assets by symbols: dim_assets (id, symbol) beside them has the ids, and follows new symbols by itself.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET pg_regime.point_in_time = off;
\set rows 'SELECT to_jsonb(r) - ''id'' - ''computed_at'' - ''updated_at'' || jsonb_build_object(''symbol'', d.symbol) FROM cmc_regimes AS r JOIN named AS d USING (id)'
CREATE SCHEMA shop;
CREATE TABLE shop.ohlcv (symbol varchar(12) COLLATE "C", "Date" date, "Close" text);
CREATE INDEX ON shop.ohlcv (symbol, "Date");
INSERT INTO shop.ohlcv SELECT chr(64 + a), d::date, round((100 + 20 * sin(n / 17.0 + a) + n / 25.0)::numeric, 4)
FROM generate_series(1, 3) AS a, generate_series(timestamp '2022-01-03', '2023-11-30', '1 day') WITH ORDINALITY AS g (d, n) WHERE extract(isodow FROM d) < 6;
UPDATE regime_source SET bars_schema = 'shop', ema_schema = 'shop' WHERE cal_scheme = 'iso' AND layer <> 'candles';
UPDATE regime_source SET bars_table = 'ohlcv', tf = NULL, bars_id_column = 'symbol', bars_ts_column = 'Date', close_column = 'Close',
    bars_zone = 'America/New_York', bars_shift = '1 day - 1 millisecond' WHERE cal_scheme = 'iso' AND layer = 'L2';
-- No table of ids: the HINT makes and fills it.
SELECT * FROM regime_build_inputs(target_schema => 'shop');
\set ECHO none
DO $$
DECLARE
    hint text;
BEGIN
    PERFORM regime_build_inputs(target_schema => 'shop');
EXCEPTION WHEN undefined_table THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    EXECUTE hint;
END $$;
\set ECHO all
TABLE shop.dim_assets ORDER BY 1;
SELECT relation, action, rows_written FROM regime_build_inputs(target_schema => 'shop');
SELECT id, status, regime_rows, feature_tier FROM refresh_cmc_regimes();
-- The same prices by hand, under ids.
CREATE TABLE named AS TABLE shop.dim_assets;
CREATE TABLE by_symbol AS :rows;
BEGIN;
CREATE TABLE shop.by_id AS SELECT d.id, ("Date" + interval '1 day - 1 millisecond') AT TIME ZONE 'America/New_York' AS ts, "Close"::float8 AS close FROM shop.ohlcv JOIN shop.dim_assets d USING (symbol);
UPDATE regime_source SET bars_table = 'by_id', bars_id_column = 'id', bars_ts_column = 'ts', close_column = 'close', bars_zone = NULL, bars_shift = NULL WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT id, status, rows_written FROM refresh_cmc_regimes(full_refresh => true);
SELECT count(*) FROM ((TABLE by_symbol EXCEPT ALL :rows) UNION ALL (:rows EXCEPT ALL TABLE by_symbol)) AS x;
ROLLBACK;
-- One asset's bars are found by the index of the symbol.
ANALYZE shop.ohlcv;
SELECT count(*) FROM regime_compute('B') UNION ALL SELECT count(*) FROM regime_label_daily(2);
SELECT symbol, ts AT TIME ZONE 'America/New_York' AS ts, is_stale FROM cmc_regime_latest ORDER BY 1;

-- Tracked: marks are of symbols, whether these have ids or not.
SELECT relation, action FROM regime_track() WHERE relation LIKE 'shop.%' ORDER BY 1;
SELECT count(*) FROM refresh_cmc_regimes();
SELECT id, status, mode FROM refresh_cmc_regimes(only_dirty => true);
INSERT INTO shop.ohlcv VALUES ('A', '2023-12-01', '130.5'), ('B', '2023-12-01', '131.5');
UPDATE shop.ohlcv SET "Close" = '99.5' WHERE symbol = 'C' AND "Date" = '2023-06-01';
INSERT INTO shop.ohlcv SELECT 'D', "Date", "Close" FROM shop.ohlcv WHERE symbol = 'A';
SELECT count(*) FROM regime_work.cmc_regime_dirty;
SELECT id, lag_bars, is_stale FROM cmc_regime_status ORDER BY 1;
SELECT severity, layer, problem, n, command FROM regime_check_inputs_details() WHERE problem ~ 'without an id';
SELECT relation, action FROM regime_build_inputs(target_schema => 'shop');
TABLE shop.dim_assets ORDER BY 1;
SELECT id, status, mode, left(reason, 9) AS reason FROM refresh_cmc_regimes(only_dirty => true);
SELECT count(*) FROM regime_work.cmc_regime_dirty;
-- A symbol that is not there yet, by name; it needs inputs first.
INSERT INTO shop.ohlcv SELECT 'E', "Date", "Close" FROM shop.ohlcv WHERE symbol = 'B';
SELECT id, status FROM refresh_cmc_regimes('E');
SELECT id, status FROM refresh_cmc_regimes('F');
INSERT INTO shop.ohlcv SELECT 'F', "Date", "Close" FROM shop.ohlcv WHERE symbol = 'B';
SELECT id, status FROM refresh_cmc_regimes(ARRAY['A', 'F']);
SELECT count(*) FROM regime_build_inputs(target_schema => 'shop');
SELECT id, status, mode FROM refresh_cmc_regimes(only_dirty => true);
SELECT id, status, mode FROM refresh_cmc_regimes(only_dirty => true);
TRUNCATE named;
INSERT INTO named TABLE shop.dim_assets;
CREATE TABLE incremental AS :rows;
SELECT count(*) FROM refresh_cmc_regimes(full_refresh => true);
SELECT count(*), (SELECT count(*) FROM incremental) AS rows FROM ((TABLE incremental EXCEPT ALL :rows) UNION ALL (:rows EXCEPT ALL TABLE incremental)) AS x;
-- Two symbols change places: both are read in full.
UPDATE shop.dim_assets SET symbol = CASE symbol WHEN 'A' THEN 'x' ELSE 'A' END WHERE symbol IN ('A', 'C');
UPDATE shop.dim_assets SET symbol = 'C' WHERE symbol = 'x';
SELECT id, is_stale FROM cmc_regime_status WHERE is_stale ORDER BY 1;
SELECT id, what, left(detail, 60) AS detail FROM regime_health_details() WHERE id IN (1, 3) ORDER BY 1, 2;
SELECT id, status, mode, reason FROM refresh_cmc_regimes(only_dirty => true);
-- Every symbol is marked by a TRUNCATE.
BEGIN;
TRUNCATE shop.ohlcv;
INSERT INTO shop.ohlcv SELECT 'A', '2022-01-03', 1;
SELECT id, status, mode, reason, regime_rows FROM refresh_cmc_regimes(ARRAY[1, 3], only_dirty => true);
ROLLBACK;
-- Ids that do not come by themselves: a NOTICE says what to type.
ALTER TABLE shop.dim_assets ALTER id DROP IDENTITY;
INSERT INTO shop.ohlcv SELECT 'G', "Date", "Close" FROM shop.ohlcv WHERE symbol = 'B';
SELECT count(*) FROM refresh_cmc_regimes();
-- What cannot be used.
BEGIN;
ALTER TABLE shop.dim_assets DROP COLUMN symbol;
SELECT * FROM refresh_cmc_regimes(1);
ROLLBACK;
BEGIN;
ALTER TABLE shop.dim_assets ALTER id TYPE text;
SELECT * FROM refresh_cmc_regimes(1);
ROLLBACK;
SET client_min_messages = error;
DROP SCHEMA shop CASCADE;
