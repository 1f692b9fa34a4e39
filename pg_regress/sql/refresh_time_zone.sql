-- The session has no say in the rows: the same in any time zone, date style, float format and with any plan.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2]);
CREATE TABLE utc AS SELECT output, id, md5(string_agg(line::text, ' ' ORDER BY line::text)) AS digest, count(*)
    FROM (:content) c GROUP BY 1, 2;
-- A zone ahead of UTC and one behind it, where the bars of one day are of two, and one with a half hour and daylight saving.
SET timezone = 'Pacific/Kiritimati';
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT count(*) FROM ((SELECT (to_jsonb(c) - 'updated_at') FROM regime_compute(1, as_of => '2024-06-30 23:59:59+00') c)
    INTERSECT (SELECT to_jsonb(r) - 'updated_at' FROM cmc_regimes r)) x;
SELECT extract(epoch FROM ts), regime_key FROM regime_at(1, '2024-06-30 23:59:59+00');
DELETE FROM cmc_regimes;
DELETE FROM cmc_regime_flips;
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[1, 2]);
SET timezone = 'America/Los_Angeles';
SET datestyle = 'SQL, DMY';
SET extra_float_digits = -15;
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT count(*) FROM regime_compute(1, as_of => '2024-06-30 23:59:59+00');
DELETE FROM cmc_regimes;
DELETE FROM cmc_regime_flips;
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[1, 2]);
SET timezone = 'Australia/Lord_Howe';
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SET bytea_output = 'escape';
SET standard_conforming_strings = off;
SET intervalstyle = 'sql_standard';
SET default_transaction_isolation = 'serializable';
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT count(*) FROM regime_compute(1, as_of => '2024-06-30 23:59:59+00');
-- Messages say moments in UTC, whatever the session's zone.
UPDATE cmc_price_bars_multi_tf SET close = 0 WHERE id = 2 AND bar_seq = 100;
SELECT status, message FROM refresh_cmc_regimes(2);
RESET ALL;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT count(*) AS differ FROM utc u FULL JOIN (SELECT output, id, md5(string_agg(line::text, ' '
    ORDER BY line::text)) AS digest, count(*) FROM (:content) c GROUP BY 1, 2) n USING (output, id) WHERE u IS DISTINCT FROM n;
