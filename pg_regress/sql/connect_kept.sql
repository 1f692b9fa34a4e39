-- Connected prices: times that are the midnights of a zone, symbols of other types, what is kept, and what is taken away whole.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
CREATE FUNCTION price(n int, d int) RETURNS float8 IMMUTABLE LANGUAGE sql AS 'SELECT round((100 + 20 * sin(d / 17.0 + n) + d / 25.0 + d * 7 * n % 5)::numeric, 2)';
CREATE FUNCTION hint_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN hint;
END $$;
\set ECHO all
\pset null -
-- Instants that are the midnights of a zone may begin the days or end them: which is asked for, and the hint runs.
CREATE TABLE stamped AS SELECT 1 AS id, (date '2022-01-01' + d)::timestamp AT TIME ZONE 'America/New_York' AS ts, price(1, d) AS close FROM generate_series(1, 500) AS d;
SELECT * FROM regime_connect('stamped', dry_run => true);
\echo :LAST_ERROR_SQLSTATE
SELECT hint_of($$SELECT * FROM regime_connect('stamped')$$) AS query \gset
:query
SELECT bars_zone, bars_shift FROM regime_source WHERE bars_table = 'stamped';
-- A bar of its day is known when the day ends in New York, and called again, the zone is kept.
SELECT count(*) > 0 AS any, count(*) FILTER (WHERE (r.ts + interval '1 millisecond') AT TIME ZONE 'America/New_York' <> s.ts AT TIME ZONE 'America/New_York' + interval '1 day') AS wrong
FROM regime_compute(1) AS r JOIN stamped AS s ON s.ts BETWEEN r.ts - interval '26 hours' AND r.ts - interval '22 hours';
SELECT count(*) FROM regime_connect('stamped') WHERE step = 'made';
SELECT count(*) > 0 AS left FROM regime_disconnect('stamped');
-- A fixed offset, as an integer, of several assets, with the bar of today.
CREATE TABLE fixed AS SELECT id, extract(epoch FROM timestamptz '2022-01-01 16:00+00' + d * interval '1 day')::bigint * 1000 AS t, price(id, d) AS close FROM unnest('{1,2}'::int[]) AS id, generate_series(1, 100) AS d;
INSERT INTO fixed SELECT id, max(t) + 50000000, 9 FROM fixed GROUP BY 1;
SELECT * FROM regime_connect('fixed', dry_run => true);
-- Said to be closes, by the shift or the name; said to be UTC; times of closes of no midnight; midnights of UTC.
SELECT detail FROM regime_connect('fixed', shift => '0', dry_run => true) WHERE item = 'times';
SELECT detail FROM regime_connect('fixed', zone => 'UTC', dry_run => true) WHERE item = 'times';
ALTER TABLE fixed RENAME t TO close_time;
SELECT detail FROM regime_connect('fixed', dry_run => true) WHERE item = 'times';
CREATE TABLE stocks AS SELECT 1 AS id, (date '2022-01-01' + d)::timestamp AT TIME ZONE 'America/New_York' + interval '16 hours' AS ts, price(1, d) AS close FROM generate_series(1, 500) AS d;
SELECT detail FROM regime_connect('stocks', dry_run => true) WHERE item = 'times';
CREATE TABLE utc AS SELECT 1 AS id, timestamptz '2022-01-01 00:00+00' + d * interval '1 day' AS ts, price(1, d) AS close FROM generate_series(1, 500) AS d;
SELECT detail FROM regime_connect('utc', dry_run => true) WHERE item = 'times';
DROP TABLE stamped, fixed, stocks, utc;

-- Symbols of char(n) are refused before anything is made, given or not; the hint runs.
CREATE TABLE padded (symbol char(6), date date, close float8);
INSERT INTO padded SELECT 'A', date '2022-01-01' + d, price(1, d) FROM generate_series(1, 300) AS d;
CREATE VIEW padded_view AS TABLE padded;
SELECT * FROM regime_connect('padded_view');
SELECT * FROM regime_connect('padded', asset => 'symbol');
SELECT * FROM regime_connect('padded');
SELECT hint_of($$SELECT * FROM regime_connect('padded')$$) AS query \gset
DROP VIEW padded_view;
:query
SELECT DISTINCT step FROM regime_connect('padded') ORDER BY 1;
SELECT symbol, octet_length(symbol) FROM dim_assets;

-- Hints are statements that run: columns that are not there or cannot be taken, filters, relations.
CREATE TABLE hinted AS SELECT symbol::text, date, close FROM padded;
CREATE FUNCTION hint_of_call(arguments text) RETURNS text LANGUAGE sql AS $$ SELECT hint_of('SELECT * FROM regime_connect(' || arguments || ')') $$;
CREATE TEMP TABLE told AS SELECT a AS arguments, hint_of_call(a) AS hint FROM unnest(ARRAY['''hinted'', close => ''closed''', '''hinted'', close => ''zzzzzz''', '''hinted'', close => ''''',
    '''hinted'', close => ''date''', '''hinted'', ts => ''symbol''', '''hinted'', bars_filter => ''{"venue": "X"}''', '''hinted'', bars_filter => ''{"close": [1]}''', '''pg_class''', '123456789']) AS a;
SELECT * FROM told;
SELECT arguments, hint_of(hint) FROM told WHERE hint ~ '^SELECT' AND hint !~ 'regime_connect\(' ORDER BY 1;

-- Periods that were edited are kept by a call after the first.
UPDATE regime_source SET periods = '{10,20,40}' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT count(*) FROM regime_connect('padded') WHERE step = 'made';
SELECT layer, periods FROM regime_source WHERE cal_scheme = 'iso' ORDER BY 1;

-- The first connection goes: the built-in rows are back, and calls without assets refresh those of the second.
CREATE SCHEMA desk;
CREATE TABLE desk.coins AS SELECT 'C' || c AS coin, date '2022-01-01' + d AS date, price(c, d) AS price FROM unnest('{3,4}'::int[]) AS c, generate_series(1, 300) AS d;
SELECT DISTINCT step FROM regime_connect('desk.coins') ORDER BY 1;
SELECT id, status FROM refresh_cmc_regimes();
SELECT action FROM regime_disconnect('padded');
SELECT layer, origin, bars_table FROM regime_source WHERE cal_scheme = 'iso' ORDER BY 1;
SELECT id, status FROM refresh_cmc_regimes();
CALL refresh_all_cmc_regimes();
SELECT id, is_stale FROM cmc_regime_status;
SELECT id, is_stale FROM cmc_regime_latest;
SELECT severity, problem, advice FROM regime_check_inputs_details() WHERE severity <> 'info';
SELECT severity, what, detail, advice FROM regime_health_details() WHERE severity <> 'info';
SELECT id FROM cmc_regime_latest WHERE id = regime_asset('C3');
SELECT profile, cal_scheme, market_proxy_id FROM regime_profile ORDER BY 1;

-- Triggers of regime_track go with the connection, those of others stay.
SELECT relation, action FROM regime_track();
CREATE FUNCTION triggers_of(relation text) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = tgfoid WHERE tgrelid = relation::regclass AND pronamespace = ''regime_work''::regnamespace';
SELECT triggers_of('desk.coins') > 0 AS tracked;
-- What uses a built table is named, and the hint runs.
CREATE VIEW desk.weeks AS SELECT * FROM desk.coins_regime_bars;
CREATE MATERIALIZED VIEW desk.few AS SELECT * FROM desk.weeks LIMIT 1;
SELECT * FROM regime_disconnect('desk.coins');
\echo :LAST_ERROR_SQLSTATE
SELECT hint_of($$SELECT * FROM regime_disconnect('desk.coins')$$) AS query \gset
:query
CREATE TABLE desk.notes (asset int REFERENCES desk.dim_assets, note text);
SELECT * FROM regime_disconnect('desk.coins');
SELECT hint_of($$SELECT * FROM regime_disconnect('desk.coins')$$) AS query \gset
:query
-- A schema that was renamed.
ALTER SCHEMA desk RENAME TO "Renamed";
SELECT triggers_of('"Renamed".coins') > 0 AS tracked;
SELECT * FROM regime_disconnect('"Renamed".coins');
SELECT triggers_of('"Renamed".coins');
SELECT c.relname FROM pg_class AS c WHERE relnamespace = '"Renamed"'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1;
TABLE regime_connection;
TABLE regime_profile;
SELECT layer, origin FROM regime_source WHERE cal_scheme = 'iso' ORDER BY 1;
-- Tracked, and in its place.
CREATE SCHEMA desk;
CREATE TABLE desk.coins AS TABLE "Renamed".coins;
SELECT DISTINCT step FROM regime_connect('desk.coins') ORDER BY 1;
SELECT count(*) FROM regime_track() WHERE action = 'now tracked';
SELECT relation, action FROM regime_disconnect('desk.coins') WHERE action ~ 'tracked';
SELECT triggers_of('desk.coins');
