-- Bars that cannot be used fail their asset, with how many they are and when the first closed. Nothing is lost.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- No keys in the way: views and imports have none.
ALTER TABLE cmc_price_bars_multi_tf DROP CONSTRAINT cmc_price_bars_multi_tf_pkey, ALTER time_close DROP NOT NULL, ALTER id
    DROP NOT NULL, ALTER tf DROP NOT NULL;
ALTER TABLE cmc_ema_multi_tf_u DROP CONSTRAINT cmc_ema_multi_tf_u_pkey, ALTER ts DROP NOT NULL, ALTER period DROP NOT NULL;
ALTER TABLE cmc_ema_multi_tf_cal_iso DROP CONSTRAINT cmc_ema_multi_tf_cal_iso_pkey;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
CREATE TABLE before AS :content;
-- One bad price each, in assets 2 and 4, as each kind of it. Asset 3 goes on.
CREATE FUNCTION spoil(price float8) RETURNS void LANGUAGE sql AS 'UPDATE cmc_price_bars_multi_tf SET close = price WHERE (id, bar_seq) IN ((2, 5), (2, 400), (4, 200))';
SET client_min_messages = error;
SELECT spoil(NULL);
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
SELECT spoil('NaN');
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
SELECT spoil('Infinity');
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
SELECT spoil('-Infinity');
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
SELECT spoil(0);
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
SELECT spoil(-50);
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
RESET client_min_messages;
SELECT id, status, message FROM refresh_cmc_regimes(4);
-- What reads only raises the same, with its SQLSTATE.
SELECT count(*) FROM regime_compute(4);
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x;
-- The smallest and the largest prices are prices.
SELECT spoil(5e-324);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 4]);
SELECT spoil(1.7e308);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 4]);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 4]);
UPDATE cmc_price_bars_multi_tf SET close = 50 WHERE (id, bar_seq) IN ((2, 5), (2, 400), (4, 200));
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
DROP TABLE before;
CREATE TABLE before AS :content;

-- Two bars with one timestamp, and bars without one.
INSERT INTO cmc_price_bars_multi_tf SELECT id, tf, bar_seq + 1000, time_close, close FROM cmc_price_bars_multi_tf
    WHERE (id, bar_seq) IN ((2, 100), (2, 102), (3, 40));
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
SELECT count(*) FROM regime_label_daily(3);
\echo :LAST_ERROR_SQLSTATE
DELETE FROM cmc_price_bars_multi_tf WHERE bar_seq > 1000 AND id > 1;
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', 0, NULL, 1), (2, '1D', 0, 'infinity', 1), (3, '1D', 0, '-infinity', 1),
    (NULL, '1D', 0, now(), 0), (2, NULL, 0, now(), 0), (2, '1d', 0, now(), 0);
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
DELETE FROM cmc_price_bars_multi_tf WHERE bar_seq = 0;
-- A bad weekly bar fails the assets that have it. That of the market proxy fails also those that need the proxy.
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 0 WHERE id = 2 AND tf = '1W' AND bar_seq = 3;
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 50 WHERE id = 2 AND tf = '1W' AND bar_seq = 3;
UPDATE cmc_price_bars_multi_tf_cal_iso SET close = 0 WHERE id = 1 AND tf = '1W' AND bar_seq = 3;
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 3, 4]);
-- Another calendar does not read them, and asset 2 with every layer needs no proxy, unless it is labelled point in time: its
-- first rows have no slow layer.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[4], cal_scheme => 'us', dry_run => true);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2], min_bars_l0 => 1, dry_run => true);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2], min_bars_l0 => 1, point_in_time => false, dry_run => true);
UPDATE cmc_price_bars_multi_tf_cal_iso b SET close = u.close FROM cmc_price_bars_multi_tf u
    WHERE u.id = 1 AND u.time_close = b.time_close AND b.id = 1 AND b.tf = '1W' AND b.bar_seq = 3;

-- An EMA with two rows per bar after the filters is no less ambiguous when both say the same.
INSERT INTO cmc_ema_multi_tf_u SELECT id, ts, tf, period, ema, 'other' FROM cmc_ema_multi_tf_u WHERE id = 2;
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
INSERT INTO cmc_ema_multi_tf_u SELECT id, ts, tf, period, ema, 'multi_tf' FROM cmc_ema_multi_tf_u
    WHERE id = 2 AND period = 20 AND alignment_source = 'other' ORDER BY ts DESC LIMIT 2;
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT count(*) FROM regime_label_daily(2);
\echo :LAST_ERROR_SQLSTATE
UPDATE regime_source SET ema_filter = '{"alignment_source": "other"}' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT id, status FROM refresh_cmc_regimes(2);
UPDATE regime_source SET ema_filter = '{"alignment_source": "multi_tf"}' WHERE cal_scheme = 'iso' AND layer = 'L2';
DELETE FROM cmc_ema_multi_tf_u u USING cmc_ema_multi_tf_u o WHERE u.id = 2 AND (u.id, u.ts, u.period,
    u.alignment_source) = (o.id, o.ts, o.period, o.alignment_source) AND u.ctid > o.ctid;
-- Snapshots between bars are not taken, nor anything else without a bar.
INSERT INTO cmc_ema_multi_tf_cal_iso SELECT id, tf, ts, period, true, 0 FROM cmc_ema_multi_tf_cal_iso WHERE id = 2;
INSERT INTO cmc_ema_multi_tf_u VALUES (2, NULL, '1D', 20, 1, 'multi_tf'), (2, '2024-12-31 12:00+00', '1D', 20, 1, 'multi_tf'),
    (2, '2024-12-31 23:59:59+00', '1D', NULL, 1, 'multi_tf'), (2, '2024-12-31 23:59:59+00', '1D', 21, 1, 'multi_tf'),
    (2, '2024-12-31 23:59:59+00', '1W', 20, 1, 'multi_tf');
SELECT id, status, rows_written FROM refresh_cmc_regimes(2);
-- EMAs that are NULL, NaN or infinite are unknown: no trend, and no error.
UPDATE cmc_ema_multi_tf_u SET ema = CASE WHEN period = 20 THEN NULL WHEN period = 50 THEN float8 'NaN' ELSE 'Infinity' END
    WHERE id = 4;
SELECT id, status, comovement_rows FROM refresh_cmc_regimes(4, hysteresis => false);
SELECT DISTINCT split_part(l2_label, '-', 1) AS trend FROM cmc_regimes WHERE id = 4;
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x WHERE id <> 4;
