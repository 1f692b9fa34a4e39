-- What tests/histories.sh plays: source tables, histories of changes, refreshes. One history is one asset; its id is its
-- seed: what happens to it follows by hashing from (seed, round), so that it happens again, alone or among others.
-- Assets come in markets of 25 ids: parameters and proxy are a market's own, and its first two ids are its proxies and
-- always there. The negative id is the twin that bars are given to.
CREATE FUNCTION noise(salt text, a bigint, b bigint) RETURNS float8 IMMUTABLE LANGUAGE sql AS -- 0 to 1
    'SELECT (hashint8extended(a, hashint8extended(b, hashtextextended(salt, 0))) & 4503599627370495) / 4503599627370496.0::float8';

-- The sources, with the columns of sql/set_up/source_tables.sql that are read and some that a map may name. Where that has a
-- unique key over time these have an index, so that there can be two bars of one time and two EMAs of one bar.
CREATE TABLE dim_assets (id int PRIMARY KEY, is_active boolean NOT NULL);
CREATE TABLE cmc_price_bars_multi_tf (
    id int NOT NULL, tf text NOT NULL, bar_seq int NOT NULL, time_close timestamptz NOT NULL, open float8 NOT NULL,
    close float8 NOT NULL, atr float8, atr2 float8, adx float8, spread float8, slippage float8,
    venue text NOT NULL DEFAULT 'X', ingested_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (id, tf, bar_seq));
CREATE INDEX ON cmc_price_bars_multi_tf (id, tf, time_close);
CREATE TABLE cmc_ema_multi_tf_u (
    id int NOT NULL, ts timestamptz NOT NULL, tf text NOT NULL, period int NOT NULL, ema float8,
    roll boolean NOT NULL DEFAULT false, alignment_source text NOT NULL DEFAULT 'multi_tf',
    ingested_at timestamptz NOT NULL DEFAULT now());
DO $$ DECLARE name text; BEGIN
    FOREACH name IN ARRAY '{cal_iso,cal_us,6h}'::text[] LOOP
        EXECUTE format('CREATE TABLE cmc_price_bars_multi_tf_%1$s (LIKE cmc_price_bars_multi_tf INCLUDING ALL); CREATE TABLE cmc_ema_multi_tf_%1$s (LIKE cmc_ema_multi_tf_u INCLUDING DEFAULTS); CREATE INDEX ON cmc_ema_multi_tf_%1$s (id, tf, ts, period)', name);
    END LOOP;
END $$;
CREATE INDEX ON cmc_ema_multi_tf_u (id, ts, tf, period);

-- Bar k of a layer closes k * seconds - shift after the last second of Sunday, 4 January 2015. A month has four weeks.
CREATE TABLE layers (layer text PRIMARY KEY, tf text, bars text, emas text, seconds int, shift int, periods text, today int);
INSERT INTO layers VALUES
    ('D', '1D', 'cmc_price_bars_multi_tf', 'cmc_ema_multi_tf_u', 86400, 0, '{20,50,100}', 2000),
    ('W', '1W', 'cmc_price_bars_multi_tf_cal_iso', 'cmc_ema_multi_tf_cal_iso', 7 * 86400, 0, '{20,50,200}', 285),
    ('M', '1M', 'cmc_price_bars_multi_tf_cal_iso', 'cmc_ema_multi_tf_cal_iso', 28 * 86400, 0, '{12,24,48}', 71),
    ('w', '1W', 'cmc_price_bars_multi_tf_cal_us', 'cmc_ema_multi_tf_cal_us', 7 * 86400, 86400, '{20,50,200}', 285),
    ('m', '1M', 'cmc_price_bars_multi_tf_cal_us', 'cmc_ema_multi_tf_cal_us', 28 * 86400, 86400, '{12,24,48}', 71),
    ('I', '6H', 'cmc_price_bars_multi_tf_6h', 'cmc_ema_multi_tf_6h', 21600, 0, '{34,55,89}', 8000);
CREATE FUNCTION at_of(k float8, seconds int, shift int) RETURNS timestamptz STABLE LANGUAGE sql AS
    $$ SELECT timestamptz '2015-01-04 23:59:59+00' + (k * seconds - shift) * interval '1 second' $$;
CREATE FUNCTION k_of(at timestamptz, seconds int, shift int) RETURNS int STABLE LANGUAGE sql AS
    $$ SELECT floor((extract(epoch FROM at - timestamptz '2015-01-04 23:59:59+00') + shift) / seconds)::int $$;

-- Calm and wild stretches of 40 days around a level of two waves; EMAs are waves around the level, too: what matters
-- is that labels vary. Every fifth asset has whole prices, for ties.
CREATE FUNCTION level(id int, day float8) RETURNS float8 IMMUTABLE LANGUAGE sql AS
    'SELECT 100 * exp(0.4 * sin(day / 90 + id) + 0.15 * sin(day / 23 + 2 * id))';
CREATE FUNCTION price(id int, day float8) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
    SELECT round(level(id, day) * exp((ARRAY[0.004, 0.012, 0.03, 0.08])[1 + floor(4 * noise('calm', id, floor(day / 40)::int))::int]
        * (2 * noise('close', id, (day * 4)::int) - 1)) / CASE WHEN id % 5 = 0 THEN 1 ELSE 1e-6 END) * CASE WHEN id % 5 = 0 THEN 1 ELSE 1e-6 END $$;

-- Puts the bars that the query `wanted` (id, k) names where none is, with their EMAs.
CREATE FUNCTION put_bars(l text, wanted text, with_emas boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE y layers;
BEGIN
    SELECT * INTO y FROM layers WHERE layer = l;
    EXECUTE format($sql$
        WITH put AS (
            INSERT INTO %1$s (id, tf, bar_seq, time_close, open, close, atr, atr2, adx, spread, slippage)
            SELECT id, %3$L, k, at, close, close,
                   CASE WHEN n1 > 0.03 THEN close * 0.08 * n1 * n2 END, close * 0.05 * n2,
                   CASE WHEN n2 > 0.03 THEN 10 + 30 * n1 END, CASE WHEN n2 < 0.97 THEN exp(3 * n1 - 2) END, exp(3 * n2 - 2)
            FROM (SELECT DISTINCT * FROM (%4$s) AS q) AS w (id, k)
            CROSS JOIN LATERAL (SELECT at_of(k, %5$s, %6$s) AS at, (k::float8 * %5$s - %6$s) / 86400 AS day) AS t
            CROSS JOIN LATERAL (SELECT price(id, day) AS close, noise('n1', id, k) AS n1, noise('n2', id, k) AS n2 OFFSET 0) AS c
            WHERE k IS NOT NULL AND NOT EXISTS (SELECT FROM %1$s b WHERE b.id = w.id AND b.tf = %3$L AND b.time_close = at)
            ON CONFLICT DO NOTHING
            RETURNING id, time_close)
        SELECT put_emas(%7$L, array_agg(id), array_agg(time_close)) FROM put WHERE %8$L HAVING count(*) > 0$sql$,
        y.bars, y.emas, y.tf, wanted, y.seconds, y.shift, l, with_emas);
END $$;

-- Puts the EMAs of these bars where none is.
CREATE FUNCTION put_emas(l text, ids int[], ats timestamptz[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE y layers;
BEGIN
    SELECT * INTO y FROM layers WHERE layer = l;
    EXECUTE format($sql$
        INSERT INTO %1$s (id, ts, tf, period, ema)
        SELECT id, at, %2$L, p, level(id, day) * (1 + 0.03 * sin(day * 86400 / %3$s / (5 + p / 4.0) + p + id))
        FROM (SELECT DISTINCT id, at FROM unnest($1, $2) AS u (id, at)) AS w
        CROSS JOIN LATERAL (SELECT extract(epoch FROM at - timestamptz '2015-01-04 23:59:59+00')::float8 / 86400 AS day) AS d
        CROSS JOIN unnest(%4$L::int[]) AS p
        WHERE NOT EXISTS (SELECT FROM %1$s e WHERE e.id = w.id AND e.ts = at AND e.tf = %2$L AND e.period = p)$sql$,
        y.emas, y.tf, y.seconds, y.periods) USING ids, ats;
END $$;

-- What can happen to an asset. Of `layers` one letter is drawn; `most` bounds n, the bars it happens to. In `sql`
-- {now} are the steps to take, {span} numbers the first and newest bar of each, {hits} are steps with the times of the bars they hit, {bar} and {ema} say that b or e is of bar h that was hit.
CREATE TABLE ops (op text PRIMARY KEY, weight int, layers text, most int, sql text);
INSERT INTO ops VALUES
('append', 45, 'DDDDDDDDI', 40, $$SELECT put_bars('{layer}', $q$SELECT s.id, coalesce(newest, {today}) + i FROM {now} s {span} CROSS JOIN generate_series(1, s.n) i$q$, true)$$),
('append_bare', 6, 'DDDDDW', 10, 'append'), -- without EMAs
('ahead', 6, 'WWMw', 3, 'append'), -- weeks and months ahead of the days
('due', 0, '', 1, $$SELECT put_bars('{layer}', $q$SELECT s.id, due.k FROM {now} s {span}
    CROSS JOIN LATERAL (SELECT k_of(max(time_close), {seconds}, {shift}) AS k FROM cmc_price_bars_multi_tf b WHERE b.id = s.id AND b.tf = '1D') today
    CROSS JOIN generate_series(coalesce(newest, today.k - 5) + 1, today.k) due (k)$q$, true)$$),
('late', 8, 'DDDDDWWMI', 5, $$SELECT put_bars('{layer}', $q$SELECT s.id, gap.k FROM {now} s {span}
    CROSS JOIN LATERAL (SELECT k FROM generate_series(first, newest) k WHERE NOT EXISTS (SELECT FROM {bars} b
        WHERE b.id = s.id AND b.tf = '{tf}' AND b.time_close = at_of(k, {seconds}, {shift})) ORDER BY noise('late', s.round, k) LIMIT s.n) gap$q$, true)$$),
('prepend', 3, 'DDWMI', 20, $$SELECT put_bars('{layer}', $q$SELECT s.id, first - i FROM {now} s {span} CROSS JOIN generate_series(1, s.n) i$q$, true)$$),
('fill_emas', 9, 'DDDWMI', 1, $$SELECT put_emas('{layer}', array_agg(b.id), array_agg(time_close)) FROM {bars} b
    WHERE b.tf = '{tf}' AND b.id IN (SELECT id FROM {now} s) HAVING count(*) > 0$$),
('emas_ahead', 2, 'DDW', 3, $$SELECT put_emas('{layer}', array_agg(s.id), array_agg(at_of(newest + i, {seconds}, {shift})))
    FROM {now} s {span} CROSS JOIN generate_series(1, s.n) i WHERE newest IS NOT NULL$$),
('close', 10, 'DDDDDWWMIw', 3, $$UPDATE {bars} b SET open = open * (0.95 + 0.1 * h.amount), close = open * (0.95 + 0.1 * h.amount) FROM {hits} h WHERE {bar}$$),
('upsert', 3, 'DDDWM', 3, $$INSERT INTO {bars} SELECT b.id, b.tf, b.bar_seq, b.time_close, b.open * 1.03, b.open * 1.03 FROM {bars} b JOIN {hits} h ON {bar}
    ON CONFLICT (id, tf, bar_seq) DO UPDATE SET open = excluded.open, close = excluded.close$$),
('merge', 2, 'DDWM', 3, $$MERGE INTO {bars} b USING {hits} h ON {bar} WHEN MATCHED AND h.amount < 0.3 THEN DELETE
    WHEN MATCHED THEN UPDATE SET open = open * 0.98, close = open * 0.98$$),
('swap', 2, 'DDDW', 1, $$WITH pair AS (SELECT b.id, b.bar_seq AS a, p.bar_seq AS z, b.open AS of_a, p.open AS of_z FROM {bars} b JOIN {hits} h ON {bar} CROSS JOIN LATERAL
        (SELECT * FROM {bars} p WHERE p.id = b.id AND p.tf = '{tf}' AND p.time_close < b.time_close ORDER BY p.time_close DESC LIMIT 1) p)
    UPDATE {bars} b SET open = x.o, close = x.o FROM (SELECT id, a, of_z FROM pair UNION ALL SELECT id, z, of_a FROM pair) x (id, seq, o) WHERE b.id = x.id AND b.tf = '{tf}' AND b.bar_seq = x.seq$$),
('ema', 7, 'DDDWWMIw', 2, $$UPDATE {emas} e SET ema = CASE WHEN h.amount < 0.1 THEN 'NaN' ELSE ema * (0.95 + 0.1 * h.amount) END
    FROM {hits} h WHERE {ema} AND e.period = ('{periods}'::int[])[1 + floor(h.amount * 29)::int % 3]$$),
('swap_emas', 1, 'DDW', 1, $$UPDATE {emas} e SET ema = o.ema FROM {hits} h, {emas} o WHERE {ema} AND o.id = e.id AND o.tf = e.tf AND o.ts = e.ts AND o.period <> e.period
    AND e.period < ('{periods}'::int[])[3] AND o.period < ('{periods}'::int[])[3] AND o.roll = e.roll AND o.alignment_source = e.alignment_source$$),
('columns', 2, 'DDI', 3, $$UPDATE {bars} b SET atr = nullif(round(h.amount * 9), 3), adx = nullif(round(h.amount * 40), 8), spread = nullif(h.amount * 9, 4), slippage = atr
    FROM {hits} h WHERE {bar}$$),
('delete', 7, 'DDDDDWWMIw', 4, $$DELETE FROM {bars} b USING {hits} h WHERE {bar}$$),
('delete_both', 5, 'DDDDDWWMI', 6, $$WITH gone AS (DELETE FROM {bars} b USING {hits} h WHERE {bar} RETURNING b.id, h.at) DELETE FROM {emas} e USING gone h WHERE {ema}$$),
('delete_emas', 4, 'DDDWMI', 4, $$DELETE FROM {emas} e USING {hits} h WHERE {ema} AND (h.amount < 0.5 OR e.period = ('{periods}'::int[])[2])$$),
('wipe_layer', 2, 'WWMMDIw', 1, $$DELETE FROM {bars} b USING {now} s WHERE b.id = s.id AND b.tf = '{tf}'$$),
('wipe', 1, 'D', 1, 'wipe_layer'), -- all layers
('hide', 2, 'DDWMI', 2, $$UPDATE {bars} b SET tf = 'x' || tf, bar_seq = bar_seq + 100000 * (h.round + 1) FROM {hits} h WHERE {bar}$$),
('unhide', 1, 'DDWMI', 1, $$UPDATE {bars} b SET tf = '{tf}' FROM {now} s WHERE b.id = s.id AND b.tf = 'x{tf}'
    AND NOT EXISTS (SELECT FROM {bars} o WHERE o.id = b.id AND o.tf = '{tf}' AND (o.time_close = b.time_close OR o.bar_seq = b.bar_seq))
    AND NOT EXISTS (SELECT FROM {bars} o WHERE o.id = b.id AND o.tf = b.tf AND o.time_close = b.time_close AND o.bar_seq < b.bar_seq)$$),
('hide_emas', 2, 'DDWMI', 2, $$UPDATE {emas} e SET roll = NOT roll, alignment_source = CASE alignment_source WHEN 'multi_tf' THEN 'other' ELSE 'multi_tf' END FROM {hits} h WHERE {ema}$$),
('venue', 2, 'DDI', 3, $$UPDATE {bars} b SET venue = CASE venue WHEN 'X' THEN 'Y' ELSE 'X' END FROM {hits} h WHERE {bar}$$),
('move', 3, 'DDWMI', 1, $$UPDATE {bars} b SET time_close = b.time_close + round(h.amount * 200000 - 90000) * interval '1 second' FROM {hits} h WHERE {bar}
    AND NOT EXISTS (SELECT FROM {bars} o WHERE o.id = b.id AND o.tf = '{tf}' AND o.time_close = h.at + round(h.amount * 200000 - 90000) * interval '1 second')$$),
('give', 2, 'DDW', 4, $$WITH given AS (UPDATE {bars} b SET id = -b.id FROM {hits} h WHERE {bar} AND b.id NOT IN (TABLE spoiled)
        AND NOT EXISTS (SELECT FROM {bars} o WHERE o.id = -b.id AND o.tf = '{tf}' AND (o.time_close = b.time_close OR o.bar_seq = b.bar_seq)) RETURNING -b.id AS id, h.at),
    emas AS (UPDATE {emas} e SET id = -e.id FROM given h WHERE {ema}
        AND NOT EXISTS (SELECT FROM {emas} o WHERE o.id = -e.id AND o.tf = '{tf}' AND o.ts = e.ts AND o.period = e.period)),
    twins AS (INSERT INTO assets SELECT DISTINCT -g.id, a.market FROM given g JOIN assets a USING (id) ON CONFLICT DO NOTHING)
    INSERT INTO dim_assets SELECT DISTINCT -id, true FROM given ON CONFLICT DO NOTHING$$),
('take_back', 2, 'DDW', 1, $$UPDATE {bars} b SET id = -b.id FROM {now} s WHERE b.id = -s.id AND b.tf = '{tf}'
    AND NOT EXISTS (SELECT FROM {bars} o WHERE o.id = s.id AND o.tf = '{tf}' AND (o.time_close = b.time_close OR o.bar_seq = b.bar_seq))$$),
('bad', 2, 'DDDWWMI', 2, $$UPDATE {bars} b SET close = ('{NaN,0,-1,Infinity}'::float8[])[1 + floor(h.amount * 4)::int] FROM {hits} h WHERE {bar}$$),
('twice', 1, 'DDWI', 1, $$INSERT INTO {bars} SELECT b.id, b.tf, b.bar_seq + 50000 + 100000 * h.round, b.time_close, b.open, b.close * 1.01 FROM {bars} b JOIN {hits} h ON {bar} ON CONFLICT DO NOTHING$$),
('twice_emas', 1, 'DWM', 1, $$INSERT INTO {emas} SELECT e.* FROM {emas} e JOIN {hits} h ON {ema}$$),
-- from here on nothing that is read
('other_tf', 1, 'DW', 3, $$INSERT INTO {bars} SELECT b.id, '2D', b.bar_seq, b.time_close, 1, 1 FROM {bars} b JOIN {hits} h ON {bar} ON CONFLICT DO NOTHING$$),
('other_period', 1, 'DW', 3, $$INSERT INTO {emas} SELECT h.id, h.at, '{tf}', 7, h.amount FROM {hits} h$$),
('other_source', 2, 'DWM', 3, $$INSERT INTO {emas} SELECT e.id, e.ts, e.tf, e.period, 1, NOT roll, CASE alignment_source WHEN 'multi_tf' THEN 'other' ELSE 'multi_tf' END
    FROM {emas} e JOIN {hits} h ON {ema} WHERE alignment_source = 'multi_tf' AND NOT EXISTS (SELECT FROM {emas} o WHERE o.id = e.id AND o.tf = '{tf}' AND o.ts = e.ts AND o.period = e.period AND o.ctid <> e.ctid)$$),
('touch', 2, 'DWM', 9, $$UPDATE {bars} b SET close = close, ingested_at = now() FROM {hits} h WHERE {bar}$$),
('reload', 2, 'DWM', 9, $$WITH gone AS (DELETE FROM {bars} b USING {hits} h WHERE {bar} RETURNING b.*) INSERT INTO {bars} SELECT * FROM gone$$),
-- from here on not drawn
('start', 0, '', 0, $$SELECT put_bars('{layer}', $q$SELECT s.id, {today} - i FROM {now} s CROSS JOIN generate_series(0, s.n - 1) i
    WHERE noise('gap', s.id, i) > CASE WHEN s.id % 7 < 3 THEN 0.03 ELSE 0 END$q$, true)$$),
('warm_up', 0, '', 0, $$DELETE FROM {emas} e USING {now} s WHERE e.id = s.id AND e.tf = '{tf}' AND e.ts < at_of({today} - s.n + e.period / 2, {seconds}, {shift})$$),
('repair', 0, '', 0, $$DELETE FROM {bars} b USING {now} s WHERE b.id = s.id
        AND EXISTS (SELECT FROM {bars} o WHERE o.id = b.id AND o.tf = b.tf AND o.time_close = b.time_close AND o.bar_seq < b.bar_seq);
    DELETE FROM {emas} e USING {now} s WHERE e.id = s.id AND EXISTS (SELECT FROM {emas} o WHERE o.id = e.id AND o.tf = e.tf
        AND o.ts = e.ts AND o.period = e.period AND o.roll = e.roll AND o.alignment_source = e.alignment_source AND o.ctid < e.ctid);
    UPDATE {bars} b SET close = open FROM {now} s WHERE b.id = s.id AND (b.close <= 0 OR b.close >= 'Infinity')$$);
UPDATE ops SET sql = (SELECT CASE ops.op WHEN 'append_bare' THEN replace(o.sql, ', true)', ', false)') ELSE o.sql END FROM ops o WHERE o.op = ops.sql) WHERE sql IN ('append', 'wipe_layer');
CREATE TABLE weights AS SELECT op, layers, most, (sum(weight) OVER w - weight)::float8 / sum(weight) OVER () AS low,
    sum(weight) OVER w::float8 / sum(weight) OVER () AS high FROM ops WHERE weight > 0 WINDOW w AS (ORDER BY op);

-- Labels from elsewhere: of each asset, known at once or later, to the microsecond; and of all assets, which are rarely changed. Each
-- round brings new ones, late ones, other ones and fewer.
CREATE TABLE asset_labels (id int, ts timestamptz, known timestamptz, label text, PRIMARY KEY (id, ts, known));
CREATE TABLE all_labels (ts timestamptz PRIMARY KEY, label text);
CREATE FUNCTION label_of(a bigint, b bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
    $$ SELECT ('{Hiking-RiskOff-Thin,Easing-RiskOn-Stressed,Down-High-Normal,x}'::text[])[1 + floor(noise('label', a, b) * 4)::int] $$;
CREATE FUNCTION put_labels(r int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM asset_labels WHERE noise('unlabel', id, r * 1000000 + extract(epoch FROM known)::bigint) < 0.005;
    UPDATE asset_labels SET label = label_of(id, r) WHERE noise('relabel', id, r * 1000000 + extract(epoch FROM known)::bigint) < 0.005;
    INSERT INTO asset_labels SELECT id, at_of(day, 86400, 0), at_of(day + floor(noise('known', id, draw) * 4 - 1), 86400, 0)
            + floor(noise('moment', id, draw) * 3 - 1) * interval '1 microsecond', label_of(id, draw)
        FROM assets CROSS JOIN generate_series(1, CASE WHEN r = 0 THEN 40 ELSE 2 END) i CROSS JOIN LATERAL (SELECT r * 100 + i) d (draw)
        CROSS JOIN LATERAL (SELECT 1950 + floor(sqrt(noise('day', id, draw)) * (60 + 15 * r))) l (day) WHERE (r = 0 OR noise('has', id, r) < 0.35) ON CONFLICT DO NOTHING;
    IF noise('all', 0, r) < 0.3 THEN
        DELETE FROM all_labels WHERE noise('unlabel', r, extract(epoch FROM ts)::bigint) < 0.1;
        INSERT INTO all_labels VALUES (at_of(1950 + floor(noise('day', 0, r) * (60 + 15 * r)), 86400, 0), label_of(0, r)) ON CONFLICT DO NOTHING;
    END IF;
END $$;

-- What is played, what was drawn, and what came of it.
CREATE TABLE play (mode text, rounds int, tracked_since int);
CREATE TABLE assets (id int PRIMARY KEY, market int NOT NULL);
CREATE TABLE steps (round int, id int, slot int, op text, layer text, place float8, n int, amount float8);
CREATE TABLE spoiled (id int);
CREATE TABLE changes (market int, round int, field text, pick float8);
CREATE TABLE notes (round int, market int, what text);
CREATE TABLE kept (id int PRIMARY KEY, digest text);
CREATE TABLE outputs (name text PRIMARY KEY, columns text);
CREATE TABLE results (round int, market int, target text, id int, result jsonb);
CREATE TABLE failures (round int, id int, what text);

-- What a round brings each asset.
CREATE FUNCTION plan(r int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE game play; good boolean := at_once(r) ~ '^(truncate|drop)'; -- where a refresh fails it brings nothing back
BEGIN
    SELECT * INTO game FROM play;
    IF r = 0 THEN
        -- near where tiers and layers begin, mostly
        INSERT INTO steps SELECT 0, a.id, 1, 'start', layer, 0, CASE
            WHEN a.id % 25 < 2 THEN CASE layer WHEN 'D' THEN 300 WHEN 'M' THEN 65 WHEN 'm' THEN 65 WHEN 'I' THEN 400 ELSE 160 END
            WHEN layer = 'D' THEN CASE WHEN pick < 0.35 THEN 246 + 8 * x WHEN pick < 0.7 THEN 255 + 160 * x WHEN pick < 0.8 THEN 117 + 6 * x WHEN pick < 0.98 THEN 100 + 140 * x ELSE 600 + 200 * x END
            WHEN layer IN ('W', 'w') THEN CASE WHEN pick < 0.3 THEN 98 + 4 * x WHEN pick < 0.45 THEN 50 + 4 * x WHEN pick < 0.85 THEN 110 + 40 * x ELSE 20 + 80 * x END
            WHEN layer IN ('M', 'm') THEN CASE WHEN pick < 0.5 THEN 59 + 3 * x WHEN pick < 0.7 THEN 5 + 35 * x WHEN pick < 0.75 THEN 0 ELSE 61 + 10 * x END
            ELSE CASE WHEN pick < 0.5 THEN 296 + 8 * x ELSE 250 + 200 * x END END::int, 0
        FROM assets a CROSS JOIN layers CROSS JOIN LATERAL (SELECT noise('size' || layer, a.id, 0) AS pick, noise('size' || layer, a.id, 1) AS x) d
        WHERE a.id > 0 AND (layer <> 'I' OR game.mode = 'columns');
        INSERT INTO steps SELECT 0, id, 2, 'warm_up', layer, 0, n, 0 FROM steps WHERE id % 4 = 0;
        RETURN;
    END IF;
    INSERT INTO steps
    SELECT r, a.id, slot, w.op,
        CASE WHEN a.id % 25 < 2 AND slot = 1 AND position('W' IN w.layers) > 0 AND noise('proxy', a.id, r) < 0.6 THEN 'W'
             ELSE translate(substr(w.layers, 1 + floor(noise('layer', a.id, draw) * length(w.layers))::int, 1), CASE WHEN game.mode = 'columns' THEN '' ELSE 'I' END, 'D') END,
        CASE WHEN p.pick < 0.15 THEN 0 WHEN p.pick < 0.5 THEN 1 WHEN p.pick < 0.75 THEN 1 - p.x / 12 ELSE p.x END,
        CASE WHEN noise('n', a.id, draw) < 0.6 THEN 1 ELSE 1 + floor(noise('many', a.id, draw) * w.most) END, noise('amount', a.id, draw)
    FROM assets a CROSS JOIN generate_series(1, 3) slot CROSS JOIN LATERAL (SELECT r * 10 + slot AS draw) d
    CROSS JOIN LATERAL (SELECT noise('place', a.id, draw) AS pick, noise('where', a.id, draw) AS x, noise('op', a.id, draw) AS op) p
    JOIN weights w ON CASE WHEN slot = 1 AND noise('grow', a.id, r) < 0.4 THEN w.op = 'append' ELSE p.op >= w.low AND p.op < w.high END
    WHERE a.id > 0 AND noise('slots', a.id, r) > (ARRAY[0.1, 0.65, 0.9])[slot];
    -- with days come the weeks and months that fall due; sometimes not, and then with later days
    INSERT INTO steps SELECT DISTINCT r, s.id, 8, 'due', l.layer, 0, 1, 0 FROM steps s JOIN layers l ON l.layer <> 'D' AND (l.layer <> 'I' OR game.mode = 'columns')
    WHERE s.round = r AND s.op IN ('append', 'append_bare') AND s.layer = 'D' AND noise('due' || l.layer, s.id, r) > 0.3;
    INSERT INTO steps SELECT r, s.id, 8, 'wipe', l.layer, 0, 1, 0 FROM steps s JOIN layers l ON l.layer <> s.layer WHERE s.round = r AND s.op = 'wipe';
    INSERT INTO steps SELECT DISTINCT r, s.id, 0, 'repair', l.layer, 0, 1, 0 FROM spoiled s CROSS JOIN layers l WHERE noise('repair', s.id, r) < 0.7 OR good;
    DELETE FROM steps WHERE good AND round = r AND op IN ('bad', 'twice', 'twice_emas');
    DELETE FROM spoiled WHERE id IN (SELECT id FROM steps WHERE round = r AND op = 'repair');
    INSERT INTO spoiled SELECT id FROM steps WHERE round = r AND op IN ('bad', 'twice', 'twice_emas');
END $$;

-- Takes the steps of a round; kind after kind, in an order of its own each round.
CREATE FUNCTION take_steps(r int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE kind record; template text; part record;
BEGIN
    FOR kind IN SELECT o.sql, o.op, l FROM (SELECT DISTINCT op, layer FROM steps WHERE round = r) s JOIN ops o USING (op) JOIN layers l USING (layer)
        ORDER BY o.op NOT IN ('repair', 'start'), noise(o.op, r, ascii(layer))
    LOOP
        template := replace(kind.sql, '{hits}', $sql$(SELECT s.*, hit.time_close AS at FROM {now} s
            CROSS JOIN LATERAL (SELECT count(*) AS bars FROM {bars} b WHERE b.id = s.id AND b.tf = '{tf}') have
            CROSS JOIN LATERAL (SELECT DISTINCT time_close FROM {bars} b WHERE b.id = s.id AND b.tf = '{tf}' ORDER BY time_close
                OFFSET floor(s.place * greatest(have.bars - s.n, 0)) LIMIT s.n) hit)$sql$);
        template := replace(template, '{span}', $sql$CROSS JOIN LATERAL (SELECT k_of(min(time_close), {seconds}, {shift}) AS first,
            k_of(max(time_close), {seconds}, {shift}) AS newest FROM {bars} b WHERE b.id = s.id AND b.tf = '{tf}') span$sql$);
        template := replace(template, '{now}', format('(SELECT DISTINCT ON (id) * FROM steps WHERE round = %s AND op = %L AND layer = ''{layer}'' ORDER BY id, slot)', r, kind.op));
        template := replace(replace(template, '{bar}', 'b.id = h.id AND b.tf = ''{tf}'' AND b.time_close = h.at'), '{ema}', 'e.id = h.id AND e.tf = ''{tf}'' AND e.ts = h.at');
        FOR part IN SELECT * FROM jsonb_each_text(to_jsonb(kind.l)) LOOP
            template := replace(template, '{' || part.key || '}', part.value);
        END LOOP;
        EXECUTE template;
    END LOOP;
END $$;

-- What a round brings all at once: a source table loaded anew, an output table emptied or dropped.
CREATE FUNCTION at_once(r int) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT CASE WHEN r = rounds THEN 'truncate inputs' WHEN r % 3 = 0 AND r > 0 THEN ('{truncate cmc_regimes,reload cmc_price_bars_multi_tf,truncate state,reload cmc_price_bars_multi_tf_cal_iso,drop cmc_regime_flips,reload cmc_ema_multi_tf_u}'::text[])
        [1 + (ascii(mode) + r / 3) % 6] ELSE '' END FROM play $$;
CREATE FUNCTION is_tampered(m int, r int) RETURNS boolean STABLE LANGUAGE sql AS
    $$ SELECT r > 0 AND (noise('tamper', m, r) < 0.08 OR at_once(r) ~ '^(truncate|drop)') $$;
CREATE FUNCTION all_at_once(r int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE what text := at_once(r); name text := split_part(what, ' ', 2);
BEGIN
    INSERT INTO notes SELECT r, NULL, what WHERE what <> '';
    IF what ~ '^reload' THEN
        EXECUTE format('CREATE TEMP TABLE reloaded AS TABLE %1$I; TRUNCATE %1$I; INSERT INTO %1$I SELECT * FROM reloaded ORDER BY noise(''reload'', id, hashtext(reloaded::text)); DROP TABLE reloaded', name);
    ELSIF what ~ 'truncate (state|inputs)' THEN -- if there are such tables
        FOR name IN SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('regime_work') AND relkind = 'r' AND relname ~ ('^cmc_regime.*' || split_part(what, ' ', 2)) LOOP
            EXECUTE format('TRUNCATE regime_work.%I', name);
        END LOOP;
    ELSIF what <> '' THEN
        EXECUTE format('%s TABLE %I', split_part(what, ' ', 1), name);
        -- a refresh begins no second table by itself
        IF what ~ '^drop' THEN PERFORM FROM regime_setup(); END IF;
    END IF;
    IF (SELECT mode FROM play) = 'columns' AND r % 4 = 1 THEN -- another map, some of which the version hash does not see
        UPDATE regime_source SET atr_column = CASE WHEN noise('atr', r, 0) < 0.5 THEN 'atr' ELSE 'atr2' END,
            adx_floor = CASE WHEN r > 4 THEN 15 ELSE 20 END, bars_filter = CASE WHEN noise('venue', r, 0) < 0.6 THEN '{"venue": "X"}'::jsonb ELSE '{}' END
        WHERE cal_scheme = 'cols' AND layer = 'L2';
        INSERT INTO notes SELECT r, NULL, concat_ws(' ', 'map', atr_column, adx_floor, bars_filter) FROM regime_source WHERE cal_scheme = 'cols' AND layer = 'L2';
    END IF;
    -- rows that an ordinary refresh must bring back; where changes are marked it looks at the newest alone
    INSERT INTO steps SELECT r, id, 9, ('{lose cmc_regimes,lose the newest of cmc_regimes,lose the older of cmc_regimes,lose cmc_regime_flips,lose cmc_regime_stats,lose cmc_regime_comovement}'::text[])
        [1 + floor(noise('lose', id, r) * CASE WHEN (SELECT mode FROM play) = 'untracked' THEN 6 ELSE 2 END)::int], NULL, 0, 1, 0 FROM assets WHERE is_tampered(market, r) AND noise('loses', id, r) < 0.3 AND what !~ '^(truncate|drop)' AND id NOT IN (TABLE spoiled) AND proxy_of(market, r) NOT IN (TABLE spoiled);
    FOR what, name IN SELECT DISTINCT op, regexp_replace(op, '.* ', '') FROM steps WHERE round = r AND op ~ '^lose' LOOP
        EXECUTE format('DELETE FROM %I o USING steps s WHERE s.round = %s AND s.op = %L AND o.id = s.id', name, r, what)
            || CASE WHEN what ~ 'newest' THEN ' AND ts = (SELECT max(ts) FROM cmc_regimes n WHERE n.id = o.id)'
                    WHEN what ~ 'older' THEN ' AND ts < timestamptz ''2020-03-01''' ELSE '' END;
    END LOOP;
END $$;

-- The parameters of a market in a round: each is what its latest change up to then drew.
CREATE FUNCTION drawn(f text, m int, r int) RETURNS float8 STABLE LANGUAGE sql AS
    'SELECT pick FROM changes WHERE market = m AND field = f AND round <= r ORDER BY round DESC LIMIT 1';
CREATE FUNCTION proxy_of(m int, r int) RETURNS int STABLE LANGUAGE sql AS
    'SELECT CASE WHEN drawn(''proxy'', m, r) < 0.6 THEN m * 25 + 1 WHEN drawn(''proxy'', m, r) < 0.7 THEN 7 ELSE m * 25 END';
-- Another configuration in every fourth round, or none: windows beside the numbers of bars that histories have. Without blanks,
-- since these part arguments.
CREATE FUNCTION config_of(m int, r int) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT CASE WHEN noise('config', m, n) < 0.5 THEN replace(jsonb_strip_nulls(jsonb_build_object(
        'vol_window_l0', ('{20,36,59,61,70}'::int[])[1 + floor(noise('window0', m, n) * 7)::int],
        'vol_window_l1', ('{20,50,101,140,300}'::int[])[1 + floor(noise('window1', m, n) * 7)::int],
        'vol_window_l2', ('{20,119,249,251,300,1000}'::int[])[1 + floor(noise('window2', m, n) * 8)::int],
        'atrp_bars', ('{1,5,15,60}'::int[])[1 + floor(noise('atrp', m, n) * 6)::int],
        'confirm_bars_l2', 1 + floor(noise('confirm2', m, n) * 5), 'confirm_bars_l3', 1 + floor(noise('confirm3', m, n) * 3),
        'vol_low_percentile', round(noise('low', m, n)::numeric * 50, 1), 'vol_high_percentile', 50 + round(noise('high', m, n)::numeric * 50, 1),
        'atrp_low', round(noise('cut', m, n)::numeric * 0.02, 4), 'liq_window', ('{10,30,90}'::int[])[1 + floor(noise('liq', m, n) * 5)::int],
        'liq_easy', round(noise('easy', m, n)::numeric, 2), 'liq_stressed', 1 + round(noise('stressed', m, n)::numeric, 2)))::text, ' ', '') END
    FROM (SELECT r / 4) AS d (n) $$;
CREATE FUNCTION args_of(m int, r int) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT concat_ws(', ', format('policy => %L', CASE WHEN drawn('policy', m, r) < 0.4 THEN 'default' ELSE 'm' || m END),
        format('cal_scheme => %L', CASE WHEN mode = 'columns' THEN CASE WHEN drawn('cal', m, r) < 0.6 THEN 'iso' ELSE 'cols' END WHEN drawn('cal', m, r) < 0.6 THEN 'us' ELSE 'iso' END),
        'min_hold_bars => ' || floor(drawn('hold', m, r) * 8),
        CASE WHEN drawn('symmetric', m, r) < 0.6 THEN 'hysteresis_mode => ''symmetric''' END,
        CASE WHEN drawn('off', m, r) < 0.5 THEN 'hysteresis => false' END,
        CASE WHEN coalesce(drawn('budget', m, r), noise('budget', m, 0)) < 0.5 THEN 'point_in_time => false' END,
        'min_bars_l0 => ' || ('{10,36,58,59,61,62,71}'::int[])[1 + floor(drawn('l0', m, r) * 8)::int],
        'min_bars_l1 => ' || ('{20,50,51,53,100,140}'::int[])[1 + floor(drawn('l1', m, r) * 7)::int],
        'min_bars_l2 => ' || ('{60,119,121,200,249,251,300}'::int[])[1 + floor(drawn('l2', m, r) * 8)::int],
        CASE WHEN drawn('l4', m, r) < 0.3 THEN 'l4_label => ''Hiking-RiskOff-Thin''' WHEN drawn('l4', m, r) < 0.5 THEN 'l4_label => ''Easing-RiskOn-Stressed''' END,
        'config => ' || quote_literal(config_of(m, r)))
    FROM play $$;

CREATE FUNCTION takes(argument text) RETURNS boolean STABLE LANGUAGE sql AS
    $$ SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'refresh_cmc_regimes' AND argument = ANY (proargnames)) $$;
CREATE FUNCTION can_track() RETURNS boolean STABLE LANGUAGE sql AS $$ SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'regime_track') $$;
-- Switches tracking where the mode wants that in this round, before the changes or between them and the refresh.
CREATE FUNCTION track(r int, point text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE game play; wanted boolean;
BEGIN
    SELECT * INTO game FROM play;
    wanted := CASE WHEN game.mode IN ('tracked', 'dirty') THEN true WHEN game.mode = 'columns' THEN r >= 4
        WHEN game.mode = 'alternating' AND (noise('point', r, 0) < 0.5) = (point = 'before') THEN noise('track', r, 0) < 0.6 ELSE game.tracked_since IS NOT NULL END;
    IF can_track() AND wanted <> (game.tracked_since IS NOT NULL) THEN
        EXECUTE format('SELECT regime_track(%L)', wanted);
        UPDATE play SET tracked_since = CASE WHEN wanted THEN r END;
        INSERT INTO notes VALUES (r, NULL, format('tracking %s %s', CASE WHEN wanted THEN 'on' ELSE 'off' END, point));
    END IF;
END $$;
-- Whether a market is refreshed with only_dirty in a round: where the mode says so, rows were not taken away (which no
-- trigger sees), and an earlier refresh was tracked. That parameters changed is no reason not to.
CREATE FUNCTION only_dirty(m int, r int) RETURNS boolean STABLE LANGUAGE sql AS $$
    SELECT takes('only_dirty') AND coalesce(tracked_since < r, false) AND NOT is_tampered(m, r)
        AND (mode = 'dirty' OR mode = 'alternating' AND noise('dirty', m, r) < 0.5) FROM play $$;

-- An error that ends the call is a failure of the market's proxy; the history goes on.
CREATE FUNCTION call_refresh(m int, r int, target text, ids text, args text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('INSERT INTO results SELECT %s, %s, %L, r.id, to_jsonb(r) FROM ', r, m, target)
        || CASE WHEN ids ~ '^{' THEN format('refresh_cmc_regimes(%L::int[], %s) r', ids, args) ELSE format('%s refresh_cmc_regimes(%s) r', ids, args) END;
EXCEPTION WHEN OTHERS THEN
    INSERT INTO failures VALUES (r, m * 25, 'the call of its market ended: ' || SQLERRM);
END $$;
-- The profile of a market: none; its parameters of the round, by which it is refreshed without arguments; or another one, which
-- arguments are forced against.
CREATE FUNCTION profile_of(m int, r int, target text) RETURNS text STABLE LANGUAGE sql AS
    $$ SELECT CASE WHEN target <> 'public' OR noise('profile', m, r) < 0.5 THEN 'none' WHEN noise('profile', m, r) < 0.85 THEN 'own' ELSE 'forced' END $$;
CREATE FUNCTION put_profile(m int, r int, target text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE profile text := profile_of(m, r, target); fields text; vals text;
BEGIN
    DELETE FROM regime_profile_asset a WHERE a.profile = 'm' || m;
    DELETE FROM regime_profile p WHERE p.profile = 'm' || m;
    IF profile = 'own' THEN
        SELECT string_agg(split_part(a, ' => ', 1), ', '), string_agg(split_part(a, ' => ', 2), ', ') INTO fields, vals FROM regexp_split_to_table(args_of(m, r), ', ') a;
        EXECUTE format('INSERT INTO regime_profile (profile, market_proxy_id, %s) VALUES (%L, %s, %s)', fields, 'm' || m, proxy_of(m, r), vals);
    ELSIF profile = 'forced' THEN
        INSERT INTO regime_profile (profile, policy, cal_scheme) VALUES ('m' || m, 'm' || m, 'us'); -- which are always among the arguments
    ELSE
        RETURN;
    END IF;
    INSERT INTO regime_profile_asset (profile, id) SELECT 'm' || m, id FROM assets WHERE market = m;
    INSERT INTO notes VALUES (r, m, 'profile ' || profile);
END $$;
CREATE FUNCTION form_of(m int, r int) RETURNS int STABLE LANGUAGE sql AS $$ SELECT floor(noise('form', m, r) * 5)::int $$;
-- Refreshes a market; `part` is all, or its proxy alone, or all but that.
CREATE PROCEDURE refresh(m int, r int, target text, part text) LANGUAGE plpgsql AS $$
DECLARE profile text := profile_of(m, r, target); form int := CASE WHEN target = 'public' THEN form_of(m, r) ELSE 0 END;
    ids text := (SELECT array_agg(id)::text FROM assets WHERE market = m AND (part = 'all' OR (id = proxy_of(m, r)) = (part = 'proxy')));
    args text := CASE profile WHEN 'own' THEN 'force => false' WHEN 'forced' THEN args_of(m, r) || ', force => true' ELSE args_of(m, r) END;
BEGIN
    PERFORM set_config('pg_regime.target_schema', target, true), put_profile(m, r, target);
    PERFORM set_config('pg_regime.market_proxy_id', CASE profile WHEN 'own' THEN '0' ELSE proxy_of(m, r)::text END, true);
    IF target = 'public' AND noise('dry', m, r) < 0.1 THEN -- which must not be taken for a refresh
        EXECUTE format('SELECT FROM refresh_cmc_regimes(%L::int[], %s, dry_run => true)', ids, args);
        INSERT INTO notes VALUES (r, m, 'dry_run first');
    END IF;
    IF target = 'fresh' OR noise('full', m, r) < 0.04 THEN
        IF takes('full_refresh') THEN args := args || ', full_refresh => true'; END IF;
    ELSIF only_dirty(m, r) THEN
        args := args || ', only_dirty => true';
        INSERT INTO notes VALUES (r, m, 'only_dirty');
    END IF;
    IF form = 1 THEN -- without ids: the active ones
        UPDATE dim_assets d SET is_active = (a.market = m) FROM assets a WHERE a.id = d.id AND is_active <> (a.market = m);
        PERFORM call_refresh(m, r, target, '', args);
    ELSIF form = 2 THEN -- a call each
        PERFORM call_refresh(m, r, target, format('unnest(%L::int[]) WITH ORDINALITY i (id, n) CROSS JOIN LATERAL', ids), 'i.id, ' || args);
    ELSIF ids IS NOT NULL THEN
        PERFORM call_refresh(m, r, target, ids, args);
    END IF;
END $$;
CREATE PROCEDURE refresh_fully(r int) LANGUAGE plpgsql AS $$
DECLARE name text; m int;
BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'fresh'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('TRUNCATE fresh.%I', name);
    END LOOP;
    FOR m IN SELECT DISTINCT market FROM assets ORDER BY market LOOP
        CALL refresh(m, r, 'fresh', 'all');
    END LOOP;
END $$;

CREATE FUNCTION digests(ids int[]) RETURNS SETOF kept LANGUAGE plpgsql AS $$ BEGIN
    RETURN QUERY EXECUTE (SELECT 'SELECT id, md5(string_agg(line, '' '' ORDER BY line)) FROM (' || string_agg(format('SELECT id, %1$L || o::text AS line FROM %1$I o WHERE id = ANY ($1)', name), ' UNION ALL ')
        || ') rows GROUP BY id' FROM outputs WHERE to_regclass('public.' || name) IS NOT NULL) USING ids;
END $$;
CREATE PROCEDURE change(r int) LANGUAGE plpgsql AS $$
DECLARE some_market int := (SELECT min(market) FROM assets);
BEGIN
    INSERT INTO notes SELECT r, market, 'other ' || field FROM changes WHERE round = r;
    PERFORM regime_load_policy('m' || market, (ARRAY['[{"match": "Up-", "size_mult": 0.25}, {"match": "Down-", "size_mult": 0.1}]',
        '[{"match": "Down-", "stop_mult": 3, "orders": "conservative"}, {"match": "-Low-", "size_mult": 0.2}]',
        '[{"match": "Sideways-", "size_mult": 0.9}, {"match": "*-RiskOff-*", "gross_cap": 0.4}, {"match": "Unknown", "size_mult": 0}]',
        '[{"match": "Up-Normal-Normal", "size_mult": 0.2}, {"match": "-Normal", "pyramids": false}]'])[1 + floor(coalesce(drawn('rules', market, r), 0) * 4)::int]::jsonb)
    FROM (SELECT DISTINCT market FROM assets) m WHERE r = 0 OR EXISTS (SELECT FROM changes c WHERE c.market = m.market AND round = r AND field = 'rules');
    PERFORM track(r, 'before');
    PERFORM plan(r);
    IF r % 4 = 2 THEN -- what is taken back was never there: first all of it in a subtransaction
        BEGIN
            PERFORM take_steps(r);
            CALL refresh(some_market, r, 'public', 'all');
            RAISE 'taken back';
        EXCEPTION WHEN raise_exception THEN
            NULL;
        END;
    END IF;
    PERFORM take_steps(r);
    PERFORM put_labels(r);
    PERFORM all_at_once(r);
    PERFORM track(r, 'between');
    TRUNCATE kept;
    INSERT INTO kept SELECT * FROM digests((SELECT array_agg(id) FROM assets WHERE id IN (TABLE spoiled) OR proxy_of(market, r) IN (TABLE spoiled)));
END $$;

-- Begins: these seeds, with the proxies of their markets.
CREATE PROCEDURE set_up(mode text, rounds int, seeds int[]) LANGUAGE plpgsql AS $$
DECLARE name text;
BEGIN
    INSERT INTO play VALUES (mode, rounds);
    INSERT INTO assets SELECT DISTINCT id, id / 25 FROM unnest(seeds) seed CROSS JOIN LATERAL (VALUES (seed), (seed / 25 * 25), (seed / 25 * 25 + 1)) x (id);
    INSERT INTO dim_assets SELECT id, true FROM assets;
    INSERT INTO changes SELECT market, round, CASE round WHEN 0 THEN 'policy' ELSE ('{policy,rules,hold,symmetric,off,l0,l1,l2,cal,proxy,l4,budget}'::text[])[1 + floor(noise('field', market, round) * 12)::int] END, noise('pick', market, round)
    FROM (SELECT DISTINCT market FROM assets) m CROSS JOIN generate_series(0, rounds) round WHERE round = 0 OR noise('change', market, round) < 0.2;
    INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table, ema_filter, atr_column, adx_column, adx_floor, spread_column, slippage_column)
    SELECT 'cols', layer, tf, periods, bars_table, ema_table, ema_filter, CASE layer WHEN 'L2' THEN 'atr' END, CASE WHEN layer IN ('L1', 'L2') THEN 'adx' END, 15,
        CASE WHEN layer <> 'L1' THEN 'spread' END, CASE WHEN layer <> 'L1' THEN 'slippage' END
    FROM (SELECT layer, tf, periods, bars_table, ema_table, ema_filter FROM regime_source WHERE cal_scheme = 'iso'
          UNION ALL VALUES ('L3', '6H', '{34,55,89}'::int[], 'cmc_price_bars_multi_tf_6h', 'cmc_ema_multi_tf_6h', '{"roll": false}'::jsonb)) s;
    INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_column, label_id_column, known_at_column, label_hold) VALUES
        ('us', 'L3', 'all_labels', 'ts', 'label', NULL, NULL, 2), ('us', 'L4', 'asset_labels', 'ts', 'label', 'id', 'known', NULL),
        ('cols', 'L4', 'asset_labels', 'ts', 'label', 'id', 'known', 3);
    CREATE SCHEMA fresh;
    PERFORM regime_setup(), regime_setup('fresh');
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'fresh'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE fresh.%I SET UNLOGGED', name); -- a copy to compare with need not last
    END LOOP;
END $$;
