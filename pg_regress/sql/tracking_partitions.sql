-- Partitioned bars: a change is marked whichever table it names, and a partition that comes or goes is noticed.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
ALTER TABLE cmc_price_bars_multi_tf RENAME TO bars;
CREATE TABLE cmc_price_bars_multi_tf (LIKE bars) PARTITION BY RANGE (time_close);
CREATE TABLE bars_old PARTITION OF cmc_price_bars_multi_tf FOR VALUES FROM (MINVALUE) TO ('2024-07-01') PARTITION BY LIST (id);
CREATE TABLE bars_old_1 PARTITION OF bars_old FOR VALUES IN (1);
CREATE TABLE bars_old_rest PARTITION OF bars_old DEFAULT;
-- with its columns in another order
CREATE TABLE bars_2024 (time_close timestamptz NOT NULL, close float8, bar_seq int NOT NULL, tf text NOT NULL, id int NOT NULL);
ALTER TABLE cmc_price_bars_multi_tf ATTACH PARTITION bars_2024 FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
INSERT INTO cmc_price_bars_multi_tf TABLE bars;
SELECT relation, action FROM regime_track() WHERE action <> 'created';
SELECT relname, count(*) FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE tgname LIKE 'pg\_regime\_%'
    AND relname LIKE '%bars%' AND relname NOT LIKE '%cal%' GROUP BY 1 ORDER BY 1;
SELECT :how FROM refresh_cmc_regimes();
\set marks 'id, source, since FROM regime_work.cmc_regime_dirty ORDER BY mark'
-- By the name of the whole, of a partition and of one within it.
UPDATE cmc_price_bars_multi_tf SET close = 41 WHERE id = 2 AND bar_seq = 300;
SELECT :marks;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
UPDATE bars_2024 SET close = 42 WHERE id = 2 AND bar_seq = 300;
DELETE FROM bars_old WHERE id = 2 AND bar_seq = 7;
INSERT INTO bars_old_1 VALUES (1, '1D', 0, '2018-12-01', 40);
SELECT :marks;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
-- A row that goes from one to another.
UPDATE cmc_price_bars_multi_tf SET time_close = '2023-01-01' WHERE id = 3 AND bar_seq = 1;
SELECT :marks;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
-- A new partition without rows, then one that comes with rows: not tracked until that is made so.
CREATE TABLE bars_2025 PARTITION OF cmc_price_bars_multi_tf FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT relation, action FROM regime_track() WHERE action <> 'tracked';
SELECT :how FROM refresh_cmc_regimes();
CREATE TABLE late (LIKE bars);
INSERT INTO late VALUES (2, '1D', 500, '2025-02-10', 60), (3, '1D', 500, '2025-02-01', 44), (3, '1D', 501, '2025-02-20', 44);
ALTER TABLE cmc_price_bars_multi_tf ATTACH PARTITION late FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
SELECT id, source FROM regime_work.cmc_regime_dirty;
SELECT :how FROM refresh_cmc_regimes();
SELECT relation, action FROM regime_track() WHERE action <> 'tracked';
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT differ('{1,2,3}');
-- One that goes with its rows.
ALTER TABLE cmc_price_bars_multi_tf DETACH PARTITION late;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT differ('{1,2,3}');
DROP TABLE bars_2025;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
TRUNCATE bars_old_1;
SELECT DISTINCT source, since FROM regime_work.cmc_regime_dirty;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT differ('{1,2,3}');
-- The one that went marks nothing any more once tracking is off.
SELECT count(*) >= 0 AS done FROM regime_track(false);
SELECT tgrelid::regclass AS relation FROM pg_trigger WHERE tgname LIKE 'pg\_regime\_%';
