-- A partitioned output table whose old partitions are dropped: rows before the oldest partition are not stored, which is
-- told once, and new bars get their rows.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = notice;
CREATE TABLE candles AS SELECT s.symbol, '1d' AS timeframe, time_close AS open_time, close AS open, close * 1.01 AS high, close * 0.99 AS low, close, 1 AS volume
    FROM cmc_price_bars_multi_tf JOIN dim_assets s USING (id) WHERE tf = '1D' AND id IN (2, 3);
SELECT count(*) > 0 AS made FROM regime_setup();
CREATE FUNCTION by_month(output regclass, partition_key text, months text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE name text := output; month date;
BEGIN
    EXECUTE format('ALTER TABLE %1$I RENAME TO made', name);
    EXECUTE format('CREATE TABLE %1$I (LIKE made INCLUDING ALL) PARTITION BY RANGE (%2$I)', name, partition_key);
    DROP TABLE made;
    FOREACH month IN ARRAY months LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name || to_char(month, '_YYYY_MM'), name,
            CASE partition_key WHEN 'date' THEN month::text ELSE month || ' 00:00+00' END,
            CASE partition_key WHEN 'date' THEN (month + interval '3 months')::date::text ELSE (month + interval '3 months')::date || ' 00:00+00' END);
    END LOOP;
END $$;
SELECT by_month(t, k, '{2023-10-01,2024-01-01,2024-04-01,2024-07-01,2024-10-01}') FROM (VALUES
    ('cmc_regimes'::regclass, 'ts'), ('cmc_regime_flips', 'ts'), ('market_regimes', 'open_time'), ('market_states', 'open_time'), ('market_regime_history', 'date')) AS t (t, k);
SELECT count(*) FILTER (WHERE action <> 'unchanged') AS changed FROM regime_setup();
SELECT id, status, regime_rows FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT symbol, status, regime_rows FROM refresh_market_regimes();
SELECT symbol, status, state_rows FROM refresh_market_states();
CALL backfill_market_regime_history('2024-02-01', '2024-12-31', symbol => 'YOUNG');
SELECT count(*) > 0 AS tracked FROM regime_track();
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT DISTINCT status FROM refresh_market_states();
CREATE FUNCTION differing(since timestamptz) RETURNS bigint LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM (SELECT to_jsonb(c) - 'updated_at' FROM regime_compute(2) c WHERE c.ts >= since
        EXCEPT SELECT to_jsonb(r) - 'updated_at' FROM cmc_regimes r) x)
    + (SELECT count(*) FROM (SELECT to_jsonb(c) FROM market_regimes_compute('YOUNG', '1d', since) c
        EXCEPT SELECT to_jsonb(m) - 'created_at' FROM market_regimes m) x)
    + (SELECT count(*) FROM (SELECT to_jsonb(c) FROM market_states_compute('YOUNG', '1d', since) c
        EXCEPT SELECT to_jsonb(m) - 'created_at' FROM market_states m) x) $$;
-- Retention.
DROP TABLE cmc_regimes_2023_10, cmc_regime_flips_2023_10, market_regimes_2023_10, cmc_regimes_2024_01, cmc_regime_flips_2024_01, market_regimes_2024_01, market_states_2023_10, market_states_2024_01;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT id, status, rows_written FROM refresh_cmc_regimes(ARRAY[2, 3], full_refresh => true);
SELECT symbol, status, rows_written FROM refresh_market_regimes();
SELECT symbol, status, rows_written FROM refresh_market_regimes(full_refresh => true);
SELECT symbol, status, rows_written, mode FROM refresh_market_states();
SELECT symbol, status, rows_written FROM refresh_market_states(full_refresh => true);
SELECT min(ts) FROM cmc_regimes;
SELECT differing('2024-04-01 00:00+00');
-- Nothing is missing to who reads what is stored and computed in one.
SELECT count(*), count(created_at) FROM get_market_regimes('YOUNG', '1d');
SELECT count(*), count(created_at) FROM get_market_states('YOUNG', '1d');
SELECT count(*), count(created_at) FROM get_market_regimes('YOUNG', '1d', '2024-04-01 00:00+00');
SELECT value, detail FROM regime_explain(2, '2024-03-15 23:59:59+00') WHERE what = 'stored row';
-- A late bar before the oldest partition, and a new bar.
UPDATE cmc_price_bars_multi_tf SET close = close * 2 WHERE id = 2 AND time_close::date = '2024-03-30';
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT differing('2024-04-01 00:00+00');
CREATE TABLE cmc_regimes_2025_01 PARTITION OF cmc_regimes FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2025-01-02 00:00+00');
CREATE TABLE cmc_regime_flips_2025_01 PARTITION OF cmc_regime_flips FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2025-01-02 00:00+00');
SELECT append_bar(2, 60);
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT append_bar(3, 60);
SELECT id, status, mode, rows_written > 0 AS written FROM refresh_cmc_regimes(3);
SELECT count(*) FROM cmc_regimes WHERE ts > '2025-01-01';
-- A new bar beyond the newest partition is no old row: the asset fails, with what to type.
SELECT append_bar(3, 61);
SELECT id, status, message FROM refresh_cmc_regimes(3);
SELECT hint FROM cmc_regime_run_log WHERE id = 3 ORDER BY run DESC LIMIT 1 \gset
\echo :hint
:hint
SELECT id, status FROM refresh_cmc_regimes(3);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
-- The history: days before the oldest partition are not asked for.
DROP TABLE market_regime_history_2023_10, market_regime_history_2024_01, market_regime_history_2024_04;
CALL backfill_market_regime_history('2024-02-01', '2024-12-31', symbol => 'YOUNG');
CALL backfill_market_regime_history('2024-02-01', '2024-12-31', symbol => 'YOUNG', full_refresh => true);
SELECT min(date), count(*) FROM market_regime_history;
-- Partitions by asset, and below by time, some with a default partition: each asset has an oldest row of its own.
DROP TABLE cmc_regimes, regime_work.cmc_regime_state;
SELECT count(*) > 0 AS made FROM regime_setup();
ALTER TABLE cmc_regimes RENAME TO made;
CREATE TABLE cmc_regimes (LIKE made INCLUDING ALL) PARTITION BY LIST (id);
DROP TABLE made;
CREATE TABLE of_2 PARTITION OF cmc_regimes FOR VALUES IN (2) PARTITION BY RANGE (ts);
CREATE TABLE of_2_2024 PARTITION OF of_2 FOR VALUES FROM ('2024-06-01 00:00+00') TO (MAXVALUE);
CREATE TABLE of_3 PARTITION OF cmc_regimes FOR VALUES IN (3) PARTITION BY RANGE (ts);
CREATE TABLE of_3_2024 PARTITION OF of_3 FOR VALUES FROM ('2024-12-10 00:00+00') TO (MAXVALUE);
CREATE TABLE of_1 PARTITION OF cmc_regimes DEFAULT PARTITION BY RANGE (ts);
CREATE TABLE of_1_2024 PARTITION OF of_1 FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
SELECT id, status FROM refresh_cmc_regimes();
SELECT id, count(*), min(ts) FROM cmc_regimes GROUP BY 1 ORDER BY 1;
SET datestyle = 'SQL, DMY';
SET timezone = 'Asia/Tokyo';
SELECT id, status FROM refresh_cmc_regimes(full_refresh => true);
SELECT tableoid::regclass, count(*) FROM cmc_regimes GROUP BY 1 ORDER BY min(tableoid::regclass::text);
-- A gap in the middle: its rows are left out, which is told once, and a new bar gets its row.
RESET datestyle;
RESET timezone;
ALTER TABLE of_2_2024 RENAME TO made;
ALTER TABLE of_2 DETACH PARTITION made;
CREATE TABLE of_2_06 PARTITION OF of_2 FOR VALUES FROM ('2024-06-01 00:00+00') TO ('2024-08-01 00:00+00');
CREATE TABLE of_2_10 PARTITION OF of_2 FOR VALUES FROM ('2024-10-01 00:00+00') TO ('2025-02-01 00:00+00');
DROP TABLE made;
SELECT id, status FROM refresh_cmc_regimes(2, full_refresh => true);
SELECT append_bar(2, 62);
SELECT id, status, rows_written > 0 AS written FROM refresh_cmc_regimes(2);
SELECT id, status FROM refresh_cmc_regimes(2, full_refresh => true);
SELECT tableoid::regclass, count(*) FROM cmc_regimes WHERE id = 2 GROUP BY 1 ORDER BY 1;
SELECT value, detail FROM regime_explain(2, '2024-09-15 23:59:59+00') WHERE what = 'stored row';
-- A default partition takes the rows of the gap, also where the first partition begins with the first moment of all.
CREATE TABLE of_2_first PARTITION OF of_2 FOR VALUES FROM (MINVALUE) TO ('2024-06-01 00:00+00');
CREATE TABLE of_2_rest PARTITION OF of_2 DEFAULT;
SELECT id, status FROM refresh_cmc_regimes(2, full_refresh => true);
SELECT count(*) FROM of_2_rest;
-- The other systems.
DROP TABLE market_regimes_2024_07, market_regime_history_2024_10;
SELECT symbol, status FROM refresh_market_regimes(full_refresh => true);
SELECT count(*), count(created_at) FROM get_market_regimes('YOUNG', '1d');
