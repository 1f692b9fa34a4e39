-- Tables of regimes whose times have no zone, with foreign keys to candles: adopted by the statements of one HINT.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\pset null -
SET client_min_messages = error;
CREATE FUNCTION hint_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN hint;
END $$;
-- Without the place in the file, which psql puts before an error of an included file.
CREATE FUNCTION message_of(statement text) RETURNS TABLE (message text, detail text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN NEXT;
END $$;
CREATE TABLE prices AS SELECT row_number() OVER (ORDER BY open_time) - 1 AS place, * FROM candles WHERE symbol = 'AAAUSDT' AND timeframe = '1h';
RESET client_min_messages;
SET TimeZone = 'UTC';
\i :abs_srcdir/adopt_times.sql
SET client_min_messages = error;
SET TimeZone = 'America/New_York';
\set ECHO none
\i :abs_srcdir/adopt_times.sql
SET TimeZone = 'Asia/Kolkata';
\i :abs_srcdir/adopt_times.sql
\set ECHO all
RESET client_min_messages;

-- Half done by hand, or by an earlier HINT: the key compares moments with times of the session's zone.
SET TimeZone = 'UTC';
TRUNCATE market_regimes;
ALTER TABLE market_regimes ADD CONSTRAINT "half done" FOREIGN KEY (symbol, timeframe, open_time) REFERENCES candles;
SELECT relation, action FROM regime_setup();
SELECT status FROM refresh_market_regimes();
SELECT what, detail, command FROM regime_health_details() WHERE what = 'altered table';
SELECT hint_of('SELECT * FROM regime_setup()') AS hint \gset
:hint
SELECT DISTINCT status FROM refresh_market_regimes();
-- A key from another table to ours, and one to times with a zone, which the next set-up makes anew.
SET client_min_messages = error;
ALTER TABLE alerts ADD FOREIGN KEY (symbol, timeframe, open_time) REFERENCES market_regimes (symbol, timeframe, open_time);
SELECT hint_of('SELECT * FROM refresh_market_regimes()') AS hint \gset
\echo :hint
:hint
DROP VIEW newest CASCADE;
ALTER TABLE candles ALTER open_time TYPE timestamptz USING open_time AT TIME ZONE 'UTC';
SELECT action FROM regime_setup() WHERE relation = 'public.market_regimes';
ALTER TABLE market_regimes ALTER open_time TYPE timestamp USING open_time AT TIME ZONE 'UTC';
SET TimeZone = 'America/New_York';
SELECT hint_of('SELECT * FROM regime_setup()') AS hint \gset
\echo :hint
:hint
SELECT action FROM regime_setup() WHERE relation = 'public.market_regimes';
SELECT DISTINCT status FROM refresh_market_regimes();
-- Where ALTER TABLE cannot carry what depends on the column, the table makes way.
CREATE TABLE kept AS SELECT open_time FROM market_regimes;
ALTER TABLE market_regimes DROP CONSTRAINT market_regimes_candle_fkey, ALTER open_time TYPE timestamp USING open_time AT TIME ZONE 'UTC';
ALTER TABLE market_regimes ADD day date GENERATED ALWAYS AS (open_time::date) STORED;
CREATE MATERIALIZED VIEW summary AS SELECT min(open_time) FROM market_regimes;
RESET client_min_messages;
SELECT relation, action FROM regime_setup();
SELECT hint_of('SELECT * FROM regime_setup()') AS hint \gset
SET client_min_messages = error;
:hint
SELECT action FROM regime_setup() WHERE action <> 'unchanged';
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT count(*) FROM market_regimes_old JOIN kept ON kept.open_time = market_regimes_old.open_time AT TIME ZONE 'UTC';
SELECT (SELECT count(*) FROM kept) = (SELECT count(*) FROM market_regimes) AS same;
