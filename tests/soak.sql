-- What the actors of tests/soak.sh do and what is asked of the tables meanwhile. Whatever is found wrong is a WARNING that begins with
-- `finding:`, since the server's log outlives the session.

-- Assets 4 to 9 have a profile, whose policy and parameters change.
SELECT regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.5}]');
INSERT INTO regime_profile (profile, policy, min_hold_bars) VALUES ('desk', 'desk', 3);
INSERT INTO regime_profile_asset (profile, id) SELECT 'desk', generate_series(4, 9);

-- Few candles, since each call reads all of a series; bars that were taken away and may come back.
DELETE FROM candles WHERE symbol NOT IN ('MARKET', 'DEMO2', 'DEMO3', 'DEMO12');
DELETE FROM candles WHERE timeframe = '4h' AND (symbol <> 'MARKET' OR open_time < '2017-01-01');
CREATE TABLE gone (LIKE cmc_price_bars_multi_tf);

-- The rows are in partitions, each of which a refresh locks; those of `fresh`, to compare with, are not.
CREATE SCHEMA fresh;
SELECT FROM regime_setup('fresh');
CREATE TABLE cmc_regimes (LIKE fresh.cmc_regimes INCLUDING DEFAULTS, PRIMARY KEY (id, ts, tf)) PARTITION BY RANGE (ts);
DO $$ BEGIN
    FOR n IN 0..23 LOOP
        EXECUTE format('CREATE TABLE cmc_regimes_%s PARTITION OF cmc_regimes FOR VALUES FROM (%L) TO (%L)', n,
            timestamptz '2016-01-01' + n * interval '3 months', timestamptz '2016-01-01' + (n + 1) * interval '3 months');
    END LOOP;
END $$;
CREATE TABLE cmc_regimes_later PARTITION OF cmc_regimes DEFAULT;
SELECT FROM regime_setup();

CREATE FUNCTION one_in(n int) RETURNS boolean VOLATILE LANGUAGE sql AS 'SELECT random() * n < 1';
CREATE FUNCTION one_of(choice text[]) RETURNS text VOLATILE LANGUAGE sql AS 'SELECT choice[1 + floor(random() * cardinality(choice))::int]';
CREATE FUNCTION some_assets() RETURNS int[] VOLATILE LANGUAGE sql AS
    'SELECT ARRAY(SELECT id FROM dim_assets ORDER BY random() LIMIT 1 + floor(random() * 6)::int)';
CREATE FUNCTION newest_day(asset int) RETURNS timestamptz STABLE LANGUAGE sql AS
    $$ SELECT max(time_close) FROM cmc_price_bars_multi_tf WHERE id = asset AND tf = '1D' $$;

-- Adds to a table of bars or of EMAs, for these assets, the rows that follow the newest of each timeframe.
CREATE PROCEDURE go_on(relation text, ids int[], factor float8) LANGUAGE plpgsql AS $$
DECLARE
    ts text := CASE WHEN relation ~ 'ema' THEN 'ts' ELSE 'time_close' END;
    changed text := CASE WHEN relation ~ 'ema' THEN '''ema'', ema * $2' ELSE '''bar_seq'', bar_seq + 1, ''close'', close * $2' END;
BEGIN
    EXECUTE format($sql$
        INSERT INTO %1$s
        SELECT (jsonb_populate_record(NULL::%1$s, to_jsonb(b)
            || jsonb_build_object('%2$s', %2$s + coalesce(tf_days, 1) * interval '1 day', %3$s))).*
        FROM %1$s b JOIN (SELECT id, tf, max(%2$s) AS %2$s FROM %1$s WHERE id = ANY ($1) GROUP BY id, tf) newest USING (id, tf, %2$s)
        ON CONFLICT DO NOTHING$sql$, relation, ts, changed) USING ids, factor;
END $$;

-- Candles, some at random.
CREATE FUNCTION some_candles() RETURNS TABLE (symbol text, timeframe text, open_time timestamptz) VOLATILE LANGUAGE sql AS
    'SELECT symbol, timeframe, open_time FROM candles ORDER BY random() LIMIT 3';

-- A change of some assets or series; says which.
CREATE FUNCTION write_some() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    ids int[] := some_assets();
    what text := one_of('{new days,new days,new days,new weeks,closes,closes,EMAs,bars away,bars back,newest away,weeks,EMAs away,trim,
        new candles,new candles,candles,candles away}');
    at timestamptz := (SELECT time_close FROM cmc_price_bars_multi_tf WHERE id = ids[1] AND tf = '1D'
        ORDER BY time_close DESC OFFSET floor(random() ^ 3 * 390)::int LIMIT 1);
    days interval := floor(random() * 4) * interval '1 day';
    factor float8 := 0.9 + random() * 0.2;
    all_bars boolean := one_in(10);
    relation text;
BEGIN
    CASE what
        WHEN 'new days' THEN
            CALL go_on('cmc_price_bars_multi_tf', ids, factor);
            CALL go_on('cmc_ema_multi_tf_u', ids, 0.5 + factor / 2);
        WHEN 'new weeks' THEN -- and months
            FOREACH relation IN ARRAY '{cmc_price_bars_multi_tf_cal_iso,cmc_price_bars_multi_tf_cal_us,
                cmc_ema_multi_tf_cal_iso,cmc_ema_multi_tf_cal_us}'::text[] LOOP
                CALL go_on(relation, ids, factor);
            END LOOP;
        WHEN 'closes' THEN
            UPDATE cmc_price_bars_multi_tf SET close = close * factor
            WHERE id = ANY (ids) AND tf = '1D' AND time_close BETWEEN at AND at + days;
        WHEN 'EMAs' THEN
            UPDATE cmc_ema_multi_tf_u SET ema = ema * factor WHERE id = ANY (ids) AND tf = '1D' AND ts BETWEEN at AND at + days;
        WHEN 'bars away' THEN -- now and then all of an asset
            WITH deleted AS (DELETE FROM cmc_price_bars_multi_tf WHERE tf = '1D'
                AND CASE WHEN all_bars THEN id = ids[1] ELSE id = ANY (ids) AND time_close BETWEEN at AND at + days END RETURNING *)
            INSERT INTO gone TABLE deleted;
        WHEN 'bars back' THEN
            WITH back AS (DELETE FROM gone RETURNING *) INSERT INTO cmc_price_bars_multi_tf TABLE back ON CONFLICT DO NOTHING;
        WHEN 'newest away' THEN
            DELETE FROM cmc_price_bars_multi_tf WHERE id = ANY (ids) AND tf = '1D' AND time_close >= newest_day(id) - days;
            DELETE FROM cmc_ema_multi_tf_u WHERE id = ANY (ids) AND tf = '1D' AND ts > newest_day(id);
        WHEN 'weeks' THEN -- 1 is the market
            IF one_in(2) THEN ids := ids || 1; END IF;
            UPDATE cmc_price_bars_multi_tf_cal_iso SET close = close * factor
            WHERE id = ANY (ids) AND time_close BETWEEN at - interval '60 days' AND at;
        WHEN 'EMAs away' THEN
            DELETE FROM cmc_ema_multi_tf_u WHERE id = ANY (ids) AND tf = '1D' AND ts BETWEEN at AND at + days / 2;
        WHEN 'trim' THEN -- so that there are never many more than at first
            DELETE FROM cmc_price_bars_multi_tf WHERE tf = '1D' AND time_close < newest_day(id) - interval '420 days';
            DELETE FROM cmc_ema_multi_tf_u WHERE tf = '1D' AND ts < newest_day(id) - interval '420 days';
            FOREACH relation IN ARRAY '{cmc_price_bars_multi_tf_cal_iso,cmc_price_bars_multi_tf_cal_us}'::text[] LOOP
                EXECUTE format($sql$DELETE FROM %1$s b USING (SELECT id, tf, max(time_close) AS newest FROM %1$s GROUP BY id, tf) n
                    WHERE (n.id, n.tf) = (b.id, b.tf) AND time_close < newest - tf_days * interval '63 days'$sql$, relation);
            END LOOP;
            DELETE FROM candles c USING (SELECT symbol, timeframe, max(open_time) AS newest FROM candles GROUP BY symbol, timeframe) n
            WHERE (n.symbol, n.timeframe) = (c.symbol, c.timeframe)
                AND open_time < newest - CASE c.timeframe WHEN '1d' THEN interval '420 days' ELSE interval '70 days' END;
        WHEN 'new candles' THEN
            INSERT INTO candles
            SELECT symbol, timeframe, open_time + CASE timeframe WHEN '1d' THEN interval '1 day' ELSE interval '4 hours' END,
                close, greatest(high, close * factor), least(low, close * factor), close * factor, volume
            FROM candles
            JOIN (SELECT symbol, timeframe, max(open_time) AS open_time FROM candles GROUP BY 1, 2 ORDER BY random() LIMIT 3) AS newest
                USING (symbol, timeframe, open_time);
        WHEN 'candles' THEN
            UPDATE candles SET close = low + (high - low) * random() WHERE (symbol, timeframe, open_time) IN (SELECT * FROM some_candles());
        WHEN 'candles away' THEN
            DELETE FROM candles WHERE (symbol, timeframe, open_time) IN (SELECT * FROM some_candles());
    END CASE;
    RETURN what;
END $$;

-- Another policy or other parameters, or tracking on or off, of all systems or of one.
CREATE FUNCTION meddle(may_track boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    enable boolean := one_in(2);
    system text := CASE WHEN one_in(2) THEN one_of('{cmc_regimes,market_regimes,market_states}') END;
BEGIN
    IF may_track AND one_in(2) THEN
        PERFORM regime_track(enable, CASE WHEN system IS NOT NULL THEN ARRAY[system] END);
        RETURN format('regime_track(%s)', enable);
    ELSIF one_in(3) THEN
        UPDATE regime_profile SET min_hold_bars = 1 + floor(random() * 5) WHERE profile = 'desk';
        RETURN 'profile';
    END IF;
    PERFORM regime_load_policy('desk', one_of(ARRAY['[{"match": "Up-", "size_mult": 0.25}]', '[{"match": "Sideways-", "size_mult": 0.9}]',
        '[{"match": "Down-", "size_mult": 0.1}, {"match": "-Low-", "stop_mult": 3}]'])::jsonb);
    RETURN 'policy';
END $$;

-- Assets whose tables are not of one refresh, by what these say of each other; in one snapshot.
CREATE FUNCTION mixed() RETURNS SETOF text STABLE LANGUAGE sql AS $$
    WITH labels AS (
            SELECT id, ts, layer, label FROM cmc_regimes CROSS JOIN LATERAL (VALUES ('L0', l0_label), ('L1', l1_label), ('L2', l2_label),
                ('L3', l3_label), ('L4', l4_label), ('composite', regime_key)) l (layer, label) WHERE label IS NOT NULL),
        successive AS (SELECT id, ts, layer, lag(label) OVER (PARTITION BY id, layer ORDER BY ts) AS old, label FROM labels),
        flips AS (SELECT * FROM successive WHERE label IS DISTINCT FROM old),
        stored_flips AS (SELECT id, ts, layer, old_regime, new_regime FROM cmc_regime_flips),
        counts AS (
            SELECT id, regime_key, count(*)::int, (count(*) / sum(count(*)) OVER (PARTITION BY id))::numeric(9, 6)
            FROM cmc_regimes GROUP BY id, regime_key),
        stored_counts AS (SELECT id, regime_key, n_bars::int, pct_of_history::numeric(9, 6) FROM cmc_regime_stats)
    SELECT 'flips lack ' || a FROM (TABLE flips EXCEPT ALL TABLE stored_flips) a
    UNION ALL SELECT 'flips have ' || a FROM (TABLE stored_flips EXCEPT ALL TABLE flips) a
    UNION ALL SELECT 'stats lack ' || a FROM (TABLE counts EXCEPT ALL TABLE stored_counts) a
    UNION ALL SELECT 'stats have ' || a FROM (TABLE stored_counts EXCEPT ALL TABLE counts) a
    UNION ALL SELECT 'comovement without rows: asset ' || id FROM cmc_regime_comovement WHERE id NOT IN (SELECT id FROM cmc_regimes)
    UNION ALL SELECT 'rows of several hashes: asset ' || id FROM cmc_regimes GROUP BY id HAVING count(DISTINCT regime_version_hash) > 1 $$;

-- Assets of which a refresh would write rows of any of the four tables, though they are tracked and neither a mark nor the status says so;
-- where one snapshot holds for several statements.
CREATE FUNCTION are_tracked() RETURNS boolean STABLE LANGUAGE sql AS $$
    SELECT count(DISTINCT tgrelid) = 6 FROM pg_trigger
    WHERE tgname ~ '^pg_regime' AND tgrelid::regclass::text ~ '^cmc_(price|ema)' AND tgenabled <> 'D' $$;
CREATE FUNCTION fresh_by_word_alone(most int) RETURNS SETOF text VOLATILE LANGUAGE sql AS $$
    SELECT format('asset %s is not stale, and a refresh %s', id, message)
    FROM (SELECT id FROM cmc_regime_status WHERE is_stale IS FALSE AND are_tracked() ORDER BY random() LIMIT most) s
    CROSS JOIN LATERAL (SELECT message FROM refresh_cmc_regimes(s.id, dry_run => true)) r WHERE message <> 'would write 0 rows' $$;

-- Rows of series that are given or stored, and how they differ from those of a computation.
CREATE FUNCTION computed(series text[]) RETURNS SETOF jsonb VOLATILE LANGUAGE sql AS $$
    SELECT to_jsonb(c) FROM market_regimes_compute(series[1], series[2]) c
    UNION ALL SELECT to_jsonb(c) FROM market_states_compute(series[1], series[2]) c $$;
CREATE FUNCTION given(series text[]) RETURNS SETOF jsonb VOLATILE LANGUAGE sql AS $$
    SELECT to_jsonb(g) - 'created_at' FROM get_market_regimes(series[1], series[2]) g
    UNION ALL SELECT to_jsonb(g) - 'created_at' FROM get_market_states(series[1], series[2]) g $$;
CREATE FUNCTION stored(series text[]) RETURNS SETOF jsonb VOLATILE LANGUAGE sql AS $$
    SELECT to_jsonb(s) - 'created_at' FROM market_regimes s WHERE ARRAY[symbol, timeframe] = series
    UNION ALL SELECT to_jsonb(s) - 'created_at' FROM market_states s WHERE ARRAY[symbol, timeframe] = series $$;
CREATE FUNCTION unlike_candles(most int) RETURNS SETOF text VOLATILE LANGUAGE sql AS $$
    SELECT format('%s: %s', series, difference)
    FROM (SELECT ARRAY[symbol, timeframe] AS series FROM candles GROUP BY symbol, timeframe ORDER BY random() LIMIT most) s
    CROSS JOIN LATERAL (
        SELECT 'is given ' || a FROM (SELECT given(series) EXCEPT ALL SELECT computed(series)) a
        UNION ALL SELECT 'is not given ' || a FROM (SELECT computed(series) EXCEPT ALL SELECT given(series)) a) d (difference) $$;
CREATE FUNCTION unlike_stored_candles() RETURNS SETOF text VOLATILE LANGUAGE sql AS $$
    SELECT format('%s: %s', series, difference)
    FROM (SELECT ARRAY[symbol, timeframe] AS series FROM candles UNION SELECT ARRAY[symbol, timeframe] FROM market_regimes) s
    CROSS JOIN LATERAL (
        SELECT 'has ' || a FROM (SELECT stored(series) EXCEPT ALL SELECT computed(series)) a
        UNION ALL SELECT 'has not ' || a FROM (SELECT computed(series) EXCEPT ALL SELECT stored(series)) a) d (difference) $$;

-- A reader's look, under either isolation level.
CREATE FUNCTION look() RETURNS text VOLATILE LANGUAGE plpgsql AS $$
DECLARE
    one_snapshot boolean := current_setting('transaction_isolation') <> 'read committed';
    before text; finding text;
BEGIN
    IF one_snapshot THEN SELECT string_agg(digest, '' ORDER BY id) INTO before FROM digests; END IF;
    FOR finding IN SELECT * FROM mixed() LIMIT 3 LOOP RAISE WARNING 'finding: mixed tables: %', finding; END LOOP;
    IF one_snapshot THEN
        PERFORM pg_sleep(random());
        FOR finding IN SELECT * FROM fresh_by_word_alone(4) LOOP RAISE WARNING 'finding: %', finding; END LOOP;
        FOR finding IN SELECT * FROM unlike_candles(1) LIMIT 3 LOOP RAISE WARNING 'finding: %', finding; END LOOP;
        IF before IS DISTINCT FROM (SELECT string_agg(digest, '' ORDER BY id) FROM digests) THEN
            RAISE WARNING 'finding: a snapshot changed';
        END IF;
    END IF;
    RETURN CASE WHEN one_snapshot THEN 'repeatable read' ELSE 'read committed' END;
END $$;

-- Strikes a session that has been in a refresh for a random while: `kill -9`, `terminate`, `cancel`, or `wait`, which only waits for one.
CREATE FUNCTION strike(how text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE began timestamptz := clock_timestamp(); a record;
BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        SELECT pid, left(query, 60) AS query INTO a FROM pg_stat_activity
        WHERE application_name ~ '^refresher' AND state = 'active' AND query ~ '^(SELECT|CALL).*refresh_'
            AND clock_timestamp() > query_start + random() * interval '400 ms' ORDER BY random() LIMIT 1;
        EXIT WHEN a.pid IS NOT NULL OR clock_timestamp() > began + interval '10 s';
        PERFORM pg_sleep(0.002);
    END LOOP;
    CASE how
        WHEN 'kill -9' THEN EXECUTE format('COPY (SELECT %L) TO PROGRAM %L', a.query, 'cat >../struck; kill -9 ' || a.pid);
        WHEN 'terminate' THEN PERFORM pg_terminate_backend(a.pid);
        WHEN 'cancel' THEN PERFORM pg_cancel_backend(a.pid);
        ELSE NULL;
    END CASE;
    RETURN a.query;
END $$;

-- Takes all locks that there is room for, gives some back, and keeps the others for a while.
CREATE PROCEDURE hog_locks(seconds float8) LANGUAGE plpgsql AS $$
DECLARE n int := 0;
BEGIN
    LOOP
        BEGIN
            PERFORM pg_advisory_lock(7, n + 1);
            n := n + 1;
        EXCEPTION WHEN out_of_memory THEN
            EXIT;
        END;
    END LOOP;
    PERFORM pg_advisory_unlock(7, k) FROM generate_series(1, least(n, floor(random() * 80)::int)) k;
    PERFORM pg_sleep(seconds);
    PERFORM pg_advisory_unlock_all();
END $$;
