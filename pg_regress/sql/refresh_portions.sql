-- Assets of which no earlier row changes are refreshed together, the others by themselves, and what cannot be written takes nothing
-- of the others with it: a call for many assets does what a call for each of them does.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
INSERT INTO dim_assets SELECT id, 'A' || id FROM generate_series(5, 16) AS id;
INSERT INTO cmc_price_bars_multi_tf SELECT n, tf, bar_seq, time_close, close + n FROM cmc_price_bars_multi_tf, generate_series(5, 15) AS n
    WHERE id = CASE WHEN n % 3 = 0 THEN 2 ELSE 3 + n % 3 % 2 END;
INSERT INTO cmc_ema_multi_tf_u SELECT n, ts, tf, period, ema + n, alignment_source FROM cmc_ema_multi_tf_u, generate_series(5, 15) AS n
    WHERE id = CASE WHEN n % 3 = 0 THEN 2 ELSE 3 + n % 3 % 2 END;
ALTER TABLE cmc_ema_multi_tf_u DROP CONSTRAINT cmc_ema_multi_tf_u_pkey;
CREATE INDEX ON cmc_ema_multi_tf_u (id, ts);
SELECT count(*), sum(rows_written) FROM refresh_cmc_regimes();
ALTER TABLE cmc_regimes ADD CONSTRAINT not_of_12 CHECK (id <> 12 OR ts < '2025-01-01');
VACUUM ANALYZE;
-- What a day brings: assets 2 to 4, 6 and 12 a bar, 5 two, 7 a late one, 8 none, 9 an unusable one, 10 a corrected EMA, 11 loses its newest
-- bar, 12 may not have the rows, 13 loses all bars, 14 an EMA beside another, 15 lacks its fingerprints, 16 is new.
CREATE PROCEDURE day() LANGUAGE sql AS $$
    INSERT INTO cmc_price_bars_multi_tf SELECT id, '1D', 9000 + d, timestamptz '2024-12-31 23:59:59+00' + d * interval '1 day',
            CASE WHEN id = 9 THEN 'NaN'::float8 ELSE 40 + id - d END
        FROM unnest('{2,3,4,5,6,9,12,14,15,16}'::int[]) AS id, generate_series(1, CASE WHEN id = 5 THEN 2 ELSE 1 END) AS d;
    INSERT INTO cmc_ema_multi_tf_u SELECT id, time_close, '1D', 20, 41, 'multi_tf' FROM cmc_price_bars_multi_tf WHERE tf = '1D' AND bar_seq > 9000;
    INSERT INTO cmc_price_bars_multi_tf VALUES (7, '1D', 9100, '2024-12-30 12:00+00', 44);
    UPDATE cmc_ema_multi_tf_u SET ema = ema + 1 WHERE id = 10 AND period = 20 AND ts > '2024-12-25';
    DELETE FROM cmc_price_bars_multi_tf WHERE id = 11 AND time_close > '2024-12-31' OR id = 13;
    INSERT INTO cmc_ema_multi_tf_u SELECT id, time_close, '1D', 20, 42, 'multi_tf' FROM cmc_price_bars_multi_tf WHERE id = 14 AND bar_seq > 9000;
    DELETE FROM regime_work.cmc_regime_inputs WHERE id = 15 AND block = 0 $$;
\i :abs_srcdir/portions.sql
SET client_min_messages = error;
\set ids 'ARRAY(SELECT generate_series(1, 16))'
\set together 'ARRAY(SELECT id FROM generate_series(1, 16) AS id WHERE id <> 12)'
\set read 'string_agg(format(''%s: %s'', id, rows_read), '', '' ORDER BY id) AS rows_read'
\set summary 'id, status, mode, reason, rows_written, message'
-- Not tracked, all bars are read and compared.
BEGIN;
CALL day();
SELECT :summary FROM refresh_cmc_regimes(:ids);
SELECT :read FROM cmc_regime_run_log WHERE id IS NOT NULL AND run = (SELECT max(run) FROM cmc_regime_run_log);
ROLLBACK;
SELECT count(*) > 90 AS told FROM told(true, :ids);
SELECT * FROM unlike(:together);
SELECT * FROM unlike(:ids);
-- Tracked, the new ones alone are read.
SELECT count(*) FROM regime_track();
SELECT status, count(*) FROM refresh_cmc_regimes() GROUP BY 1;
BEGIN;
CALL day();
SELECT :summary FROM refresh_cmc_regimes(:together);
SELECT :read FROM cmc_regime_run_log WHERE id IS NOT NULL AND run = (SELECT max(run) FROM cmc_regime_run_log);
ROLLBACK;
SELECT * FROM unlike(:together);
SELECT * FROM unlike(:ids);
-- Of many assets, one that fails takes few others out of what is written together, as a trigger of the statements tells.
INSERT INTO dim_assets SELECT id, 'A' || id FROM generate_series(17, 60) AS id;
INSERT INTO cmc_price_bars_multi_tf SELECT n, tf, bar_seq, time_close, close + n FROM cmc_price_bars_multi_tf, generate_series(17, 60) AS n WHERE id = 3;
SELECT status, count(*) FROM refresh_cmc_regimes() GROUP BY 1 ORDER BY 1;
CREATE TABLE fired (rows bigint);
CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.fired SELECT count(*) FROM new_rows; RETURN NULL; END';
CREATE TRIGGER count_rows AFTER INSERT ON cmc_regimes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_rows();
INSERT INTO cmc_price_bars_multi_tf SELECT id, '1D', 9000, '2025-01-01 23:59:59+00', 40 FROM dim_assets WHERE id NOT IN (4, 13, 16);
SELECT status, mode, count(*), min(id), max(id) FROM refresh_cmc_regimes() GROUP BY 1, 2 ORDER BY 1, 2;
SELECT rows, count(*) FROM fired GROUP BY 1 ORDER BY 1;
SELECT differ('{5,17,60}');
