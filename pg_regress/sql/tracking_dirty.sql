-- only_dirty refreshes the assets that changed and no others, and clears their marks with the rows it writes.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- It takes tracking.
SELECT * FROM refresh_cmc_regimes(only_dirty => true);
\echo :LAST_ERROR_SQLSTATE
SELECT hint_of('SELECT FROM refresh_cmc_regimes(only_dirty => true)') AS hint \gset
\echo :hint
SELECT * FROM refresh_cmc_regimes(2, only_dirty => true, dry_run => true);
SELECT count(*) FROM regime_track();
-- Whatever was never refreshed is dirty, and nothing is afterwards.
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
-- Of those that were named or are active, the ones that changed.
SELECT append_bar(2, 60), append_bar(3, 44), append_bar(4, 50);
SELECT :how FROM refresh_cmc_regimes(ARRAY[1, 3, 99], only_dirty => true);
SELECT :how FROM refresh_cmc_regimes(3, only_dirty => true);
SELECT DISTINCT id FROM regime_work.cmc_regime_dirty ORDER BY id;
SELECT id, status, mode, message FROM refresh_cmc_regimes(only_dirty => true, dry_run => true);
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT DISTINCT id FROM regime_work.cmc_regime_dirty ORDER BY id;
SELECT differ('{1,2,3}');
-- An ordinary refresh clears marks too.
SELECT :how FROM refresh_cmc_regimes(4);
SELECT count(*) AS marks FROM regime_work.cmc_regime_dirty;
-- A transaction that is rolled back leaves them.
SELECT append_bar(2, 61);
BEGIN;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT count(*) AS marks FROM regime_work.cmc_regime_dirty;
ROLLBACK;
SELECT count(*) AS marks FROM regime_work.cmc_regime_dirty;
-- An asset that fails keeps them, and is tried each time until it is put right.
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 2 AND bar_seq = 402;
SELECT append_bar(3, 45);
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT DISTINCT id FROM regime_work.cmc_regime_dirty;
UPDATE cmc_price_bars_multi_tf SET close = 61 WHERE id = 2 AND bar_seq = 402;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT count(*) AS marks FROM regime_work.cmc_regime_dirty;
-- A change that changes no row is done with.
UPDATE cmc_price_bars_multi_tf SET bar_seq = bar_seq + 1000 WHERE id = 2;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
-- Bars that are gone, an asset that was never there, a state that is lost.
DELETE FROM cmc_price_bars_multi_tf WHERE id = 3;
INSERT INTO cmc_ema_multi_tf_u VALUES (99, '2024-01-01', '1D', 20, 1, 'multi_tf');
INSERT INTO dim_assets VALUES (99, 'EMAS ONLY', true);
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
DELETE FROM regime_work.cmc_regime_state WHERE id = 2;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
-- With other parameters, or another policy, all are.
SELECT :how FROM refresh_cmc_regimes(only_dirty => true, min_hold_bars => 5);
SELECT :how FROM refresh_cmc_regimes(only_dirty => true, min_hold_bars => 5);
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}]');
SELECT :how FROM refresh_cmc_regimes(only_dirty => true, min_hold_bars => 5, policy => 'desk');
-- A mark by hand is one like any other.
INSERT INTO regime_work.cmc_regime_dirty (id, source, since) VALUES (1, 'me', '-infinity');
SELECT :how FROM refresh_cmc_regimes(only_dirty => true, min_hold_bars => 5, policy => 'desk');
SELECT differ('{1,2,3}', 'min_hold_bars => 5, policy => ''desk''');
