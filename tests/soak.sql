-- What the actors of tests/soak.sh do and what is asked of the tables meanwhile. Whatever is found wrong is a WARNING that begins with
-- `finding:`, since the server's log outlives the session.

-- Assets 4 to 9 have a profile, whose policy and parameters change.
SELECT regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.5}]');
INSERT INTO regime_profile (profile, policy, min_hold_bars) VALUES ('desk', 'desk', 3);
INSERT INTO regime_profile_asset (profile, id) SELECT 'desk', generate_series(4, 9);

-- Few candles, since each call reads all of a series; bars that were taken away and may come back.
DELETE FROM candles WHERE symbol NOT IN ('MARKET', 'DEMO2', 'DEMO3', 'DEMO12') OR timeframe = '4h' AND (symbol <> 'MARKET' OR open_time < '2017-01-01');
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
CREATE FUNCTION some_assets() RETURNS int[] VOLATILE LANGUAGE sql AS 'SELECT ARRAY(SELECT id FROM dim_assets ORDER BY random() LIMIT 1 + floor(random() * 6)::int)';

-- A change of some assets or series; says which.
CREATE FUNCTION write_some() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    ids int[] := some_assets();
    what text := (ARRAY['new days', 'new days', 'new days', 'new weeks', 'closes', 'closes', 'EMAs', 'bars away', 'bars back', 'newest away', 'weeks', 'EMAs away', 'trim',
        'new candles', 'new candles', 'candles', 'candles away'])[1 + floor(random() * 17)];
    at timestamptz := (SELECT time_close FROM cmc_price_bars_multi_tf WHERE id = ids[1] AND tf = '1D' ORDER BY time_close DESC OFFSET floor(random() ^ 3 * 390)::int LIMIT 1);
    days interval := floor(random() * 4) * interval '1 day';
    factor float8 := 0.9 + random() * 0.2;
    all_bars boolean := one_in(10);
    cal text;
BEGIN
    CASE what
        WHEN 'new days' THEN
            INSERT INTO cmc_price_bars_multi_tf
            SELECT (jsonb_populate_record(NULL::cmc_price_bars_multi_tf, to_jsonb(b) || jsonb_build_object('time_close', time_close + interval '1 day', 'bar_seq', bar_seq + 1, 'close', close * factor))).*
            FROM cmc_price_bars_multi_tf b JOIN (SELECT id, max(time_close) FROM cmc_price_bars_multi_tf WHERE tf = '1D' AND id = ANY (ids) GROUP BY id) newest (id, time_close) USING (id, time_close) WHERE tf = '1D';
            INSERT INTO cmc_ema_multi_tf_u
            SELECT (jsonb_populate_record(NULL::cmc_ema_multi_tf_u, to_jsonb(e) || jsonb_build_object('ts', ts + interval '1 day', 'ema', ema * (0.5 + factor / 2)))).*
            FROM cmc_ema_multi_tf_u e JOIN (SELECT id, max(ts) FROM cmc_ema_multi_tf_u WHERE tf = '1D' AND id = ANY (ids) GROUP BY id) newest (id, ts) USING (id, ts) WHERE tf = '1D'
            ON CONFLICT DO NOTHING;
        WHEN 'new weeks' THEN
            FOREACH cal IN ARRAY '{cal_iso,cal_us}'::text[] LOOP
                EXECUTE format($sql$
                    INSERT INTO cmc_price_bars_multi_tf_%1$s
                    SELECT (jsonb_populate_record(NULL::cmc_price_bars_multi_tf_%1$s, to_jsonb(b) || jsonb_build_object('time_close', time_close + tf_days * interval '1 day', 'bar_seq', bar_seq + 1, 'close', close * $2))).*
                    FROM cmc_price_bars_multi_tf_%1$s b JOIN (SELECT id, tf, max(time_close) FROM cmc_price_bars_multi_tf_%1$s WHERE id = ANY ($1) GROUP BY id, tf) newest (id, tf, time_close) USING (id, tf, time_close)
                    ON CONFLICT DO NOTHING$sql$, cal) USING ids, factor;
                EXECUTE format($sql$
                    INSERT INTO cmc_ema_multi_tf_%1$s
                    SELECT (jsonb_populate_record(NULL::cmc_ema_multi_tf_%1$s, to_jsonb(e) || jsonb_build_object('ts', ts + coalesce(tf_days, 7) * interval '1 day', 'ema', ema * $2))).*
                    FROM cmc_ema_multi_tf_%1$s e JOIN (SELECT id, tf, max(ts) FROM cmc_ema_multi_tf_%1$s WHERE id = ANY ($1) GROUP BY id, tf) newest (id, tf, ts) USING (id, tf, ts)
                    ON CONFLICT DO NOTHING$sql$, cal) USING ids, factor;
            END LOOP;
        WHEN 'closes' THEN
            UPDATE cmc_price_bars_multi_tf SET close = close * factor WHERE id = ANY (ids) AND tf = '1D' AND time_close BETWEEN at AND at + days;
        WHEN 'EMAs' THEN
            UPDATE cmc_ema_multi_tf_u SET ema = ema * factor WHERE id = ANY (ids) AND tf = '1D' AND ts BETWEEN at AND at + days;
        WHEN 'bars away' THEN -- now and then all of an asset
            WITH deleted AS (DELETE FROM cmc_price_bars_multi_tf WHERE tf = '1D' AND CASE WHEN all_bars THEN id = ids[1] ELSE id = ANY (ids) AND time_close BETWEEN at AND at + days END RETURNING *)
            INSERT INTO gone TABLE deleted;
        WHEN 'bars back' THEN
            WITH back AS (DELETE FROM gone RETURNING *) INSERT INTO cmc_price_bars_multi_tf TABLE back ON CONFLICT DO NOTHING;
        WHEN 'newest away' THEN
            DELETE FROM cmc_price_bars_multi_tf b WHERE id = ANY (ids) AND tf = '1D' AND time_close >= (SELECT max(time_close) FROM cmc_price_bars_multi_tf n WHERE n.id = b.id AND tf = '1D') - days;
            DELETE FROM cmc_ema_multi_tf_u e WHERE id = ANY (ids) AND tf = '1D' AND ts > (SELECT max(time_close) FROM cmc_price_bars_multi_tf n WHERE n.id = e.id AND tf = '1D');
        WHEN 'weeks' THEN -- 1 is the market
            IF one_in(2) THEN ids := ids || 1; END IF;
            UPDATE cmc_price_bars_multi_tf_cal_iso SET close = close * factor WHERE id = ANY (ids) AND time_close BETWEEN at - interval '60 days' AND at;
        WHEN 'EMAs away' THEN
            DELETE FROM cmc_ema_multi_tf_u WHERE id = ANY (ids) AND tf = '1D' AND ts BETWEEN at AND at + days / 2;
        WHEN 'trim' THEN -- so that there are never many more than at first
            DELETE FROM cmc_price_bars_multi_tf b WHERE tf = '1D' AND time_close < (SELECT max(time_close) FROM cmc_price_bars_multi_tf n WHERE n.id = b.id AND tf = '1D') - interval '420 days';
            DELETE FROM cmc_ema_multi_tf_u e WHERE tf = '1D' AND ts < (SELECT max(time_close) FROM cmc_price_bars_multi_tf n WHERE n.id = e.id AND tf = '1D') - interval '420 days';
            FOREACH cal IN ARRAY '{cal_iso,cal_us}'::text[] LOOP
                EXECUTE format($sql$DELETE FROM cmc_price_bars_multi_tf_%1$s b WHERE time_close < (SELECT max(time_close) FROM cmc_price_bars_multi_tf_%1$s n WHERE (n.id, n.tf) = (b.id, b.tf)) - CASE tf WHEN '1W' THEN interval '63 weeks' ELSE interval '20 months' END$sql$, cal);
            END LOOP;
            DELETE FROM candles c WHERE open_time < (SELECT max(open_time) FROM candles n WHERE (n.symbol, n.timeframe) = (c.symbol, c.timeframe)) - CASE timeframe WHEN '1d' THEN interval '420 days' ELSE interval '70 days' END;
        WHEN 'new candles' THEN
            INSERT INTO candles SELECT symbol, timeframe, open_time + CASE timeframe WHEN '1d' THEN interval '1 day' ELSE interval '4 hours' END, close, greatest(high, close * factor), least(low, close * factor), close * factor, volume
            FROM candles JOIN (SELECT symbol, timeframe, max(open_time) AS open_time FROM candles GROUP BY 1, 2 ORDER BY random() LIMIT 3) AS newest USING (symbol, timeframe, open_time);
        WHEN 'candles' THEN
            UPDATE candles SET close = low + (high - low) * random() WHERE (symbol, timeframe, open_time) IN (SELECT symbol, timeframe, open_time FROM candles ORDER BY random() LIMIT 3);
        WHEN 'candles away' THEN
            DELETE FROM candles WHERE (symbol, timeframe, open_time) IN (SELECT symbol, timeframe, open_time FROM candles ORDER BY random() LIMIT 3);
    END CASE;
    RETURN what;
END $$;

-- Another policy or other parameters, or tracking on or off, of all systems or of one.
CREATE FUNCTION meddle(may_track boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE systems text[] := CASE WHEN one_in(2) THEN ARRAY[('{cmc_regimes,market_regimes,market_states}'::text[])[1 + floor(random() * 3)]] END; enable boolean := one_in(2);
BEGIN
    IF may_track AND one_in(2) THEN
        PERFORM regime_track(enable, systems);
        RETURN format('regime_track(%s)', enable);
    ELSIF one_in(3) THEN
        UPDATE regime_profile SET min_hold_bars = 1 + floor(random() * 5) WHERE profile = 'desk';
        RETURN 'profile';
    END IF;
    PERFORM regime_load_policy('desk', ('{"[{\"match\": \"Up-\", \"size_mult\": 0.25}]", "[{\"match\": \"Down-\", \"size_mult\": 0.1}, {\"match\": \"-Low-\", \"stop_mult\": 3}]", "[{\"match\": \"Sideways-\", \"size_mult\": 0.9}]"}'::text[])[1 + floor(random() * 3)]::jsonb);
    RETURN 'policy';
END $$;

-- Assets whose tables are not of one refresh, by what these say of each other; in one snapshot.
CREATE FUNCTION mixed() RETURNS SETOF text STABLE LANGUAGE sql AS $$
    WITH labels AS (SELECT id, ts, layer, label FROM cmc_regimes CROSS JOIN LATERAL (VALUES ('L0', l0_label), ('L1', l1_label), ('L2', l2_label), ('L3', l3_label), ('L4', l4_label), ('composite', regime_key)) l (layer, label) WHERE label IS NOT NULL),
        flips AS (SELECT id, ts, layer, old, label FROM (SELECT *, lag(label) OVER (PARTITION BY id, layer ORDER BY ts) AS old FROM labels) l WHERE label IS DISTINCT FROM old),
        stored_flips AS (SELECT id, ts, layer, old_regime, new_regime FROM cmc_regime_flips),
        counts AS (SELECT id, regime_key, count(*)::int, (count(*) / sum(count(*)) OVER (PARTITION BY id))::numeric(9, 6) FROM cmc_regimes GROUP BY id, regime_key),
        stored_counts AS (SELECT id, regime_key, n_bars::int, pct_of_history::numeric(9, 6) FROM cmc_regime_stats)
    SELECT 'flips lack ' || a FROM (TABLE flips EXCEPT ALL TABLE stored_flips) a UNION ALL SELECT 'flips have ' || a FROM (TABLE stored_flips EXCEPT ALL TABLE flips) a
    UNION ALL SELECT 'stats lack ' || a FROM (TABLE counts EXCEPT ALL TABLE stored_counts) a UNION ALL SELECT 'stats have ' || a FROM (TABLE stored_counts EXCEPT ALL TABLE counts) a
    UNION ALL SELECT 'comovement without rows: asset ' || id FROM cmc_regime_comovement WHERE id NOT IN (SELECT id FROM cmc_regimes)
    UNION ALL SELECT format('asset %s has rows of %s hashes', id, count(DISTINCT regime_version_hash)) FROM cmc_regimes GROUP BY id HAVING count(DISTINCT regime_version_hash) > 1 $$;

-- Assets of which a refresh would write rows though they are tracked and neither a mark nor the status says so; where one snapshot holds for several
-- statements.
CREATE FUNCTION are_tracked() RETURNS boolean STABLE LANGUAGE sql AS
    $$ SELECT count(DISTINCT tgrelid) = 6 FROM pg_trigger WHERE tgname ~ '^pg_regime' AND tgrelid::regclass::text ~ '^cmc_(price|ema)' AND tgenabled = 'O' $$;
CREATE FUNCTION fresh_by_word_alone(most int) RETURNS SETOF text VOLATILE LANGUAGE sql AS $$
    SELECT format('asset %s is not stale, and a refresh %s', id, message)
    FROM (SELECT id FROM cmc_regime_status WHERE is_stale IS FALSE AND are_tracked() ORDER BY random() LIMIT most) s
    CROSS JOIN LATERAL (SELECT message FROM refresh_cmc_regimes(s.id, dry_run => true)) r WHERE message <> 'would write 0 rows' $$;

-- Series that get_market_regimes and get_market_states give otherwise than a computation.
CREATE FUNCTION unlike_candles(most int) RETURNS SETOF text VOLATILE LANGUAGE sql AS $$
    WITH s AS MATERIALIZED (SELECT symbol, timeframe FROM candles GROUP BY 1, 2 ORDER BY random() LIMIT most),
        got AS (SELECT to_jsonb(g) - 'created_at' FROM s, get_market_regimes(symbol, timeframe) g UNION ALL SELECT to_jsonb(g) - 'created_at' FROM s, get_market_states(symbol, timeframe) g),
        right_ AS (SELECT to_jsonb(c) FROM s, market_regimes_compute(symbol, timeframe) c UNION ALL SELECT to_jsonb(c) FROM s, market_states_compute(symbol, timeframe) c)
    SELECT 'candles give ' || a FROM (TABLE got EXCEPT ALL TABLE right_) a UNION ALL SELECT 'candles lack ' || a FROM (TABLE right_ EXCEPT ALL TABLE got) a $$;

-- Stored rows of candles, as the above.
CREATE FUNCTION unlike_stored_candles() RETURNS SETOF text VOLATILE LANGUAGE sql AS $$
    WITH s AS MATERIALIZED (SELECT DISTINCT symbol, timeframe FROM candles),
        got AS (SELECT to_jsonb(g) - 'created_at' FROM market_regimes g UNION ALL SELECT to_jsonb(g) - 'created_at' FROM market_states g),
        right_ AS (SELECT to_jsonb(c) FROM s, market_regimes_compute(symbol, timeframe) c UNION ALL SELECT to_jsonb(c) FROM s, market_states_compute(symbol, timeframe) c)
    SELECT 'stored: ' || a FROM (TABLE got EXCEPT ALL TABLE right_) a UNION ALL SELECT 'not stored: ' || a FROM (TABLE right_ EXCEPT ALL TABLE got) a $$;

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
        IF before IS DISTINCT FROM (SELECT string_agg(digest, '' ORDER BY id) FROM digests) THEN RAISE WARNING 'finding: a snapshot changed'; END IF;
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
        WHERE application_name ~ '^refresher' AND state = 'active' AND query ~ '^(SELECT|CALL).*refresh_' AND clock_timestamp() > query_start + random() * interval '400 ms' ORDER BY random() LIMIT 1;
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
