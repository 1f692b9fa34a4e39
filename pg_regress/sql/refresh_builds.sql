-- build_calendar: a refresh first builds weekly bars, monthly bars and EMAs, and gives the rows of regime_build_inputs and a
-- refresh after it.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
SELECT FROM regime_demo(n_assets => 4, days => 900, seed => 7);
\set ECHO all
SELECT FROM refresh_cmc_regimes();
CREATE TABLE wanted AS TABLE cmc_regimes;
CREATE TABLE wanted_emas AS TABLE cmc_ema_multi_tf_u;
CREATE TABLE wanted_weeks AS TABLE cmc_price_bars_multi_tf_cal_iso;
SELECT count(*) > 0 AS any FROM wanted;

-- Without the bars of the last weeks, and without anything built.
UPDATE regime_source SET build_calendar = 'iso' WHERE cal_scheme = 'iso';
SELECT layer, build_calendar, origin FROM regime_source WHERE cal_scheme = 'iso' ORDER BY layer;
TRUNCATE cmc_ema_multi_tf_u, cmc_ema_multi_tf_cal_iso, cmc_price_bars_multi_tf_cal_iso;
CREATE TABLE later AS SELECT * FROM cmc_price_bars_multi_tf WHERE time_close > (SELECT max(time_close) - interval '40 days' FROM cmc_price_bars_multi_tf);
DELETE FROM cmc_price_bars_multi_tf b USING later l WHERE (b.id, b.bar_seq) = (l.id, l.bar_seq);
-- A dry run builds nothing.
SELECT id, status FROM refresh_cmc_regimes(2, dry_run => true);
SELECT count(*) FROM cmc_ema_multi_tf_u;
SELECT id, status FROM refresh_cmc_regimes();
TABLE cmc_regimes EXCEPT TABLE wanted;

-- The rest bar by bar: of an asset at a time, of all, and in rounds.
DO $$
DECLARE
    day timestamptz;
BEGIN
    FOR day IN SELECT DISTINCT time_close FROM later ORDER BY 1 LIMIT 15 LOOP
        INSERT INTO cmc_price_bars_multi_tf SELECT * FROM later WHERE time_close = day;
        PERFORM FROM refresh_cmc_regimes(assets => '{2,3}');
    END LOOP;
END $$;
INSERT INTO cmc_price_bars_multi_tf SELECT * FROM later ON CONFLICT DO NOTHING;
SELECT DISTINCT mode FROM refresh_cmc_regimes(2);
CALL refresh_all_cmc_regimes();
CREATE VIEW differing AS
(SELECT id, ts, regime_key, size_mult, feature_tier FROM wanted EXCEPT ALL SELECT id, ts, regime_key, size_mult, feature_tier FROM cmc_regimes)
UNION ALL (SELECT id, ts, regime_key, size_mult, feature_tier FROM cmc_regimes EXCEPT ALL SELECT id, ts, regime_key, size_mult, feature_tier FROM wanted);
TABLE differing;
(SELECT id, ts, period, ema FROM wanted_emas EXCEPT ALL SELECT id, ts, period, ema FROM cmc_ema_multi_tf_u)
UNION ALL (SELECT id, ts, period, ema FROM cmc_ema_multi_tf_u EXCEPT ALL SELECT id, ts, period, ema FROM wanted_emas);
(SELECT id, tf, time_close, close FROM wanted_weeks EXCEPT ALL SELECT id, tf, time_close, close FROM cmc_price_bars_multi_tf_cal_iso)
UNION ALL (SELECT id, tf, time_close, close FROM cmc_price_bars_multi_tf_cal_iso EXCEPT ALL SELECT id, tf, time_close, close FROM wanted_weeks);

-- Tracked: what a refresh has built marks nothing that it has not itself seen, and what is unchanged is not read.
SELECT DISTINCT action FROM regime_track() WHERE relation ~ 'cmc_(price|ema)' AND relation !~ '_us';
SELECT id, mode FROM refresh_cmc_regimes();
SELECT id, mode FROM refresh_cmc_regimes();
SELECT count(*) FROM refresh_cmc_regimes(only_dirty => true);
DELETE FROM cmc_price_bars_multi_tf b USING later l WHERE (b.id, b.bar_seq) = (l.id, l.bar_seq);
SELECT id, status FROM refresh_cmc_regimes(only_dirty => true);
INSERT INTO cmc_price_bars_multi_tf SELECT * FROM later;
SELECT id, mode FROM refresh_cmc_regimes(only_dirty => true);
SELECT count(*) FROM refresh_cmc_regimes(only_dirty => true);
TABLE differing;
-- A correction.
UPDATE cmc_price_bars_multi_tf SET close = close * 1.1 WHERE id = 3 AND bar_seq = 500;
SELECT id, mode FROM refresh_cmc_regimes(only_dirty => true);
UPDATE cmc_price_bars_multi_tf SET close = close / 1.1 WHERE id = 3 AND bar_seq = 500;
SELECT rows_written FROM regime_build_inputs() WHERE rows_written > 2000;
-- A table that holds other rows is left alone.
COMMENT ON TABLE cmc_ema_multi_tf_u IS 'mine';
UPDATE cmc_price_bars_multi_tf SET close = close * 2 WHERE id = 4;
SELECT id, status FROM refresh_cmc_regimes(4);
SELECT id, ts, period, ema FROM wanted_emas WHERE id = 4 EXCEPT SELECT id, ts, period, ema FROM cmc_ema_multi_tf_u;
