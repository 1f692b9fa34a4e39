-- What tests/candle_histories.sh plays: candles, histories of changes, refreshes. One history is one series; what happens to it
-- follows by hashing from its seed and the round. The system is market_states if the variable states is set, else market_regimes.
CREATE FUNCTION noise(salt text, a bigint, b bigint) RETURNS float8 IMMUTABLE LANGUAGE sql AS -- 0 to 1
    'SELECT (hashint8extended(a, hashint8extended(b, hashtextextended(salt, 0))) & 4503599627370495) / 4503599627370496.0::float8';
CREATE TABLE play (mode text, salt int);
CREATE TABLE series (seed int PRIMARY KEY, symbol text NOT NULL, timeframe text NOT NULL, UNIQUE (symbol, timeframe));
CREATE TABLE results (round int, seed int, status text, mode text, reason text, config text);
CREATE TABLE failures (round int, seed int, what text);

-- The system that is played: its functions and tables under names of its own. A row is compared as a whole, but for the time of its writing.
\if :{?states}
\set table market_states
\set state market_state_series
\set marks market_state_marks
CREATE FUNCTION refresh_system(symbol text, timeframe text, config text) RETURNS TABLE (symbol text, timeframe text, status text, mode text, reason text) LANGUAGE sql
    AS 'SELECT symbol, timeframe, status, mode, reason FROM refresh_market_states($1, $2)';
CREATE FUNCTION compute_system(symbol text, timeframe text, config text) RETURNS SETOF jsonb STABLE LANGUAGE sql AS 'SELECT to_jsonb(c) FROM market_states_compute($1, $2) c';
CREATE FUNCTION get_system(symbol text, timeframe text) RETURNS SETOF jsonb STABLE LANGUAGE sql AS 'SELECT to_jsonb(c) FROM get_market_states($1, $2) c';
\else
\set table market_regimes
\set state market_regime_state
\set marks market_regime_marks
CREATE FUNCTION refresh_system(symbol text, timeframe text, config text) RETURNS TABLE (symbol text, timeframe text, status text, mode text, reason text) LANGUAGE sql
    AS 'SELECT symbol, timeframe, status, mode, reason FROM refresh_market_regimes($1, $2, config => $3::jsonb)';
CREATE FUNCTION compute_system(symbol text, timeframe text, config text) RETURNS SETOF jsonb STABLE LANGUAGE sql AS 'SELECT to_jsonb(c) FROM market_regimes_compute($1, $2, config => $3::jsonb) c';
CREATE FUNCTION get_system(symbol text, timeframe text) RETURNS SETOF jsonb STABLE LANGUAGE sql AS 'SELECT to_jsonb(c) FROM get_market_regimes($1, $2) c';
\endif
SELECT FROM regime_setup();
CREATE VIEW stored AS SELECT symbol, timeframe, open_time, to_jsonb(r) - 'created_at' AS row FROM :table r;
CREATE VIEW states AS SELECT symbol, timeframe, classifier_version, to_jsonb(s) ->> 'config' AS config FROM regime_work.:state s;
CREATE VIEW marks AS SELECT symbol, timeframe FROM :marks;

-- Candle k of a series.
CREATE FUNCTION candle(seed int, k int, OUT open numeric, OUT high numeric, OUT low numeric, OUT close numeric, OUT volume numeric) IMMUTABLE LANGUAGE sql AS $$
    SELECT c - d + 2 * d * noise('open', seed, k)::numeric(5, 4), c + d, c - d, c, nullif(floor(1000 * noise('volume', seed, k)), 7) FROM (SELECT round((100 + 40 * sin(k / (5.0 + seed % 40) + seed) + 10 * noise('close', seed, k))::numeric, 2) AS c,
        round((0.1 + 3 * noise('range', seed, k))::numeric, 2) AS d) AS x $$;

-- Statements about the series that they are drawn for, {hits}, by their weight: at is the time of one of its candles, more likely a
-- late one, first and newest are those of what there is.
CREATE TABLE operations (place serial, name text, weight int, sql text);
INSERT INTO operations (name, weight, sql) VALUES
('append', 30, $$INSERT INTO candles SELECT h.symbol, h.timeframe, h.after + k * interval '1 hour', c.* FROM {hits} h, generate_series(1, h.n) k,
    candle(h.seed, {round} * 50 + k) c$$),
('late', 8, $$INSERT INTO candles SELECT h.symbol, h.timeframe, h.at + interval '20 minutes', c.* FROM {hits} h, candle(h.seed, {round} * 50 + 40) c
    WHERE NOT EXISTS (SELECT FROM candles o WHERE o.symbol = h.symbol AND o.timeframe = h.timeframe AND o.open_time = h.at + interval '20 minutes')$$),
('early', 3, $$INSERT INTO candles SELECT h.symbol, h.timeframe, h.first - interval '1 hour', c.* FROM {hits} h, candle(h.seed, {round} * 50 + 41) c$$),
('correct', 10, $$UPDATE candles c SET close = close * 1.01, high = high * 1.1 FROM {hits} h WHERE {candle}$$),
('volume', 4, $$UPDATE candles c SET volume = volume + 100, open = open + 0.01 FROM {hits} h WHERE {candle}$$),
('newest', 12, $$UPDATE candles c SET close = close + 0.25, high = high + 0.5 FROM {hits} h WHERE {series} AND c.open_time = h.newest$$),
('delete', 8, $$DELETE FROM candles c USING {hits} h WHERE {candle}$$),
('shorten', 8, $$DELETE FROM candles c USING {hits} h WHERE {series} AND c.open_time > h.newest - h.n * interval '1 hour'$$),
('touch', 5, $$UPDATE candles c SET close = close FROM {hits} h WHERE {candle}$$),
('move', 4, $$WITH gone AS (DELETE FROM candles c USING {hits} h WHERE {candle} RETURNING c.*)
    INSERT INTO candles SELECT g.symbol, g.timeframe, g.open_time + interval '7 minutes', g.open, g.high, g.low, g.close, g.volume FROM gone g
    WHERE NOT EXISTS (SELECT FROM candles o WHERE o.symbol = g.symbol AND o.timeframe = g.timeframe AND o.open_time = g.open_time + interval '7 minutes')$$),
('give', 4, $$WITH gone AS (DELETE FROM candles c USING {hits} h WHERE {candle} RETURNING c.*)
    INSERT INTO candles SELECT g.symbol, t.other, g.open_time, g.open, g.high, g.low, g.close, g.volume FROM gone g
    JOIN series s ON s.symbol = g.symbol AND s.timeframe = g.timeframe, LATERAL (SELECT timeframe AS other FROM series o WHERE o.symbol = s.symbol AND o.seed <> s.seed) t
    WHERE NOT EXISTS (SELECT FROM candles o WHERE o.symbol = g.symbol AND o.timeframe = t.other AND o.open_time = g.open_time)$$),
('wipe', 2, $$DELETE FROM candles c USING {hits} h WHERE {series}$$),
('spoil', 2, $$UPDATE candles c SET close = 'NaN' FROM {hits} h WHERE {candle}$$),
('none', 10, NULL);

CREATE PROCEDURE set_up(mode text, salt int, histories int) LANGUAGE plpgsql AS $$
DECLARE price text := CASE WHEN mode ~ 'plain|alternating' THEN 'float8' ELSE 'numeric(12, 4)' END;
BEGIN
    EXECUTE format('CREATE TABLE candles (symbol %1$s NOT NULL, timeframe %1$s NOT NULL, open_time %2$s NOT NULL, open %3$s, high %3$s, low %3$s, close %3$s, volume float8)',
        CASE WHEN mode ~ 'plain' THEN 'text' ELSE 'varchar(20)' END, CASE WHEN mode ~ 'plain' THEN 'timestamp' ELSE 'timestamptz' END, price);
    -- With the key, market_regimes refers to candles.
    IF mode ~ 'plain' THEN CREATE INDEX ON candles (symbol, timeframe, open_time);
    ELSE ALTER TABLE candles ADD PRIMARY KEY (symbol, timeframe, open_time);
    END IF;
    CREATE VIEW spoiled AS SELECT DISTINCT symbol::text, timeframe::text FROM candles WHERE close = 'NaN';
    INSERT INTO play VALUES (mode, salt);
    INSERT INTO series SELECT salt * 100000 + i, CASE i / 2 % 9 WHEN 0 THEN format('S,"%s', i / 2) ELSE 'S' || i / 2 END, CASE WHEN i % 2 = 1 THEN '4 h' WHEN mode ~ 'states' THEN '1w' ELSE '1h' END FROM generate_series(0, histories - 1) i;
    INSERT INTO candles SELECT symbol, timeframe, timestamp '2024-01-01' + k * interval '1 hour', c.* FROM series, generate_series(1, (3 + CASE WHEN mode ~ 'states' THEN 520 ELSE 260 END * noise('length', seed, 0))::int) k, candle(seed, k) c
        WHERE noise('there', seed, 0) < 0.9;
END $$;

-- What happens in a round: each operation is one statement.
SELECT replace(replace($body$CREATE PROCEDURE change(round int) LANGUAGE plpgsql AS $$
DECLARE operation record; statement text; slot int; of_all boolean;
BEGIN
    UPDATE candles c SET close = low FROM series s WHERE s.symbol = c.symbol AND s.timeframe = c.timeframe AND c.close = 'NaN' AND noise('repair', s.seed, round) < 0.6;
    IF noise('reload', (SELECT salt FROM play), round) < 0.1 THEN
        CREATE TEMP TABLE kept ON COMMIT DROP AS TABLE candles;
        TRUNCATE candles CASCADE;
        INSERT INTO candles TABLE kept;
        DROP TABLE kept;
    END IF;
    FOR slot IN 1..2 LOOP
        -- Now and then one is about all series.
        of_all := noise('of all', (SELECT salt FROM play), round * 2 + slot) < 0.3;
        FOR operation IN SELECT name, sql, sum(weight) OVER (ORDER BY place)::float8 / sum(weight) OVER () AS until, (sum(weight) OVER (ORDER BY place) - weight)::float8 / sum(weight) OVER () AS since
            FROM operations ORDER BY place LOOP
            CONTINUE WHEN operation.sql IS NULL;
            CREATE TEMP TABLE hits AS SELECT s.*, (1 + 4 * noise('n', seed, round * 2 + slot))::int AS n, a.at, e.*, COALESCE(e.newest, '2024-01-01'::timestamp) AS after
                FROM series s CROSS JOIN LATERAL (SELECT min(open_time)::timestamp AS first, max(open_time)::timestamp AS newest, count(*) AS candles FROM candles c WHERE c.symbol = s.symbol AND c.timeframe = s.timeframe) e
                LEFT JOIN LATERAL (SELECT open_time::timestamp AS at FROM candles c WHERE c.symbol = s.symbol AND c.timeframe = s.timeframe ORDER BY open_time DESC
                    OFFSET floor(e.candles * noise('place', seed, round * 2 + slot) ^ 3)::int LIMIT 1) a ON true
                WHERE noise('idle', seed, round) > 0.25 AND noise('operation', CASE WHEN of_all THEN 1 ELSE seed END, round * 2 + slot) >= operation.since
                AND noise('operation', CASE WHEN of_all THEN 1 ELSE seed END, round * 2 + slot) < operation.until
                AND (e.candles > 0 OR operation.name = 'append');
            statement := replace(replace(replace(operation.sql, '{hits}', 'hits'), '{round}', round::text), '{candle}', '{series} AND c.open_time = h.at');
            EXECUTE replace(statement, '{series}', 'c.symbol = h.symbol AND c.timeframe = h.timeframe');
            DROP TABLE hits;
        END LOOP;
    END LOOP;
    -- Rows and states that somebody takes away.
    DELETE FROM {table} r USING series s WHERE r.symbol = s.symbol AND r.timeframe = s.timeframe AND noise('lose', seed, round) < 0.03;
    DELETE FROM {table} r USING series s WHERE r.symbol = s.symbol AND r.timeframe = s.timeframe AND noise('lose newest', seed, round) < 0.04
        AND open_time >= (SELECT max(open_time) FROM {table} n WHERE n.symbol = s.symbol AND n.timeframe = s.timeframe) - interval '1 hour';
    DELETE FROM regime_work.{state} r USING series s WHERE r.symbol = s.symbol AND r.timeframe = s.timeframe AND noise('lose state', seed, round) < 0.03;
    DELETE FROM {table} r USING series s, play WHERE mode ~ 'untracked' AND r.symbol = s.symbol AND r.timeframe = s.timeframe AND noise('lose', seed, round) > 0.95 AND noise('row', extract(epoch FROM r.open_time)::bigint, round) < 0.1;
    CALL change_eras(round);
END $$ $body$, '{table}', :'table'), '{state}', :'state') \gexec

-- Eras that are added, moved, taken away; nodes of ranks that are lost. Neither matters to market_regimes.
CREATE PROCEDURE change_eras(round int) LANGUAGE plpgsql AS $$
DECLARE salt int := (SELECT play.salt FROM play); start timestamptz := timestamptz '2024-01-01 00:00+00' + noise('start', salt, round) * interval '600 hours';
BEGIN
    IF noise('era', salt, round) < 0.3 THEN
        INSERT INTO regime_eras VALUES (('{1w,4 h,NULL,NULL}'::text[])[1 + floor(4 * noise('of', salt, round))::int], CASE WHEN noise('all', salt, round) < 0.15 THEN '-infinity' ELSE start END) ON CONFLICT DO NOTHING;
    ELSIF noise('era', salt, round) < 0.4 THEN
        UPDATE regime_eras SET starts = start WHERE starts = (SELECT max(starts) FROM regime_eras) AND NOT EXISTS (SELECT FROM regime_eras WHERE starts = start);
    ELSIF noise('era', salt, round) < 0.5 THEN
        DELETE FROM regime_eras WHERE noise('end', extract(day FROM coalesce(nullif(starts, '-infinity'), start))::bigint, round) < 0.5;
    END IF;
    DELETE FROM regime_work.market_state_ranks r USING series s WHERE r.symbol = s.symbol AND r.timeframe = s.timeframe AND noise('lose ranks', seed, round) < 0.03;
    DELETE FROM regime_work.market_state_ranks r USING series s WHERE r.symbol = s.symbol AND r.timeframe = s.timeframe AND noise('lose a tree', seed, round) < 0.06 AND tree = round % 7;
END $$;

CREATE FUNCTION config(round int) RETURNS text STABLE LANGUAGE sql AS
    $$SELECT CASE WHEN noise('config', salt, round / 3) < 0.3 THEN '{"adx_trending": 20, "rsi_bullish": 60}' ELSE '{}' END FROM play$$;

-- Refreshes some series or all.
CREATE PROCEDURE refresh(round int) LANGUAGE plpgsql AS $$
DECLARE form float8 := noise('form', (SELECT salt FROM play), round); name text;
BEGIN
    IF form < 0.55 THEN
        INSERT INTO results SELECT round, seed, status, mode, reason, config(round) FROM refresh_system(NULL, NULL, config(round)) r JOIN series s USING (symbol, timeframe);
    ELSIF form < 0.75 THEN
        INSERT INTO results SELECT round, seed, status, mode, reason, config(round) FROM refresh_system(NULL, '4 h', config(round)) r JOIN series s USING (symbol, timeframe);
    ELSE
        FOR name IN SELECT DISTINCT symbol::text FROM candles WHERE noise('symbol', hashtext(symbol), round) < 0.5 LOOP
            INSERT INTO results SELECT round, seed, status, mode, reason, config(round) FROM refresh_system(name, NULL, config(round)) r JOIN series s USING (symbol, timeframe);
        END LOOP;
    END IF;
END $$;

-- What a reader gets, against a computation with the thresholds of the stored rows.
CREATE PROCEDURE compare_get(round int) LANGUAGE plpgsql AS $$
DECLARE s record; differ text;
BEGIN
    FOR s IN SELECT seed, symbol, timeframe FROM series WHERE (symbol, timeframe) IN (SELECT symbol, timeframe FROM candles) AND (symbol, timeframe) NOT IN (TABLE spoiled) LOOP
        WITH got AS MATERIALIZED (SELECT g - 'created_at' AS row FROM get_system(s.symbol, s.timeframe) g),
        -- Where nothing that is stored counts, the thresholds are the default ones.
        right_ AS MATERIALIZED (SELECT compute_system(s.symbol, s.timeframe, COALESCE((SELECT config FROM states t WHERE t.symbol = s.symbol AND t.timeframe = s.timeframe
            AND t.classifier_version = (SELECT max(row ->> 'classifier_version') FROM got)), '{}')) AS row)
        SELECT format('what is got: %s rows differ, the first %s', count(*), min(d.row::text)) INTO differ FROM (
            (TABLE got EXCEPT ALL TABLE right_) UNION ALL (TABLE right_ EXCEPT ALL TABLE got)) d HAVING count(*) > 0;
        IF differ IS NOT NULL THEN INSERT INTO failures VALUES (round, s.seed, differ); END IF;
    END LOOP;
END $$;

-- What must hold after a refresh: the rows of what was refreshed are those of a computation, and no mark is left.
CREATE PROCEDURE compare(r int) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO failures SELECT r, seed, format('is %s', status) FROM results JOIN series USING (seed) WHERE round = r
        AND (status = 'failed') <> ((symbol, timeframe) IN (TABLE spoiled));
    CREATE TEMP TABLE refreshed AS SELECT s.*, (s.symbol, s.timeframe) IN (SELECT symbol, timeframe FROM candles) AS has_candles, x.config
        FROM results x JOIN series s USING (seed) WHERE round = r AND status <> 'failed' AND (s.symbol, s.timeframe) NOT IN (TABLE spoiled);
    WITH computed AS MATERIALIZED (SELECT f.symbol, f.timeframe, c.row FROM refreshed f, LATERAL (SELECT compute_system(f.symbol, f.timeframe, f.config) AS row) c WHERE has_candles),
    stored AS MATERIALIZED (SELECT symbol, timeframe, row FROM stored WHERE (symbol, timeframe) IN (SELECT symbol, timeframe FROM refreshed))
    INSERT INTO failures SELECT r, seed, format('%s rows differ, the first %s', count(*), min(d.row::text))
        FROM ((TABLE computed EXCEPT ALL TABLE stored) UNION ALL (TABLE stored EXCEPT ALL TABLE computed)) d JOIN series USING (symbol, timeframe) GROUP BY seed;
    INSERT INTO failures SELECT r, seed, format('%s marks are left', count(*)) FROM marks m JOIN refreshed USING (symbol, timeframe) GROUP BY seed;
    DROP TABLE refreshed;
END $$;
