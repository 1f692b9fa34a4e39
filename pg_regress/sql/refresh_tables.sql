-- The four tables of a refresh agree with each other and with the bars: flips, statistics and comovement are worked out
-- again here, in SQL, from the regimes and the source tables.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3, 4]);
-- One row per daily bar.
SELECT count(*) AS differ FROM (SELECT id, time_close FROM cmc_price_bars_multi_tf) b
    FULL JOIN cmc_regimes r ON (r.id, r.ts) = (b.id, b.time_close) WHERE b.id IS NULL OR r.id IS NULL;
SELECT DISTINCT tf FROM cmc_regimes UNION ALL SELECT DISTINCT tf FROM cmc_regime_flips UNION ALL SELECT DISTINCT tf
    FROM cmc_regime_stats UNION ALL SELECT DISTINCT tf FROM cmc_regime_comovement;
SELECT id, feature_tier, l0_enabled, l1_enabled, l2_enabled, count(*), count(l0_label) AS l0, count(l1_label) AS l1,
    count(l2_label) AS l2, count(l3_label) AS l3, count(l4_label) AS l4 FROM cmc_regimes GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2 DESC, 3, 4, 5;
-- The key is L2, else L1, else L0, else Unknown, and the policy never looser than that of the labels.
SELECT count(*) AS differ FROM cmc_regimes WHERE regime_key <> coalesce(l2_label, l1_label, l0_label, 'Unknown');
SELECT count(*) AS looser FROM cmc_regimes r, resolve_policy(l0_label, l1_label, l2_label, l3_label, l4_label) p
WHERE r.size_mult > p.size_mult OR r.stop_mult < p.stop_mult OR r.gross_cap > p.gross_cap OR r.pyramids > p.pyramids
    OR r.setups IS DISTINCT FROM p.setups
    OR array_position('{mixed,conservative,passive}', r.orders) < array_position('{mixed,conservative,passive}', p.orders);
-- Asset 2 has no monthly layer, asset 4 no weekly layer either, asset 3 none: their caps of 0.7 follow the weekly bars of asset 1.
SELECT id, count(*) FILTER (WHERE gross_cap = 0.7) AS capped, count(*) FILTER (WHERE gross_cap = 1) AS free,
    count(*) FILTER (WHERE size_mult > 0.7) AS larger FROM cmc_regimes GROUP BY 1 ORDER BY 1;
WITH proxy AS (SELECT ts, close > e[3] AND e[1] > e[2] IS TRUE AS supportive
    FROM (SELECT time_close AS ts, close, ARRAY(SELECT ema FROM cmc_ema_multi_tf_cal_iso e
    WHERE (e.id, e.tf, e.ts) = (b.id, b.tf, b.time_close) AND NOT roll ORDER BY period) AS e
    FROM cmc_price_bars_multi_tf_cal_iso b WHERE id = 1 AND tf = '1W') x)
SELECT count(*) FILTER (WHERE (gross_cap = 0.7) IS DISTINCT FROM (NOT supportive)) AS wrong_cap,
    count(*) FILTER (WHERE NOT l1_enabled AND NOT supportive AND size_mult > 0.7) AS wrong_size,
    count(*) FILTER (WHERE supportive) AS supportive, count(*)
FROM cmc_regimes r, LATERAL (SELECT coalesce(supportive, false) AS supportive FROM proxy p WHERE p.ts <= r.ts
    ORDER BY p.ts DESC LIMIT 1) s WHERE id <> 1;

-- Flips: every change of a label in force, and how many rows the old one lasted. NULLs are skipped, Unknown is a label.
CREATE VIEW labels AS SELECT id, ts, layer, label, row_number() OVER (PARTITION BY id, layer ORDER BY ts) AS n
    FROM cmc_regimes, LATERAL (VALUES ('L0', l0_label), ('L1', l1_label), ('L2', l2_label),
    ('composite', regime_key)) AS v (layer, label) WHERE label IS NOT NULL;
CREATE VIEW flips AS SELECT id, ts, '1D' AS tf, layer, old AS old_regime, label AS new_regime,
    (n - lag(n) OVER (PARTITION BY id, layer ORDER BY n))::int AS duration_bars
    FROM (SELECT *, lag(label) OVER (PARTITION BY id, layer ORDER BY n) AS old FROM labels) x WHERE old IS DISTINCT FROM label;
SELECT count(*) AS lost FROM (TABLE flips EXCEPT ALL SELECT id, ts, tf, layer, old_regime, new_regime, duration_bars
    FROM cmc_regime_flips) x;
SELECT count(*) AS added FROM (SELECT id, ts, tf, layer, old_regime, new_regime, duration_bars FROM cmc_regime_flips
    EXCEPT ALL TABLE flips) x;
SELECT id, layer, count(*), count(old_regime) AS with_old, count(duration_bars) AS with_duration FROM cmc_regime_flips
    GROUP BY 1, 2 ORDER BY 1, 2;

-- Statistics: shares of history, and the return to the next close, of which the last row has none.
CREATE VIEW stats AS SELECT r.id, r.tf, regime_key, count(*) AS n_bars, count(*)::float8 / max(days) AS pct,
    avg(ret) AS avg_ret, stddev_samp(ret) AS std_ret
FROM (SELECT *, count(*) OVER (PARTITION BY id) AS days FROM cmc_regimes) r
    JOIN (SELECT id, time_close, lead(close) OVER (PARTITION BY id ORDER BY time_close) / close - 1 AS ret
    FROM cmc_price_bars_multi_tf) b ON (b.id, b.time_close) = (r.id, r.ts) GROUP BY 1, 2, 3;
SELECT count(*) AS keys, count(*) FILTER (WHERE s.id IS NULL OR c.id IS NULL OR n_bars <> c.n
    OR abs(pct_of_history - pct) > 1e-12 OR abs(avg_ret_1d - avg_ret) > 1e-12 OR abs(std_ret_1d - std_ret) > 1e-12
    OR (std_ret_1d IS NULL) <> (std_ret IS NULL)) AS differ
FROM cmc_regime_stats s FULL JOIN (SELECT id, tf, regime_key, n_bars AS n, pct, avg_ret, std_ret
    FROM stats) c USING (id, tf, regime_key);
SELECT id, sum(n_bars) AS bars, round(sum(pct_of_history)::numeric, 12) AS share FROM cmc_regime_stats GROUP BY 1 ORDER BY 1;

-- Comovement: rank correlation, agreement of direction, and the lag of the largest correlation.
SELECT id, ema_a, ema_b, n_obs FROM cmc_regime_comovement ORDER BY id, ema_a COLLATE "C", ema_b COLLATE "C";
-- Rounding adds nothing to a correlation of 1, here of EMAs that are each a line of the first.
BEGIN;
UPDATE cmc_ema_multi_tf_u e SET ema = (CASE e.period WHEN 50 THEN 0.7 ELSE -3.1 END) * f.ema + e.id
FROM cmc_ema_multi_tf_u f WHERE e.period > 20 AND (f.id, f.ts, f.tf, f.period) = (e.id, e.ts, e.tf, 20);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3, 4]);
SELECT count(*), count(*) FILTER (WHERE abs(correlation) > 1 OR abs(best_lead_lag_corr) > 1) AS outside, max(abs(best_lead_lag_corr))
FROM cmc_regime_comovement WHERE computed_at = now();
ROLLBACK;
CREATE TEMP TABLE pair AS SELECT a.id, a.ts, 'close_ema_' || a.period AS ema_a, 'close_ema_' || b.period AS ema_b, a.ema AS a,
    b.ema AS b FROM cmc_ema_multi_tf_u a JOIN cmc_ema_multi_tf_u b ON (a.id, a.ts) = (b.id, b.ts) AND a.period < b.period;
CREATE TEMP TABLE ranked AS SELECT id, ema_a, ema_b, a, b, row_number() OVER w AS n, sign(a - lag(a) OVER w) AS da,
    sign(b - lag(b) OVER w) AS db,
    rank() OVER (PARTITION BY id, ema_a, ema_b ORDER BY a) + (count(*) OVER (PARTITION BY id, ema_a, ema_b, a) - 1) / 2.0 AS ra,
    rank() OVER (PARTITION BY id, ema_a, ema_b ORDER BY b) + (count(*) OVER (PARTITION BY id, ema_a, ema_b, b) - 1) / 2.0 AS rb
        FROM pair WINDOW w AS (PARTITION BY id, ema_a, ema_b ORDER BY ts);
CREATE INDEX ON ranked (id, ema_a, ema_b, n);
ANALYZE ranked;
CREATE TEMP TABLE lagged AS SELECT x.id, x.ema_a, x.ema_b, k, corr(x.a, y.b) AS r
    FROM generate_series(-10, 10) k, ranked x, ranked y WHERE (y.id, y.ema_a, y.ema_b, y.n) = (x.id, x.ema_a, x.ema_b, x.n - k)
    GROUP BY 1, 2, 3, 4;
SELECT c.id, c.ema_a, c.ema_b, best_lead_lag AS lag, n_obs = e.n AS n, abs(correlation - e.spearman) < 1e-9 AS correlation,
    abs(sign_agree_rate - e.agree) < 1e-12 AS agree,
    abs(best_lead_lag_corr - (SELECT r FROM lagged l WHERE (l.id, l.ema_a, l.ema_b, k) = (c.id, c.ema_a, c.ema_b,
        best_lead_lag))) < 1e-9 AS at_lag,
    abs(best_lead_lag_corr) > (SELECT max(abs(r)) FROM lagged l WHERE (l.id, l.ema_a, l.ema_b) = (c.id, c.ema_a,
        c.ema_b)) - 1e-9 AS best
FROM cmc_regime_comovement c JOIN (SELECT id, ema_a, ema_b, count(*) AS n, corr(ra, rb) AS spearman,
    avg((da = db)::int) AS agree FROM ranked GROUP BY 1, 2, 3) e USING (id, ema_a, ema_b)
    ORDER BY c.id, c.ema_a COLLATE "C", c.ema_b COLLATE "C";
