-- New bars cost only their own rows, and the tables are what a full refresh would make of all bars.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT :how FROM refresh_cmc_regimes();
-- Nothing new.
CREATE TABLE stamps AS SELECT id, computed_at FROM regime_work.cmc_regime_state;
SELECT :how FROM refresh_cmc_regimes();
SELECT count(*) AS moved FROM regime_work.cmc_regime_state s JOIN stamps USING (id) WHERE s.computed_at <> stamps.computed_at;
-- A bar of one asset: its row, what it does to the statistics of all keys, and the comovement.
SELECT append_bar(2, 58);
SELECT :how FROM refresh_cmc_regimes();
SELECT differ('{1,2,3}');
-- Several at once, a bar without EMAs, one after a gap.
SELECT count(*) AS bars FROM (VALUES (57), (30), (58), (70)) AS v (price), append_bar(2, price);
INSERT INTO cmc_price_bars_multi_tf VALUES (3, '1D', 900, '2025-01-01 23:59:59+00', 59), (3, '1D', 901, '2025-03-01', 20);
SELECT :how FROM refresh_cmc_regimes();
SELECT differ('{2,3}');
-- EMAs before their bar, weeks and months before their days.
INSERT INTO cmc_price_bars_multi_tf_cal_iso SELECT 1, tf, 900 + n, timestamptz '2024-12-31 23:59:59+00' + n * days, 50 + n
    FROM (VALUES ('1W', interval '7 days'), ('1M', interval '30 days')) AS v (tf, days), generate_series(1, 3) n;
INSERT INTO cmc_ema_multi_tf_cal_iso SELECT id, tf, time_close, period, false, close - period / 10.0
    FROM cmc_price_bars_multi_tf_cal_iso, unnest('{12,20,24,48,50,200}'::int[]) period WHERE bar_seq > 900;
INSERT INTO cmc_ema_multi_tf_u SELECT 1, '2025-01-01 23:59:59+00', '1D', period, 50 - period / 10.0, 'multi_tf'
    FROM unnest('{20,50,100}'::int[]) period;
SELECT :how FROM refresh_cmc_regimes(1);
INSERT INTO cmc_price_bars_multi_tf VALUES (1, '1D', 2201, '2025-01-01 23:59:59+00', 59);
SELECT :how FROM refresh_cmc_regimes(1);
SELECT differ('{1}');
-- Day by day, until the weeks and months are over.
CREATE PROCEDURE day_by_day(asset int, days int) LANGUAGE plpgsql AS $$
BEGIN
    FOR d IN 1..days LOOP
        PERFORM append_bar(asset, cents(asset, 2300 + d) / 100.0);
        INSERT INTO done SELECT mode, reason FROM refresh_cmc_regimes(asset);
        COMMIT;
    END LOOP;
END $$;
CREATE TABLE done (mode text, reason text);
CALL day_by_day(1, 95);
SELECT mode, reason, count(*) FROM done GROUP BY 1, 2;
SELECT differ('{1}');

-- The same with tracking, where no more is read than what is new, and once the weeks of the market proxy.
SELECT count(*) FROM regime_track() WHERE action = 'now tracked';
SELECT :how FROM refresh_cmc_regimes();
SELECT count(*) AS bars FROM (VALUES (57), (30), (58), (70)) AS v (price), append_bar(2, price);
SELECT :how FROM refresh_cmc_regimes();
SELECT id, rows_read, inserted, updated, deleted FROM cmc_regime_run_log WHERE run = (SELECT max(run) FROM cmc_regime_run_log)
    ORDER BY id;
TRUNCATE done;
CALL day_by_day(2, 40);
SELECT mode, reason, count(*) FROM done GROUP BY 1, 2;
SELECT differ('{1,2,3}');
