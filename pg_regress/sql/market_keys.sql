-- Keys of candles that change by UPDATE: rows follow their candles, and the next refresh makes them right.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
SELECT FROM regime_demo(3, 300);
SELECT FROM refresh_market_regimes();
SELECT FROM refresh_market_states();
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' ORDER BY 1;
-- Rows that differ from those computed, of all series with candles or rows: stored ones, and those that a hybrid read gives.
CREATE FUNCTION differing(relation text, reader text, computed text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint; total bigint := 0; s record;
BEGIN
    FOR s IN SELECT symbol, timeframe FROM candles UNION SELECT symbol, timeframe FROM market_regimes UNION SELECT symbol, timeframe FROM market_states LOOP
        EXECUTE format($f$WITH
                a AS (SELECT to_jsonb(r) - 'created_at' - 'id' FROM %s AS r WHERE (symbol, timeframe) = (%2$L, %3$L)),
                b AS (SELECT to_jsonb(r) - 'created_at' - 'id' FROM %4$s(%2$L, %3$L) AS r)
            SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS d$f$,
            coalesce(relation, format('%s(%L, %L)', reader, s.symbol, s.timeframe)), s.symbol, s.timeframe, computed) INTO n;
        total := total + n;
    END LOOP;
    RETURN total;
EXCEPTION WHEN undefined_object THEN
    RETURN -1;
END $$;
CREATE FUNCTION refreshed() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(DISTINCT status, ',') FROM (SELECT status FROM refresh_market_regimes() UNION ALL SELECT status FROM refresh_market_states()) AS s $$;
\set right 'SELECT refreshed(), differing(''market_regimes'', NULL, ''market_regimes_compute'') AS regimes, differing(''market_states'', NULL, ''market_states_compute'') AS states'
\set read 'SELECT differing(NULL, ''get_market_regimes'', ''market_regimes_compute'') AS regimes, differing(NULL, ''get_market_states'', ''market_states_compute'') AS states'
:right;
-- Another symbol.
UPDATE candles SET symbol = 'RENAMED' WHERE symbol = 'DEMO2';
SELECT DISTINCT symbol FROM market_states ORDER BY 1;
:right;
-- Tracked: part of a series, into a series of its own, between the rows of another and before them.
SELECT count(*) > 0 AS tracked FROM regime_track();
SELECT refreshed();
UPDATE candles SET symbol = 'PART' WHERE symbol = 'RENAMED' AND open_time >= (SELECT max(open_time) - interval '90 days' FROM candles);
UPDATE candles SET symbol = 'DEMO3', open_time = open_time + interval '7 hours' WHERE symbol = 'MARKET' AND extract(day FROM open_time) = 3;
UPDATE candles SET open_time = open_time - interval '1000 days' WHERE symbol = 'MARKET' AND extract(day FROM open_time) = 5;
:read;
SELECT symbol, timeframe, is_stale FROM market_state_latest WHERE is_stale IS NOT TRUE ORDER BY 1, 2;
:right;
-- Two series that change places.
UPDATE candles SET symbol = CASE symbol WHEN 'DEMO3' THEN 'first' ELSE 'second' END WHERE symbol IN ('DEMO3', 'PART');
UPDATE candles SET symbol = CASE symbol WHEN 'first' THEN 'PART' ELSE 'DEMO3' END WHERE symbol IN ('first', 'second');
:read;
:right;
-- One after another, the last first, so that each candle takes the key that the one before has left.
DO $$
DECLARE c record;
BEGIN
    FOR c IN SELECT open_time FROM candles WHERE (symbol, timeframe) = ('PART', '1d') ORDER BY open_time DESC LOOP
        UPDATE candles SET open_time = open_time + interval '1 day' WHERE (symbol, timeframe, open_time) = ('PART', '1d', c.open_time);
    END LOOP;
END $$;
:right;
-- A key that was made without following is made anew.
ALTER TABLE market_states DROP CONSTRAINT market_states_candle_fkey, ADD CONSTRAINT market_states_candle_fkey FOREIGN KEY (symbol, timeframe, open_time) REFERENCES candles ON DELETE CASCADE;
SELECT relation, action FROM regime_setup() WHERE action <> 'unchanged';
UPDATE candles SET timeframe = '24h' WHERE timeframe = '1d';
:right;
