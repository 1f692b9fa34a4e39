-- regime_policy_simulate and its summary: what other rules would have made of the stored rows; nothing is written.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
-- There must be rows to compare with.
SELECT * FROM regime_policy_simulate('[]');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) > 0 AS made FROM regime_setup();
SELECT id, n, not_compared FROM regime_policy_simulate_summary('[]', ARRAY[3]);
SELECT id, status FROM refresh_cmc_regimes();
CREATE TABLE before AS :content;
-- The same rules change nothing.
SELECT count(*) FROM regime_policy_simulate('[]');
SELECT * FROM regime_policy_simulate_summary('[]');
-- Other rules: every row that differs, and what in it.
\set rules '[{"match": "Down-", "size_mult": 0.3, "orders": "passive", "setups": ["hedge"]}]'
SELECT * FROM regime_policy_simulate(:'rules', ARRAY[2]) ORDER BY ts LIMIT 2;
SELECT * FROM regime_policy_simulate_summary(:'rules');
-- What is said to come after is what a computation gives, and what came before is what is stored.
SELECT count(*) AS rows, count(*) FILTER (WHERE s.id IS NOT NULL) AS changed,
    count(*) FILTER (WHERE (s.id IS NOT NULL) <> ((r.l0_label, r.l1_label, r.l2_label, r.regime_key, r.size_mult, r.stop_mult, r.orders,
        r.gross_cap, r.pyramids, r.setups) IS DISTINCT FROM (c.l0_label, c.l1_label, c.l2_label, c.regime_key, c.size_mult, c.stop_mult,
        c.orders, c.gross_cap, c.pyramids, c.setups))) AS missed,
    count(*) FILTER (WHERE s.id IS NOT NULL AND (s.regime_key_before, s.size_before, s.stop_before, s.orders_before, s.gross_cap_before,
        s.pyramids_before, s.setups_before) IS DISTINCT FROM (r.regime_key, r.size_mult, r.stop_mult, r.orders, r.gross_cap, r.pyramids,
        r.setups)) AS wrong_before,
    count(*) FILTER (WHERE s.id IS NOT NULL AND (s.regime_key_after, s.size_after, s.stop_after, s.orders_after, s.gross_cap_after,
        s.pyramids_after, s.setups_after) IS DISTINCT FROM (c.regime_key, c.size_mult, c.stop_mult, c.orders, c.gross_cap, c.pyramids,
        c.setups)) AS wrong_after
FROM cmc_regimes r JOIN regime_compute(1, rules => :'rules') c USING (id, ts)
LEFT JOIN regime_policy_simulate(:'rules', ARRAY[1]) s USING (id, ts);
-- So are the sums.
SELECT abs(s.size_before - r.before) < 1e-12 AND abs(s.size_after - r.after) < 1e-12 AS size,
    (s.passive_before, s.passive_after, s.mixed_before, s.mixed_after) = (r.passive, r.passive_after, r.mixed, r.mixed_after) AS orders,
    flips_before = (SELECT count(*) - 1 FROM cmc_regime_flips WHERE id = 1 AND layer = 'composite') AS flips
FROM regime_policy_simulate_summary(:'rules', ARRAY[1]) s, (
    SELECT avg(r.size_mult) AS before, avg(c.size_mult) AS after, count(*) FILTER (WHERE r.orders = 'passive') AS passive,
        count(*) FILTER (WHERE c.orders = 'passive') AS passive_after, count(*) FILTER (WHERE r.orders = 'mixed') AS mixed,
        count(*) FILTER (WHERE c.orders = 'mixed') AS mixed_after
    FROM cmc_regimes r JOIN regime_compute(1, rules => :'rules') c USING (id, ts)) r;
-- Hysteresis depends on the policy, so labels may change too; a span includes both its ends.
SELECT changed, count(*) FROM regime_policy_simulate('[{"match": "Up-Normal-Normal", "size_mult": 0.1}]', ARRAY[1]) GROUP BY 1 ORDER BY 1;
SELECT id, n FROM regime_policy_simulate_summary(:'rules', ARRAY[1, 1], '2024-03-01 23:59:59+00', '2024-03-31 23:59:59+00');
SELECT count(*) > 0 AS some, min(ts) >= '2024-03-01' AND max(ts) < '2024-06-01' AS within
    FROM regime_policy_simulate(:'rules', from_ts => '2024-03-01', to_ts => '2024-06-01');
-- Rules are laid over the policy that is named; rows that were made with another one are counted.
SELECT regime_load_policy('desk', :'rules');
SELECT id, n, n_changed, other_version FROM regime_policy_simulate_summary('[]', ARRAY[1], policy => 'desk');
SELECT id, n, n_changed, other_version FROM regime_policy_simulate_summary('[]', ARRAY[1], min_hold_bars => 0);
-- Bars without a row and rows without a bar are not compared.
BEGIN;
SELECT append_bar(2, 50);
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND tf = '1D' AND bar_seq = 1;
SELECT id, n, not_compared FROM regime_policy_simulate_summary('[]', ARRAY[2]);
ROLLBACK;
-- An asset that cannot be computed does not hold up the others.
BEGIN;
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 2 AND tf = '1D' AND bar_seq = 7;
SELECT id, n FROM regime_policy_simulate_summary(:'rules');
ROLLBACK;
-- Errors.
SELECT * FROM regime_policy_simulate(NULL);
SELECT * FROM regime_policy_simulate('[{"match": "Down-", "size_mult": 11}]');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM regime_policy_simulate_summary('[]', policy => 'none');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM regime_policy_simulate('[]', from_ts => '2024-02-01', to_ts => '2024-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM regime_policy_simulate('[]', ARRAY[NULL]::int[]);
-- Nothing was written, nor could it be.
BEGIN READ ONLY;
SELECT count(*) > 0 AS some FROM regime_policy_simulate(:'rules');
ROLLBACK;
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x;
