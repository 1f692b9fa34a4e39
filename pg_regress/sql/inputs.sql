-- From daily bars alone: weekly and monthly bars and all EMAs equal what plain SQL makes of the same bars, and a build
-- after a change writes the rows that changed and no others.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
DROP TABLE dim_assets, cmc_price_bars_multi_tf, cmc_price_bars_multi_tf_cal_iso, cmc_price_bars_multi_tf_cal_us,
    cmc_ema_multi_tf_u, cmc_ema_multi_tf_cal_iso, cmc_ema_multi_tf_cal_us;
CREATE TABLE cmc_price_bars_multi_tf (id int, tf text, time_close timestamptz, open float8, high float8, low float8,
    close float8, volume float8, market_cap float8, PRIMARY KEY (id, tf, time_close));
-- Asset 1 has every day, from within a week and a month to within both. Asset 2 has weekdays only, with a gap of weeks, and
-- ends on a Friday. Asset 3 has bars at midnight, from a Monday that begins a month to a Sunday that ends one. Asset 4 is new.
INSERT INTO cmc_price_bars_multi_tf
SELECT id, '1D', day AT TIME ZONE 'UTC', c - n % 7 / 8.0, c + 1 + n % 11 / 8.0, c - 1 - n % 5 / 8.0, c,
    CASE WHEN n % 9 > 0 THEN 1000 + n % 500 END, CASE WHEN n % 4 > 0 THEN c * 1000 END
FROM (VALUES (1, timestamp '2020-01-15 23:59:59', 1603), (2, '2022-03-08 21:00:00', 697), (3, '2021-02-01', 1246),
    (4, '2024-05-30 23:59:59', 2)) AS a (id, since, days), generate_series(0, days - 1) AS n,
    LATERAL (SELECT since + n * interval '1 day', cents(id, n) / 100.0) AS bar (day, c)
WHERE id <> 2 OR (extract(isodow FROM day) < 6 AND day NOT BETWEEN '2022-08-10' AND '2022-10-20');
INSERT INTO cmc_price_bars_multi_tf VALUES (1, '7D', '2020-01-26', 1, 1, 1, 1, 1, 1);
SELECT id, count(*), to_char(min(time_close), 'Dy YYYY-MM-DD HH24:MI') AS first, to_char(max(time_close), 'Dy YYYY-MM-DD HH24:MI') AS last
FROM cmc_price_bars_multi_tf WHERE tf = '1D' GROUP BY id ORDER BY id;

-- Calendar bars in SQL: a bar of another period follows, or the period's last day has one. An offset of a day makes
-- weeks begin on Sunday.
CREATE VIEW wanted AS
WITH daily AS (
    SELECT *, time_close AT TIME ZONE 'UTC' AS t, min(time_close) OVER own AT TIME ZONE 'UTC' AS born,
        max(time_close) OVER own AT TIME ZONE 'UTC' AS newest
    FROM cmc_price_bars_multi_tf WHERE tf = '1D' WINDOW own AS (PARTITION BY id)),
spans AS (
    SELECT d.*, scheme, s.tf AS span, s.days, date_trunc(unit, t + shift) - shift AS begins,
        date_trunc(unit, t + shift) - shift + one - interval '1 day' AS ends
    FROM daily d, (VALUES ('iso', '1W', 'week', interval '0 days', interval '7 days', 7), ('us', '1W', 'week', '1 day', '7 days', 7),
        ('iso', '1M', 'month', '0 days', '1 month', 30), ('us', '1M', 'month', '0 days', '1 month', 30)) AS s (scheme, tf, unit, shift, one, days))
SELECT scheme, id, span AS tf, days AS tf_days, row_number() OVER (PARTITION BY scheme, id, span ORDER BY begins)::int AS bar_seq,
    (ends + max(t)::time) AT TIME ZONE 'UTC' AS time_close, (array_agg(open ORDER BY t))[1] AS open, max(high) AS high,
    min(low) AS low, (array_agg(close ORDER BY t DESC))[1] AS close, sum(volume) AS volume,
    (array_agg(market_cap ORDER BY t DESC))[1] AS market_cap
FROM spans GROUP BY scheme, id, span, days, begins, ends, born, newest
HAVING born::date <= begins AND newest::date >= ends;
-- EMAs in SQL, of the bars built.
CREATE FUNCTION wanted_emas(bars regclass, timeframe text, periods int[])
RETURNS TABLE (id int, tf text, ts timestamptz, period int, ema float8) LANGUAGE plpgsql SET client_min_messages = error AS $$
BEGIN
    DROP TABLE IF EXISTS bar;
    EXECUTE format('CREATE TEMP TABLE bar AS SELECT id, time_close AS ts, close, row_number() OVER (PARTITION BY id ORDER BY time_close) AS n '
        'FROM %s WHERE tf = %L', bars, timeframe);
    ALTER TABLE bar ADD PRIMARY KEY (id, n);
    RETURN QUERY EXECUTE 'WITH RECURSIVE walk AS (SELECT id, ts, n, period, close AS ema FROM bar, unnest($2) AS period WHERE n = 1 UNION ALL '
        'SELECT b.id, b.ts, b.n, w.period, 2.0 / (w.period + 1) * b.close + (1 - 2.0 / (w.period + 1)) * w.ema FROM walk w JOIN bar b ON (b.id, b.n) = (w.id, w.n + 1)) '
        'SELECT id, $1, ts, period, ema FROM walk WHERE n >= period' USING timeframe, periods;
END $$;
CREATE FUNCTION compare_emas(emas regclass, bars regclass, timeframe text, periods int[])
RETURNS TABLE (per_period text, missing bigint, extra bigint, differ bigint) LANGUAGE plpgsql AS $$
BEGIN
    ANALYZE;
    RETURN QUERY EXECUTE format('SELECT (SELECT string_agg(period || '': '' || n, '', '' ORDER BY period) FROM (SELECT period, count(*) AS n FROM %1$s WHERE tf = $2 GROUP BY 1) p), '
        'count(*) FILTER (WHERE e.id IS NULL), count(*) FILTER (WHERE w.id IS NULL), count(*) FILTER (WHERE abs(e.ema - w.ema) > 1e-12 * w.ema) '
        'FROM wanted_emas($1, $2, $3) w FULL JOIN (SELECT * FROM %1$s WHERE tf = $2) e USING (id, ts, period)', emas) USING bars, timeframe, periods;
END $$;

SELECT * FROM regime_build_inputs();
-- The shape that the source has, and a comment that says whose they are.
SELECT relname, obj_description(oid, 'pg_class') AS comment, (SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod)
    || CASE WHEN attnotnull THEN ' not null' ELSE '' END, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0) AS columns,
    (SELECT string_agg(pg_get_constraintdef(oid), ', ' ORDER BY contype, conname) FROM pg_constraint WHERE conrelid = c.oid AND contype <> 'n') AS keys
FROM pg_class c WHERE relname ~ '^cmc_.*(_cal_|_u$)' AND relkind = 'r' ORDER BY relname \gx
-- Weeks of the US: daily EMAs are those of every calendar.
SELECT * FROM regime_build_inputs(cal_scheme => 'us');
CREATE VIEW built AS SELECT 'iso' AS scheme, * FROM cmc_price_bars_multi_tf_cal_iso UNION ALL SELECT 'us', * FROM cmc_price_bars_multi_tf_cal_us;
CREATE VIEW differ AS SELECT * FROM (SELECT 'missing' AS row, w.* FROM (TABLE wanted EXCEPT ALL SELECT scheme, id, tf, tf_days, bar_seq, time_close, open,
        high, low, close, volume, market_cap FROM built) w
    UNION ALL SELECT 'extra', b.* FROM (SELECT scheme, id, tf, tf_days, bar_seq, time_close, open, high, low, close, volume, market_cap FROM built
        EXCEPT ALL TABLE wanted) b) rows;
TABLE differ;
SELECT scheme, id, tf, count(*), to_char(min(time_close), 'Dy YYYY-MM-DD HH24:MI') AS first, to_char(max(time_close), 'Dy YYYY-MM-DD HH24:MI') AS last,
    string_agg(DISTINCT to_char(time_close, CASE tf WHEN '1W' THEN 'Dy' ELSE 'HH24:MI' END), ' ') AS stamped
FROM built GROUP BY scheme, id, tf ORDER BY scheme, id, tf;
-- The daily bars of a period that see its bar: those of its last day, and no other.
SELECT scheme, b.tf, count(*), count(*) FILTER (WHERE d.time_close::date < b.time_close::date) AS too_early
FROM built b JOIN cmc_price_bars_multi_tf d ON d.id = b.id AND d.tf = '1D' AND d.time_close >= b.time_close
    AND d.time_close < CASE b.tf WHEN '1W' THEN b.time_close::date + 1 ELSE date_trunc('month', b.time_close) + interval '1 month' END
GROUP BY scheme, b.tf ORDER BY scheme, b.tf;
SELECT e.* FROM (VALUES ('cmc_ema_multi_tf_u', 'cmc_price_bars_multi_tf', '1D', '{20,50,100}'::int[]),
    ('cmc_ema_multi_tf_cal_iso', 'cmc_price_bars_multi_tf_cal_iso', '1W', '{20,50,200}'), ('cmc_ema_multi_tf_cal_iso', 'cmc_price_bars_multi_tf_cal_iso', '1M', '{12,24,48}'),
    ('cmc_ema_multi_tf_cal_us', 'cmc_price_bars_multi_tf_cal_us', '1W', '{20,50,200}'), ('cmc_ema_multi_tf_cal_us', 'cmc_price_bars_multi_tf_cal_us', '1M', '{12,24,48}'))
    AS t (emas, bars, tf, periods), compare_emas(emas::regclass, bars::regclass, tf, periods) e;
SELECT DISTINCT tf, roll, alignment_source, tf_days FROM cmc_ema_multi_tf_u;
SELECT DISTINCT tf, roll, tf_days FROM cmc_ema_multi_tf_cal_iso ORDER BY tf;
-- Had the history ended earlier, on any day of two weeks, its last row would see the same bars, and there would be no others.
CREATE SCHEMA fresh;
SET client_min_messages = warning;
CREATE FUNCTION differ_if_cut(cut date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE n text;
BEGIN
    DELETE FROM cmc_price_bars_multi_tf WHERE tf = '1D' AND time_close >= cut;
    PERFORM regime_build_inputs(target_schema => 'fresh');
    SELECT count(*) FILTER (WHERE was IS NULL OR now IS NULL) || ' of ' || count(*) INTO n
    FROM (SELECT to_jsonb(b) - 'ingested_at' AS was FROM cmc_price_bars_multi_tf_cal_iso b
        WHERE time_close <= (SELECT max(time_close) FROM cmc_price_bars_multi_tf d WHERE d.id = b.id AND d.tf = '1D')) w
    FULL JOIN (SELECT to_jsonb(b) - 'ingested_at' AS now FROM fresh.cmc_price_bars_multi_tf_cal_iso b) n ON was = now;
    RAISE EXCEPTION USING MESSAGE = n;
EXCEPTION WHEN raise_exception THEN
    RETURN SQLERRM;
END $$;
SELECT to_char(cut, 'Dy YYYY-MM-DD') AS cut, differ_if_cut(cut) FROM (SELECT date '2023-06-24' + n FROM generate_series(0, 13) n) d (cut);

-- Again: nothing to write, in another time zone either.
SELECT * FROM regime_build_inputs();
SET timezone = 'Pacific/Kiritimati';
SELECT * FROM regime_build_inputs(cal_scheme => 'us');
SET timezone = 'UTC';
-- After a change: the rows that differ, the rows with a new stamp, and what a build into an empty schema has otherwise.
CREATE VIEW stored AS SELECT '1 bars' AS kind, id, tf, time_close AS ts, 0 AS period, ingested_at, to_jsonb(b) - 'ingested_at' AS line FROM cmc_price_bars_multi_tf_cal_iso b
    UNION ALL SELECT '2 calendar emas', id, tf, ts, period, ingested_at, to_jsonb(e) - 'ingested_at' FROM cmc_ema_multi_tf_cal_iso e
    UNION ALL SELECT '3 daily emas', id, tf, ts, period, ingested_at, to_jsonb(e) - 'ingested_at' FROM cmc_ema_multi_tf_u e;
CREATE TABLE before AS TABLE stored;
CREATE FUNCTION after(change text) RETURNS TABLE (kind text, tf text, assets text, since timestamptz, inserted bigint, deleted bigint,
    updated bigint, same bigint, wrong_stamp bigint, rows_written bigint, differ bigint) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM before;
    INSERT INTO before TABLE stored;
    EXECUTE change;
    CREATE TEMP TABLE done AS SELECT * FROM regime_build_inputs();
    DROP TABLE IF EXISTS fresh.cmc_price_bars_multi_tf_cal_iso, fresh.cmc_ema_multi_tf_cal_iso, fresh.cmc_ema_multi_tf_u;
    PERFORM regime_build_inputs(target_schema => 'fresh');
    CREATE TEMP TABLE fresh_line AS SELECT '1 bars' AS kind, to_jsonb(b) - 'ingested_at' AS line FROM fresh.cmc_price_bars_multi_tf_cal_iso b
        UNION ALL SELECT '2 calendar emas', to_jsonb(e) - 'ingested_at' FROM fresh.cmc_ema_multi_tf_cal_iso e
        UNION ALL SELECT '3 daily emas', to_jsonb(e) - 'ingested_at' FROM fresh.cmc_ema_multi_tf_u e;
    RETURN QUERY SELECT k.*, c.*, (SELECT d.rows_written FROM done d WHERE d.relation ~ CASE k.kind WHEN '1 bars' THEN 'bars' WHEN '2 calendar emas' THEN 'ema.*_cal_' ELSE '_u$' END),
        (SELECT count(*) FROM (SELECT line FROM stored x WHERE x.kind = k.kind AND x.tf = k.tf) x FULL JOIN (SELECT line FROM fresh_line f
            WHERE f.kind = k.kind AND line ->> 'tf' = k.tf) f USING (line) WHERE x IS NULL OR f IS NULL)
    FROM (SELECT DISTINCT s.kind, s.tf FROM stored s) k, LATERAL (
        SELECT string_agg(DISTINCT id::text, ',') FILTER (WHERE b.line IS DISTINCT FROM s.line), min(ts) FILTER (WHERE b.line IS DISTINCT FROM s.line),
            count(*) FILTER (WHERE b.line IS NULL), count(*) FILTER (WHERE s.line IS NULL), count(*) FILTER (WHERE b.line <> s.line),
            count(*) FILTER (WHERE b.line = s.line), count(*) FILTER (WHERE (b.line <> s.line) <> (b.ingested_at <> s.ingested_at))
        FROM (SELECT * FROM before x WHERE (x.kind, x.tf) = (k.kind, k.tf)) b
        FULL JOIN (SELECT * FROM stored x WHERE (x.kind, x.tf) = (k.kind, k.tf)) s USING (id, ts, period)) c ORDER BY 1, 2;
    DROP TABLE done, fresh_line;
END $$;
-- A daily bar corrected, in its volume alone, and in its close (EMAs forget it after some time).
SELECT * FROM after($$UPDATE cmc_price_bars_multi_tf SET volume = volume + 1 WHERE id = 1 AND time_close = '2023-02-17 23:59:59+00'$$);
SELECT * FROM after($$UPDATE cmc_price_bars_multi_tf SET close = close + 1 WHERE id = 3 AND time_close = '2024-06-09 00:00:00+00'$$);
-- The Monday after a Friday closes the week.
SELECT * FROM after($$INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', '2024-02-05 21:00+00', 40, 41, 39, 40, 1, 1)$$);
-- The last bar of a week and a month deleted.
SELECT * FROM after($$DELETE FROM cmc_price_bars_multi_tf WHERE id = 3 AND time_close = '2024-06-30 00:00+00'$$);
-- A Monday before the first bar makes the first week whole: all weekly bars are numbered anew.
SELECT * FROM after($$INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', '2022-03-07 21:00+00', 40, 41, 39, 40, 1, 1)$$);
-- Other periods of a layer take the place of the old ones.
UPDATE regime_source SET periods = '{10,50,200}' WHERE cal_scheme = 'iso' AND layer = 'L1';
SELECT * FROM after('SELECT');
SELECT e.* FROM compare_emas('cmc_ema_multi_tf_cal_iso', 'cmc_price_bars_multi_tf_cal_iso', '1W', '{10,50,200}') e;
-- An asset without daily bars has none of other kinds.
SELECT * FROM after($$DELETE FROM cmc_price_bars_multi_tf WHERE id = 1 AND tf = '1D'$$);
SELECT count(*) FROM differ WHERE scheme = 'iso';
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA fresh CASCADE;
