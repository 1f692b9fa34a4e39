-- What is_stale and regime_health know: beside bars, marks and eras also whether a refresh would go on from the stored rows.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
\set VERBOSITY terse
SELECT FROM regime_demo(3, 420);
\pset null -
-- true, false or unknown, of all rows of a view; what regime_health says, and what it would have typed.
\set latest 'SELECT ''cmc_regimes'' AS system, string_agg(DISTINCT coalesce(is_stale::text, ''unknown''), '','') AS is_stale, (SELECT string_agg(DISTINCT coalesce(is_stale::text, ''unknown''), '','') FROM cmc_regime_status) AS in_status FROM cmc_regime_latest UNION ALL SELECT ''market_states'', string_agg(DISTINCT coalesce(is_stale::text, ''unknown''), '',''), NULL FROM market_state_latest'
\set health 'SELECT severity, what, count(*), min(detail) AS detail, min(command) AS command FROM regime_health_details() WHERE what IN (''unknown changes'', ''untracked source'', ''stale asset'', ''stale series'') GROUP BY 1, 2, id IS NULL AND detail ~ ''^market_states:'', id IS NULL AND detail ~ ''^market_regimes:'' ORDER BY 1, 2, 4'
\set mend 'SELECT command FROM regime_health_details() WHERE what IN (''unknown changes'', ''untracked source'', ''stale asset'', ''stale series'') \\gexec'
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
-- What is known to be stale stays so where tracking ends, also where it begins again; of the others nothing is known.
UPDATE cmc_price_bars_multi_tf SET close = close * 1.001 WHERE id = 2 AND time_close = (SELECT min(time_close) FROM cmc_price_bars_multi_tf WHERE id = 2 AND tf = '1D');
UPDATE candles SET close = (high + low) / 2 WHERE symbol = 'DEMO2' AND open_time = (SELECT min(open_time) FROM candles WHERE symbol = 'DEMO2');
\set known 'SELECT id::text AS subject, l.is_stale, s.is_stale AS in_status FROM cmc_regime_latest AS l JOIN cmc_regime_status AS s USING (id) UNION ALL SELECT concat_ws('' '', symbol, timeframe), is_stale, NULL FROM market_state_latest ORDER BY 1'
:known;
SELECT count(*) > 0 AS untracked FROM regime_track(enable => false);
:known;
SELECT count(*) > 0 AS tracked FROM regime_track() WHERE action = 'now tracked';
:known;
SELECT what, id, detail FROM regime_health_details() WHERE what LIKE 'stale%' ORDER BY 1, 2, 3;
\o /dev/null
:mend
\o
:known;
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
SELECT detail, command FROM regime_health_details() WHERE what = 'stale asset';
UPDATE regime_source SET bars_filter = '{}' WHERE cal_scheme = 'us' AND layer = 'L1';
-- What a refresh with the arguments that an asset keeps would do otherwise: the policy, a setting, the rows of another
-- version, the market proxy.
SELECT FROM regime_load_policy('p', '[{"match": "Up", "size_mult": 0.5}]');
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2], policy => 'p');
SELECT id, is_stale FROM cmc_regime_status ORDER BY id;
SELECT FROM regime_load_policy('p', '[{"match": "Up", "size_mult": 0.25}]');
SELECT id, l.is_stale, s.is_stale AS in_status FROM cmc_regime_latest AS l JOIN cmc_regime_status AS s USING (id) ORDER BY id;
SELECT detail, command FROM regime_health_details() WHERE id = 2 AND what <> 'mixed versions';
SELECT FROM regime_drop_policy('p');
SELECT id, l.is_stale, s.is_stale AS in_status FROM cmc_regime_latest AS l JOIN cmc_regime_status AS s USING (id) ORDER BY id;
SELECT severity, what, detail, command FROM regime_health_details() WHERE id = 2 AND what <> 'mixed versions';
-- One finding for all that one policy refuses, another for what the lack of another one refuses.
SELECT FROM regime_load_policy('p', '[{"match": "Up", "size_mult": 0.25}]');
SELECT FROM regime_load_policy('q', '[{"match": "Up", "size_mult": 0.25}]');
SELECT DISTINCT status FROM refresh_cmc_regimes(ARRAY[1, 2], policy => 'p');
SELECT status FROM refresh_cmc_regimes(ARRAY[3], policy => 'q');
SELECT FROM regime_drop_policy('p');
SELECT FROM regime_drop_policy('q');
SELECT id, detail, command FROM regime_health_details() WHERE what = 'refused arguments' ORDER BY 1, 2;
SELECT id, status FROM refresh_cmc_regimes();
SET pg_regime.market_proxy_id = 2;
SELECT id, l.is_stale, s.is_stale AS in_status FROM cmc_regime_latest AS l JOIN cmc_regime_status AS s USING (id) ORDER BY id;
SELECT DISTINCT detail FROM regime_health_details() WHERE what = 'stale asset';
RESET pg_regime.market_proxy_id;
SELECT id, status FROM refresh_cmc_regimes();
SELECT FROM refresh_market_states();
SELECT FROM refresh_market_regimes();
UPDATE market_states SET classifier_version = '0' WHERE symbol = 'DEMO2' AND timeframe = '1d' AND open_time = (SELECT max(open_time) FROM market_states WHERE symbol = 'DEMO2' AND timeframe = '1d');
SELECT symbol, timeframe FROM market_state_latest WHERE is_stale;
SELECT detail FROM regime_health_details() WHERE what = 'stale series';
SELECT symbol, timeframe, reason FROM refresh_market_states() WHERE mode <> 'none';
UPDATE market_states SET classifier_version = '0';
UPDATE regime_work.market_state_series SET classifier_version = '0';
SELECT DISTINCT is_stale FROM market_state_latest;
SELECT count(*), min(detail) FROM regime_health_details() WHERE what = 'stale series';
SELECT DISTINCT reason FROM refresh_market_states();
-- A series of thresholds of its own keeps these.
SELECT status FROM refresh_market_regimes('DEMO2', '1d', config => '{"rsi_bullish": 70}');
SELECT FROM regime_track(enable => false);
SELECT FROM regime_track();
SELECT detail, command FROM regime_health_details() WHERE detail ~ '^market_regimes' ORDER BY 2;
\o /dev/null
SELECT command FROM regime_health_details() WHERE what = 'unknown changes' AND command ~ 'market' \gexec
\o
SELECT count(*) FROM regime_health_details() WHERE what = 'unknown changes' AND command ~ 'market';
-- Row-level security: a hidden candle is not a missing one, a hidden era not a deleted one.
INSERT INTO regime_eras VALUES (NULL, '2016-06-01 00:00:00+00');
SELECT DISTINCT status FROM refresh_market_states();
DROP ROLE IF EXISTS regress_hidden;
CREATE ROLE regress_hidden;
GRANT USAGE ON SCHEMA public, regime_work TO regress_hidden;
GRANT ALL ON ALL TABLES IN SCHEMA public, regime_work TO regress_hidden;
ALTER TABLE candles ENABLE ROW LEVEL SECURITY;
SET ROLE regress_hidden;
SELECT is_stale, newest_bar FROM market_state_latest GROUP BY 1, 2;
SELECT what, count(*) FROM regime_health_details() WHERE what IN ('stale series', 'unknown changes') GROUP BY 1;
RESET ROLE;
ALTER TABLE candles DISABLE ROW LEVEL SECURITY;
ALTER TABLE regime_eras ENABLE ROW LEVEL SECURITY;
SET ROLE regress_hidden;
SELECT DISTINCT is_stale FROM market_state_latest;
\set VERBOSITY default
SELECT count(*) FROM get_market_states('DEMO2', '1d');
SELECT DISTINCT status, message FROM refresh_market_states('DEMO2', '1d');
\set VERBOSITY terse
RESET ROLE;
ALTER TABLE regime_eras DISABLE ROW LEVEL SECURITY;
SELECT DISTINCT status FROM refresh_market_states();
DROP OWNED BY regress_hidden;
DROP ROLE regress_hidden;
-- A moment that is no moment is told without a zone.
SELECT count(*) FROM get_market_states('DEMO2', '1d', 'infinity', '-infinity');
-- Where the state of a subject is gone, nothing tells the arguments of its rows: where these are not the defaults, no command
-- refreshes the subject.
SELECT FROM regime_load_policy('p', '[{"match": "Up", "size_mult": 0.25}]');
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3], policy => 'p');
SELECT status FROM refresh_market_regimes('DEMO2', '1d', config => '{"rsi_bullish": 70}');
DELETE FROM regime_work.cmc_regime_state WHERE id < 3;
DELETE FROM regime_work.market_regime_state WHERE symbol = 'DEMO2';
SELECT id, is_stale FROM cmc_regime_status ORDER BY id;
SELECT what, id, detail, command FROM regime_health_details() WHERE what = 'unknown arguments' ORDER BY 1, 2, 3;
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND time_close = (SELECT max(time_close) FROM cmc_price_bars_multi_tf WHERE id = 2);
SELECT what, id, command FROM regime_health_details() WHERE id = 2;
CREATE TABLE kept AS TABLE market_regimes;
SELECT format('SELECT count(*) FROM (%s) AS typed', rtrim(command, ';')) FROM regime_health_details() WHERE command ~ 'market_regimes' \gexec
SELECT count(*) AS rewritten FROM (TABLE kept EXCEPT ALL TABLE market_regimes) AS r;
SELECT status FROM refresh_market_regimes('DEMO2', '1d', config => '{"rsi_bullish": 70}');
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1]);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3], policy => 'p');
SELECT count(*) FROM regime_health_details() WHERE what ~ 'unknown';
-- Of a policy that is gone, no command loads other rules, nor fails.
UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 2 AND bar_seq = 100;
SELECT FROM regime_drop_policy('p');
SELECT what, id, detail, command FROM regime_health_details() WHERE what ~ 'asset|refused' ORDER BY 1, 2, 3;
