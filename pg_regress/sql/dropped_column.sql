-- A column that was dropped comes back with its values: whoever adds the column, all rows are computed again. Until
-- then, no reader takes a missing value for permission.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE candles AS SELECT s.symbol, '1d' AS timeframe, time_close AS open_time, close * 1.01 AS high, close * 0.99 AS low, close
    FROM cmc_price_bars_multi_tf JOIN dim_assets s USING (id) WHERE tf = '1D' AND id IN (2, 3);
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[2,4]);
SELECT DISTINCT status FROM refresh_market_regimes();
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG');
SELECT count(*) > 0 AS tracked FROM regime_track();
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[2,4]);
SELECT DISTINCT status FROM refresh_market_regimes();
CREATE TABLE before AS :content;
CREATE TABLE candles_before AS SELECT to_jsonb(m) - 'created_at' AS said FROM market_regimes m;
CREATE TABLE days_before AS SELECT to_jsonb(h) - 'created_at' AS said FROM market_regime_history h;
CREATE FUNCTION differing() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (SELECT to_jsonb(c) - 'updated_at' FROM cmc_regimes r, LATERAL regime_compute(r.id) c WHERE r.ts = '2024-12-31 23:59:59+00'
        EXCEPT SELECT to_jsonb(r) - 'updated_at' FROM cmc_regimes r) x $$;
SELECT allowed, reason FROM regime_gate(2, '2024-12-31 23:59:59+00', 'nonsense', 1);
-- Readers say what is missing, and what to type.
ALTER TABLE cmc_regimes DROP setups;
SELECT allowed FROM regime_gate(2, '2024-12-31 23:59:59+00', 'nonsense', 1);
SELECT count(*) FROM regime_at(2, '2024-12-31 23:59:59+00');
SELECT hint_of('SELECT * FROM regime_gate(2, now(), NULL, 1)') AS hint \gset
\echo :hint
SELECT relation, action FROM regime_setup() WHERE action <> 'unchanged';
-- The values are not there yet: nothing is allowed by them.
SELECT allowed, reason FROM regime_gate(2, '2024-12-31 23:59:59+00', 'nonsense', 1);
SELECT allowed, reason FROM regime_gate(2, '2024-12-31 23:59:59+00', NULL, 1);
-- A policy that gives no setups leaves them open.
SELECT regime_load_policy('open', '[{"match": "Up-", "size_mult": 0.5}, {"match": "Sideways-", "size_mult": 0.5}, {"match": "Down-", "size_mult": 0.5}, {"match": "*", "size_mult": 0.5}]');
SELECT status FROM refresh_cmc_regimes(4, policy => 'open');
SELECT count(*) AS open FROM cmc_regimes WHERE id = 4 AND setups IS NULL;
SELECT allowed, reason FROM regime_gate(4, '2024-12-31 23:59:59+00', 'nonsense', 1);
SELECT regime_drop_policy('open');
SELECT allowed, reason FROM regime_gate(4, '2024-12-31 23:59:59+00', 'nonsense', 1);
-- A refresh computes all rows, once.
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[2,4]);
SELECT id, mode, reason FROM cmc_regime_run_log WHERE run = (SELECT max(run) FROM cmc_regime_run_log) AND id > 0 ORDER BY id;
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[2,4]);
SELECT differing();
SELECT allowed, reason FROM regime_gate(2, '2024-12-31 23:59:59+00', 'nonsense', 1);
-- Each table, and columns that the refresh itself adds, or that a user has added by hand.
ALTER TABLE cmc_regimes DROP l0_label, DROP regime_key, DROP feature_tier;
ALTER TABLE cmc_regime_flips DROP old_regime;
ALTER TABLE cmc_regime_flips ADD old_regime text;
ALTER TABLE cmc_regime_stats DROP std_ret_1d;
ALTER TABLE cmc_regime_comovement DROP correlation;
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[2,4]);
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[2,4]);
SELECT differing();
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x;
ALTER TABLE cmc_regimes DROP size_mult;
ALTER TABLE cmc_regimes ADD size_mult float8;
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
SELECT differing();
-- Regimes of candles.
ALTER TABLE market_regimes DROP confidence, DROP warmup;
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT DISTINCT reason FROM cmc_regime_run_log WHERE run = (SELECT max(run) FROM cmc_regime_run_log) AND subject <> '';
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT count(*) FROM (TABLE candles_before EXCEPT SELECT to_jsonb(m) - 'created_at' FROM market_regimes m) x;
ALTER TABLE market_regimes DROP trend_state;
ALTER TABLE market_regimes ADD trend_state text;
SELECT count(*) AS without FROM get_market_regimes('YOUNG', '1d') WHERE trend_state IS NULL;
SELECT count(*) FROM market_regimes_stats('YOUNG');
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT count(*) FROM (TABLE candles_before EXCEPT SELECT to_jsonb(m) - 'created_at' FROM market_regimes m) x;
-- Days of the history are completed without full_refresh.
ALTER TABLE market_regime_history DROP description, DROP trend_strength;
SELECT count(*) FROM market_regime_history_latest('YOUNG');
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG');
SELECT count(*) FROM (TABLE days_before EXCEPT SELECT to_jsonb(h) - 'created_at' FROM market_regime_history h) x;
-- A copy of a table that lacks a column which a set-up adds, as when a table is partitioned afterwards.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2,4]);
ALTER TABLE cmc_regimes RENAME TO made;
CREATE TABLE cmc_regimes AS SELECT id, ts, tf, l0_label, l1_label, l2_label, l3_label, l4_label, regime_key, size_mult, stop_mult, orders, gross_cap, pyramids,
    feature_tier, l0_enabled, l1_enabled, l2_enabled, regime_version_hash, updated_at FROM made;
DROP TABLE made;
SELECT relation, action FROM regime_setup() WHERE action <> 'unchanged';
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[2,4]);
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[2,4]);
SELECT differing();
