-- A table of EMAs as teams have it, of many periods and timeframes: where no index serves the read of an asset, regime_check_inputs says
-- so, with the statement that makes one.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
\pset null -
SELECT count(*) > 0 AS made FROM regime_demo(2, 400);
SELECT count(*) AS unserved FROM regime_check_inputs() WHERE problem ~ 'no index';
INSERT INTO cmc_ema_multi_tf_u (id, ts, tf, period, ema, alignment_source)
SELECT e.id, e.ts, t.tf, p.period, e.ema + p.period, 'multi_tf' FROM cmc_ema_multi_tf_u e, unnest('{1D,2D,3D,5D}'::text[]) AS t (tf), unnest('{5,7,9,10,12,14,20,21,26,30,50,55,89,100,144,200,365}'::int[]) AS p (period)
WHERE e.tf = '1D' AND e.period = 20 ON CONFLICT DO NOTHING;
SELECT id, status FROM refresh_cmc_regimes();
SELECT severity, layer, problem, n_assets, subjects, n, command, advice FROM regime_check_inputs() WHERE problem ~ 'no index';
-- Indexes over other rows or of other kinds do not serve.
CREATE INDEX ON cmc_ema_multi_tf_u (id, tf, period) WHERE id = 2;
CREATE INDEX ON cmc_ema_multi_tf_u USING hash (period);
CREATE INDEX ON cmc_ema_multi_tf_u (id, (period + 1));
CREATE INDEX ON cmc_ema_multi_tf_u (ts) INCLUDE (id, tf, period);
SELECT count(*) AS unserved FROM regime_check_inputs() WHERE problem ~ 'no index';
-- One with the period after the time walks through all periods, which are few here.
BEGIN;
CREATE INDEX ON cmc_ema_multi_tf_u (id, tf, ts, period);
SELECT count(*) AS unserved FROM regime_check_inputs() WHERE problem ~ 'no index';
ROLLBACK;
SELECT command FROM regime_check_inputs() WHERE problem ~ 'no index' \gexec
SELECT indexdef FROM pg_indexes WHERE tablename = 'cmc_ema_multi_tf_u' AND indexdef ~ 'period, ts\)$' AND indexdef !~ 'UNIQUE';
SELECT count(*) AS unserved FROM regime_check_inputs() WHERE problem ~ 'no index';
SELECT id, status, mode FROM refresh_cmc_regimes();
-- The index serves a column of another integer type, too: the rows are those of before.
CREATE TEMP TABLE before AS SELECT * FROM cmc_regimes;
ALTER TABLE cmc_ema_multi_tf_u ALTER period TYPE smallint;
SELECT id, status FROM refresh_cmc_regimes(full_refresh => true);
SELECT count(*) AS rows, (SELECT count(*) FROM (SELECT id, ts, regime_key, size_mult FROM before EXCEPT SELECT id, ts, regime_key, size_mult FROM cmc_regimes) d) AS differ FROM before;
-- Partitions cannot have it made beside loads.
ALTER TABLE cmc_ema_multi_tf_u RENAME TO whole;
CREATE TABLE cmc_ema_multi_tf_u (LIKE whole) PARTITION BY RANGE (ts);
CREATE TABLE part PARTITION OF cmc_ema_multi_tf_u DEFAULT;
INSERT INTO cmc_ema_multi_tf_u TABLE whole;
SELECT problem, command FROM regime_check_inputs() WHERE problem ~ 'no index';
SELECT command FROM regime_check_inputs() WHERE problem ~ 'no index' \gexec
SELECT count(*) AS unserved FROM regime_check_inputs() WHERE problem ~ 'no index';
-- A view has the indexes of its table.
CREATE SCHEMA other;
CREATE VIEW other.emas AS TABLE whole;
UPDATE regime_source SET ema_schema = 'other', ema_table = 'emas' WHERE layer = 'L2' AND cal_scheme = 'iso';
SELECT count(*) AS unserved FROM regime_check_inputs() WHERE problem ~ 'no index';
