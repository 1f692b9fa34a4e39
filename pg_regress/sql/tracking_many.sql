-- A statement that touches many assets leaves one row for all of them, which is gone when each was refreshed.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- 100 further assets with three days each.
INSERT INTO dim_assets SELECT id, 'A' || id, true FROM generate_series(101, 200) id;
INSERT INTO cmc_price_bars_multi_tf SELECT id, '1D', n, timestamptz '2024-12-31 23:59:59+00' - (3 - n) * interval '1 day', 50 + n
    FROM generate_series(101, 200) id, generate_series(1, 3) n;
SELECT count(*) FROM regime_track() WHERE action = 'now tracked';
SELECT status, count(*) FROM refresh_cmc_regimes() GROUP BY 1 ORDER BY 1;
-- A bar more for assets of a list, that of day n.
CREATE FUNCTION bars(ids int[], n int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cmc_price_bars_multi_tf SELECT id, '1D', 1000 * n, timestamptz '2024-12-31 23:59:59+00' + n * interval '1 day', 50
    FROM unnest(ids) id ORDER BY hashint4(id) $$;
CREATE FUNCTION ids(a int, b int) RETURNS int[] LANGUAGE sql AS 'SELECT array_agg(id) FROM generate_series(a, b) id';
-- What there is in the tables, and what it says.
CREATE VIEW rows AS SELECT (SELECT count(*) FROM regime_work.cmc_regime_dirty) AS few, (SELECT count(*) FROM regime_work.cmc_regime_dirty_many) AS many,
    (SELECT count(*) FROM regime_work.cmc_regime_dirty_done) AS done, (SELECT count(*) FROM cmc_regime_marks) AS marks, (SELECT count(DISTINCT id) FROM cmc_regime_marks) AS assets;
SELECT bars(ids(101, 132), 1);
TABLE rows;
SELECT bars(ids(101, 133), 2);
TABLE rows;
SELECT source, ids[1:3], ids[31:], sinces[1:2], sinces[33], number, first, last, marked_at < now() AS before FROM regime_work.cmc_regime_dirty_many;
SELECT mode, count(*) FROM refresh_cmc_regimes(only_dirty => true) GROUP BY 1 ORDER BY 1;
TABLE rows;
-- More than 1,000 in rows of 1,000, also of assets that nobody knows; each with its own time.
BEGIN;
INSERT INTO cmc_price_bars_multi_tf SELECT id, '4H', n, '2024-01-01'::timestamptz + (id + n) * interval '1 hour', 1
    FROM generate_series(-5, 2400) id, generate_series(1, 2) n;
SELECT number, first, last, sinces[1], sinces[number] FROM regime_work.cmc_regime_dirty_many ORDER BY first;
SELECT id, source, since FROM cmc_regime_marks WHERE id IN (-5, 0, 994, 995, 2400) ORDER BY id;
ROLLBACK;
TABLE rows;
-- What was updated, deleted and truncated.
BEGIN;
UPDATE cmc_price_bars_multi_tf SET id = id + 50 WHERE id > 150 AND bar_seq = 1;
DELETE FROM cmc_price_bars_multi_tf WHERE bar_seq = 3;
TRUNCATE cmc_ema_multi_tf_cal_iso;
SELECT number, first, last, sinces[1], sinces[number] FROM regime_work.cmc_regime_dirty_many ORDER BY last, first;
ROLLBACK;
-- A time that is not known is all times.
BEGIN;
ALTER TABLE cmc_price_bars_multi_tf ALTER time_close DROP NOT NULL;
INSERT INTO cmc_price_bars_multi_tf SELECT id, '4H', n, CASE WHEN (id, n) <> (150, 2) THEN '2024-01-01'::timestamptz + n * interval '1 day' END, 1
    FROM generate_series(101, 200) id, generate_series(1, 2) n;
SELECT since, count(*) FROM cmc_regime_marks GROUP BY 1 ORDER BY 1;
ROLLBACK;
-- Refreshing some leaves the others marked.
SELECT bars(ids(101, 200), 3);
TABLE rows;
SELECT :how FROM refresh_cmc_regimes(ARRAY[101,150,200,2]);
TABLE rows;
SELECT count(*) FILTER (WHERE is_stale) AS stale, count(*) AS of FROM regime_status();
SELECT count(*) FILTER (WHERE is_stale) AS stale, count(*) AS of FROM regime_latest();
SELECT what, count(*) FROM regime_health_details() GROUP BY 1 ORDER BY 1;
SELECT :how FROM refresh_cmc_regimes(ARRAY[101,102,150,151,200], only_dirty => true);
SELECT id, count(*) FROM cmc_regime_marks WHERE id IN (101, 102, 103, 150, 200) GROUP BY 1 ORDER BY 1;
-- A second statement marks them again; those of the first are not forgotten.
SELECT bars(ids(101, 200), 4);
SELECT marks, count(*) FROM (SELECT id, count(*) AS marks FROM cmc_regime_marks GROUP BY 1) m GROUP BY 1 ORDER BY 1;
SELECT :how FROM refresh_cmc_regimes(ARRAY[101,103], only_dirty => true);
SELECT marks, count(*) FROM (SELECT id, count(*) AS marks FROM cmc_regime_marks GROUP BY 1) m GROUP BY 1 ORDER BY 1;
-- Corrected long ago: the mark says so.
UPDATE cmc_price_bars_multi_tf SET close = 51.5 WHERE id BETWEEN 110 AND 190 AND bar_seq = 2;
SELECT :how FROM refresh_cmc_regimes(ARRAY[103,110,111], only_dirty => true);
-- What was rolled back has to be done again.
BEGIN;
SELECT mode, count(*) FROM refresh_cmc_regimes(only_dirty => true) GROUP BY 1 ORDER BY 1;
TABLE rows;
ROLLBACK;
SELECT assets FROM rows;
-- In a transaction that changes bars and refreshes, and does so again.
BEGIN;
SELECT bars(ids(101, 200), 5);
SELECT :how FROM refresh_cmc_regimes(ARRAY[101,112]);
SELECT bars(ids(101, 200), 6);
SELECT :how FROM refresh_cmc_regimes(ARRAY[101,112]);
SELECT id, count(*) FROM cmc_regime_marks WHERE id IN (101, 112, 113) GROUP BY 1 ORDER BY 1;
COMMIT;
-- An asset that fails keeps its marks, when all others are done as one of few.
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 120 AND bar_seq = 6000;
SET client_min_messages = error;
SELECT status, mode, count(*) FROM refresh_cmc_regimes(only_dirty => true) GROUP BY 1, 2 ORDER BY 1, 2;
RESET client_min_messages;
TABLE rows;
SELECT id, source, since, of_many IS NULL AS alone FROM regime_work.cmc_regime_dirty ORDER BY since, alone;
UPDATE cmc_price_bars_multi_tf SET close = 50 WHERE id = 120 AND bar_seq = 6000;
SELECT status, mode, count(*) FROM refresh_cmc_regimes(only_dirty => true) GROUP BY 1, 2 ORDER BY 1, 2;
TABLE rows;
SELECT differ(ids(1, 3) || ids(101, 200));
-- Half of the assets are not active: after a day their marks are some of few, and nobody reads past them.
UPDATE dim_assets SET is_active = false WHERE id > 150;
SELECT bars(ids(101, 200), 7);
SELECT mode, count(*) FROM refresh_cmc_regimes(only_dirty => true) GROUP BY 1 ORDER BY 1;
TABLE rows;
UPDATE regime_work.cmc_regime_dirty_many SET marked_at = marked_at - interval '1 day';
SELECT bars(ids(101, 200), 8);
SELECT mode, count(*) FROM refresh_cmc_regimes(only_dirty => true) GROUP BY 1 ORDER BY 1;
TABLE rows;
SELECT count(DISTINCT id), min(id), max(id) FROM regime_work.cmc_regime_dirty;
UPDATE dim_assets SET is_active = true WHERE id > 100;
SELECT mode, count(*) FROM refresh_cmc_regimes(only_dirty => true) GROUP BY 1 ORDER BY 1;
TABLE rows;
-- What one session saw as a mark of many and another has settled meanwhile, before the first was committed: done nevertheless.
INSERT INTO regime_work.cmc_regime_dirty (id, source, since, of_many) VALUES (101, 'x', '-infinity', '00000000-0000-4000-8000-000000000001'),
    (102, 'x', '-infinity', '00000000-0000-4000-8000-000000000001');
INSERT INTO regime_work.cmc_regime_dirty_done VALUES ('00000000-0000-4000-8000-000000000001', 101);
SELECT id FROM cmc_regime_marks;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT count(*) FILTER (WHERE is_stale) AS stale FROM regime_status();
-- Both go with the next marks.
SELECT bars(ids(101, 200), 9);
SELECT mode, count(*) FROM refresh_cmc_regimes(only_dirty => true) GROUP BY 1 ORDER BY 1;
TABLE rows;
-- Emptied by somebody: noticed, as with marks of few.
SELECT bars(ids(101, 200), 10);
TRUNCATE regime_work.cmc_regime_dirty_many;
SELECT mode, count(*) FROM refresh_cmc_regimes(only_dirty => true) GROUP BY 1 ORDER BY 1;
SELECT differ(ids(1, 3) || ids(101, 200));
-- Without tracking, marks of earlier changes stay until the next refresh.
SELECT bars(ids(101, 200), 11);
SELECT :how FROM refresh_cmc_regimes(ARRAY[101]);
SELECT action, count(*) FROM regime_track(false) GROUP BY 1 ORDER BY 1;
TABLE rows;
