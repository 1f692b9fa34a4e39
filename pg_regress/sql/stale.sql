-- What is_stale and regime_health know: beside bars, marks and eras also whether a refresh would go on from the stored rows.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
DROP EXTENSION IF EXISTS pg_regime CASCADE;
DROP SCHEMA IF EXISTS public, regime_work CASCADE;
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
CREATE EXTENSION pg_regime;
SELECT FROM regime_demo(3, 420);
\pset null -
-- true, false or unknown, of all rows of a view; what regime_health says, and what it would have typed.
\set latest 'SELECT ''cmc_regimes'' AS system, string_agg(DISTINCT coalesce(is_stale::text, ''unknown''), '','') AS is_stale, (SELECT string_agg(DISTINCT coalesce(is_stale::text, ''unknown''), '','') FROM cmc_regime_status) AS in_status FROM cmc_regime_latest UNION ALL SELECT ''market_states'', string_agg(DISTINCT coalesce(is_stale::text, ''unknown''), '',''), NULL FROM market_state_latest'
\set health 'SELECT severity, what, count(*), min(detail) AS detail, min(command) AS command FROM regime_health() WHERE what IN (''unknown changes'', ''untracked source'', ''stale asset'', ''stale series'') GROUP BY 1, 2, asset IS NULL AND detail ~ ''^market_states:'', asset IS NULL AND detail ~ ''^market_regimes:'' ORDER BY 1, 2, 4'
\set mend 'SELECT command FROM regime_health() WHERE what IN (''unknown changes'', ''untracked source'', ''stale asset'', ''stale series'') \\gexec'
SELECT DISTINCT status FROM refresh_cmc_regimes();
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT DISTINCT status FROM refresh_market_states();
-- Untracked, new bars alone are known.
:latest;
:health;
-- Tracked since the refresh: what changed before is not known. Each command of health mends what it tells.
SELECT count(*) > 0 AS tracked FROM regime_track() WHERE action = 'now tracked';
:latest;
:health;
\o /dev/null
:mend
\o
:latest;
:health;
-- A trigger that did not fire for a while.
ALTER TABLE candles DISABLE TRIGGER ALL;
:latest;
UPDATE candles SET close = (high + low) / 2 WHERE open_time = (SELECT min(open_time) FROM candles);
ALTER TABLE candles ENABLE TRIGGER ALL;
:latest;
:health;
\o /dev/null
:mend
:mend
\o
:latest;
-- Changes between two trackings.
SELECT count(*) > 0 AS untracked FROM regime_track(enable => false);
UPDATE cmc_price_bars_multi_tf SET close = close * 1.001 WHERE id = 2 AND time_close = (SELECT min(time_close) FROM cmc_price_bars_multi_tf WHERE id = 2 AND tf = '1D');
:latest;
SELECT count(*) > 0 AS tracked FROM regime_track() WHERE action = 'now tracked';
:latest;
\o /dev/null
:mend
\o
:latest;
:health;
-- Another map, of which new bars and marks tell nothing.
UPDATE regime_source SET open_column = 'close', volume_column = NULL WHERE layer = 'candles';
UPDATE regime_source SET bars_filter = '{"tf": "1W"}' WHERE cal_scheme = 'iso' AND layer = 'L1';
:latest;
:health;
UPDATE regime_source SET open_column = 'open', volume_column = 'volume' WHERE layer = 'candles';
UPDATE regime_source SET bars_filter = '{}' WHERE cal_scheme = 'iso' AND layer = 'L1';
:latest;
-- A source column of another type.
ALTER TABLE candles ALTER close TYPE numeric;
SELECT is_stale IS NOT FALSE AS may_be_stale FROM market_state_latest GROUP BY 1;
\o /dev/null
SELECT count(*) FROM refresh_market_states();
SELECT count(*) FROM refresh_market_regimes();
\o
-- Within a statement that is changing the candles.
CREATE TABLE seen (is_stale boolean);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen SELECT DISTINCT is_stale FROM market_state_latest; RETURN NULL; END $$;
CREATE TRIGGER a_look AFTER UPDATE ON candles EXECUTE FUNCTION look();
\o /dev/null
SELECT count(*) FROM refresh_market_states();
\o
:latest;
UPDATE candles SET close = close WHERE open_time = (SELECT min(open_time) FROM candles);
SELECT * FROM seen;
-- Without a state.
DELETE FROM regime_work.market_state_series;
DELETE FROM regime_work.cmc_regime_state WHERE id = 2;
SELECT id, is_stale FROM cmc_regime_latest ORDER BY id;
SELECT DISTINCT is_stale FROM market_state_latest;
-- An asset is asked by the calendar scheme of its own last refresh.
SELECT DISTINCT status FROM refresh_cmc_regimes();
SELECT status FROM refresh_cmc_regimes(ARRAY[2], cal_scheme => 'us');
SELECT id, is_stale FROM cmc_regime_status ORDER BY id;
UPDATE regime_source SET bars_filter = '{"tf": "1W"}' WHERE cal_scheme = 'us' AND layer = 'L1';
SELECT id, is_stale FROM cmc_regime_status ORDER BY id;
SELECT id, is_stale FROM cmc_regime_latest ORDER BY id;
SELECT detail, command FROM regime_health() WHERE what = 'stale asset';
