-- What followed, by bucket: against SQL that reads the specification naively.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\pset null -
INSERT INTO candles SELECT c.* FROM generate_series(0, 899) n, candle('WAVE', '1d', '1 day', n) c;
SELECT symbol, status, rows_written FROM refresh_market_states('WAVE');
CREATE TABLE bars AS SELECT row_number() OVER (ORDER BY c.open_time) AS i, c.open_time, close::float8 AS close, escalation_bucket AS bucket
FROM candles c LEFT JOIN market_states s USING (symbol, timeframe, open_time) WHERE symbol = 'WAVE';
ALTER TABLE bars ADD PRIMARY KEY (i);
-- Rows that are at least h bars apart, one after another from the first.
CREATE FUNCTION independent(bars bigint[], h int) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE n bigint := 0; next bigint := 0; i bigint;
    BEGIN
        FOREACH i IN ARRAY coalesce(bars, '{}') LOOP IF i >= next THEN n := n + 1; next := i + h; END IF; END LOOP;
        RETURN n;
    END $$;
CREATE FUNCTION wilson(p float8, m bigint, sign int) RETURNS float8 LANGUAGE sql AS $$
    SELECT CASE WHEN m > 0 THEN least(greatest(((p + z * z / 2 / m) + sign * z * sqrt(p * (1 - p) / m + z * z / 4 / m / m)) / (1 + z * z / m), 0), 1) END FROM (SELECT 1.959963984540054::float8) AS z (z) $$;
CREATE FUNCTION alike(a float8, b float8) RETURNS boolean LANGUAGE sql AS $$ SELECT (a IS NULL) = (b IS NULL) AND coalesce(abs(a - b) <= 1e-9 * greatest(abs(a), 1e-3), true) $$;
CREATE FUNCTION returns(h int) RETURNS TABLE (i bigint, open_time timestamptz, bucket text, r float8, drawdown float8) LANGUAGE sql AS $$
    SELECT b.i, b.open_time, b.bucket, l.close / b.close - 1,
        (SELECT min(k.close / j.close - 1) FROM bars j, bars k WHERE j.i BETWEEN b.i AND b.i + h AND k.i BETWEEN j.i AND b.i + h)
    FROM bars b JOIN bars l ON l.i = b.i + h WHERE b.bucket IS NOT NULL $$;
CREATE FUNCTION naive(h int, thresholds float8[], from_ts timestamptz, to_ts timestamptz) RETURNS TABLE (bucket text, threshold float8, n bigint, n_independent bigint,
    mean_return float8, median_return float8, worst_return float8, mean_drawdown float8, worst_drawdown float8, tail_n bigint, tail_share float8) LANGUAGE sql AS $$
    SELECT b.bucket, t.threshold, count(r), independent(array_agg(i ORDER BY i) FILTER (WHERE i IS NOT NULL), h), avg(r), percentile_cont(0.5) WITHIN GROUP (ORDER BY r), min(r),
        avg(drawdown), min(drawdown), count(*) FILTER (WHERE r <= threshold), (count(*) FILTER (WHERE r <= threshold))::float8 / nullif(count(r), 0)
    FROM unnest(thresholds) WITH ORDINALITY AS t (threshold, o) CROSS JOIN (VALUES ('LOW'), ('MED'), ('HIGH'), ('ALL')) AS b (bucket)
    LEFT JOIN returns(h) AS o ON o.bucket IN (b.bucket) AND o.open_time BETWEEN coalesce(from_ts, '-infinity') AND coalesce(to_ts, 'infinity')
        OR b.bucket = 'ALL' AND o.open_time BETWEEN coalesce(from_ts, '-infinity') AND coalesce(to_ts, 'infinity')
    GROUP BY b.bucket, t.threshold $$;
CREATE FUNCTION unlike(h int, thresholds float8[], from_ts timestamptz DEFAULT NULL, to_ts timestamptz DEFAULT NULL) RETURNS TABLE (rows_ bigint, n numeric, differ bigint) LANGUAGE sql AS $$
    SELECT count(*), sum(o.n), count(*) FILTER (WHERE NOT (alike(o.n, g.n) AND alike(o.n_independent, g.n_independent) AND alike(o.mean_return, g.mean_return) AND alike(o.median_return, g.median_return)
        AND alike(o.worst_return, g.worst_return) AND alike(o.mean_drawdown, g.mean_drawdown) AND alike(o.worst_drawdown, g.worst_drawdown) AND alike(o.tail_n, g.tail_n)
        AND alike(o.tail_share, g.tail_share) AND alike(o.tail_low, wilson(g.tail_share, g.n_independent, -1)) AND alike(o.tail_high, wilson(g.tail_share, g.n_independent, 1))
        AND alike(o.ratio_to_low, g.tail_share / nullif(low.tail_share, 0))) IS NOT FALSE)
    FROM market_escalation_outcomes('WAVE', '1d', h, thresholds, from_ts, to_ts) o FULL JOIN naive(h, thresholds, from_ts, to_ts) g USING (bucket, threshold)
    LEFT JOIN naive(h, thresholds, from_ts, to_ts) low ON low.bucket = 'LOW' AND low.threshold = g.threshold $$;
SELECT * FROM unlike(20, '{-0.05,-0.10,-0.20}');
SELECT * FROM unlike(1, '{0,-0.01}');
SELECT * FROM unlike(45, '{-0.3}', '2025-03-01', '2026-01-01 00:00+00');
SELECT * FROM unlike(20, '{-0.05}', '2027-01-01');
SELECT * FROM unlike(900, '{-0.05}');
-- Thresholds in the order that they are given, each with its four rows; both ends of the times are included.
SELECT bucket, threshold, n > 0 AS some FROM market_escalation_outcomes('WAVE', '1d', thresholds => '{-0.2,0,-0.2}');
SELECT n FROM market_escalation_outcomes('WAVE', '1d', 20, '{0}', '2025-06-01', '2025-06-03') WHERE bucket = 'ALL';
SELECT n FROM market_escalation_outcomes('WAVE', '1d', 20, '{0}', '2025-06-01 00:00:01', '2025-06-02 23:59:59') WHERE bucket = 'ALL';
SELECT count(*) FROM market_escalation_outcomes('WAVE', '1d', 20, '{0}', '-infinity', 'infinity');
-- The parts of the history: sizes, shares and samples.
CREATE FUNCTION naive_samples(h int, threshold float8) RETURNS TABLE (sample text, bucket text, n bigint, share float8, m bigint) LANGUAGE sql AS $$
    WITH r AS (SELECT *, row_number() OVER (ORDER BY i) AS k, count(*) OVER () AS total, extract(year FROM open_time AT TIME ZONE 'UTC')::text AS year,
        row_number() OVER (ORDER BY (SELECT b.close / max(p.close) - 1 FROM bars p WHERE p.i > b.i - 200 AND p.i <= b.i), i) AS depth
        FROM returns(h) JOIN bars b USING (i, open_time, bucket)),
    s AS (SELECT 'all' AS sample, r.* FROM r UNION ALL SELECT CASE WHEN k <= total / 3 THEN 'first third' WHEN k > total - total / 3 THEN 'last third' ELSE 'middle third' END, r.* FROM r
        UNION ALL SELECT 'without deepest 5%', r.* FROM r WHERE depth > total / 20
        UNION ALL SELECT 'without ' || y.year, r.* FROM r CROSS JOIN (SELECT DISTINCT year FROM r) y WHERE r.year <> y.year)
    SELECT sample, bucket, count(*), (count(*) FILTER (WHERE r <= threshold))::float8 / count(*), independent(array_agg(i ORDER BY i), h) FROM s WHERE bucket <> 'MED' GROUP BY 1, 2 $$;
SELECT count(*), count(*) FILTER (WHERE NOT (c.high_n = h.n AND c.low_n = l.n AND alike(c.high_share, h.share) AND alike(c.low_share, l.share)
    AND alike(high_from, wilson(h.share, h.m, -1)) AND alike(high_to, wilson(h.share, h.m, 1)) AND alike(low_from, wilson(l.share, l.m, -1)) AND alike(low_to, wilson(l.share, l.m, 1))
    AND alike(c.difference, h.share - l.share) AND alike(c.ratio, h.share / nullif(l.share, 0))) IS NOT FALSE) AS differ
FROM market_escalation_concentration('WAVE', '1d', 20, -0.02) c JOIN naive_samples(20, -0.02) h ON h.sample = c.sample AND h.bucket = 'HIGH' JOIN naive_samples(20, -0.02) l ON l.sample = c.sample AND l.bucket = 'LOW';
SELECT sample, high_n, low_n, round(high_share::numeric, 4) AS high_share, round(low_share::numeric, 4) AS low_share, round(ratio::numeric, 4) AS ratio FROM market_escalation_concentration('WAVE', '1d', 20, -0.02);
-- Nothing to compare.
SELECT sample, high_n, high_share, low_n, difference, ratio FROM market_escalation_concentration('WAVE', '1d', 900);
-- What cannot be asked.
SELECT * FROM market_escalation_outcomes('WAVE', '1d', thresholds => '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_escalation_outcomes('WAVE', '1d', thresholds => '{-0.1,0.1}');
SELECT * FROM market_escalation_outcomes('WAVE', '1d', thresholds => '{-0.1,NULL}');
SELECT * FROM market_escalation_outcomes('WAVE', '1d', thresholds => '{NaN}');
SELECT * FROM market_escalation_outcomes('WAVE', '1d', thresholds => '{-Infinity}');
SELECT * FROM market_escalation_outcomes('WAVE', '1d', thresholds => NULL);
SELECT * FROM market_escalation_outcomes('WAVE', '1d', 0);
SELECT * FROM market_escalation_outcomes('WAVE', '1d', from_ts => '2025-01-02', to_ts => '2025-01-01');
SELECT * FROM market_escalation_outcomes('WAVE', '4h');
SELECT * FROM market_escalation_outcomes('BBBUSDT', '1h');
SELECT * FROM market_escalation_concentration('WAVE', '1d', threshold => 0.1);
SELECT * FROM market_escalation_concentration('WAVE', '1d', threshold => NULL);
SELECT * FROM market_escalation_concentration('wave', '1d');
SELECT * FROM market_escalation_concentration('WAVE', '1d', -20);
