-- regime_connect: tables of prices of many shapes, each from CREATE TABLE to regimes, which are those of the same prices mapped
-- by hand.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
SET pg_regime.target_schema = 'public';
-- Three symbols of different starts; the last closes on weekdays only.
CREATE SCHEMA hand;
CREATE TABLE hand.prices AS
SELECT id, symbol, day, (4000 + 30 * abs((d + 70 * id) % 300 - 150) + (1 + d / 80 % 3 * 2) * (d * (31 + id) % 13 - 6) * 9) / 100.0 AS price
FROM (VALUES (1, 'AAA', 2000), (2, 'BBB', 700), (3, 'CCC', 120)) AS a (id, symbol, days), generate_series(2001 - days, 2000) AS d,
     LATERAL (SELECT date '2019-07-11' + d) AS t (day)
WHERE id < 3 OR extract(isodow FROM day) < 6;
CREATE VIEW hand.closes AS SELECT id, (day + 1)::timestamp AT TIME ZONE 'UTC' - interval '1 millisecond' AS ts, price::float8 AS close FROM hand.prices;
UPDATE regime_source SET tf = NULL, bars_schema = 'hand', bars_table = 'closes', bars_ts_column = 'ts', ema_schema = 'hand' WHERE cal_scheme = 'iso' AND layer = 'L2';
UPDATE regime_source SET bars_schema = 'hand', ema_schema = 'hand' WHERE cal_scheme = 'iso' AND layer <> 'L2';
INSERT INTO regime_profile (profile, market_proxy_id) VALUES ('default', 0);
SELECT FROM regime_build_inputs(target_schema => 'hand');
SELECT FROM refresh_cmc_regimes();
CREATE TABLE hand.wanted AS SELECT symbol, ts, l0_label, l1_label, l2_label, regime_key, size_mult, stop_mult, orders, feature_tier
FROM cmc_regimes JOIN (SELECT DISTINCT id, symbol FROM hand.prices) AS s USING (id);
DELETE FROM regime_source_user;
DELETE FROM regime_profile;
SELECT FROM regime_teardown(keep_rows => false);

-- Refreshes what was connected, compares, and takes all away again.
CREATE FUNCTION hand.compare(relation text, OUT rows bigint, OUT differing bigint, OUT latest text) LANGUAGE plpgsql AS $$
DECLARE
    assets text;
BEGIN
    PERFORM FROM public.refresh_cmc_regimes();
    SELECT 'SELECT id, symbol FROM ' || coalesce(max(format('%I.dim_assets', bars_schema)) FILTER (WHERE regime_connection.names), '(SELECT DISTINCT id, symbol FROM hand.prices) AS s')
    INTO assets FROM public.regime_connection;
    EXECUTE format('CREATE TEMP TABLE got AS SELECT symbol, ts, l0_label, l1_label, l2_label, regime_key, size_mult, stop_mult, orders, feature_tier
                    FROM public.cmc_regimes JOIN (%s) AS s USING (id)', assets);
    SELECT count(*) INTO rows FROM got;
    SELECT count(*) INTO differing FROM (
        (SELECT * FROM got EXCEPT ALL SELECT * FROM hand.wanted WHERE symbol IN (SELECT symbol FROM got))
        UNION ALL (SELECT * FROM hand.wanted WHERE symbol IN (SELECT symbol FROM got) EXCEPT ALL SELECT * FROM got)) AS d;
    SELECT string_agg(regime_key, ' ' ORDER BY id) INTO latest FROM public.cmc_regime_latest;
    DROP TABLE got;
    PERFORM FROM public.regime_disconnect(relation);
    PERFORM FROM public.regime_teardown(keep_rows => false);
END $$;
\set ECHO all

-- The table of many downloads. The close is the adjusted one.
CREATE TABLE ohlcv (symbol text, date date, open numeric, high numeric, low numeric, close numeric, adj_close numeric, volume bigint, PRIMARY KEY (symbol, date));
INSERT INTO ohlcv SELECT symbol, day, 2 * price, 2 * price + 1, 2 * price - 1, 2 * price, price, 1000 FROM hand.prices;
SELECT step, item, command FROM regime_connect('ohlcv', dry_run => true);
SELECT count(*) FROM regime_connection;
SELECT step, item, detail FROM regime_connect('ohlcv');
SELECT layer, tf, bars_table, bars_id_column, bars_ts_column, bars_shift, close_column, ema_table, build_calendar FROM regime_source WHERE origin = 'user' ORDER BY layer;
TABLE dim_assets ORDER BY id;
SELECT count(*) AS candles, count(DISTINCT symbol) FROM market_regimes_compute('AAA', '1d');
SELECT * FROM hand.compare('ohlcv');
TABLE regime_source_user;
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname ~ 'ohlcv|dim_assets' AND relkind = 'r';

-- A terminal's.
CREATE TABLE terminal (ticker varchar(12), trade_date timestamp, px_last numeric(12,4));
INSERT INTO terminal SELECT symbol, day, price FROM hand.prices;
SELECT step, item, detail FROM regime_connect('terminal');
SELECT * FROM hand.compare('terminal');

-- An exchange's: milliseconds and texts.
CREATE TABLE klines (symbol text, "interval" text, open_time bigint, open text, high text, low text, close text, volume text, close_time bigint, PRIMARY KEY (symbol, "interval", open_time));
INSERT INTO klines
SELECT symbol, i, extract(epoch FROM day AT TIME ZONE 'UTC')::bigint * 1000, price, price + 1, price - 1, price, 5, extract(epoch FROM (day + 1) AT TIME ZONE 'UTC')::bigint * 1000 - 1
FROM hand.prices, unnest('{1d,4h}'::text[]) AS i;
SELECT step, item, detail FROM regime_connect('klines');
SELECT count(*) AS candles FROM market_regimes_compute('AAA', '4h');
SELECT * FROM hand.compare('klines');
ALTER TABLE klines DROP COLUMN close_time;
SELECT step, item, detail FROM regime_connect('klines') WHERE item IN ('time', 'times');
SELECT * FROM hand.compare('klines');

-- Ids of one's own, times at which bars close.
CREATE TABLE bars (id int, "timestamp" timestamptz, close float8);
INSERT INTO bars SELECT * FROM hand.closes;
SELECT step, item, detail FROM regime_connect('bars');
SELECT * FROM hand.compare('bars');

-- Midnights of a zone, stamped when the day begins.
CREATE TABLE zoned (id bigint, time timestamptz, price real);
INSERT INTO zoned SELECT id, day::timestamp AT TIME ZONE 'America/New_York', price FROM hand.prices;
SELECT step, item, detail FROM regime_connect('zoned', zone => 'America/New_York') WHERE item = 'times';
SELECT rows, latest FROM hand.compare('zoned');

-- One table for each symbol, beneath a view.
CREATE TABLE aaa AS SELECT day AS d, price AS px FROM hand.prices WHERE symbol = 'AAA';
CREATE TABLE bbb AS SELECT day AS d, price AS px FROM hand.prices WHERE symbol = 'BBB';
CREATE VIEW everything AS SELECT 'AAA' AS name, d, px FROM aaa UNION ALL SELECT 'BBB', d, px FROM bbb;
SELECT step, item, detail FROM regime_connect('everything');
SELECT * FROM hand.compare('everything');

-- Partitioned.
CREATE TABLE parted (LIKE ohlcv) PARTITION BY RANGE (date);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2022-01-01');
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2022-01-01') TO (MAXVALUE);
INSERT INTO parted TABLE ohlcv;
SELECT step, item, detail FROM regime_connect('parted') WHERE step = 'made';
SELECT * FROM hand.compare('parted');

-- Mixed case, in another schema.
CREATE SCHEMA "Market Data";
CREATE TABLE "Market Data"."Daily Prices" ("Symbol" text, "Trade Date" date, "Close" numeric, "High" numeric, "Low" numeric);
INSERT INTO "Market Data"."Daily Prices" SELECT symbol, day, price, price, price FROM hand.prices;
SELECT step, item, detail FROM regime_connect('"Market Data"."Daily Prices"');
SELECT * FROM hand.compare('"Market Data"."Daily Prices"');

-- Two venues in one table.
CREATE TABLE venues AS SELECT venue, symbol, day AS date, CASE venue WHEN 'X' THEN price ELSE 3 * price END AS close FROM hand.prices, unnest('{X,Y}'::text[]) AS venue;
SELECT step, item, detail FROM regime_connect('venues');
SELECT step, item, detail FROM regime_connect('venues', bars_filter => '{"venue": "X"}') WHERE step = 'made';
SELECT * FROM hand.compare('venues');

-- One symbol.
CREATE TABLE one AS SELECT symbol, day AS dt, price AS value FROM hand.prices WHERE symbol = 'BBB';
SELECT step, item, detail FROM regime_connect('one') WHERE item IN ('close', 'checked', 'refresh');
SELECT * FROM hand.compare('one');

-- Many symbols of different starts.
CREATE TABLE many AS SELECT format('S%s', lpad(n::text, 4, '0')) AS symbol, day AS date, price + n AS close FROM hand.prices, generate_series(1, 240) AS n
WHERE symbol = 'BBB' AND day > date '2024-12-10' - n % 20;
SELECT item, detail FROM regime_connect('many') WHERE item IN ('names', 'checked', 'refresh');
CALL refresh_all_cmc_regimes();
SELECT count(*), count(DISTINCT id) FROM cmc_regime_latest;
SELECT relation, action FROM regime_disconnect('many');
SELECT FROM regime_teardown(keep_rows => false);

-- What is left is what was there.
SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname IN ('public', 'Market Data', 'regime_work') AND relkind IN ('r', 'p', 'v') AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY relname;
DROP SCHEMA hand, "Market Data" CASCADE;
