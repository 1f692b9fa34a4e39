-- Every argument can be given by name, to every function that shares it, and the same arguments give the same rows.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT regime_load_policy(policy => 'desk', rules => '[{"match": "Down-", "size_mult": 0.5}]');
SELECT id, status FROM refresh_cmc_regimes(assets => ARRAY[2], cal_scheme => 'us', policy => 'desk', hysteresis => true,
    hysteresis_mode => 'symmetric', min_hold_bars => 2,
    min_bars_l0 => 10, min_bars_l1 => 11, min_bars_l2 => 12, l4_label => 'Easing-Calm', dry_run => false,
    full_refresh => false, only_dirty => false);
SELECT id, status FROM refresh_cmc_regimes(asset => 2, cal_scheme => 'us', policy => 'desk', hysteresis => true,
    hysteresis_mode => 'symmetric', min_hold_bars => 2,
    min_bars_l0 => 10, min_bars_l1 => 11, min_bars_l2 => 12, l4_label => 'Easing-Calm', dry_run => false,
    full_refresh => false, only_dirty => false);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2], 'us', 'desk', true, 'symmetric', 2, 10, 11, 12, 'Easing-Calm', false,
    true, false);
SELECT count(*), count(DISTINCT regime_version_hash) FROM (SELECT to_jsonb(c) - 'updated_at' AS line, regime_version_hash FROM
    regime_compute(asset => 2, cal_scheme => 'us', policy => 'desk', hysteresis => true, hysteresis_mode => 'symmetric',
        min_hold_bars => 2,
        min_bars_l0 => 10, min_bars_l1 => 11, min_bars_l2 => 12, l4_label => 'Easing-Calm', as_of => NULL, rules => NULL) c
    INTERSECT SELECT to_jsonb(r) - 'updated_at', regime_version_hash FROM cmc_regimes r WHERE id = 2) x;
SELECT regime_version_hash(policy => 'desk', cal_scheme => 'us', hysteresis => true, hysteresis_mode => 'symmetric',
    min_hold_bars => 2,
    min_bars_l0 => 10, min_bars_l1 => 11, min_bars_l2 => 12, l4_label => 'Easing-Calm') = (SELECT DISTINCT regime_version_hash
        FROM cmc_regimes) AS same;
SELECT count(*) FROM regime_label_daily(asset => 2, cal_scheme => 'us', mode => 'lite');
SELECT count(*) FROM regime_label_weekly(asset => 2, cal_scheme => 'us', mode => 'lite');
SELECT count(*) FROM regime_label_monthly(asset => 2, cal_scheme => 'us', mode => 'lite');
SELECT regime_label_daily(close => '{1}', ema_fast => '{1}', ema_mid => '{1}', ema_slow => '{1}', mode => 'lite', atr => '{1}');
SELECT regime_label_intraday(close => '{1}', ema_fast => '{1}', ema_mid => '{1}', ema_slow => '{1}', mode => 'lite',
    atr => '{1}');
SELECT size_mult FROM resolve_policy(l0 => 'Up-', l1 => 'Up-', l2 => 'Down-', l3 => 'Up-', l4 => 'Up-', policy => 'desk',
    rules => '[]');
SELECT count(*) FROM regime_policy_rules(policy => 'desk');
SELECT regime_key FROM regime_at(asset => 2, at => '2024-12-31 23:59:59+00');
SELECT relation, action FROM regime_setup(target_schema => 'public');
SELECT regime_drop_policy(policy => 'desk');
-- The cause of a failure is told, whatever reading the symbols raises.
ALTER TABLE dim_assets RENAME TO assets;
CREATE VIEW dim_assets AS SELECT id, CASE WHEN id = 3 THEN (1 / (id - 3))::text ELSE symbol END AS symbol, is_active FROM assets;
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 3 AND bar_seq > 35;
SELECT id, symbol, status, message FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT id, subject, sqlstate, message FROM cmc_regime_run_log WHERE status = 'failed' AND id = 3 ORDER BY run DESC LIMIT 1;
