-- Functions in parallel plans: settings made before the library was loaded hold, and a table is made of what they return.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2]);
DO $$
DECLARE mode text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END;
BEGIN
    EXECUTE format('ALTER DATABASE %I SET %s = on', current_database(), mode);
    EXECUTE format('ALTER DATABASE %I SET pg_regime.max_age = ''1 d''', current_database());
END $$;
\c
SELECT stale_because FROM regime_at(1, '2026-01-01');
SHOW pg_regime.max_age;
CREATE TABLE tagged AS SELECT r.id, r.ts, r.regime_key FROM generate_series(1, 2) AS a (id) CROSS JOIN LATERAL regime_at(a.id, '2024-12-31 23:59:59+00') AS r;
SELECT id, regime_key IS NOT NULL AS known FROM tagged ORDER BY 1;
CREATE TABLE made AS SELECT * FROM regime_latest();
CREATE TABLE backtest AS SELECT * FROM regime_backtest(ARRAY[1], '{default}');
CREATE TABLE shown AS SELECT * FROM regime_now();
SELECT (SELECT count(*) FROM made) AS made, (SELECT count(*) FROM backtest) AS backtest, (SELECT count(*) FROM shown) AS shown;
\set ECHO none
DO $$
DECLARE mode text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END;
BEGIN
    EXECUTE format('ALTER DATABASE %I RESET %s', current_database(), mode);
    EXECUTE format('ALTER DATABASE %I RESET pg_regime.max_age', current_database());
END $$;
