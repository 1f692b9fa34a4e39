-- Bars and EMAs that come late, are corrected or deleted: all rows of the asset are computed anew, and the reason says from when
-- on: without tracking the first bar of the block of 64 that differs, with tracking the very bar.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- What a change leads to. It stays.
CREATE FUNCTION after(change text) RETURNS TABLE (mode text, reason text, differ bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE change;
    SELECT r.mode, r.reason INTO mode, reason FROM refresh_cmc_regimes(2) r;
    differ := differ('{2}');
    RETURN NEXT;
END $$;
CREATE TABLE change (n serial, what text, sql text);
INSERT INTO change (what, sql) VALUES
    ('bar corrected', 'UPDATE cmc_price_bars_multi_tf SET close = close * 1.3 WHERE id = 2 AND bar_seq = 250'),
    ('newest bar corrected', 'UPDATE cmc_price_bars_multi_tf SET close = close * 1.3 WHERE id = 2 AND bar_seq = 400'),
    ('bar deleted', 'DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND bar_seq = 100'),
    ('bar late', 'INSERT INTO cmc_price_bars_multi_tf VALUES (2, ''1D'', 100, ''2024-03-06 23:59:59+00'', 41)'),
    ('bar before all', 'INSERT INTO cmc_price_bars_multi_tf VALUES (2, ''1D'', 0, ''2023-11-01 23:59:59+00'', 41)'),
    ('newest bar deleted', 'DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND bar_seq = 400'),
    ('late and new at once', 'INSERT INTO cmc_price_bars_multi_tf VALUES (2, ''1D'', -1, ''2023-10-01 23:59:59+00'', 41),
        (2, ''1D'', 400, ''2024-12-31 23:59:59+00'', 41), (2, ''1D'', 401, ''2025-01-01 23:59:59+00'', 41)'),
    ('bar moved', 'UPDATE cmc_price_bars_multi_tf SET time_close = ''2023-11-02'' WHERE id = 2 AND bar_seq = 401'),
    ('EMA corrected', 'UPDATE cmc_ema_multi_tf_u SET ema = ema / 2 WHERE id = 2 AND period = 50 AND ts = ''2024-08-08 23:59:59+00'''),
    ('EMA deleted', 'DELETE FROM cmc_ema_multi_tf_u WHERE id = 2 AND period = 20 AND ts = ''2024-08-08 23:59:59+00'''),
    ('EMA late', 'INSERT INTO cmc_ema_multi_tf_u VALUES (2, ''2024-08-08 23:59:59+00'', ''1D'', 20, 40, ''multi_tf'')'),
    ('EMA unknown', 'UPDATE cmc_ema_multi_tf_u SET ema = NULL WHERE id = 2 AND period = 100 AND ts = ''2024-12-31 23:59:59+00'''),
    ('week corrected', 'UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 1 WHERE id = 2 AND tf = ''1W'' AND bar_seq = 30'),
    ('month of no layer corrected',
        'UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 1 WHERE id = 2 AND tf = ''1M'' AND bar_seq = 3'),
    ('EMA of a week deleted',
        'DELETE FROM cmc_ema_multi_tf_cal_iso WHERE id = 2 AND tf = ''1W'' AND period = 20 AND ts > ''2024-12-25'''),
    -- what is not read
    ('EMA of another period', 'INSERT INTO cmc_ema_multi_tf_u VALUES (2, ''2024-08-08 23:59:59+00'', ''1D'', 7, 40, ''multi_tf'')'),
    ('EMA without a bar', 'INSERT INTO cmc_ema_multi_tf_u VALUES (2, ''2024-08-08 12:00+00'', ''1D'', 20, 40, ''multi_tf'')'),
    ('bars of another timeframe', 'INSERT INTO cmc_price_bars_multi_tf VALUES (2, ''4H'', 1, ''2024-08-08 12:00+00'', 41)'),
    ('other calendar', 'UPDATE cmc_price_bars_multi_tf_cal_us SET close = 1 WHERE id = 2'),
    ('rewritten with the same', 'UPDATE cmc_price_bars_multi_tf SET close = close WHERE id = 2'),
    ('all bars deleted', 'DELETE FROM cmc_price_bars_multi_tf WHERE id = 2');
SELECT status FROM refresh_cmc_regimes(2);
BEGIN;
SELECT what, after.* FROM change, after(sql) ORDER BY n;
SELECT count(*) FROM regime_work.cmc_regime_state WHERE id = 2;
ROLLBACK;
-- With tracking.
SELECT count(*) FROM regime_track() WHERE action = 'now tracked';
SELECT status FROM refresh_cmc_regimes(2);
SELECT what, after.* FROM change, after(sql) ORDER BY n;
SELECT count(*) FROM regime_work.cmc_regime_state WHERE id = 2;
