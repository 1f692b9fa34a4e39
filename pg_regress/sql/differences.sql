-- docs/cmc_regimes.md, "Differences from the Python pipeline", point by point: what is the case here where the pipeline does
-- something else.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)

-- 1. The first bar is not confirmed, whatever its EMAs: none, or those of an uptrend.
SELECT regime_label_daily('{3,3}', '{NULL,2}', '{NULL,1}', '{NULL,1}') AS without, regime_label_daily('{3,3}', '{2,2}', '{1,1}', '{1,1}') AS with;

-- 2. Rules match place by place: a volatile uptrend has its own rule, and stress tightens on top of a rule that matched.
SELECT l2, size_mult, stop_mult, orders, setups FROM unnest('{Up-High-Normal,Up-Low-Stressed,Down-Low-Stressed}'::text[]) AS l2, resolve_policy(l2 => l2);

-- 3. A layer resolved later loosens no orders and adds no setups: a weekly uptrend allows no breakout in a daily downtrend.
SELECT orders FROM resolve_policy(l2 => 'Up-High-Normal', l1 => 'Up-Low-Normal');
SELECT setups FROM resolve_policy(l2 => 'Down-Low-Normal', l1 => 'Up-Low-Normal');

-- 4. Caps follow the proxy as of each row: over the days of an asset without L0 and L1 it is supportive on some.
CREATE TABLE proxy AS SELECT b.time_close AS ts, coalesce(b.close > slow.ema AND fast.ema > mid.ema, false) AS supportive
FROM cmc_price_bars_multi_tf_cal_iso b
    LEFT JOIN cmc_ema_multi_tf_cal_iso fast ON (fast.id, fast.tf, fast.ts, fast.period) = (b.id, b.tf, b.time_close, 20)
    LEFT JOIN cmc_ema_multi_tf_cal_iso mid ON (mid.id, mid.tf, mid.ts, mid.period) = (b.id, b.tf, b.time_close, 50)
    LEFT JOIN cmc_ema_multi_tf_cal_iso slow ON (slow.id, slow.tf, slow.ts, slow.period) = (b.id, b.tf, b.time_close, 200)
WHERE b.id = 1 AND b.tf = '1W';
SELECT supportive, gross_cap, max(size_mult) AS largest_size, count(*) FROM regime_compute(4) AS c,
    LATERAL (SELECT supportive FROM proxy WHERE proxy.ts <= c.ts ORDER BY proxy.ts DESC LIMIT 1) AS p GROUP BY 1, 2 ORDER BY 1, 2;

-- 5. The size decides first: sideways to up is a larger size with a wider stop, and waits; the stop is widened meanwhile.
SELECT jsonb_agg(jsonb_build_object('match', match, 'size_mult', size, 'stop_mult', stop)) AS rules FROM (VALUES
    ('Up-Normal-Normal', 0.9, 3), ('Up-Low-', 0.9, 3), ('Up-High-', 0.9, 3),
    ('Sideways-Low-', 0.5, 1.5), ('Sideways-High-', 0.5, 1.5), ('Sideways-', 0.5, 1.5)) AS r (match, size, stop) \gset
SELECT split_part(raw.l2_label, '-', 1) AS seen, split_part(held.l2_label, '-', 1) AS in_force, held.size_mult, held.stop_mult, count(*) > 0 AS some
FROM regime_compute(1, min_bars_l0 => 9999, min_bars_l1 => 9999, rules => :'rules') AS held
    JOIN regime_compute(1, min_bars_l0 => 9999, min_bars_l1 => 9999, rules => :'rules', hysteresis => false) AS raw USING (ts)
WHERE raw.l2_label LIKE ANY ('{Up-%,Sideways-%}') AND held.l2_label LIKE ANY ('{Up-%,Sideways-%}')
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;

-- 6. A row without any label has the policy of Unknown, which is the fallback or a rule of its own; size 1 is neither.
SET pg_regime.market_proxy_id = 3;
SELECT coalesce(l0_label, l1_label, l2_label) AS label, regime_key, size_mult, setups, count(*) FROM regime_compute(3) GROUP BY 1, 2, 3, 4;
SELECT DISTINCT size_mult FROM regime_compute(3, rules => '[{"match": "Unknown", "size_mult": 0.1}]');
RESET pg_regime.market_proxy_id;

-- 7. Flips of every layer are recorded, each being the change of the layer's own label.
SELECT count(*) AS refreshed FROM refresh_cmc_regimes(1);
SELECT layer, count(*) > 1 AS some, count(*) FILTER (WHERE (f.old_regime, f.new_regime) IS DISTINCT FROM (c.before, c.label)) AS differ
FROM (SELECT * FROM cmc_regime_flips WHERE id = 1) AS f FULL JOIN (
    SELECT ts, layer, label, lag(label) OVER (PARTITION BY layer ORDER BY ts) AS before
    FROM cmc_regimes, LATERAL (VALUES ('L0', l0_label), ('L1', l1_label), ('L2', l2_label), ('composite', regime_key)) AS v (layer, label)
    WHERE id = 1 AND label IS NOT NULL) AS c
    USING (ts, layer)
WHERE f.id IS NOT NULL OR c.before IS DISTINCT FROM c.label GROUP BY layer ORDER BY layer;

-- 8. Returns are those from a row to the next bar.
SELECT count(*) > 0 AS some, count(*) FILTER (WHERE abs(s.avg_ret_1d - c.mean) < 1e-12) = count(*) AS same
FROM cmc_regime_stats AS s JOIN (
    SELECT regime_key, avg(next / close - 1) AS mean FROM cmc_regimes AS r
        JOIN (SELECT *, lead(close) OVER (ORDER BY time_close) AS next FROM cmc_price_bars_multi_tf WHERE id = 1 AND tf = '1D') AS b ON r.id = b.id AND ts = time_close
    WHERE r.id = 1 GROUP BY regime_key) AS c USING (regime_key)
WHERE id = 1;

-- 9. The hash covers values of rules and parameters.
SELECT regime_load_policy('half', '[{"match": "Up-Low-", "size_mult": 0.5}]'), regime_load_policy('more', '[{"match": "Up-Low-", "size_mult": 0.6}]');
SELECT count(DISTINCT hash) FROM unnest(ARRAY[regime_version_hash(), regime_version_hash('half'), regime_version_hash('more'),
    regime_version_hash('half', min_hold_bars => 4)]) AS hash;

-- 10. By default the data budget is that of each row; off, that of the whole history, as in the pipeline.
SELECT off.l2_enabled AS whole, pit.l2_enabled AS point_in_time, by_default.l2_enabled AS by_default, count(*)
FROM regime_compute(2, point_in_time => false) AS off JOIN regime_compute(2, point_in_time => true) AS pit USING (ts) JOIN regime_compute(2) AS by_default USING (ts)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- What is kept: the percentile counts unknown bars. The largest of 100 known values is the 40th percentile of 250 bars.
SELECT (regime_label_daily(one, one, one, one, 'full', atr))[250] FROM (
    SELECT array_agg(1.0 ORDER BY i)::float8[] AS one, array_agg(CASE WHEN i > 150 THEN i END ORDER BY i)::float8[] AS atr FROM generate_series(1, 250) AS i) AS a;
