-- Reading: the newest rows, and the row in force at a moment.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
-- Before there is anything to read.
SELECT * FROM regime_at(1, '2024-12-31');
\echo :LAST_ERROR_SQLSTATE
SELECT split_part(hint_of($$SELECT * FROM regime_at(1, '2024-12-31')$$), ';', 1) AS hint \gset
\echo :hint
:hint ;
SELECT count(ts) FROM regime_at(1, '2024-12-31');
SELECT count(*) FROM cmc_regime_latest;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
-- The newest row of each asset, with its age.
SELECT id, ts, tf, regime_key, size_mult, setups, feature_tier, age > interval '0' AS old, age = now() - ts AS since_close
    FROM cmc_regime_latest ORDER BY id;
SELECT count(*) FROM (SELECT id, ts FROM cmc_regime_latest EXCEPT SELECT id, max(ts) FROM cmc_regimes GROUP BY 1) x;
-- The row in force: the last one that closed, at its close already, not a moment before.
SELECT ts, regime_key FROM regime_at(1, '2024-06-15 23:59:59+00');
SELECT ts, regime_key FROM regime_at(1, '2024-06-15 23:59:58.999999+00');
SELECT ts, regime_key FROM regime_at(1, '2024-06-16 12:00+00');
SELECT ts, regime_key FROM regime_at(1, '2999-01-01');
SELECT ts, regime_key FROM regime_at(1, 'infinity');
-- Before the first row, and for an asset without rows, there is none; what then: freshness.sql.
SELECT count(ts) FROM regime_at(1, '2018-12-24 23:59:58+00');
SELECT count(ts) FROM regime_at(1, '-infinity');
SELECT count(ts) FROM regime_at(99, now());
-- All of the row.
SELECT count(*) AS differ FROM generate_series(timestamptz '2024-01-01', '2024-12-31', '9 days 5 hours') AS t,
    LATERAL (SELECT * FROM cmc_regimes WHERE id = 2 AND ts <= t ORDER BY ts DESC LIMIT 1) r, regime_at(2, t) a
        WHERE to_jsonb(a) - '{is_stale,stale_because,age}'::text[] IS DISTINCT FROM to_jsonb(r);
-- As-of join of anything with a time: what has no regime stays, with the tightest policy.
SELECT s.at, r.regime_key, r.size_mult FROM (VALUES (timestamptz '2018-01-01'), ('2020-03-12 10:00+00'),
    ('2024-12-31 23:59:59+00')) AS s (at) LEFT JOIN LATERAL regime_at(1, s.at) r ON true ORDER BY 1;
-- Rows under another tf are not asked.
INSERT INTO cmc_regimes SELECT (jsonb_populate_record(r, '{"tf": "4H", "regime_key": "theirs"}')).* FROM cmc_regimes r
    WHERE id = 1 AND ts = '2024-06-15 23:59:59+00';
SELECT tf, regime_key FROM regime_at(1, '2024-06-15 23:59:59+00');
SELECT regime_at(NULL, now());
\echo :LAST_ERROR_SQLSTATE
SELECT regime_at(1, NULL);
\echo :LAST_ERROR_SQLSTATE
