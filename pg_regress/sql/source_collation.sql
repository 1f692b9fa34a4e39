-- Keys that take different texts for equal: candles stored as DEMO2 and asked for as demo2 would be one series with the marks of
-- another. Such columns are refused, as citext is. Needs collations of ICU.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
SELECT count(*) > 0 AS icu FROM pg_collation WHERE collname ~ '-x-icu$' \gset
\if :icu
\else
\quit
\endif
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT count(*) FROM regime_track();
SELECT symbol, timeframe, status FROM refresh_market_regimes();
ALTER TABLE candles ALTER symbol TYPE text COLLATE loose;
UPDATE candles SET symbol = 'aaausdt', close = close + 1 WHERE symbol = 'AAAUSDT' AND open_time = '2024-01-20';
SELECT status FROM refresh_market_regimes('AAAUSDT');
SELECT count(*) FROM get_market_regimes('aaausdt', '1h');
SELECT severity, what, detail, command, advice FROM regime_health_details() WHERE severity = 'error';
-- A view that compares bytes has the right rows.
CREATE VIEW exact AS SELECT symbol COLLATE "C" AS symbol, timeframe, open_time, high, low, close FROM candles;
UPDATE regime_source SET bars_table = 'exact' WHERE layer = 'candles';
SELECT symbol, timeframe, status, regime_rows FROM refresh_market_regimes();
SELECT count(*) FROM (SELECT open_time, full_regime FROM market_regimes WHERE symbol = 'AAAUSDT' AND timeframe = '1h'
    EXCEPT SELECT open_time, full_regime FROM market_regimes_compute('AAAUSDT', '1h')) AS d;
UPDATE regime_source SET bars_table = 'candles' WHERE layer = 'candles';
DROP VIEW exact;
-- The timeframe, of candles and of bars.
ALTER TABLE candles ALTER symbol TYPE text COLLATE "default", ALTER timeframe TYPE text COLLATE loose;
SELECT status FROM refresh_market_regimes('AAAUSDT');
DELETE FROM regime_source WHERE layer IN ('L0', 'L1');
CREATE TABLE cmc_price_bars_multi_tf (id int, tf text COLLATE loose, time_close timestamptz, close float8);
CREATE TABLE cmc_ema_multi_tf_u (id int, tf text, ts timestamptz, period int, ema float8, alignment_source text);
SELECT refresh_cmc_regimes(1);
ALTER TABLE candles ALTER timeframe TYPE text COLLATE "default";
SELECT backfill FROM market_regime_backfill_begin('2024-01-01', '2024-02-01', 60, 'X', true, false) AS backfill;
ALTER TABLE cmc_price_bars_multi_tf ALTER tf TYPE text COLLATE "default";
-- Symbols of assets: the spelling that is asked for comes first.
CREATE TABLE dim_assets (id int, symbol text COLLATE loose);
INSERT INTO dim_assets VALUES (1, 'Demo'), (2, 'DEMO'), (3, 'Other');
SELECT regime_asset('DEMO'), regime_asset('Demo'), regime_asset('other');
SELECT regime_asset('demo');
-- Output tables.
SELECT count(*) > 0 AS made FROM regime_setup();
ALTER TABLE cmc_regime_flips ALTER layer TYPE text COLLATE loose;
SELECT relation, action FROM regime_setup();
ALTER TABLE cmc_regime_flips ALTER layer TYPE text COLLATE pg_catalog."default";
ALTER TABLE market_regimes ALTER symbol TYPE text COLLATE loose;
SELECT status FROM refresh_market_regimes();
