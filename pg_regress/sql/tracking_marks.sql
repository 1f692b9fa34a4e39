-- What each statement on a source table leaves: per statement and asset one mark, with the earliest time of the rows that were
-- inserted, changed or deleted.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT action, count(*) FROM regime_track() GROUP BY 1 ORDER BY 1;
SELECT status FROM refresh_cmc_regimes();
CREATE VIEW marks AS SELECT id, source, since, marked_at = now() AS now FROM regime_work.cmc_regime_dirty ORDER BY id, mark;
-- Each in a transaction that is rolled back, and its marks with it.
BEGIN;
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', 501, '2025-01-02', 1), (2, '1D', 502, '2025-01-01', 1),
    (9, '1D', 1, '2025-01-03', 1), (2, '4H', 1, '2020-01-01', 1);
TABLE marks;
ROLLBACK;
SELECT count(*) FROM marks;
BEGIN;
UPDATE cmc_price_bars_multi_tf SET close = 1 WHERE bar_seq BETWEEN 10 AND 12 AND id IN (2, 3);
UPDATE cmc_price_bars_multi_tf SET time_close = '2030-01-01' WHERE id = 4 AND bar_seq = 1;
UPDATE cmc_price_bars_multi_tf SET id = 10 WHERE id = 4 AND bar_seq = 2;
TABLE marks;
ROLLBACK;
BEGIN;
DELETE FROM cmc_ema_multi_tf_u WHERE id = 2 AND period = 100;
DELETE FROM cmc_ema_multi_tf_cal_iso WHERE id = 1 AND ts > '2024-12-01';
TABLE marks;
ROLLBACK;
-- A truncated table: everything that has a state.
BEGIN;
TRUNCATE cmc_ema_multi_tf_cal_us;
TABLE marks;
ROLLBACK;
-- An upsert and a MERGE: what was inserted and what was changed.
BEGIN;
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', 30, '2025-01-02', 1), (2, '1D', 900, '2025-01-03', 1)
    ON CONFLICT (id, tf, bar_seq) DO UPDATE SET close = excluded.close;
MERGE INTO cmc_price_bars_multi_tf b USING (VALUES (3, 20), (3, 900)) AS v (id, n) ON (b.id, b.tf, b.bar_seq) = (v.id, '1D', n)
    WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (v.id, '1D', n, '2025-02-01', 1);
TABLE marks;
ROLLBACK;
-- COPY.
BEGIN;
COPY cmc_price_bars_multi_tf FROM stdin;
2	1D	901	2025-01-03	50
3	1D	901	2025-01-02	50
3	1D	902	2025-01-04	50
\.
TABLE marks;
ROLLBACK;
-- Rows that were deleted because others were.
BEGIN;
ALTER TABLE cmc_price_bars_multi_tf ADD FOREIGN KEY (id) REFERENCES dim_assets ON DELETE CASCADE;
DELETE FROM dim_assets WHERE id = 3;
TABLE marks;
ROLLBACK;
-- What makes no mark: a statement without rows, a table that is not read, a change of the output.
BEGIN;
UPDATE cmc_price_bars_multi_tf SET close = 1 WHERE false;
INSERT INTO cmc_price_bars_multi_tf SELECT * FROM cmc_price_bars_multi_tf WHERE false;
UPDATE dim_assets SET symbol = 'X';
UPDATE cmc_regimes SET size_mult = 0;
SELECT count(*) FROM marks;
ROLLBACK;
-- What a transaction gave up, whole or in part.
BEGIN;
SAVEPOINT s;
SELECT append_bar(2, 50);
ROLLBACK TO s;
SELECT count(*) FROM marks;
COMMIT;
-- Times without a time zone are UTC, whatever the session's is; without a time the mark is for all.
SET timezone = 'America/New_York';
ALTER TABLE cmc_ema_multi_tf_u ALTER ts TYPE timestamp;
ALTER TABLE cmc_price_bars_multi_tf ALTER time_close TYPE date, ALTER time_close DROP NOT NULL;
SELECT relation, action FROM regime_track() WHERE action <> 'tracked';
INSERT INTO cmc_ema_multi_tf_u VALUES (2, '2024-06-30 00:00', '1D', 7, 1, 'multi_tf');
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '4H', 1, '2024-06-30', 1);
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '4H', 2, '2024-06-30', 1), (2, '4H', 3, NULL, 1);
SET timezone = 'UTC';
TABLE marks;
