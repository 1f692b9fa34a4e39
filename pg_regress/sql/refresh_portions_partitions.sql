-- Partitioned output tables: assets and series are refreshed together, rows for which there is no partition yet fail one asset alone,
-- and rows before the oldest partition are left out, as in a refresh of each by itself.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
INSERT INTO dim_assets SELECT id, 'A' || id FROM generate_series(5, 9) AS id;
INSERT INTO cmc_price_bars_multi_tf SELECT n, tf, bar_seq, time_close, close + n FROM cmc_price_bars_multi_tf, generate_series(5, 9) AS n WHERE id = 2;
INSERT INTO cmc_ema_multi_tf_u SELECT n, ts, tf, period, ema + n, alignment_source FROM cmc_ema_multi_tf_u, generate_series(5, 9) AS n WHERE id = 2;
CREATE TABLE candles AS SELECT s.symbol, '1d' AS timeframe, time_close AS open_time, close AS open, close * 1.01 AS high, close * 0.99 AS low, close, 1 AS volume
    FROM cmc_price_bars_multi_tf JOIN dim_assets s USING (id) WHERE tf = '1D' AND id <> 1;
SELECT count(*) > 0 AS made FROM regime_setup();
-- Regimes by asset and time, in one partition of assets not beyond 2024; flips and candles by time, from October 2024 on.
ALTER TABLE cmc_regimes RENAME TO made;
CREATE TABLE cmc_regimes (LIKE made INCLUDING ALL) PARTITION BY LIST (id);
DROP TABLE made;
CREATE TABLE of_7 PARTITION OF cmc_regimes FOR VALUES IN (7) PARTITION BY RANGE (ts);
CREATE TABLE of_7_2024 PARTITION OF of_7 FOR VALUES FROM ('2024-03-01 00:00+00') TO ('2025-01-01 00:00+00');
CREATE TABLE of_8 PARTITION OF cmc_regimes FOR VALUES IN (8) PARTITION BY RANGE (ts);
CREATE TABLE of_8_2024 PARTITION OF of_8 FOR VALUES FROM ('2024-12-01 00:00+00') TO (MAXVALUE);
CREATE TABLE of_others PARTITION OF cmc_regimes DEFAULT;
ALTER TABLE cmc_regime_flips RENAME TO made;
CREATE TABLE cmc_regime_flips (LIKE made INCLUDING ALL) PARTITION BY RANGE (ts);
DROP TABLE made;
CREATE TABLE flips_10 PARTITION OF cmc_regime_flips FOR VALUES FROM ('2024-10-01 00:00+00') TO ('2024-12-01 00:00+00');
CREATE TABLE flips_12 PARTITION OF cmc_regime_flips FOR VALUES FROM ('2024-12-01 00:00+00') TO (MAXVALUE);
ALTER TABLE market_regimes RENAME TO made;
CREATE TABLE market_regimes (LIKE made INCLUDING ALL) PARTITION BY RANGE (open_time);
DROP TABLE made;
CREATE TABLE candles_10 PARTITION OF market_regimes FOR VALUES FROM ('2024-10-01 00:00+00') TO (MAXVALUE);
SELECT count(*), min(status), max(status) FROM refresh_cmc_regimes();
SELECT count(*), min(status), max(status) FROM refresh_market_regimes();
CREATE PROCEDURE day() LANGUAGE sql AS $$
    INSERT INTO cmc_price_bars_multi_tf SELECT id, '1D', 9000 + d, timestamptz '2024-12-31 23:59:59+00' + d * interval '1 day', 40 + id - d
        FROM dim_assets, generate_series(1, CASE WHEN id = 5 THEN 20 ELSE 1 END) AS d WHERE id NOT IN (4, 6);
    INSERT INTO candles SELECT symbol, timeframe, open_time + interval '1 day', open, high, low, close / 2 + high / 2, 1 FROM candles WHERE open_time > '2024-12-31' $$;
CREATE FUNCTION told(by_one boolean) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
DECLARE lines text[]; series text[]; ids int[] := '{1,2,3,5,6,7,8,9}';
BEGIN
    BEGIN
        CALL day();
        series := ARRAY(SELECT DISTINCT symbol FROM candles);
        lines := CASE WHEN by_one THEN ARRAY(SELECT to_jsonb(r) - 'elapsed_ms' FROM unnest(ids) AS u (n), refresh_cmc_regimes(u.n) AS r)
            || ARRAY(SELECT to_jsonb(r) - 'elapsed_ms' FROM unnest(series) AS c (symbol), refresh_market_regimes(c.symbol) AS r)
            ELSE ARRAY(SELECT to_jsonb(r) - 'elapsed_ms' FROM refresh_cmc_regimes(ids) AS r)
            || ARRAY(SELECT to_jsonb(r) - 'elapsed_ms' FROM refresh_market_regimes() AS r) END;
        lines := lines || ARRAY(SELECT (to_jsonb(t) - '{updated_at,computed_at}'::text[])::text FROM cmc_regimes AS t);
        lines := lines || ARRAY(SELECT (to_jsonb(t) - '{updated_at,computed_at}'::text[])::text FROM cmc_regime_flips AS t);
        lines := lines || ARRAY(SELECT (to_jsonb(t) - '{updated_at,computed_at}'::text[])::text FROM cmc_regime_stats AS t);
        lines := lines || ARRAY(SELECT (to_jsonb(t) - '{created_at}'::text[])::text FROM market_regimes AS t);
        lines := lines || ARRAY(SELECT (to_jsonb(t) - '{updated_at,computed_at}'::text[])::text FROM regime_work.cmc_regime_state AS t);
        lines := lines || ARRAY(SELECT (to_jsonb(t) - '{updated_at,computed_at}'::text[])::text FROM regime_work.market_regime_state AS t);
        RAISE 'nothing stays';
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
    RETURN QUERY SELECT unnest(lines);
END $$;
BEGIN;
CALL day();
SELECT id, status, mode, reason, rows_written, left(message, 60) AS message FROM refresh_cmc_regimes('{1,2,3,5,6,7,8,9}'::int[]);
SELECT symbol, status, mode, rows_written FROM refresh_market_regimes();
SELECT tableoid::regclass, count(*), min(ts), max(ts) FROM cmc_regimes GROUP BY 1 ORDER BY 1;
SELECT tableoid::regclass, count(*) > 0 AS filled, min(ts), max(ts) FROM cmc_regime_flips GROUP BY 1 ORDER BY 1;
ROLLBACK;
SELECT count(*) > 500 AS told FROM told(true);
SELECT * FROM told(false) EXCEPT ALL SELECT * FROM told(true);
SELECT * FROM told(true) EXCEPT ALL SELECT * FROM told(false);
SELECT count(*) FROM regime_track();
SELECT count(*) FROM refresh_cmc_regimes() UNION ALL SELECT count(*) FROM refresh_market_regimes();
SELECT * FROM told(false) EXCEPT ALL SELECT * FROM told(true);
SELECT * FROM told(true) EXCEPT ALL SELECT * FROM told(false);
-- Written by one statement, as a trigger tells.
CREATE TABLE fired (relation text, rows bigint);
CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.fired SELECT TG_TABLE_NAME, count(*) FROM new_rows; RETURN NULL; END';
CREATE TRIGGER count_rows AFTER INSERT ON cmc_regimes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_rows();
CREATE TRIGGER count_rows AFTER INSERT ON market_regimes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_rows();
CREATE TABLE of_7_2025 PARTITION OF of_7 FOR VALUES FROM ('2025-01-01 00:00+00') TO (MAXVALUE);
SELECT count(*) FROM refresh_cmc_regimes() UNION ALL SELECT count(*) FROM refresh_market_regimes();
TRUNCATE fired;
CALL day();
SELECT status, mode, reason, count(*), sum(rows_written) FROM refresh_cmc_regimes() GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT status, mode, count(*), sum(rows_written) FROM refresh_market_regimes() GROUP BY 1, 2 ORDER BY 1, 2;
SELECT relation, rows, count(*) FROM fired GROUP BY 1, 2 ORDER BY 1, 2;
