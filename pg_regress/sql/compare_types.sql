-- regime_compare of columns of other types: numbers of single precision, and times as texts, whatever the zone of the session.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
CREATE TABLE singles AS SELECT id, tf, ts, l2_label, size_mult::real, stop_mult::real, gross_cap::real FROM cmc_regimes;
SELECT count(*) > 0 AS lines, sum(n_differ) AS differ FROM regime_compare('singles');
UPDATE singles SET size_mult = size_mult + 0.001 WHERE ts = '2024-12-30 23:59:59+00';
SELECT id, column_name, n_differ FROM regime_compare('singles') WHERE n_differ > 0 ORDER BY id;
-- Texts without a zone are times of UTC, others those that they say.
CREATE TABLE texts AS SELECT id, tf, to_char(ts AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS ts, size_mult FROM cmc_regimes WHERE id = 2
    UNION ALL SELECT id, tf, to_char(ts AT TIME ZONE 'America/New_York', 'YYYY-MM-DD"T"HH24:MI:SS') || CASE WHEN ts - (ts AT TIME ZONE 'America/New_York') AT TIME ZONE 'UTC' = interval '4 hours' THEN '-04:00' ELSE '-05:00' END, size_mult FROM cmc_regimes WHERE id = 3;
SET timezone = 'America/New_York';
SET client_min_messages = error;
SELECT hint_of('SELECT FROM regime_compare(''texts'')');
SELECT hint_of('SELECT FROM regime_compare(''texts'')') \gset
\o /dev/null
:hint_of
\o
SELECT sum(n_differ) AS differ, sum(n_only_ours + n_only_theirs) AS missing FROM regime_compare('pg_temp.pg_regime_theirs');
SELECT (SELECT ts FROM pg_temp.pg_regime_theirs WHERE id = 2 ORDER BY ts LIMIT 1) = (SELECT min(ts) FROM cmc_regimes WHERE id = 2) AS of_utc;
