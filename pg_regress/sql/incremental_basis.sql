-- What rows are computed with: where that changes, all of them are computed anew, once.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}]');
SELECT :how FROM refresh_cmc_regimes(2);
-- The policy: another, or the same with other rules. Loaded again as it was, it is the same.
SELECT :how FROM refresh_cmc_regimes(2, policy => 'desk');
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.4}]');
SELECT :how FROM refresh_cmc_regimes(2, policy => 'desk');
SELECT differ('{2}', 'policy => ''desk''');
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.4}]');
SELECT :how FROM refresh_cmc_regimes(2, policy => 'desk');
SELECT append_bar(2, 60);
SELECT :how FROM refresh_cmc_regimes(2, policy => 'desk');
SELECT differ('{2}', 'policy => ''desk''');
SELECT :how FROM refresh_cmc_regimes(2);
-- Parameters, and settings that stand for them.
SELECT :how FROM refresh_cmc_regimes(2, hysteresis => false);
SELECT :how FROM refresh_cmc_regimes(2, min_hold_bars => 4);
SELECT :how FROM refresh_cmc_regimes(2, hysteresis_mode => 'symmetric');
SELECT :how FROM refresh_cmc_regimes(2, min_bars_l2 => 121);
SELECT :how FROM refresh_cmc_regimes(2, l4_label => 'Easing-Calm');
SELECT :how FROM refresh_cmc_regimes(2, cal_scheme => 'us');
SELECT differ('{2}', 'cal_scheme => ''us''');
SET pg_regime.market_proxy_id = 4;
SELECT :how FROM refresh_cmc_regimes(2);
SELECT differ('{2}');
RESET pg_regime.market_proxy_id;
SELECT :how FROM refresh_cmc_regimes(2);
-- The source map: another condition, another column, a layer less.
SELECT :how FROM refresh_cmc_regimes(2);
ALTER TABLE cmc_price_bars_multi_tf ADD venue text NOT NULL DEFAULT 'X', ADD last float8;
SELECT :how FROM refresh_cmc_regimes(2);
UPDATE regime_source SET bars_filter = '{"venue": "X"}' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT :how FROM refresh_cmc_regimes(2);
UPDATE cmc_price_bars_multi_tf SET last = close * (1 + bar_seq % 5 / 10.0);
UPDATE regime_source SET close_column = 'last' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT :how FROM refresh_cmc_regimes(2);
SELECT differ('{2}');
DELETE FROM regime_source WHERE cal_scheme = 'iso' AND layer = 'L0';
SELECT :how FROM refresh_cmc_regimes(2);
SELECT differ('{2}');
SELECT :how FROM refresh_cmc_regimes(2);
-- Rows of the map that are not read.
UPDATE regime_source SET periods = '{1,2,3}' WHERE cal_scheme = 'us';
SELECT :how FROM refresh_cmc_regimes(2);

-- full_refresh computes all whatever is known, and writes what differs.
SELECT :how FROM refresh_cmc_regimes(2, full_refresh => true);
SELECT :how FROM refresh_cmc_regimes(2, full_refresh => true, dry_run => true);
SELECT * FROM refresh_cmc_regimes(2, full_refresh => true, only_dirty => true);
\echo :LAST_ERROR_SQLSTATE
