-- What is no table cannot be tracked: a WARNING, only_dirty is refused, and an ordinary refresh finds changes by itself.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
ALTER TABLE cmc_ema_multi_tf_u RENAME TO emas;
CREATE VIEW cmc_ema_multi_tf_u AS TABLE emas;
SELECT relation, action FROM regime_track() WHERE action <> 'created';
SELECT tgrelid::regclass FROM pg_trigger WHERE tgrelid IN ('emas'::regclass, 'cmc_ema_multi_tf_u'::regclass);
SELECT :how FROM refresh_cmc_regimes();
SELECT * FROM refresh_cmc_regimes(only_dirty => true);
\echo :LAST_ERROR_SQLSTATE
UPDATE emas SET ema = 1 WHERE id = 2 AND ts = '2024-06-30 23:59:59+00';
SELECT :how FROM refresh_cmc_regimes();
SELECT differ('{2}');
-- The marks of the tables beside it are taken along.
SELECT append_bar(3, 44);
UPDATE cmc_price_bars_multi_tf SET close = 41 WHERE id = 2 AND bar_seq = 300;
SELECT count(*) AS marks FROM regime_work.cmc_regime_dirty;
SELECT :how FROM refresh_cmc_regimes();
SELECT count(*) AS marks FROM regime_work.cmc_regime_dirty;
-- Another calendar, with tables alone, is not held up.
SELECT :how FROM refresh_cmc_regimes(2, cal_scheme => 'us');
UPDATE regime_source SET ema_table = 'emas' WHERE cal_scheme = 'us' AND layer = 'L2';
SELECT relation, action FROM regime_track();
SELECT :how FROM refresh_cmc_regimes(2, cal_scheme => 'us', only_dirty => true);
SELECT :how FROM refresh_cmc_regimes(2, cal_scheme => 'us', only_dirty => true);
-- A materialized view is no better.
DROP VIEW cmc_ema_multi_tf_u;
CREATE MATERIALIZED VIEW cmc_ema_multi_tf_u AS TABLE emas;
SELECT relation, action FROM regime_track() WHERE action <> 'tracked';
-- The table beneath can be mapped instead.
SELECT :how FROM refresh_cmc_regimes();
UPDATE regime_source SET ema_table = 'emas' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
-- Nor can a table that a crash would empty without a word, be it a partition.
ALTER TABLE emas SET UNLOGGED;
SELECT * FROM refresh_cmc_regimes(only_dirty => true);
SELECT relation, action FROM regime_track() WHERE action <> 'tracked';
SELECT * FROM refresh_cmc_regimes(only_dirty => true);
UPDATE emas SET ema = 2 WHERE id = 2 AND ts = '2024-06-30 23:59:59+00';
SELECT :how FROM refresh_cmc_regimes();
SELECT differ('{2}');
ALTER TABLE emas SET LOGGED;
SELECT relation, action FROM regime_track() WHERE action <> 'tracked';
SELECT :how FROM refresh_cmc_regimes();
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
-- While it was one, a crash may have taken rows and left no mark.
ALTER TABLE emas SET UNLOGGED;
DELETE FROM emas WHERE id = 2 AND ts > '2024-06-30';
DELETE FROM regime_work.cmc_regime_dirty;
ALTER TABLE emas SET LOGGED;
SELECT :how FROM refresh_cmc_regimes();
SELECT differ('{2}');
ALTER TABLE emas RENAME TO whole;
CREATE TABLE emas (LIKE whole) PARTITION BY RANGE (ts);
CREATE TABLE emas_old PARTITION OF emas FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE UNLOGGED TABLE emas_new PARTITION OF emas DEFAULT;
SELECT relation, action FROM regime_track() WHERE action <> 'tracked';
DROP TABLE emas;
ALTER TABLE whole RENAME TO emas;
SELECT relation, action FROM regime_track() WHERE action <> 'tracked';
-- Nor can a table whose time is a virtual column, which PostgreSQL has since 18; it can be written to all the same.
SELECT current_setting('server_version_num')::int >= 180000 AS virtual \gset
\if :virtual
ALTER TABLE emas RENAME ts TO at;
ALTER TABLE emas ADD ts timestamptz GENERATED ALWAYS AS (at) VIRTUAL;
\endif
SET client_min_messages = error;
SELECT string_agg(action, ', ' ORDER BY action) = CASE WHEN :'virtual' THEN 'no longer tracked, virtual columns: cannot be tracked' ELSE 'tracked' END AS as_it_is
FROM regime_track() WHERE relation = 'public.emas';
UPDATE emas SET ema = 3 WHERE id = 2 AND ts = '2024-06-20 23:59:59+00';
SELECT id, status FROM refresh_cmc_regimes();
SELECT differ('{2}');
