-- Large moves, and whether a HIGH came before: by hand, and against SQL that reads the specification naively.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\pset null -
-- 40 bars at 100, with two falls; buckets from bar 2 on, HIGH at 5, 11, 20, 21 and 30.
CREATE FUNCTION hand_close(n int) RETURNS numeric IMMUTABLE LANGUAGE sql AS
    $$ SELECT coalesce((('{"10": 95, "11": 88, "12": 85, "13": 90, "25": 88}'::jsonb)->>n::text)::numeric, 100) $$;
INSERT INTO candles SELECT 'HAND', '1d', timestamptz '2024-01-01' + n * interval '1 day', hand_close(n), hand_close(n) + 1, hand_close(n) - 1, hand_close(n), 1
    FROM generate_series(0, 39) n;
INSERT INTO candles SELECT c.* FROM generate_series(0, 899) n, candle('WAVE', '1d', '1 day', n) c;
SELECT symbol, status, rows_written FROM refresh_market_states(timeframe => '1d') ORDER BY 1;
UPDATE market_states SET escalation = 0.5, escalation_percentile = p.at, escalation_bucket = market_escalation_bucket(p.at),
    escalation_action = market_escalation_action(market_escalation_bucket(p.at))
FROM (SELECT timestamptz '2024-01-01' + n * interval '1 day' AS open_time, CASE WHEN n IN (5, 11, 20, 21, 30) THEN 0.9 WHEN n = 15 THEN 0.7 ELSE 0.2 END AS at
      FROM generate_series(2, 39) n) AS p
WHERE symbol = 'HAND' AND market_states.open_time = p.open_time;
-- Closes fall by 10 % within three bars from bars 8, 9 and 10 on, and from 22, 23 and 24 on: two events, from 8 to 13 and from 22 to 27.
SELECT direction, starts::date, ends::date, bars, anchors, extreme_at::date, round(move::numeric, 6) AS move, move_atr, complete FROM market_escalation_events('HAND', '1d', 3, lookback => 4, fall => 0.1);
SELECT starts::date, warned, first_high::date, lead_bars, high_bars FROM market_escalation_events('HAND', '1d', 3, lookback => 4, fall => 0.1);
-- Of the 31 bars 6 to 36, 17 have a HIGH among the four bars before: the base rate. Of the alarms, the second is late and the last false.
SELECT direction, events, judged, hits, hit_rate, hit_rate_low, hit_rate_high, base_rate * 31 AS base_of_31, lift * 17 / 31 AS lift, median_lead, mean_lead
FROM market_escalation_lead_time('HAND', '1d', 3, lookback => 4, fall => 0.1);
SELECT alarms, late_alarms, false_alarms, false_alarm_rate, high_share * 38 AS of_38, high_followed * 5 AS of_5, any_followed * 31 AS of_31
FROM market_escalation_lead_time('HAND', '1d', 3, lookback => 4, fall => 0.1);
-- A bar before the start without a bucket, or none so far back: not judged. A horizon or lookback longer than the series judges nothing.
SELECT starts::date, warned, first_high, lead_bars, high_bars FROM market_escalation_events('HAND', '1d', 3, lookback => 7, fall => 0.1);
UPDATE market_states SET escalation = NULL, escalation_percentile = NULL, escalation_bucket = NULL, escalation_action = NULL WHERE symbol = 'HAND' AND open_time = '2024-01-20';
DELETE FROM market_states WHERE symbol = 'HAND' AND open_time = '2024-01-05';
SELECT starts::date, warned, high_bars FROM market_escalation_events('HAND', '1d', 3, lookback => 4, fall => 0.1);
SELECT count(*) FROM market_escalation_events('HAND', '1d', 40, fall => 0.1);
SELECT direction, events, judged, hit_rate, base_rate, alarms, any_followed FROM market_escalation_lead_time('HAND', '1d', 2147483647, lookback => 2147483647);
-- With fall, atr_multiple plays no part.
SELECT count(*) FROM market_escalation_events('HAND', '1d', 3, -1, 4, 0.1);
SELECT count(*) FROM market_escalation_lead_time('HAND', '1d', 3, 'NaN', 4, 0.1);
-- A row whose candle is gone has no place; later bars make an event complete.
DELETE FROM candles WHERE symbol = 'HAND' AND open_time > '2024-01-30';
SELECT starts::date, ends::date, complete FROM market_escalation_events('HAND', '1d', 3, lookback => 4, fall => 0.1);

-- The wave, read naively: anchors, groups of these, what came before.
CREATE VIEW bars AS SELECT row_number() OVER w - 1 AS i, count(*) OVER () AS n, c.open_time, close::float8 AS close, escalation_bucket AS bucket,
    CASE WHEN row_number() OVER w >= 14 THEN avg(greatest(high - low, abs(high - before), abs(low - before))) OVER (ORDER BY open_time ROWS 13 PRECEDING) END::float8 AS atr
FROM (SELECT *, lag(close) OVER (ORDER BY open_time) AS before FROM candles WHERE symbol = 'WAVE') AS c
LEFT JOIN market_states AS s USING (symbol, timeframe, open_time) WINDOW w AS (ORDER BY c.open_time);
CREATE FUNCTION naive(h int, multiple float8, l int) RETURNS TABLE (direction text, starts timestamptz, ends timestamptz, bars int, anchors int, extreme_at timestamptz,
    complete boolean, warned boolean, first_high timestamptz, lead_bars int, high_bars int) LANGUAGE sql AS $$
    WITH anchor AS (
        SELECT b.i, d.direction FROM bars b JOIN bars later ON later.i = b.i + h CROSS JOIN (VALUES ('down', -1), ('up', 1)) AS d (direction, sign)
        WHERE sign * (later.close - b.close) >= multiple * b.atr AND b.atr > 0),
    begun AS (SELECT *, i - lag(i) OVER w > h IS NOT FALSE AS begins FROM anchor WINDOW w AS (PARTITION BY direction ORDER BY i)),
    numbered AS (SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY direction ORDER BY i) AS event FROM begun),
    event AS (SELECT direction, min(i) AS s, max(i) + h AS e, count(*) AS anchors FROM numbered GROUP BY direction, event)
    SELECT direction, first.open_time, (SELECT open_time FROM bars WHERE i = e), (e - s)::int, anchors::int,
        (SELECT open_time FROM bars WHERE i BETWEEN s AND e ORDER BY CASE direction WHEN 'down' THEN close ELSE -close END, i LIMIT 1), e + h < first.n,
        high IS NOT NULL, (SELECT open_time FROM bars WHERE i = high), (s - high)::int, CASE WHEN judged THEN highs END::int
    FROM event JOIN bars first ON first.i = s, LATERAL (
        SELECT count(bucket) = l AS judged, min(i) FILTER (WHERE bucket = 'HIGH') AS high, count(*) FILTER (WHERE bucket = 'HIGH') AS highs FROM bars WHERE i >= s - l AND i < s) AS before
    WHERE judged UNION ALL
    SELECT direction, first.open_time, (SELECT open_time FROM bars WHERE i = e), (e - s)::int, anchors::int,
        (SELECT open_time FROM bars WHERE i BETWEEN s AND e ORDER BY CASE direction WHEN 'down' THEN close ELSE -close END, i LIMIT 1), e + h < first.n, NULL, NULL, NULL, NULL
    FROM event JOIN bars first ON first.i = s
    WHERE (SELECT count(bucket) FROM bars WHERE i >= s - l AND i < s) < l $$;
CREATE FUNCTION unlike(h int, multiple float8, l int) RETURNS TABLE (events bigint, judged bigint, missing bigint, extra bigint) LANGUAGE sql AS $$
    WITH ours AS (SELECT direction, starts, ends, bars, anchors, extreme_at, complete, warned, first_high, lead_bars, high_bars FROM market_escalation_events('WAVE', '1d', h, multiple, l)),
    theirs AS (SELECT * FROM naive(h, multiple, l))
    SELECT (SELECT count(*) FROM ours), (SELECT count(warned) FROM ours), (SELECT count(*) FROM (TABLE theirs EXCEPT ALL TABLE ours) a), (SELECT count(*) FROM (TABLE ours EXCEPT ALL TABLE theirs) b) $$;
SELECT a.*, unlike.* FROM (VALUES (20, 10, 60), (20, 2, 60), (5, 1, 10), (1, 0.5, 1), (60, 3, 200)) AS a (h, multiple, l), unlike(h, multiple, l);
SELECT array_agg(direction || starts) = array_agg(direction || starts ORDER BY starts, direction) AS sorted FROM market_escalation_events('WAVE', '1d', 5, 1, 10);
-- Rates add up.
SELECT direction, events = (SELECT count(*) FROM market_escalation_events('WAVE', '1d', 5, 1, 10) e WHERE e.direction = t.direction) AS events,
    hits = (SELECT count(*) FROM market_escalation_events('WAVE', '1d', 5, 1, 10) e WHERE e.direction = t.direction AND warned) AS hits,
    hit_rate = hits::float8 / judged AS rate, lift = hit_rate / base_rate AS lift, alarms >= late_alarms + false_alarms AS alarms
FROM market_escalation_lead_time('WAVE', '1d', 5, 1, 10) t;
-- Labels of moves: the largest distance of a close within the horizon, and its rank so far.
WITH moved AS (SELECT b.i, b.open_time, (SELECT CASE WHEN count(*) = 20 THEN max(abs(later.close / b.close - 1)) END FROM bars later WHERE later.i > b.i AND later.i <= b.i + 20) AS forward FROM bars b),
ranked AS (SELECT i, open_time, forward, CASE WHEN i >= 63 AND forward IS NOT NULL THEN
    (SELECT (count(*) FILTER (WHERE m.forward < moved.forward) + (count(*) FILTER (WHERE m.forward = moved.forward) + 1) / 2.0)::float8 / (moved.i + 1) FROM moved m WHERE m.i <= moved.i) END AS percentile FROM moved)
SELECT count(*), count(l.forward_move), count(l.forward_percentile), count(*) FILTER (WHERE l.is_event) AS events,
    count(*) FILTER (WHERE forward IS DISTINCT FROM l.forward_move OR percentile IS DISTINCT FROM l.forward_percentile OR (percentile >= 0.95) IS DISTINCT FROM l.is_event
        OR CASE WHEN percentile >= 0.99 THEN 'CRISIS' WHEN percentile >= 0.975 THEN 'SEVERE' WHEN percentile >= 0.95 THEN 'MODERATE' WHEN percentile >= 0.90 THEN 'MILD' END IS DISTINCT FROM l.severity) AS differ
FROM ranked FULL JOIN market_event_labels('WAVE', '1d') l USING (open_time);
-- The rolling percentile: the rank among the last rows alone.
CREATE FUNCTION percentiles_unlike(window_bars int) RETURNS TABLE (rows_ bigint, known bigint, differ bigint) LANGUAGE sql AS $$
    WITH stored AS (SELECT row_number() OVER (ORDER BY open_time) AS i, open_time, escalation FROM market_states WHERE symbol = 'WAVE'),
    ranked AS (SELECT open_time, escalation, (SELECT CASE WHEN count(l.escalation) = window_bars THEN
        (count(*) FILTER (WHERE l.escalation < s.escalation) + (count(*) FILTER (WHERE l.escalation = s.escalation) + 1) / 2.0)::float8 / window_bars END
        FROM stored l WHERE l.i > s.i - window_bars AND l.i <= s.i) AS percentile FROM stored s)
    SELECT count(*), count(p.percentile), count(*) FILTER (WHERE r.percentile IS DISTINCT FROM p.percentile OR r.escalation IS DISTINCT FROM p.escalation)
    FROM ranked r FULL JOIN market_escalation_percentile('WAVE', '1d', window_bars) p USING (open_time) $$;
SELECT w, u.* FROM unnest('{2,252,628,629,2147483647}'::int[]) w, percentiles_unlike(w) u;

-- What cannot be judged.
\set VERBOSITY default
SELECT * FROM market_escalation_events('WAVES', '1d');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_escalation_lead_time('WAVE', '1h');
SELECT * FROM market_escalation_events('AAAUSDT', '1h');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_escalation_percentile('AAAUSDT', '1h', 252);
SELECT * FROM market_escalation_percentile('WAVES', '1d', 252);
SELECT count(*) FROM market_event_labels('AAAUSDT', '1h');
SELECT * FROM market_event_labels('WAVES', '1d');
SELECT * FROM market_escalation_events('WAVE', '1d', 0);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_escalation_lead_time('WAVE', '1d', lookback => 0);
SELECT * FROM market_event_labels('WAVE', '1d', -1);
SELECT * FROM market_escalation_percentile('WAVE', '1d', 1);
SELECT * FROM market_escalation_events('WAVE', '1d', atr_multiple => 0);
SELECT * FROM market_escalation_events('WAVE', '1d', atr_multiple => 'Infinity');
SELECT * FROM market_escalation_events('WAVE', '1d', atr_multiple => NULL);
SELECT count(*) FROM market_escalation_events('WAVE', '1d', atr_multiple => NULL, fall => 0.9);
SELECT * FROM market_escalation_lead_time('WAVE', '1d', fall => 1);
SELECT * FROM market_escalation_lead_time('WAVE', '1d', fall => 0);
SELECT * FROM market_escalation_lead_time('WAVE', '1d', fall => 'NaN');
SELECT * FROM market_escalation_events(NULL, '1d');
SELECT * FROM market_escalation_events('WAVE', NULL);
SELECT * FROM market_escalation_events('WAVE', '1d', NULL);
SELECT * FROM market_escalation_percentile('WAVE', '1d', NULL);
-- An adopted table without CHECKs can hold anything.
SELECT format('ALTER TABLE market_states DROP CONSTRAINT %I', conname) FROM pg_constraint WHERE conrelid = 'market_states'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%bucket%' ORDER BY conname COLLATE "C" \gexec
UPDATE market_states SET escalation_bucket = 'SEVERE' WHERE symbol = 'HAND' AND open_time = '2024-01-21';
SELECT * FROM market_escalation_events('HAND', '1d');
