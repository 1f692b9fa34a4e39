-- What regime_connect asks for and advises runs as it stands, and leads on.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
\pset null -
CREATE FUNCTION tried(statement text) RETURNS TABLE (message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
CREATE FUNCTION advised(of text) RETURNS TABLE (message text, hint text, times text) LANGUAGE plpgsql AS $$
DECLARE
    said record; line record;
BEGIN
    SELECT * INTO said FROM tried(format('SELECT FROM regime_connect(%L)', of));
    SELECT said.message, said.hint INTO message, hint;
    IF said.hint ~ '^(ALTER|CREATE)' THEN
        EXECUTE substr(said.hint, 1, strpos(said.hint, ';'));
    END IF;
    EXECUTE CASE WHEN said.hint ~ 'regime_connect' THEN regexp_replace(said.hint, '^.*(SELECT \* FROM public.regime_connect.*)\);$', '\1, dry_run => true)') ELSE format('SELECT * FROM regime_connect(%L, dry_run => true)', of) END || ' WHERE item = ''times''' INTO line;
    times := line.detail;
    RETURN NEXT;
END $$;
CREATE TABLE days AS SELECT s AS symbol, date '2021-01-04' + d AS date, 100 + d % 7 AS close FROM unnest('{A,B}'::text[]) AS s, generate_series(0, 299) AS d;
-- Texts that are dates, in a table and in a view, whatever the zone of the session; texts with a clock, and with a zone.
CREATE TABLE texts AS SELECT symbol, date::text AS date, close FROM days;
CREATE VIEW text_view AS SELECT symbol, date::text AS date, close FROM days;
CREATE TABLE clocks AS SELECT symbol, date || ' 21:00' AS time, close FROM days;
CREATE TABLE zones AS SELECT symbol, date || 'T16:00:00-05:00' AS time, close FROM days;
SET timezone = 'America/New_York';
SELECT * FROM advised('text_view') UNION ALL SELECT * FROM advised('texts') UNION ALL SELECT * FROM advised('clocks') UNION ALL SELECT * FROM advised('zones');
SET timezone = 'UTC';
-- Dates as numbers; ids outside int; closes of one time of the day all year, and midnights of a market.
CREATE TABLE numbers AS SELECT symbol, to_char(date, 'YYYYMMDD')::int AS date, close FROM days;
CREATE TABLE big AS SELECT 3000000000 + ascii(symbol) AS id, date, close FROM days;
CREATE TABLE closes AS SELECT symbol, (date + interval '21 hours') AT TIME ZONE 'UTC' AS ts, close FROM days;
CREATE TABLE tokyo AS SELECT symbol, date::timestamp AT TIME ZONE 'Asia/Tokyo' AS ts, close FROM days;
SELECT * FROM advised('numbers') UNION ALL SELECT * FROM advised('big') UNION ALL SELECT * FROM advised('closes') UNION ALL SELECT * FROM advised('tokyo');
-- A symbol without an id.
DROP VIEW text_view CASCADE;
DROP TABLE texts, clocks, zones, numbers, big, closes, tokyo CASCADE;
SELECT count(*) > 0 AS connected FROM regime_connect('days');
ALTER TABLE dim_assets DROP CONSTRAINT dim_assets_pkey, ALTER id DROP IDENTITY, ALTER id DROP NOT NULL;
UPDATE dim_assets SET id = NULL WHERE symbol = 'B';
SELECT * FROM tried('SELECT FROM regime_at(''B'', now())');
SELECT hint FROM tried('SELECT FROM regime_at(''B'', now())') \gset
:hint
SELECT regime_asset('B');
SELECT count(*) > 0 AS torn_down FROM regime_teardown(keep_rows => false);
-- Daily bars with high and low that are stamped with their close: the candle of the close opens a day before.
CREATE TABLE ohlc AS SELECT symbol, (date + time '16:00') AT TIME ZONE 'America/New_York' AS ts, close AS open, close + 1 AS high, close - 1 AS low, close FROM days;
SELECT item, detail FROM regime_connect('ohlc') WHERE item IN ('times', 'candles');
SELECT bars_ts_column, bars_shift FROM regime_source WHERE layer = 'candles';
SELECT count(*), count(status = 'ok' OR NULL) AS ok FROM refresh_market_regimes();
SELECT min(open_time) AS first, (SELECT min(ts) FROM ohlc) AS closed FROM market_regimes;
SELECT open_time, age FROM market_regimes_at('A', '1d', '2021-03-05 21:59+00');
SELECT min(date), max(date) FROM market_regime_history_compute('A', to_date => '2021-03-10');
DROP TABLE days, ohlc CASCADE;
