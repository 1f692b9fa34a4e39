-- regime_build_inputs where statistics take the table of EMAs for empty: thousands of changed rows are written by one pass
-- over the table, not by one pass for each row.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\set ECHO none
DROP TABLE dim_assets, cmc_price_bars_multi_tf, cmc_price_bars_multi_tf_cal_iso, cmc_price_bars_multi_tf_cal_us,
    cmc_ema_multi_tf_u, cmc_ema_multi_tf_cal_iso, cmc_ema_multi_tf_cal_us;
CREATE TABLE made AS SELECT * FROM regime_demo(n_assets => 1, days => 3000);
ALTER TABLE cmc_ema_multi_tf_u SET (autovacuum_enabled = false);
CREATE TABLE kept AS TABLE cmc_ema_multi_tf_u;
TRUNCATE cmc_ema_multi_tf_u;
ANALYZE cmc_ema_multi_tf_u;
INSERT INTO cmc_ema_multi_tf_u TABLE kept;
UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE tf = '1D';
\set ECHO all
SET statement_timeout = '15s';
SELECT relation, rows_written FROM regime_build_inputs() WHERE relation ~ '_u$';
-- Few changed rows among many.
UPDATE cmc_ema_multi_tf_u SET ema = ema + 1 WHERE period = 20 AND ts > (SELECT max(ts) - interval '300 days' FROM cmc_ema_multi_tf_u);
SELECT relation, rows_written FROM regime_build_inputs() WHERE relation ~ '_u$';
-- Rows that are not wanted are deleted.
UPDATE regime_source SET periods = '{21,51,101}' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT relation, rows_written FROM regime_build_inputs() WHERE relation ~ '_u$';
