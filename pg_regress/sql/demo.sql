-- The demo market: the same bits for the same arguments, in tables that hold nothing else, ready for a refresh.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, open numeric, high numeric, low numeric, close numeric, volume numeric, PRIMARY KEY (symbol, timeframe, open_time));
INSERT INTO candles VALUES ('MARKET', '1d', '2016-01-01', 1, 1, 1, 1, 1);
-- Tables with rows of others, here the fixture's and this: nothing is touched. One of them is enough, whichever.
SELECT * FROM regime_demo();
\echo :LAST_ERROR_SQLSTATE
CREATE FUNCTION refused(relation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE name text; hash text; detail text;
BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relname ~ '^(cmc_|dim_assets$|candles$)' AND relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> relation LOOP
        EXECUTE 'DROP TABLE public.' || name;
    END LOOP;
    BEGIN
        PERFORM regime_demo(2, 10);
        RETURN 'not refused';
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
        hash := SQLERRM || ': ' || detail || ' ' || (SELECT string_agg(relname, ', ') FROM pg_class
            WHERE relname ~ '^(cmc_|dim_assets$|candles$)' AND relkind = 'r' AND relnamespace = 'public'::regnamespace);
    END;
    RAISE EXCEPTION USING MESSAGE = hash;
EXCEPTION WHEN raise_exception THEN
    RETURN SQLERRM;
END $$;
SET client_min_messages = warning;
SELECT refused(relname) FROM pg_class WHERE relname ~ '^(cmc_|dim_assets$|candles$)' AND relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname;
DROP TABLE dim_assets, cmc_price_bars_multi_tf, cmc_price_bars_multi_tf_cal_iso, cmc_price_bars_multi_tf_cal_us,
    cmc_ema_multi_tf_u, cmc_ema_multi_tf_cal_iso, cmc_ema_multi_tf_cal_us, candles;
RESET client_min_messages;

-- Out of range, or read only.
SELECT * FROM regime_demo(n_assets => 0);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM regime_demo(n_assets => 10001);
SELECT * FROM regime_demo(days => 0);
SELECT * FROM regime_demo(days => -1);
SELECT * FROM regime_demo(days => 10001);
\echo :LAST_ERROR_SQLSTATE
BEGIN READ ONLY;
SELECT * FROM regime_demo();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT count(*) FROM pg_class WHERE relname ~ '^(cmc_|dim_assets$|candles$)' AND relkind = 'r' AND relnamespace = 'public'::regnamespace;

SELECT * FROM regime_demo();
SELECT * FROM dim_assets ORDER BY id;
-- Every bit of every bar.
\set bits 'SELECT b.id, count(*), min(time_close) AS first, max(time_close) AS last, md5(string_agg(float8send(close), '''' ORDER BY time_close)) AS closes, md5(string_agg(float8send(open) || float8send(high) || float8send(low) || float8send(volume) || float8send(market_cap), '''' ORDER BY time_close)) AS others FROM cmc_price_bars_multi_tf b GROUP BY b.id ORDER BY b.id'
:bits;
SELECT count(*) FILTER (WHERE low > least(open, close) OR high < greatest(open, close) OR low <= 0 OR volume <= 0 OR market_cap <= 0) AS impossible,
    count(*) FILTER (WHERE time_close - before <> interval '1 day') AS gaps, count(DISTINCT tf) AS tfs
FROM (SELECT *, lag(time_close) OVER (PARTITION BY id ORDER BY time_close) AS before FROM cmc_price_bars_multi_tf) b;
\set candles 'SELECT symbol, timeframe, count(*), min(open_time) AS first, max(open_time) AS last, md5(string_agg(float8send(open) || float8send(high) || float8send(low) || float8send(close) || float8send(volume), '''' ORDER BY open_time)) AS bits FROM candles GROUP BY 1, 2 ORDER BY 1, 2'
:candles;
-- Candles are the bars, stamped with when they opened; four hours make up their day; the index rests on weekends.
SELECT count(*) AS bars, count(c.symbol) AS same FROM cmc_price_bars_multi_tf b JOIN dim_assets d USING (id) LEFT JOIN candles c ON c.symbol = d.symbol AND c.timeframe = '1d'
    AND c.open_time = date_trunc('day', b.time_close) AND (c.open, c.high, c.low, c.close, c.volume) = (b.open, b.high, b.low, b.close, b.volume);
SELECT count(*) AS days, count(*) FILTER (WHERE (p.n, p.open, p.high, p.low, p.close) = (6, c.open, c.high, c.low, c.close) AND abs(p.volume / c.volume - 1) < 1e-12) AS same FROM candles c
    JOIN (SELECT symbol, date_trunc('day', open_time) AS open_time, count(*) AS n, (array_agg(open ORDER BY open_time))[1] AS open, max(high) AS high, min(low) AS low,
        (array_agg(close ORDER BY open_time DESC))[1] AS close, sum(volume) AS volume FROM candles WHERE timeframe = '4h' GROUP BY 1, 2) p USING (symbol, open_time) WHERE c.timeframe = '1d';
SELECT array_agg(DISTINCT extract(isodow FROM open_time)::int) AS days, max(abs(change)) < 0.06 AND stddev(change) BETWEEN 0.004 AND 0.016 AS calm
FROM (SELECT open_time, close / lag(close) OVER (ORDER BY open_time) - 1 AS change FROM candles WHERE symbol = '^GSPC') c;
-- It is what the default arguments say, and a second time there is nothing to write.
SELECT * FROM regime_demo(5, 3000, 42);
SELECT * FROM regime_demo(NULL, NULL, NULL);
-- The weekly and monthly bars and the EMAs are those of regime_build_inputs.
SELECT * FROM regime_build_inputs();
SELECT * FROM regime_build_inputs(cal_scheme => 'us');

-- A refresh of it, in both calendars. The last asset lacks two layers, the one before it one.
SELECT id, status, regime_rows, feature_tier, regime_rows = rows AS as_bars FROM refresh_cmc_regimes(), LATERAL
    (SELECT count(*) AS rows FROM cmc_price_bars_multi_tf b WHERE b.id = refresh_cmc_regimes.id) n ORDER BY id;
SELECT DISTINCT ON (id) id, l0_enabled, l1_enabled, l2_enabled, feature_tier FROM cmc_regimes ORDER BY id, ts DESC;
SELECT id, status, regime_rows, feature_tier FROM refresh_cmc_regimes(cal_scheme => 'us') ORDER BY id;
SELECT DISTINCT ON (id) id, l0_enabled, l1_enabled, l2_enabled, feature_tier FROM cmc_regimes ORDER BY id, ts DESC;
-- The market goes through every trend and every volatility.
SELECT split_part(l2_label, '-', 1) AS trend, split_part(l2_label, '-', 2) AS vol, count(*) > 20 AS seen FROM cmc_regimes WHERE id = 1
GROUP BY 1, 2 ORDER BY 1, 2;

-- The regimes of its candles, after the warm-up: all of them, but for the young asset with one row.
SELECT symbol, timeframe, status, regime_rows, rows_written FROM refresh_market_regimes();
SELECT symbol, timeframe, count(DISTINCT simplified_regime) AS regimes, count(*) FILTER (WHERE simplified_regime LIKE 'TREND%') AS trending, count(*) FROM market_regimes WHERE NOT warmup GROUP BY 1, 2 ORDER BY 1, 2;

-- Fewer assets and days: what was there is replaced, and ids that are gone leave nothing.
SELECT * FROM regime_demo(2, 1000);
:bits;
:candles;
SELECT symbol, timeframe, count(*) AS rows_of_candles_that_stayed FROM market_regimes GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM dim_assets ORDER BY id;
SELECT array_agg(DISTINCT id) AS emas, (SELECT array_agg(DISTINCT id) FROM cmc_price_bars_multi_tf_cal_us) AS bars FROM cmc_ema_multi_tf_u;
-- Another seed is another market; more days go on with the same one.
SELECT * FROM regime_demo(2, 1000, 43);
:bits;
SELECT sum(rows_written) > 0 AS written FROM regime_demo();
:bits;
:candles;
-- One day of one asset alone is a market too.
SELECT * FROM regime_demo(1, 1);
-- A longer market begins earlier: no bar lies in the future.
BEGIN;
SELECT count(*) FROM regime_demo(1, 5614);
SELECT min(time_close) AS first, max(time_close) AS last, (SELECT max(open_time) FROM candles) AS last_candle FROM cmc_price_bars_multi_tf;
SELECT * FROM regime_check_inputs_details();
ROLLBACK;
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
DELETE FROM cmc_price_bars_multi_tf WHERE id = 99;
DELETE FROM dim_assets WHERE id = 99;
-- The same for a candle of somebody else, by its symbol or by its timeframe.
INSERT INTO candles VALUES ('DEMO2', '5m', '2016-01-01', 1, 1, 1, 1, 1);
SELECT * FROM regime_demo(2, 310);
UPDATE candles SET symbol = 'BTCUSDT', timeframe = '1d' WHERE timeframe = '5m';
SELECT * FROM regime_demo(2, 310);
SELECT symbol, timeframe, count(*) FROM candles GROUP BY 1, 2 ORDER BY 1, 2;
-- An empty table of the shape is filled, whatever numbers it holds; and candles are where the map says, or nowhere.
CREATE SCHEMA feed;
CREATE TABLE feed.klines (symbol varchar(20), timeframe varchar(5), open_time timestamptz, open numeric, high numeric, low numeric, close numeric, volume numeric, PRIMARY KEY (symbol, timeframe, open_time));
UPDATE regime_source SET bars_schema = 'feed', bars_table = 'klines' WHERE layer = 'candles';
SELECT * FROM regime_demo(2, 310) WHERE relation LIKE 'feed%';
SELECT symbol, timeframe, count(*), obj_description('feed.klines'::regclass) FROM feed.klines GROUP BY 1, 2 ORDER BY 1, 2;
SELECT action FROM regime_setup() WHERE relation = 'public.market_regimes';
SELECT symbol, timeframe, status, regime_rows FROM refresh_market_regimes('MARKET');
DELETE FROM regime_source WHERE layer = 'candles';
SELECT relation FROM regime_demo(2, 311) WHERE relation !~ 'cmc_';
