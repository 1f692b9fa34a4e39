-- For tests/hints.sh: how each hint is provoked. A block begins with its name and ends with the statements after `-- then`,
-- which give the hint; the statements before them are run as superuser. `as ROLE`: who provokes the hint. The extension is
-- in schema "Odd Schema", :o for short; the search_path is empty.

-- a reader before there are tables
-- then
SELECT FROM :o.regime_at(1, '2018-01-01');

-- a constraint without some layers
CREATE TABLE public.cmc_regime_flips (id int, tf text, ts timestamptz, layer text CHECK (layer IN ('L0', 'L1', 'L2', 'composite')), old_regime text, new_regime text, duration_bars int, updated_at timestamptz);
-- then
SELECT FROM :o.regime_setup();

-- a constraint of another form
CREATE TABLE public.cmc_regime_flips (id int, tf text, ts timestamptz, layer text CONSTRAINT "not L2" CHECK (layer !~ 'L2'), old_regime text, new_regime text, duration_bars int, updated_at timestamptz);
-- then
SELECT FROM :o.refresh_cmc_regimes(1);

-- only_dirty of a table that another scheme reads by another column
ALTER TABLE public.cmc_price_bars_multi_tf ADD "Name of" text;
UPDATE public.cmc_price_bars_multi_tf SET "Name of" = 'a' || id;
INSERT INTO :o.regime_source (cal_scheme, layer, tf, periods, bars_table, bars_id_column, ema_table, ema_filter)
    SELECT 'other', layer, tf, periods, bars_table, 'Name of', ema_table, ema_filter FROM :o.regime_source WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT FROM :o.regime_track();
-- then
SELECT FROM :o.refresh_cmc_regimes(cal_scheme => 'other', only_dirty => true);

-- only_dirty without tracking
-- then
SELECT FROM :o.refresh_cmc_regimes(only_dirty => true);

-- CALL in a transaction block (in place)
-- then
BEGIN;
CALL :o.refresh_all_cmc_regimes();
ROLLBACK;

-- CALL in a function (in place)
CREATE FUNCTION public.calls() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL "Odd Schema".refresh_all_cmc_regimes(); END $$;
-- then
SELECT public.calls();

-- CALL in a procedure with SECURITY DEFINER (in place)
CREATE PROCEDURE public.calls() LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN CALL "Odd Schema".refresh_all_cmc_regimes(); END $$;
-- then
CALL public.calls();

-- CALL in a procedure with SET (in place)
CREATE PROCEDURE public.calls() LANGUAGE plpgsql SET work_mem = '8MB' AS $$ BEGIN CALL "Odd Schema".backfill_market_regime_history(symbol => 'MARKET'); END $$;
-- then
CALL public.calls();

-- CALL in a block with EXCEPTION (in place)
-- then
DO $$ BEGIN CALL "Odd Schema".backfill_market_regime_history(symbol => 'MARKET'); EXCEPTION WHEN division_by_zero THEN END $$;

-- backfill in a transaction block (in place)
-- then
BEGIN;
CALL :o.backfill_market_regime_history(symbol => 'MARKET');
ROLLBACK;

-- unknown symbol
-- then
SELECT FROM :o.regime_at('DEM01', '2018-01-01');

-- unknown asset
-- then
SELECT FROM :o.regime_explain(99, '2018-01-01');

-- unknown symbol of candles
-- then
SELECT FROM :o.refresh_market_regimes('MARKE');

-- unknown timeframe of candles
-- then
SELECT FROM :o.refresh_market_regimes('MARKET', '7d');

-- unknown symbol of market states
-- then
SELECT FROM :o.refresh_market_states('MARKE');

-- unknown timeframe of market states
-- then
SELECT FROM :o.market_states_compute('MARKET', '7d');

-- no market state so early
-- then
SELECT FROM :o.market_states_explain('MARKET', '1d', '2001-01-01');

-- no opens
UPDATE :o.regime_source SET open_column = NULL WHERE layer = 'candles';
-- then
SELECT FROM :o.refresh_market_states();

-- no volumes of this name
UPDATE :o.regime_source SET volume_column = 'amount' WHERE layer = 'candles';
-- then
SELECT FROM :o.refresh_market_states();

-- market states that are not refreshed
SELECT FROM :o.regime_setup();
-- then
SELECT FROM :o.market_states_stats('MARKET', '1d');

-- other eras, a bar behind (in place)
SELECT FROM :o.refresh_market_states();
INSERT INTO :o.regime_eras VALUES (NULL, '2017-01-01', NULL);
-- then
DO $$ BEGIN ASSERT (SELECT count(*) FROM "Odd Schema".market_state_latest WHERE is_stale) = 0, 'stale'; END $$;

-- unknown symbol of the history
-- then
CALL :o.backfill_market_regime_history(symbol => 'MARKE');

-- unknown policy
-- then
SELECT FROM :o.refresh_cmc_regimes(policy => 'desk');

-- unknown calendar
-- then
SELECT FROM :o.refresh_cmc_regimes(cal_scheme => 'mayan');

-- unknown layer
SELECT FROM :o.refresh_cmc_regimes();
-- then
SELECT FROM :o.regime_transition_matrix('L9');

-- days not stored
UPDATE public.candles SET open_time = open_time + interval '2191 days';
SELECT FROM :o.regime_setup();
-- then
SELECT FROM :o.market_regime_history_stats('MARKET');

-- performance of days not stored
UPDATE public.candles SET open_time = open_time + interval '2191 days';
SELECT FROM :o.regime_setup();
CREATE TABLE public.returns AS SELECT open_time::date AS date, 0.01 AS daily_return FROM public.candles WHERE symbol = 'MARKET' AND timeframe = '1d';
-- then
SELECT FROM :o.market_regime_performance('public.returns', 'MARKET');

-- performance of a relation that is gone
-- then
SELECT FROM :o.market_regime_performance(4000000000::oid::regclass, 'MARKET');

-- signals in a relation that is gone
-- then
SELECT :o.regime_tag_signals(4000000000::oid::regclass);

-- market regimes not stored
SELECT FROM :o.regime_setup();
-- then
SELECT FROM :o.market_regimes_flips('MARKET', '1d');

-- events of states not stored
SELECT FROM :o.regime_setup();
-- then
SELECT FROM :o.market_escalation_events('MARKET', '1d');

-- a percentile of states not stored
SELECT FROM :o.regime_setup();
-- then
SELECT FROM :o.market_escalation_percentile('MARKET', '1d', 60);

-- a picture of states not stored
SELECT FROM :o.regime_setup();
-- then
SELECT :o.regime_chart_svg('MARKET', system => 'market_states', timeframe => '1d');

-- an unknown bucket
SELECT FROM :o.refresh_market_states('MARKET', '1d');
DO $$ DECLARE c text; BEGIN
    FOR c IN SELECT conname FROM pg_catalog.pg_constraint WHERE conrelid = 'public.market_states'::regclass AND contype = 'c' LOOP
        EXECUTE format('ALTER TABLE public.market_states DROP CONSTRAINT %I', c);
    END LOOP;
END $$;
UPDATE public.market_states SET escalation_bucket = 'odd';
-- then
SELECT FROM :o.market_escalation_events('MARKET', '1d');

-- rows of the history that differ
UPDATE public.candles SET open_time = open_time + interval '2191 days';
CALL :o.backfill_market_regime_history(symbol => 'MARKET');
UPDATE public.candles SET close = close * 1.5 WHERE symbol = 'MARKET' AND timeframe = '1d' AND open_time > '2024-01-05';
-- then
CALL :o.backfill_market_regime_history(symbol => 'MARKET');

-- an unknown regime in the history
UPDATE public.candles SET open_time = open_time + interval '2191 days';
CALL :o.backfill_market_regime_history(symbol => 'MARKET');
CREATE TABLE public.returns AS SELECT open_time::date AS date, 0.01 AS daily_return FROM public.candles WHERE symbol = 'MARKET' AND timeframe = '1d';
ALTER TABLE public.market_regime_history DROP CONSTRAINT market_regime_history_regime_check;
UPDATE public.market_regime_history SET regime = 'odd';
-- then
SELECT FROM :o.market_regime_performance('public.returns', 'MARKET');

-- daily candles at midnight in London
DELETE FROM public.candles;
INSERT INTO public.candles (symbol, timeframe, open_time, open, high, low, close, volume)
SELECT 'FTSE', '1d', day AT TIME ZONE 'Europe/London', 99, 101, 98, 100, 1 FROM generate_series('2022-01-01'::timestamp, '2022-12-31', '1 day') AS day;
-- then
CALL :o.backfill_market_regime_history(start_date => '2022-03-20', end_date => '2022-12-31', symbol => 'FTSE');

-- two candles of one day
DELETE FROM public.candles;
INSERT INTO public.candles (symbol, timeframe, open_time, open, high, low, close, volume)
SELECT 'FTSE', '1d', day, 99, 101, 98, 100, 1 FROM generate_series('2022-01-01'::timestamp, '2022-12-31', '18 hours') AS day;
-- then
SELECT FROM :o.market_regime_history_compute('FTSE', '2022-03-20', '2022-12-31');

-- daily bars that cannot be used
SELECT FROM :o.regime_setup();
UPDATE public.cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 1 AND time_close > '2018-01-01';
-- then
SELECT FROM :o.regime_compute(1);

-- no daily bars at all
SELECT FROM :o.refresh_cmc_regimes();
DELETE FROM public.cmc_price_bars_multi_tf;
-- then
SELECT FROM :o.refresh_cmc_regimes(1);

-- no candles at all
SELECT FROM :o.refresh_market_regimes();
CREATE TABLE public.none (LIKE public.candles);
UPDATE :o.regime_source SET bars_table = 'none' WHERE layer = 'candles';
-- then
SELECT FROM :o.refresh_market_regimes();

-- no source of candles
DELETE FROM :o.regime_source WHERE layer = 'candles';
-- then
SELECT FROM :o.refresh_market_regimes();

-- no source of daily bars
DELETE FROM :o.regime_source WHERE layer = 'L2';
-- then
SELECT FROM :o.refresh_cmc_regimes();

-- a source table that is gone
DROP TABLE public.cmc_price_bars_multi_tf_cal_iso;
-- then
SELECT FROM :o.refresh_cmc_regimes();

-- an id out of range
UPDATE public.dim_assets SET symbol = 'BIG' WHERE id = 3;
ALTER TABLE public.dim_assets ALTER id TYPE bigint;
UPDATE public.dim_assets SET id = 3000000000 WHERE id = 3;
-- then
SELECT FROM :o.refresh_cmc_regimes();

-- no rows to draw
SELECT FROM :o.regime_setup();
-- then
SELECT :o.regime_chart_svg(1);

-- rows without bars to draw
SELECT FROM :o.refresh_cmc_regimes();
UPDATE public.cmc_price_bars_multi_tf SET time_close = time_close + interval '1 hour';
-- then
SELECT :o.regime_chart_svg(1);

-- a demo over rows of others
INSERT INTO public.dim_assets (id, symbol) VALUES (77, 'OURS');
COMMENT ON TABLE public.dim_assets IS NULL;
-- then
SELECT FROM :o.regime_demo();

-- a view under the name of an output table
CREATE VIEW public.cmc_regimes AS SELECT 1 AS id;
-- then
SELECT FROM :o.regime_setup();

-- a table under the name of a view
CREATE TABLE public.market_regime_progress (id int);
-- then
SELECT FROM :o.regime_setup();

-- a target schema that is not there
ALTER DATABASE :"DBNAME" SET pg_regime.target_schema = 'nowhere';
-- then
SELECT FROM :o.regime_setup();

-- a target schema of PostgreSQL
-- then
SET pg_regime.target_schema = 'pg_catalog';
SELECT FROM :o.regime_setup();

-- a time column of another type
SELECT FROM :o.refresh_cmc_regimes();
ALTER TABLE public.cmc_regimes ALTER ts TYPE timestamp USING ts AT TIME ZONE 'UTC';
-- then
SELECT FROM :o.refresh_cmc_regimes();

-- a column that must not be NULL and that nothing fills
SELECT FROM :o.refresh_cmc_regimes();
ALTER TABLE public.cmc_regimes ADD note text;
UPDATE public.cmc_regimes SET note = '';
ALTER TABLE public.cmc_regimes ALTER note SET NOT NULL;
-- then
SELECT FROM :o.refresh_cmc_regimes(full_refresh => true);

-- rows twice in an output table
SELECT FROM :o.refresh_cmc_regimes();
ALTER TABLE public.cmc_regimes DROP CONSTRAINT cmc_regimes_pkey;
INSERT INTO public.cmc_regimes SELECT * FROM public.cmc_regimes LIMIT 1;
-- then
SELECT FROM :o.regime_setup();

-- two EMAs of one bar
ALTER TABLE public.cmc_ema_multi_tf_u DROP CONSTRAINT cmc_ema_multi_tf_u_pkey;
INSERT INTO public.cmc_ema_multi_tf_u SELECT (pg_catalog.jsonb_populate_record(NULL::public.cmc_ema_multi_tf_u, pg_catalog.to_jsonb(e) || '{"alignment_source": "other"}')).* FROM public.cmc_ema_multi_tf_u e WHERE id = 1;
UPDATE :o.regime_source SET ema_filter = '{}';
-- then
SELECT FROM :o.regime_compute(1);

-- another policy than the rows have
SELECT FROM :o.refresh_cmc_regimes(hysteresis => false);
-- then
SELECT FROM :o.regime_repaint_check(1);

-- a time without a row
SELECT FROM :o.refresh_cmc_regimes();
-- then
SELECT FROM :o.regime_explain(1, '2001-01-01');

-- a read-only session
-- then
SET default_transaction_read_only = on;
SELECT FROM :o.regime_setup();

-- a read-only transaction (in place)
-- then
BEGIN READ ONLY;
SELECT FROM :o.refresh_cmc_regimes();
ROLLBACK;

-- no privilege on an output table as reader
SELECT FROM :o.refresh_cmc_regimes();
-- then
SELECT FROM :o.regime_at(1, '2018-01-01');

-- no privilege on a schema as reader
CREATE SCHEMA shut; CREATE TABLE shut.candles (LIKE public.candles); GRANT SELECT ON shut.candles TO reader;
UPDATE :o.regime_source SET bars_schema = 'shut' WHERE layer = 'candles';
-- then
SELECT FROM :o.market_regimes_compute('MARKET', '1d');

-- no privilege on a source table as reader
REVOKE SELECT ON public.cmc_price_bars_multi_tf FROM PUBLIC, reader;
-- then
SELECT FROM :o.regime_compute(1);

-- no privilege to refresh as reader
SELECT FROM :o.regime_setup();
-- then
SELECT FROM :o.refresh_cmc_regimes();

-- no privilege to create a schema as reader
-- then
SELECT FROM :o.regime_setup();

-- no privilege to create tables as reader
GRANT CREATE ON DATABASE :"DBNAME" TO reader;
-- then
SELECT FROM :o.regime_setup();

-- no privilege to track as reader
SELECT FROM :o.regime_setup();
GRANT USAGE, CREATE ON SCHEMA regime_work TO reader;
-- then
SELECT FROM :o.regime_track();

-- no privilege to track the tables of a role one may become as member
SELECT pg_catalog.format('ALTER TABLE %s OWNER TO owner', oid::pg_catalog.regclass) FROM pg_catalog.pg_class WHERE relnamespace = 'public'::pg_catalog.regnamespace AND relkind = 'r' \gexec
ALTER SCHEMA public OWNER TO owner;
GRANT CREATE ON DATABASE :"DBNAME" TO owner;
SET ROLE owner;
SELECT FROM :o.regime_setup();
RESET ROLE;
-- then
SELECT FROM :o.regime_track();

-- a policy changed for some assets
SELECT FROM :o.refresh_cmc_regimes(1);
SELECT FROM :o.refresh_cmc_regimes(2, hysteresis => false);
-- then
SELECT FROM :o.regime_repaint_check(2);

-- no privilege to load a policy as reader
-- then
SELECT :o.regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}]');

-- a rule that never acts
-- then
SELECT :o.regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}, {"match": "Down-", "size_mult": 0.6}]');

-- an unlogged source
ALTER TABLE public.cmc_price_bars_multi_tf SET UNLOGGED;
-- then
SELECT FROM :o.regime_track();

-- a refresh of bars that cannot be used
SELECT FROM :o.regime_setup();
UPDATE public.cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 1 AND time_close > '2018-01-01';
-- then
SELECT FROM :o.refresh_cmc_regimes(1);

-- an output table of another role
SELECT FROM :o.refresh_cmc_regimes();
ALTER TABLE public.cmc_regimes OWNER TO reader;
-- then
SELECT FROM :o.refresh_cmc_regimes();

-- a run log without a column
SELECT FROM :o.refresh_cmc_regimes();
ALTER TABLE regime_work.cmc_regime_run_log DROP COLUMN run_by CASCADE;
-- then
SELECT FROM :o.refresh_cmc_regimes();

-- a working table without a column
SELECT FROM :o.refresh_market_regimes();
ALTER TABLE regime_work.market_regime_state DROP COLUMN sources CASCADE;
-- then
SELECT FROM :o.refresh_market_regimes();

-- a working table with another type
SELECT FROM :o.refresh_cmc_regimes();
ALTER TABLE regime_work.cmc_regime_state ALTER COLUMN policy_hash TYPE varchar;
-- then
SELECT FROM :o.refresh_cmc_regimes();

-- a trigger that swallows rows
SELECT FROM :o.regime_setup();
CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER swallow BEFORE INSERT ON public.cmc_regimes FOR EACH ROW EXECUTE FUNCTION public.swallow();
-- then
SELECT FROM :o.refresh_cmc_regimes(1);

-- a policy that hides rows as reader
SELECT FROM :o.refresh_cmc_regimes();
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reader;
GRANT USAGE ON SCHEMA regime_work TO reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA regime_work TO reader;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA regime_work TO reader;
ALTER TABLE public.cmc_regimes ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON public.cmc_regimes FOR SELECT USING (true);
CREATE POLICY added ON public.cmc_regimes FOR INSERT WITH CHECK (true);
UPDATE public.cmc_price_bars_multi_tf SET close = close * 1.1 WHERE id = 1;
-- then
SELECT FROM :o.refresh_cmc_regimes(1);

-- rows later than every partition
SELECT FROM :o.regime_setup();
DROP TABLE public.cmc_regimes CASCADE;
CREATE TABLE public.cmc_regimes (id int, ts timestamptz, tf text, UNIQUE (id, tf, ts)) PARTITION BY RANGE (ts);
CREATE TABLE public.cmc_regimes_first PARTITION OF public.cmc_regimes FOR VALUES FROM ('2010-01-01') TO ('2018-01-01');
SELECT FROM :o.regime_setup();
-- then
SELECT FROM :o.refresh_cmc_regimes(1);

-- a column of signals that is not there
SELECT FROM :o.regime_setup();
CREATE TABLE public.signals (id int, at timestamptz);
-- then
SELECT :o.regime_tag_signals('public.signals');

-- a comparison with what is gone
-- then
SELECT FROM :o.regime_compare(4000000000::oid::regclass);

-- a comparison before there are tables
CREATE SCHEMA "The Desk";
CREATE TABLE "The Desk"."Rows" (id int, ts timestamptz, tf text, size_mult float8);
-- then
SELECT FROM :o.regime_compare('"The Desk"."Rows"');

-- a comparison with times that are texts (in place)
SELECT FROM :o.regime_setup();
CREATE SCHEMA "The Desk";
CREATE TABLE "The Desk"."Rows" (id int, ts text, tf text, size_mult text, setups json, pyramids int, l0_enabled text);
INSERT INTO "The Desk"."Rows" VALUES (1, '2018-01-01 23:59:59+00', '1D', '0.5', '["breakout"]', 1, 'yes'), (1, '2018-01-02 23:59:59+00', '1D', NULL, NULL, NULL, NULL);
-- then
SELECT FROM :o.regime_compare('"The Desk"."Rows"');

-- a comparison with a table that is not there (in place)
SELECT FROM :o.regime_setup();
CREATE SCHEMA "The Desk";
CREATE TABLE "The Desk"."Rows" (id int, ts timestamptz, tf text, size_mult float8);
-- then
SELECT FROM :o.regime_compare('"The Desk"."Rows"', 'regimes');

-- a comparison with columns of several tables (in place)
SELECT FROM :o.regime_setup();
CREATE SCHEMA "The Desk";
CREATE TABLE "The Desk"."Rows" (symbol text, timeframe text, open_time timestamptz, confidence float8);
-- then
SELECT FROM :o.regime_compare('"The Desk"."Rows"');

-- a comparison with a key that is there twice
SELECT FROM :o.regime_setup();
CREATE SCHEMA "The Desk";
CREATE TABLE "The Desk"."Rows" (symbol text, "date" timestamptz, regime text, "Other" int);
INSERT INTO "The Desk"."Rows" VALUES ('^GSPC', '2020-01-01', 'bull'), ('^GSPC', '2020-01-01', 'bear');
-- then
SELECT FROM :o.regime_compare('"The Desk"."Rows"');

-- a comparison by symbols that have no ids
SELECT FROM :o.regime_setup();
ALTER TABLE public.dim_assets RENAME TO assets;
CREATE SCHEMA "The Desk";
CREATE TABLE "The Desk"."Rows" AS SELECT 'MARKET' AS symbol, timestamptz '2018-01-01' AS ts, '1D' AS tf, 0.5 AS size_mult;
-- then
SELECT FROM :o.regime_compare('"The Desk"."Rows"');

-- a comparison with what may not be read as reader
SELECT FROM :o.regime_setup();
CREATE SCHEMA "The Desk";
CREATE TABLE "The Desk"."Rows" (id int, ts timestamptz, tf text, size_mult float8);
GRANT USAGE ON SCHEMA "The Desk" TO reader;
-- then
SELECT FROM :o.regime_compare('"The Desk"."Rows"');

-- a comparison with rows that are hidden as reader
SELECT FROM :o.regime_setup();
CREATE SCHEMA "The Desk";
CREATE TABLE "The Desk"."Rows" (id int, ts timestamptz, tf text, size_mult float8);
GRANT USAGE ON SCHEMA "The Desk" TO reader;
GRANT SELECT ON "The Desk"."Rows", public.cmc_regimes TO reader;
ALTER TABLE "The Desk"."Rows" ENABLE ROW LEVEL SECURITY;
-- then
SELECT FROM :o.regime_compare('"The Desk"."Rows"');

-- a wrong type of a mapped column
ALTER TABLE public.candles ALTER close TYPE boolean USING close > 0;
-- then
SELECT FROM :o.refresh_market_regimes();

-- a filter on a column that is not there
UPDATE :o.regime_source SET bars_filter = '{"nope": 1}' WHERE layer = 'L2';
-- then
SELECT FROM :o.refresh_cmc_regimes();

-- a flag of activity that is no boolean
ALTER TABLE public.dim_assets ALTER is_active DROP DEFAULT, ALTER is_active TYPE text USING 'perhaps';
-- then
SELECT FROM :o.refresh_cmc_regimes();

-- built tables where others are mapped
-- then
SET pg_regime.target_schema = 'desk';
CREATE SCHEMA IF NOT EXISTS desk;
SELECT FROM :o.regime_build_inputs(target_schema => 'desk');

-- a load of rules of another form
-- then
SELECT :o.regime_load_policy('desk', '{"match": "Down-"}');

-- two assets of one symbol
UPDATE public.dim_assets SET symbol = 'SAME';
-- then
SELECT FROM :o.regime_compute('SAME');

-- row-level security on a source as reader
GRANT CREATE ON DATABASE :"DBNAME" TO reader;
GRANT USAGE, CREATE ON SCHEMA public TO reader;
SET ROLE reader;
SELECT FROM :o.regime_setup();
RESET ROLE;
SET ROLE reader;
SELECT FROM :o.refresh_cmc_regimes();
RESET ROLE;
ALTER TABLE public.cmc_price_bars_multi_tf ENABLE ROW LEVEL SECURITY;
CREATE POLICY part ON public.cmc_price_bars_multi_tf USING (id <> 1);
-- then
SELECT FROM :o.refresh_cmc_regimes(1);

-- a lone ids text
-- then
SELECT FROM :o.regime_compute('{1,2}');

-- an output table that is gone
SELECT FROM :o.refresh_cmc_regimes(1);
ALTER TABLE public.cmc_regime_flips RENAME TO flips;
-- then
SELECT FROM :o.refresh_cmc_regimes(1);

-- a refresh by other parameters than those of the profile (in place)
INSERT INTO :o.regime_profile (profile, min_hold_bars) VALUES ('stocks', 5);
INSERT INTO :o.regime_profile_asset (profile, id) VALUES ('stocks', 2);
SELECT FROM :o.refresh_cmc_regimes();
-- then
SELECT FROM :o.refresh_cmc_regimes(2, min_hold_bars => 9);

-- a profile whose policy is gone (in place)
INSERT INTO :o.regime_profile (profile, policy, cal_scheme) VALUES ('stocks', 'desk', NULL), ('coins', NULL, 'usa');
INSERT INTO :o.regime_profile_asset (profile, id, symbol, pattern) VALUES ('stocks', 2, NULL, NULL), ('coins', NULL, 'demo3', NULL), ('coins', NULL, NULL, '%3'), ('stocks', NULL, NULL, 'D%');
-- then
SELECT FROM :o.refresh_cmc_regimes();

-- prices with two closes (in place)
CREATE SCHEMA "A Shop";
CREATE TABLE "A Shop"."Quotes" (symbol text, date date, bid numeric, ask numeric);
INSERT INTO "A Shop"."Quotes" SELECT 'A', date '2018-01-01' + n, 10, 11 FROM generate_series(1, 30) AS n;
-- then
SELECT FROM :o.regime_connect('"A Shop"."Quotes"');

-- prices in no zone (in place)
CREATE SCHEMA "A Shop";
CREATE TABLE "A Shop"."Quotes" (symbol text, date date, bid numeric, ask numeric);
INSERT INTO "A Shop"."Quotes" SELECT 'A', date '2018-01-01' + n, 10, 11 FROM generate_series(1, 30) AS n;
-- then
SELECT FROM :o.regime_connect('"A Shop"."Quotes"', close => 'bid', zone => 'Nowhere');

-- prices shifted by no interval (in place)
CREATE SCHEMA "A Shop";
CREATE TABLE "A Shop"."Quotes" (symbol text, date date, bid numeric, ask numeric);
INSERT INTO "A Shop"."Quotes" SELECT 'A', date '2018-01-01' + n, 10, 11 FROM generate_series(1, 30) AS n;
-- then
SELECT FROM :o.regime_connect('"A Shop"."Quotes"', close => 'bid', shift => 'soon');

-- prices by no calendar (in place)
CREATE SCHEMA "A Shop";
CREATE TABLE "A Shop"."Quotes" (symbol text, date date, bid numeric, ask numeric);
INSERT INTO "A Shop"."Quotes" SELECT 'A', date '2018-01-01' + n, 10, 11 FROM generate_series(1, 30) AS n;
-- then
SELECT FROM :o.regime_connect('"A Shop"."Quotes"', close => 'bid', cal_scheme => 'lunar');

-- prices with a time that is a text
CREATE SCHEMA "A Shop";
CREATE TABLE "A Shop"."Quotes" (symbol text, date date, bid numeric, ask numeric);
INSERT INTO "A Shop"."Quotes" SELECT 'A', date '2018-01-01' + n, 10, 11 FROM generate_series(1, 30) AS n;
ALTER TABLE "A Shop"."Quotes" ALTER date TYPE text;
-- then
SELECT FROM :o.regime_connect('"A Shop"."Quotes"', close => 'bid');

-- prices of two venues (in place)
CREATE SCHEMA "A Shop";
CREATE TABLE "A Shop"."Quotes" (symbol text, date date, bid numeric, ask numeric);
INSERT INTO "A Shop"."Quotes" SELECT 'A', date '2018-01-01' + n, 10, 11 FROM generate_series(1, 30) AS n;
ALTER TABLE "A Shop"."Quotes" ADD venue text DEFAULT 'X';
INSERT INTO "A Shop"."Quotes" SELECT symbol, date, bid, ask, 'Y' FROM "A Shop"."Quotes";
-- then
SELECT FROM :o.regime_connect('"A Shop"."Quotes"', close => 'bid');

-- prices of assets that are connected already (in place)
CREATE SCHEMA "A Shop";
CREATE TABLE "A Shop"."Quotes" AS SELECT 1 AS id, time_close, close FROM public.cmc_price_bars_multi_tf WHERE id = 1;
-- then
SELECT FROM :o.regime_connect('"A Shop"."Quotes"');

-- prices without assets (in place)
CREATE SCHEMA "A Shop";
CREATE TABLE "A Shop"."Quotes" AS SELECT time_close, close FROM public.cmc_price_bars_multi_tf WHERE id = 1;
-- then
SELECT FROM :o.regime_connect('"A Shop"."Quotes"');

-- connecting without privileges as reader
CREATE SCHEMA "A Shop";
CREATE TABLE "A Shop"."Quotes" (symbol text, date date, bid numeric, ask numeric);
INSERT INTO "A Shop"."Quotes" SELECT 'A', date '2018-01-01' + n, 10, 11 FROM generate_series(1, 30) AS n;
GRANT USAGE ON SCHEMA "A Shop" TO reader;
GRANT SELECT ON "A Shop"."Quotes" TO reader;
-- then
SELECT FROM :o.regime_connect('"A Shop"."Quotes"', close => 'bid');

-- what is not connected (in place)
CREATE SCHEMA "A Shop";
CREATE TABLE "A Shop"."Quotes" (symbol text, date date, bid numeric, ask numeric);
INSERT INTO "A Shop"."Quotes" SELECT 'A', date '2018-01-01' + n, 10, 11 FROM generate_series(1, 30) AS n;
SELECT FROM :o.regime_connect('"A Shop"."Quotes"', close => 'bid');
-- then
SELECT FROM :o.regime_disconnect('nothing');

-- a scheme without a calendar
UPDATE :o.regime_source SET cal_scheme = 'mine' WHERE cal_scheme = 'us';
-- then
SELECT FROM :o.regime_build_inputs(cal_scheme => 'mine');
