-- Checks that scale: regime_health, regime_check_inputs and regime_check_candles say of 60 assets in as many rows what they say of 3,
-- and every command that they give can be typed.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
SET client_min_messages = error;
SET pg_regime.feed_grace = 0;
CREATE TABLE px (symbol text, date date, close float8);
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, high float8, low float8, close float8);
-- Adds assets that were refreshed once, and then: the newest bar is of a later day and its feed is silent, a price of every third one
-- is not a number, so that its refresh fails, and a month is missing; candles are late, upside down and off their grid.
CREATE FUNCTION grow(a int, b int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO px SELECT 'S' || lpad(k::text, 2, '0'), date '2023-12-31' + n, 100 + k + n % 11 FROM generate_series(a, b) AS k, generate_series(1, 150) AS n;
    INSERT INTO candles SELECT 'S' || lpad(k::text, 2, '0'), '1d', timestamptz '2024-01-01 00:00+00' + n * interval '1 day', 104 + n % 7, 99 + n % 7, 102 + n % 7 FROM generate_series(a, b) AS k, generate_series(1, 150) AS n;
    PERFORM regime_connect('px');
    PERFORM refresh_cmc_regimes();
    PERFORM refresh_market_regimes();
    INSERT INTO px SELECT 'S' || lpad(k::text, 2, '0'), '2024-06-30', 100 FROM generate_series(a, b) AS k;
    INSERT INTO px SELECT 'S' || lpad(k::text, 2, '0'), '2024-07-01', CASE WHEN k % 3 = 0 THEN float8 'NaN' ELSE 101 END FROM generate_series(a, b) AS k;
    INSERT INTO candles SELECT 'S' || lpad(k::text, 2, '0'), '1d', '2024-06-30 07:00+00', 99, 104, 102 FROM generate_series(a, b) AS k;
    PERFORM refresh_cmc_regimes(ARRAY(SELECT id FROM dim_assets WHERE symbol IN (SELECT 'S' || lpad(k::text, 2, '0') FROM generate_series(a, b) AS k WHERE k % 3 = 0)));
END $$;
CREATE VIEW told AS
    SELECT 'health' AS told_by, severity, what, NULL::text AS place, n, subjects, command FROM regime_health()
    UNION ALL SELECT 'inputs', severity, problem, layer, n_assets, subjects, command FROM regime_check_inputs()
    UNION ALL SELECT 'candles', severity, problem, timeframe, n_series, subjects, command FROM regime_check_candles();
\set ECHO all
SELECT FROM grow(1, 2);
SELECT FROM grow(3, 3);
CREATE TABLE few AS TABLE told;
SELECT FROM grow(4, 60);
CREATE TABLE many AS TABLE told;
SELECT told_by, severity, what, place, n, cardinality(subjects) AS named, subjects[1] AS first, command FROM few ORDER BY told_by COLLATE "C", severity COLLATE "C", what COLLATE "C", place COLLATE "C";
SELECT told_by, severity, what, place, n, cardinality(subjects) AS named, subjects[1] AS first, command FROM many ORDER BY told_by COLLATE "C", severity COLLATE "C", what COLLATE "C", place COLLATE "C";
SELECT (SELECT count(*) FROM few) = (SELECT count(*) FROM many) AS as_many_rows,
    (SELECT count(*) FROM (SELECT told_by, severity, what, place FROM few EXCEPT SELECT told_by, severity, what, place FROM many) AS d) AS differ;
-- The details are those that were counted.
SELECT what, sum(n) = (SELECT count(*) FROM regime_health_details(what)) AS counted FROM regime_health() GROUP BY what ORDER BY what COLLATE "C";
SELECT s.layer, s.problem, n_assets = count(d.id) AND s.n IS NOT DISTINCT FROM sum(d.n) AS counted FROM regime_check_inputs() AS s JOIN regime_check_inputs_details() AS d ON (s.severity, s.layer) IS NOT DISTINCT FROM (d.severity, d.layer)
AND starts_with(d.problem, s.problem) GROUP BY s.severity, s.layer, s.problem, n_assets, s.n ORDER BY s.layer, s.problem COLLATE "C";
-- Every command runs along an empty search_path, shows something, and those of the rows heal.
CREATE FUNCTION typed(command text) RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE n bigint;
BEGIN
    EXECUTE command;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;
SELECT count(*) > 20 AS some, count(*) FILTER (WHERE typed(command) = 0) AS empty FROM (SELECT DISTINCT command FROM (TABLE few UNION TABLE many) AS t WHERE command IS NOT NULL) AS c;
UPDATE px SET close = 101 WHERE close = 'NaN';
SELECT typed(command) > 0 AS typed FROM regime_health() WHERE what ~ '^(stale|failing|unknown)' ORDER BY what COLLATE "C";
SELECT what, n FROM regime_health() WHERE what ~ '^(stale|failing|unknown)';
-- Arguments that some keep: a statement for each, which names many by their findings; beyond five of them, the details.
SELECT count(*) FROM refresh_cmc_regimes(ARRAY(SELECT id FROM dim_assets WHERE id > 30), min_hold_bars => 7);
INSERT INTO px SELECT symbol, '2024-07-02', 102 FROM px GROUP BY 1;
SELECT n, subjects, command FROM regime_health() WHERE what = 'stale asset';
SELECT typed(command) FROM regime_health() WHERE what = 'stale asset' ORDER BY command LIMIT 1;
SELECT n, subjects, command FROM regime_health() WHERE what = 'stale asset';
SELECT typed(command) FROM regime_health() WHERE what = 'stale asset';
SELECT count(*) FROM regime_health() WHERE what = 'stale asset';
SELECT count(*) FROM generate_series(1, 8) AS k, refresh_cmc_regimes(k, min_hold_bars => k::int);
INSERT INTO px SELECT symbol, '2024-07-03', 103 FROM px GROUP BY 1;
SELECT n, command FROM regime_health() WHERE what = 'stale asset';
SELECT count(*) FROM regime_health_details('stale asset');
SELECT count(*) FROM regime_health_details('nothing of the kind');
\set ECHO none
DROP TABLE px, candles CASCADE;
