-- Windows and thresholds of raw labels: config of calls and of profiles.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
\pset null -
SELECT FROM regime_demo(4, 900);
SELECT FROM refresh_cmc_regimes();
-- What is the default changes nothing, not even the hash; every key that is not counts.
SELECT regime_version_hash(config => '{}') = regime_version_hash() AS empty,
    regime_version_hash(config => '{"confirm_bars_l0": 2, "confirm_bars_l1": 2, "confirm_bars_l2": 2, "confirm_bars_l3": 1, "vol_window_l0": 60, "vol_window_l1": 1e2,
        "vol_window_l2": 250, "vol_low_percentile": 33, "vol_high_percentile": 67.0, "atrp_bars": 14, "atrp_low": 0.015, "atrp_high": 0.04, "liq_window": 60,
        "liq_easy": 0.8, "liq_stressed": 2}') = regime_version_hash() AS written;
SELECT count(*) AS keys, count(DISTINCT hash) AS hashes, bool_or(hash = regime_version_hash()) AS any_default
FROM unnest('{confirm_bars_l0,confirm_bars_l1,confirm_bars_l2,confirm_bars_l3,vol_window_l0,vol_window_l1,vol_window_l2,vol_low_percentile,vol_high_percentile,atrp_bars,atrp_low,atrp_high,liq_window,liq_easy,liq_stressed}'::text[]) AS key,
    regime_version_hash(config => jsonb_build_object(key, CASE WHEN key ~ '^(confirm|vol_window|vol_low)' THEN 30 WHEN key ~ '^(atrp_low|atrp_high)' THEN 0.03 WHEN key = 'liq_easy' THEN 0.5 ELSE 70 END)) AS hash;
SELECT id, status, mode, rows_written FROM refresh_cmc_regimes(config => '{"atrp_bars": 14}');
-- Volatility and trend, read from the bars: a percentile among 50 bars with cuts of 25 and 75, of the mean of 5 returns, confirmed on 3 bars.
\set config '{"vol_window_l2": 50, "vol_low_percentile": 25, "vol_high_percentile": 75, "atrp_bars": 5, "confirm_bars_l2": 3}'
CREATE TEMP VIEW bars AS
SELECT b.id, b.time_close AS ts, b.close, row_number() OVER w AS n, abs(b.close / lag(b.close) OVER w - 1) AS change, f.ema AS fast, m.ema AS mid, s.ema AS slow
FROM cmc_price_bars_multi_tf b
LEFT JOIN cmc_ema_multi_tf_u f ON (f.id, f.tf, f.ts, f.period, f.alignment_source) = (b.id, '1D', b.time_close, 20, 'multi_tf')
LEFT JOIN cmc_ema_multi_tf_u m ON (m.id, m.tf, m.ts, m.period, m.alignment_source) = (b.id, '1D', b.time_close, 50, 'multi_tf')
LEFT JOIN cmc_ema_multi_tf_u s ON (s.id, s.tf, s.ts, s.period, s.alignment_source) = (b.id, '1D', b.time_close, 100, 'multi_tf')
WHERE b.tf = '1D' WINDOW w AS (PARTITION BY b.id ORDER BY b.time_close);
CREATE TEMP TABLE facts AS
SELECT id, ts, n, CASE WHEN n > 5 THEN round(avg(change) OVER (PARTITION BY id ORDER BY ts ROWS 4 PRECEDING)::numeric, 12) END AS atrp,
    CASE WHEN bool_and(close > slow AND fast > mid) OVER w AND n > 2 THEN 'Up' WHEN bool_and(close < slow AND fast < mid) OVER w AND n > 2 THEN 'Down' ELSE 'Sideways' END AS trend
FROM bars WINDOW w AS (PARTITION BY id ORDER BY ts ROWS 2 PRECEDING);
CREATE TEMP VIEW expected AS
SELECT f.id, f.ts, f.trend, (SELECT CASE WHEN count(g.atrp) < 20 OR f.atrp IS NULL THEN 'High' ELSE
        CASE WHEN (count(*) FILTER (WHERE g.atrp < f.atrp) + (count(*) FILTER (WHERE g.atrp = f.atrp) + 1) / 2.0) / count(*) * 100 < 25 THEN 'Low'
             WHEN (count(*) FILTER (WHERE g.atrp < f.atrp) + (count(*) FILTER (WHERE g.atrp = f.atrp) + 1) / 2.0) / count(*) * 100 < 75 THEN 'Normal' ELSE 'High' END END
    FROM facts g WHERE g.id = f.id AND g.n > f.n - 50 AND g.n <= f.n) AS vol
FROM facts f;
SELECT count(*) FILTER (WHERE c.feature_tier = 'full') > 190 AS many, count(DISTINCT e.vol) AS vols, count(DISTINCT e.trend) AS trends,
    count(*) FILTER (WHERE c.feature_tier = 'full' AND c.l2_label <> concat_ws('-', e.trend, e.vol, 'Normal')) AS differ
FROM regime_compute(1, hysteresis => false, config => :'config') c JOIN expected e USING (id, ts);
-- Fixed cut-offs apply in the tier full, too, as long as the window is not full: those of the row's own time, or of all bars.
SELECT feature_tier, count(*), count(*) FILTER (WHERE c.l2_label IS DISTINCT FROM l.l2_label) AS as_if_lite, sum((c.l2_label IS DISTINCT FROM p.l2_label)::int) > 0 AS differ
FROM regime_compute(1, hysteresis => false, config => '{"vol_window_l2": 800}') c JOIN regime_compute(1, hysteresis => false, config => '{"vol_window_l2": 10000}') l USING (id, ts, feature_tier)
    JOIN regime_compute(1, hysteresis => false) p USING (id, ts, feature_tier)
WHERE ts < (SELECT ts FROM bars WHERE id = 1 AND n = 800) GROUP BY 1 ORDER BY 1;
SELECT detail FROM regime_explain(1, (SELECT ts FROM bars WHERE id = 1 AND n = 799), config => '{"vol_window_l2": 800, "atrp_low": 0.0123}') WHERE layer = 'L2' AND what = 'volatility';
SELECT detail ~ 'percentile' AS ranked FROM regime_explain(1, (SELECT ts FROM bars WHERE id = 1 AND n = 800), config => '{"vol_window_l2": 800}') WHERE layer = 'L2' AND what = 'volatility';
SELECT DISTINCT regexp_replace(detail, '[0-9]{4}-[-0-9]* [0-9:+]*', 'TIME') AS detail FROM bars b, regime_explain(1, b.ts, config => '{"confirm_bars_l2": 3}') e
WHERE b.id = 1 AND b.n BETWEEN 300 AND 420 AND layer = 'L2' AND what = 'trend' AND detail ~ '^Up' ORDER BY 1;
-- A refresh keeps the configuration with the asset, goes on with it, and every function that compares rows repeats it.
SELECT id, status, mode, reason FROM refresh_cmc_regimes(config => :'config');
SELECT DISTINCT arguments FROM regime_work.cmc_regime_state;
SELECT count(*) FILTER (WHERE is_stale) AS stale FROM cmc_regime_latest;
SELECT id, status, mode, reason FROM refresh_cmc_regimes(3);
SELECT arguments FROM regime_work.cmc_regime_state WHERE id = 3;
SELECT severity, what, command FROM regime_health_details() WHERE what ~ 'version|asset';
SELECT value, detail FROM regime_explain(1) WHERE what = 'stored row';
SELECT id, value FROM unnest('{1,2}'::int[]) AS id, regime_explain(id, config => :'config') WHERE what = 'stored row';
SELECT sum(n_differ) AS n_differ FROM regime_repaint_check(1, 10, config => :'config');
\set VERBOSITY default
SELECT FROM regime_repaint_check(1, 10);
-- New bars: in parts as in one.
DELETE FROM cmc_price_bars_multi_tf b USING bars WHERE b.id = 1 AND (bars.id, bars.ts) = (1, b.time_close) AND bars.n > 700;
SELECT FROM refresh_cmc_regimes(1, config => :'config');
SELECT FROM regime_demo(4, 900);
SELECT id, mode, status FROM refresh_cmc_regimes(1, config => :'config');
SELECT count(*) AS differ FROM ((SELECT l2_label, size_mult, ts FROM cmc_regimes WHERE id = 1) EXCEPT (SELECT l2_label, size_mult, ts FROM regime_compute(1, config => :'config'))) d;
-- With the budget of the whole history, the day that fills the window changes rows before.
DELETE FROM cmc_price_bars_multi_tf b USING bars WHERE b.id = 1 AND (bars.id, bars.ts) = (1, b.time_close) AND bars.n > 780;
SELECT FROM refresh_cmc_regimes(1, config => '{"vol_window_l2": 800, "atrp_low": 0, "atrp_high": 0}', point_in_time => false);
SELECT FROM regime_demo(4, 900);
SELECT bool_or(detail ~ 'the layers that rank volatility changed from L1 to L1,L2:') AS told FROM bars b, regime_explain(1, b.ts, config => '{"vol_window_l2": 800, "atrp_low": 0, "atrp_high": 0}', point_in_time => false) WHERE b.id = 1 AND n IN (740, 780) AND what = 'stored row';
SELECT id, status, mode, reason FROM refresh_cmc_regimes(1, config => '{"vol_window_l2": 800, "atrp_low": 0, "atrp_high": 0}', point_in_time => false);
SELECT count(*) AS differ FROM ((SELECT l2_label, size_mult, ts FROM cmc_regimes WHERE id = 1) EXCEPT (SELECT l2_label, size_mult, ts FROM regime_compute(1, config => '{"vol_window_l2": 800, "atrp_low": 0, "atrp_high": 0}', point_in_time => false))) d;
-- Profiles: a call goes before the profile key by key.
INSERT INTO regime_profile (profile, config) VALUES ('calm', '{"vol_window_l2": 50, "vol_high_percentile": 90}');
INSERT INTO regime_profile_asset (profile, id) VALUES ('calm', 2);
SELECT regime_version_hash FROM refresh_cmc_regimes(2) INTERSECT SELECT regime_version_hash(config => '{"vol_window_l2": 50, "vol_high_percentile": 90}');
SELECT DISTINCT c.regime_version_hash = regime_version_hash(config => '{"vol_window_l2": 50}') AS merged FROM regime_compute(2, config => '{"vol_high_percentile": 67}') c;
SELECT count(*) AS labels, count(*) FILTER (WHERE l.label <> c.l2_label) AS differ FROM regime_label_daily(2) l JOIN regime_compute(2, hysteresis => false) c USING (ts) WHERE l.label IS NOT NULL;
SELECT id, status, message FROM refresh_cmc_regimes(2, config => '{"vol_window_l2": 60}');
SELECT value FROM regime_explain(2) WHERE what = 'stored row';
-- What another configuration would change, per asset and column.
SELECT FROM refresh_cmc_regimes(full_refresh => true);
CREATE TABLE before AS SELECT * FROM cmc_regimes;
SELECT * FROM regime_config_simulate('{}', ARRAY[1, 2]) WHERE n_changed > 0 OR not_compared > 0 OR other_version > 0;
SELECT count(*) AS lines, count(DISTINCT column_name) AS columns FROM regime_config_simulate('{}');
SELECT * FROM regime_config_simulate('{"vol_low_percentile": 25, "vol_high_percentile": 75}', ARRAY[1]);
SELECT column_name, n_changed = (SELECT count(*) FROM regime_compute(s.id) a JOIN regime_compute(s.id, config => '{"confirm_bars_l2": 3}') b USING (ts)
    WHERE to_jsonb(a)->column_name IS DISTINCT FROM to_jsonb(b)->column_name) AS exact FROM regime_config_simulate('{"confirm_bars_l2": 3}', ARRAY[2]) s;
SELECT id, column_name, n, n_changed, first_ts, last_ts FROM regime_config_simulate('{"confirm_bars_l2": 4}', ARRAY[1], '2016-06-01', '2016-12-31') WHERE n_changed > 0;
SELECT count(*) AS written FROM (SELECT * FROM cmc_regimes EXCEPT SELECT * FROM before) d;
-- Errors name the key, the value and the range.
SELECT FROM regime_compute(1, config => '{"vol_windw_l2": 100}');
SELECT FROM regime_compute(1, config => '{"window": 100}');
SELECT FROM regime_compute(1, config => '{"vol_window_l2": 19}');
SELECT FROM regime_compute(1, config => '{"vol_window_l0": 60.5}');
SELECT FROM regime_compute(1, config => '{"confirm_bars_l1": 101}');
SELECT FROM regime_compute(1, config => '{"vol_low_percentile": 70}');
SELECT FROM regime_compute(1, config => '{"vol_high_percentile": 101}');
SELECT FROM regime_compute(1, config => '{"atrp_high": 4}');
SELECT FROM regime_compute(1, config => '{"atrp_low": "1 %"}');
SELECT FROM regime_compute(1, config => '{"liq_easy": 3}');
SELECT FROM regime_compute(1, config => '{"liq_window": null}');
SELECT FROM regime_compute(1, config => '{"liq_stressed": {"a": 1}}');
SELECT FROM regime_compute(1, config => '{"atrp_bars": 1e400}');
SELECT FROM regime_compute(1, config => jsonb_build_object(repeat('k', 1000), 1));
SELECT FROM regime_compute(1, config => '[]');
SELECT FROM regime_compute(1, config => 'null');
SELECT FROM regime_compute(1, config => (repeat('[', 200) || repeat(']', 200))::jsonb);
SELECT FROM regime_explain(1, config => '{"x": 1}');
SELECT regime_version_hash(config => '{"x": 1}');
SELECT FROM refresh_cmc_regimes(1, config => '{"x": 1}');
CALL refresh_all_cmc_regimes(config => '{"x": 1}');
SELECT FROM regime_repaint_check(1, config => '{"x": 1}');
SELECT FROM regime_policy_simulate('[]', config => '{"x": 1}');
SELECT FROM regime_config_simulate('{"x": 1}');
SELECT FROM regime_config_simulate(NULL);
SELECT FROM market_regime_labels(ARRAY[1.0], ARRAY[1.0], ARRAY[1.0], '{"adx_trendig": 1}');
-- A profile holds an object of numbers; which keys and ranges there are is checked where it is used, and told.
INSERT INTO regime_profile (profile, config) VALUES ('bad', '[1]');
INSERT INTO regime_profile (profile, config) VALUES ('bad', '{"vol_window_l2": [100]}');
INSERT INTO regime_profile (profile, config) VALUES ('bad', '{"vol_window_l2": "100"}');
UPDATE regime_profile SET config = '{"vol_window_l2": 5}' WHERE profile = 'calm';
SELECT FROM regime_compute(2);
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT severity, what, detail, command FROM regime_health_details() WHERE what ~ 'profile';
-- A call may still say otherwise, and rounds take it.
SELECT count(*) > 0 AS rows FROM regime_compute(2, config => '{"vol_window_l2": 100}');
CALL refresh_all_cmc_regimes(config => '{"vol_window_l2": 100}', force => true);
SELECT id, regime_version_hash = regime_version_hash(config => '{"vol_window_l2": 100}') AS as_given FROM cmc_regime_latest ORDER BY id;
