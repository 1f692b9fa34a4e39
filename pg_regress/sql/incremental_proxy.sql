-- Assets without a monthly or weekly layer depend on the weekly bars of the market proxy: a change of those before their newest row
-- is one of theirs. Asset 1 is the proxy, 2 and 3 are young.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT :how FROM refresh_cmc_regimes();
-- A week in November, which was not supportive, now is.
\set week 'id = 1 AND tf = ''1W'' AND time_close = ''2024-11-24 23:59:59+00'''
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 100 WHERE :week;
SELECT :how FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT differ('{2,3}');
-- A change that leaves it as it was makes no difference to them.
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 101 WHERE :week;
SELECT :how FROM refresh_cmc_regimes();
-- A week less, and a late one.
DELETE FROM cmc_price_bars_multi_tf_cal_iso WHERE :week;
SELECT :how FROM refresh_cmc_regimes(ARRAY[2, 3]);
INSERT INTO cmc_price_bars_multi_tf_cal_iso VALUES (1, '1W', 309, '2024-11-24 23:59:59+00', 101);
SELECT :how FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT differ('{2,3}');
-- A further week is news for further rows, and no change of earlier ones.
INSERT INTO cmc_price_bars_multi_tf_cal_iso VALUES (1, '1W', 900, '2025-01-01 23:59:59+00', 1);
SELECT append_bar(2, 60), append_bar(3, 60);
SELECT :how FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT differ('{2,3}');
-- With tracking, those that depend on it are dirty, and no others.
SELECT count(*) FROM regime_track() WHERE action = 'now tracked';
SELECT :how FROM refresh_cmc_regimes();
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 1 WHERE :week;
SELECT DISTINCT id FROM regime_work.cmc_regime_dirty;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT differ('{1,2,3}');
-- Also after the proxy alone was refreshed, which cleared its marks.
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 100 WHERE :week;
SELECT :how FROM refresh_cmc_regimes(1);
SELECT count(*) AS marks FROM regime_work.cmc_regime_dirty;
SELECT id, lag_bars, is_stale FROM cmc_regime_status;
SELECT id, is_stale FROM cmc_regime_latest;
SET pg_regime.cal_scheme = 'us';
SELECT id, is_stale FROM cmc_regime_status;
RESET pg_regime.cal_scheme;
SELECT what, id, detail, command FROM regime_health_details() WHERE what ~ 'stale';
SELECT n, n_stale FROM regime_systems WHERE system = 'cmc_regimes';
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT id, lag_bars, is_stale FROM cmc_regime_status;
-- The weekly bars of another source map are another thing, and what an asset depends on are those of its own last refresh.
SET pg_regime.cal_scheme = 'us';
SELECT id, is_stale FROM cmc_regime_status;
RESET pg_regime.cal_scheme;
SELECT differ('{1,2,3}');
-- A proxy that cannot be used fails those that need it, and is not forgotten by them.
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = -1 WHERE :week;
SELECT id, status, message FROM refresh_cmc_regimes(only_dirty => true);
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 3 WHERE :week;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT differ('{1,2,3}');
-- Another proxy.
SET pg_regime.market_proxy_id = 2;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT differ('{1,2,3}');
-- Of the bars that cannot be used, each asset is told those that it needs, whichever asset is refreshed before.
RESET pg_regime.market_proxy_id;
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND time_close > '2024-12-10';
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = -1 WHERE id = 1 AND tf = '1W';
SELECT id, message FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT id, message FROM refresh_cmc_regimes(3);
