-- The demo market: the same bits for the same arguments, in tables that hold nothing else, ready for a refresh.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Tables with rows of others, here the fixture's: nothing is touched. One of them is enough, whichever.
SELECT * FROM regime_demo();
\echo :LAST_ERROR_SQLSTATE
CREATE FUNCTION refused(relation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE name text; hash text; detail text;
BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relname ~ '^(cmc_|dim_assets$)' AND relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> relation LOOP
        EXECUTE 'DROP TABLE public.' || name;
    END LOOP;
    BEGIN
        PERFORM regime_demo(2, 10);
        RETURN 'not refused';
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
        hash := SQLERRM || ': ' || detail || ' ' || (SELECT string_agg(relname, ', ') FROM pg_class
            WHERE relname ~ '^(cmc_|dim_assets$)' AND relkind = 'r' AND relnamespace = 'public'::regnamespace);
    END;
    RAISE EXCEPTION USING MESSAGE = hash;
EXCEPTION WHEN raise_exception THEN
    RETURN SQLERRM;
END $$;
SET client_min_messages = warning;
SELECT refused(relname) FROM pg_class WHERE relname ~ '^(cmc_|dim_assets$)' AND relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname;
DROP TABLE dim_assets, cmc_price_bars_multi_tf, cmc_price_bars_multi_tf_cal_iso, cmc_price_bars_multi_tf_cal_us,
    cmc_ema_multi_tf_u, cmc_ema_multi_tf_cal_iso, cmc_ema_multi_tf_cal_us;
RESET client_min_messages;

-- Out of range, or read only.
SELECT * FROM regime_demo(assets => 0);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM regime_demo(assets => 10001);
SELECT * FROM regime_demo(days => 0);
SELECT * FROM regime_demo(days => -1);
SELECT * FROM regime_demo(days => 10001);
\echo :LAST_ERROR_SQLSTATE
BEGIN READ ONLY;
SELECT * FROM regime_demo();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT count(*) FROM pg_class WHERE relname ~ '^(cmc_|dim_assets$)' AND relkind = 'r' AND relnamespace = 'public'::regnamespace;

SELECT * FROM regime_demo();
SELECT * FROM dim_assets ORDER BY id;
-- Every bit of every bar.
\set bits 'SELECT b.id, count(*), min(time_close) AS first, max(time_close) AS last, md5(string_agg(float8send(close), '''' ORDER BY time_close)) AS closes, md5(string_agg(float8send(open) || float8send(high) || float8send(low) || float8send(volume) || float8send(market_cap), '''' ORDER BY time_close)) AS others FROM cmc_price_bars_multi_tf b GROUP BY b.id ORDER BY b.id'
:bits;
SELECT count(*) FILTER (WHERE low > least(open, close) OR high < greatest(open, close) OR low <= 0 OR volume <= 0 OR market_cap <= 0) AS impossible,
    count(*) FILTER (WHERE time_close - before <> interval '1 day') AS gaps, count(DISTINCT tf) AS tfs
FROM (SELECT *, lag(time_close) OVER (PARTITION BY id ORDER BY time_close) AS before FROM cmc_price_bars_multi_tf) b;
-- It is what the default arguments say, and a second time there is nothing to write.
SELECT * FROM regime_demo(5, 3000, 42);
SELECT * FROM regime_demo(NULL, NULL, NULL);
-- The weekly and monthly bars and the EMAs are those of regime_build_inputs.
SELECT * FROM regime_build_inputs();
SELECT * FROM regime_build_inputs(cal_scheme => 'us');

-- A refresh of it, in both calendars. The last asset lacks two layers, the one before it one.
SELECT id, status, regime_rows, feature_tier, regime_rows = rows AS as_bars FROM refresh_cmc_regimes(), LATERAL
    (SELECT count(*) AS rows FROM cmc_price_bars_multi_tf b WHERE b.id = refresh_cmc_regimes.id) n ORDER BY id;
SELECT DISTINCT id, l0_enabled, l1_enabled, l2_enabled, feature_tier FROM cmc_regimes ORDER BY id;
SELECT id, status, regime_rows, feature_tier FROM refresh_cmc_regimes(cal_scheme => 'us') ORDER BY id;
SELECT DISTINCT id, l0_enabled, l1_enabled, l2_enabled, feature_tier FROM cmc_regimes ORDER BY id;
-- The market goes through every trend and every volatility.
SELECT split_part(l2_label, '-', 1) AS trend, split_part(l2_label, '-', 2) AS vol, count(*) > 20 AS seen FROM cmc_regimes WHERE id = 1
GROUP BY 1, 2 ORDER BY 1, 2;

-- Fewer assets and days: what was there is replaced, and ids that are gone leave nothing.
SELECT * FROM regime_demo(2, 1000);
:bits;
SELECT * FROM dim_assets ORDER BY id;
SELECT array_agg(DISTINCT id) AS emas, (SELECT array_agg(DISTINCT id) FROM cmc_price_bars_multi_tf_cal_us) AS bars FROM cmc_ema_multi_tf_u;
-- Another seed is another market; more days go on with the same one.
SELECT * FROM regime_demo(2, 1000, 43);
:bits;
SELECT sum(rows_written) > 0 AS written FROM regime_demo();
:bits;
-- One day of one asset alone is a market too.
SELECT * FROM regime_demo(1, 1);
SELECT id, status, regime_rows, feature_tier FROM refresh_cmc_regimes();
-- With its comment gone, a table is no longer the demo's.
SELECT sum(rows_written) > 0 AS written FROM regime_demo(3, 300);
COMMENT ON TABLE cmc_ema_multi_tf_cal_us IS 'ours now';
SELECT * FROM regime_demo(2, 310);
SELECT max(time_close) FROM cmc_price_bars_multi_tf;
-- Without the bars of an earlier market, its assets are gone all the same.
DROP TABLE cmc_ema_multi_tf_cal_us, cmc_price_bars_multi_tf;
SELECT sum(rows_written) > 0 AS written FROM regime_demo(2, 300);
SELECT * FROM dim_assets ORDER BY id;
-- Nor does a table belong to the demo that holds a row of somebody else among its own: it stays, whatever the call says.
INSERT INTO dim_assets VALUES (99, 'MINE');
INSERT INTO cmc_price_bars_multi_tf SELECT 99, tf, tf_days, bar_seq, time_close, 1, 1, 1, 1, 1, 1 FROM cmc_price_bars_multi_tf WHERE id = 1;
DO $$
BEGIN
    PERFORM regime_demo(2, 310);
EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL;
END $$;
SELECT id, symbol, (SELECT count(*) FROM cmc_price_bars_multi_tf b WHERE b.id = d.id) AS bars FROM dim_assets d WHERE id = 99;
