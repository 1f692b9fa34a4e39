-- The labels of stored bars: raw, before hysteresis, each layer over its own bars.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
-- The budget of the whole history labels all bars of a layer, or none.
SET pg_regime.point_in_time = off;
-- One row per bar, in the order of time.
SELECT 'monthly' AS layer, count(*), count(label), min(ts), max(ts) FROM regime_label_monthly(1)
UNION ALL SELECT 'weekly', count(*), count(label), min(ts), max(ts) FROM regime_label_weekly(1)
UNION ALL SELECT 'daily', count(*), count(label), min(ts), max(ts) FROM regime_label_daily(1);
SELECT bool_and(ts > before) AS ascending FROM (SELECT ts, lag(ts) OVER (ROWS BETWEEN UNBOUNDED PRECEDING
    AND CURRENT ROW) AS before FROM regime_label_daily(1)) x;
SELECT * FROM regime_label_weekly(1) ORDER BY ts DESC LIMIT 2;
SELECT count(*) AS wrong FROM regime_label_daily(1) WHERE label IS DISTINCT FROM concat_ws('-', trend, vol, liq);
-- They are those of the arrays of the same numbers.
CREATE VIEW pivot AS SELECT array_agg(close ORDER BY time_close) AS c, array_agg(e[1] ORDER BY time_close) AS fast,
    array_agg(e[2] ORDER BY time_close) AS mid, array_agg(e[3] ORDER BY time_close) AS slow
    FROM cmc_price_bars_multi_tf b, LATERAL (SELECT ARRAY[max(ema) FILTER (WHERE period = 20),
        max(ema) FILTER (WHERE period = 50), max(ema) FILTER (WHERE period = 100)] AS e
        FROM cmc_ema_multi_tf_u u WHERE (u.id, u.ts) = (b.id, b.time_close)) x WHERE b.id = 1;
SELECT (SELECT array_agg(label ORDER BY ts) FROM regime_label_daily(1)) = regime_label_daily(c, fast, mid, slow) AS full,
    (SELECT array_agg(label ORDER BY ts) FROM regime_label_daily(1, mode => 'lite')) = regime_label_daily(c, fast, mid, slow,
        'lite') AS lite,
    regime_label_daily(c, fast, mid, slow) = regime_label_daily(c, fast, mid, slow, 'lite') AS same FROM pivot;

-- mode NULL is what the data budget says: full for asset 1, lite for asset 2, nothing for asset 3, whose layers are all
-- disabled. A mode labels whatever is there.
SELECT asset, mode, count(*), count(label) AS labelled, count(trend) AS trend, count(vol) AS vol, count(liq) AS liq,
    md5(string_agg(label, ' ' ORDER BY ts)) = md5((SELECT string_agg(label, ' ' ORDER BY ts)
    FROM regime_label_daily(asset, mode => 'full'))) AS as_full,
    md5(string_agg(label, ' ' ORDER BY ts)) = md5((SELECT string_agg(label, ' ' ORDER BY ts)
        FROM regime_label_daily(asset, mode => 'lite'))) AS as_lite
FROM generate_series(1, 3) AS asset, unnest(ARRAY[NULL, 'lite', 'full']) AS mode, regime_label_daily(asset, NULL, mode)
    GROUP BY 1, 2 ORDER BY 1, 2;
SELECT mode, count(*), count(label) FROM unnest(ARRAY[NULL, 'lite', 'full']) AS mode, regime_label_monthly(2, mode => mode)
    GROUP BY 1 ORDER BY 1;
-- Calendars: weeks end on Sunday (iso) or on Saturday (us); so does the default by its setting.
SELECT scheme, extract(isodow FROM max(ts)) AS weekday, count(*) FROM unnest(ARRAY[NULL, 'iso', 'us']) AS scheme,
    regime_label_weekly(1, scheme) GROUP BY 1 ORDER BY 1;
-- The accepted labels of a refresh without hysteresis are these, carried forward to the days.
SELECT count(*) AS differ FROM regime_compute(1, hysteresis => false) r
    LEFT JOIN LATERAL (SELECT label FROM regime_label_weekly(1) w WHERE w.ts <= r.ts ORDER BY w.ts DESC LIMIT 1) w ON true
        WHERE r.l1_label IS DISTINCT FROM w.label;
-- Point in time, the default, a bar is labelled under the data budget of its own time: without a label while its layer is
-- disabled, by fixed cut-offs while the tier is lite. The daily labels are those of a refresh without hysteresis, and those of
-- an asset whose bars end earlier.
RESET pg_regime.point_in_time;
SELECT 'monthly' AS layer, count(*), count(label), min(ts) FILTER (WHERE label IS NOT NULL) AS first FROM regime_label_monthly(1)
UNION ALL SELECT 'weekly', count(*), count(label), min(ts) FILTER (WHERE label IS NOT NULL) FROM regime_label_weekly(1)
UNION ALL SELECT 'daily', count(*), count(label), min(ts) FILTER (WHERE label IS NOT NULL) FROM regime_label_daily(1);
SELECT count(*) AS wrong FROM regime_label_daily(1) WHERE label IS DISTINCT FROM nullif(concat_ws('-', trend, vol, liq), '');
SELECT r.feature_tier, r.l2_enabled, count(*), count(*) FILTER (WHERE l.label IS DISTINCT FROM r.l2_label) AS differ,
    count(*) FILTER (WHERE l.label IS DISTINCT FROM m.label) AS as_no_mode
FROM regime_compute(1, hysteresis => false) r FULL JOIN regime_label_daily(1) l USING (ts) LEFT JOIN
    (SELECT mode, m.* FROM unnest(ARRAY['lite', 'full']) AS mode, regime_label_daily(1, mode => mode) m) m
    ON m.ts = r.ts AND m.mode = r.feature_tier AND r.l2_enabled
GROUP BY 1, 2 ORDER BY 1 DESC, 2;
BEGIN;
CREATE TEMP TABLE all_labels AS SELECT 'L0' AS layer, * FROM regime_label_monthly(1) UNION ALL SELECT 'L1', * FROM regime_label_weekly(1)
    UNION ALL SELECT 'L2', * FROM regime_label_daily(1);
DELETE FROM cmc_price_bars_multi_tf WHERE time_close > '2020-06-30';
DELETE FROM cmc_price_bars_multi_tf_cal_iso WHERE time_close > '2020-06-30';
SELECT layer, count(*), count(*) FILTER (WHERE a.label IS DISTINCT FROM l.label) AS differ
FROM (SELECT 'L0' AS layer, * FROM regime_label_monthly(1) UNION ALL SELECT 'L1', * FROM regime_label_weekly(1)
    UNION ALL SELECT 'L2', * FROM regime_label_daily(1)) l JOIN all_labels a USING (layer, ts) GROUP BY 1 ORDER BY 1;
ROLLBACK;
-- No bars, no rows.
SELECT count(*) FROM regime_label_daily(99);
SELECT count(*) FROM regime_label_daily(99, mode => 'full');
SELECT count(*) FROM regime_label_daily(-2147483648);

-- Wrong arguments.
SELECT count(*) FROM regime_label_daily(1, mode => 'best');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM regime_label_weekly(1, 'lunar');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM regime_label_daily(NULL::int);
\echo :LAST_ERROR_SQLSTATE
-- No source for intraday bars, unless one is mapped.
SELECT count(*) FROM regime_label_intraday(1);
\echo :LAST_ERROR_SQLSTATE
-- Bars that cannot be labelled are an error, with the first of them, not labels that are wrong.
UPDATE cmc_price_bars_multi_tf SET close = 0 WHERE id = 2 AND bar_seq IN (7, 9);
SELECT count(*) FROM regime_label_daily(2);
\echo :LAST_ERROR_SQLSTATE
