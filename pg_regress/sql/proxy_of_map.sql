-- Which asset stands for the market: by the source map, by the setting or by a profile. The version hash says so; regime_health and
-- regime_check_inputs say how many assets are capped now.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
SHOW pg_regime.market_proxy_id;
CREATE FUNCTION proxy_of(asset int) RETURNS text LANGUAGE sql AS
    'SELECT value || '': '' || detail FROM regime_explain(asset) WHERE what = ''market proxy''';
\set told 'SELECT severity, id, layer, problem, n, command, advice FROM regime_check_inputs_details() WHERE problem ~ ''market'''
\set health 'SELECT severity, id, detail, command, advice FROM regime_health_details() WHERE what = ''market proxy'''
SELECT FROM refresh_cmc_regimes();
-- The daily bars of the built-in row: asset 1. What the setting says goes before.
SELECT regime_version_hash() AS of_original \gset
:told;
:health;
SET pg_regime.market_proxy_id = 1;
SELECT regime_version_hash() = :'of_original' AS is_asset_1;
SET pg_regime.market_proxy_id = 0;
SELECT regime_version_hash() <> :'of_original' AS is_none, regime_version_hash() AS of_none \gset
SELECT :'is_none' AS is_none, proxy_of(4);
:told;
RESET pg_regime.market_proxy_id;
-- Newest rows are capped while the market is not supportive.
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 1 WHERE id = 1 AND tf = '1W' AND time_close > '2024-12-20';
SELECT FROM refresh_cmc_regimes();
:told;
:health;
SELECT id, gross_cap FROM cmc_regime_latest ORDER BY id;
-- Of the original's bars in another schema, and read otherwise, too; of other bars no asset stands for the market until one is named.
BEGIN;
CREATE SCHEMA moved;
ALTER TABLE cmc_price_bars_multi_tf SET SCHEMA moved;
UPDATE regime_source SET bars_schema = 'moved', bars_filter = '{"tf": "1D"}' WHERE layer = 'L2';
SELECT regime_version_hash() = :'of_original' AS is_asset_1;
ALTER TABLE moved.cmc_price_bars_multi_tf RENAME TO bars;
UPDATE regime_source SET bars_table = 'bars' WHERE layer = 'L2';
SELECT regime_version_hash() = :'of_none' AS is_none, proxy_of(4);
:told;
SELECT FROM refresh_cmc_regimes();
:health;
SET LOCAL pg_regime.market_proxy_id = 2;
SELECT proxy_of(4);
:told;
ROLLBACK;
-- A profile goes before the setting; -1 in a profile is by the map.
BEGIN;
SET LOCAL pg_regime.market_proxy_id = 0;
INSERT INTO regime_profile (profile, market_proxy_id) VALUES ('default', -1), ('none', 0);
INSERT INTO regime_profile_asset (profile, id) VALUES ('none', 3);
SELECT regime_version_hash() = :'of_original' AS is_asset_1;
SELECT FROM refresh_cmc_regimes();
SELECT id, gross_cap FROM cmc_regime_latest ORDER BY id;
:told;
:health;
ROLLBACK;
