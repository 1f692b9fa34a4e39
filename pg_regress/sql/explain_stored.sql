-- regime_explain ends with whether the row is what is stored, or why it is not.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- The budget of the whole history, so that later bars can change a stored row.
SET pg_regime.point_in_time = off;
SET client_min_messages = error;
\pset format unaligned
\set told 'what, regexp_replace(value, ''^[0-9a-f]{16}$'', ''HASH'') AS value, regexp_replace(regexp_replace(detail, ''[0-9a-f]{16}$'', ''HASH''), ''written at [^,]*'', ''written at TIME'') AS detail'
\set day '''2024-04-08 23:59:59+00'''
-- Nothing is stored: no tables, no rows.
SELECT :told FROM regime_explain(1) WHERE step = 9;
SELECT count(*) FROM regime_setup();
SELECT :told FROM regime_explain(1) WHERE step = 9;
SELECT count(*) FROM refresh_cmc_regimes('{1,2}'::int[]);
SELECT :told FROM regime_explain(1, :day) WHERE step = 9;
-- Another policy, other parameters; with the arguments of the refresh it is as stored.
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.3}]');
SELECT :told FROM regime_explain(1, :day, policy => 'desk') WHERE step = 9;
SELECT :told FROM regime_explain(1, :day, min_hold_bars => 5) WHERE step = 9;
SELECT id, status FROM refresh_cmc_regimes(2, policy => 'desk', l4_label => 'Calm');
SELECT :told FROM regime_explain(2, policy => 'desk', l4_label => 'Calm') WHERE step = 9;
SELECT :told FROM regime_explain(2) WHERE step = 9;
-- The policy was loaded anew since.
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.2}]');
SELECT :told FROM regime_explain(2, policy => 'desk', l4_label => 'Calm') WHERE step = 9;
-- A bar was corrected since: the row that it changes is stale, an earlier one is not.
BEGIN;
UPDATE cmc_price_bars_multi_tf SET close = close * 1.5 WHERE id = 1 AND tf = '1D' AND time_close = :day;
SELECT :told FROM regime_explain(1, :day) WHERE step = 9;
SELECT value FROM regime_explain(1, '2024-01-01') WHERE what = 'stored row';
ROLLBACK;
-- A bar came since, and one between others.
BEGIN;
SELECT append_bar(1, 50);
SELECT :told FROM regime_explain(1) WHERE step = 9;
SELECT value FROM regime_explain(1, :day) WHERE what = 'stored row';
DELETE FROM cmc_regimes WHERE id = 1 AND ts = :day;
SELECT :told FROM regime_explain(1, :day) WHERE step = 9;
ROLLBACK;
-- With later bars the tier changes, or the layers; bars of the market proxy changed.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
BEGIN;
INSERT INTO cmc_price_bars_multi_tf_cal_iso SELECT 2, '1W', 1000 + i, timestamptz '2025-01-05 23:59:59+00' + i * interval '7 days', 50
    FROM generate_series(1, 50) AS i;
SELECT :told FROM regime_explain(2) WHERE step = 9;
ROLLBACK;
BEGIN;
INSERT INTO cmc_price_bars_multi_tf SELECT 3, '1D', 1000 + i, timestamptz '2025-01-01 23:59:59+00' + i * interval '1 day', 50
    FROM generate_series(0, 79) AS i;
SELECT :told FROM regime_explain(3, '2024-12-31 23:59:59+00') WHERE step = 9;
ROLLBACK;
BEGIN;
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 1000 WHERE id = 1 AND tf = '1W' AND time_close > '2024-12-01';
UPDATE cmc_ema_multi_tf_cal_iso SET ema = 1000 WHERE id = 1 AND tf = '1W' AND period = 20 AND ts > '2024-12-01';
SELECT :told FROM regime_explain(3) WHERE step = 9;
ROLLBACK;
-- The source map changed: what is read, and with what periods.
BEGIN;
CREATE TABLE other_emas AS SELECT id, ts, tf, period, ema * 2 AS ema FROM cmc_ema_multi_tf_u;
UPDATE regime_source SET ema_table = 'other_emas', ema_filter = '{}' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT :told FROM regime_explain(1, :day) WHERE what = 'stored row';
ROLLBACK;
BEGIN;
UPDATE regime_source SET periods = '{21,50,100}' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT :told FROM regime_explain(1, :day) WHERE what = 'stored row';
ROLLBACK;
-- Somebody changed the row.
BEGIN;
UPDATE cmc_regimes SET size_mult = 1.0, setups = NULL WHERE id = 1 AND ts = :day;
SELECT :told FROM regime_explain(1, :day) WHERE step = 9;
-- A row that may not be read, a state that may not be read.
CREATE ROLE regress_explain_reader;
GRANT SELECT ON cmc_price_bars_multi_tf, cmc_price_bars_multi_tf_cal_iso, cmc_ema_multi_tf_u, cmc_ema_multi_tf_cal_iso TO regress_explain_reader;
SET ROLE regress_explain_reader;
SELECT :told FROM regime_explain(1, :day) WHERE step = 9;
RESET ROLE;
GRANT SELECT ON cmc_regimes TO regress_explain_reader;
SET ROLE regress_explain_reader;
SELECT :told FROM regime_explain(1, :day) WHERE step = 9;
ROLLBACK;
