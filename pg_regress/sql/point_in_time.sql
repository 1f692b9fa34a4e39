-- Nothing later than a moment is used: as_of gives what a computation gave when nothing later was there. And rows
-- refreshed point in time stay as they are when later bars arrive.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql

-- Each weekly and monthly boundary of a young asset and of the market proxy's last two years, a microsecond before
-- and after, with all later bars and EMAs taken away; in both kinds.
CREATE FUNCTION leaks(asset int, since timestamptz) RETURNS TABLE (cuts bigint, leaks bigint, first timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    cut timestamptz;
    found bigint;
BEGIN
    cuts := 0;
    leaks := 0;
    FOR cut IN SELECT time_close + i * interval '1 microsecond' FROM cmc_price_bars_multi_tf_cal_iso, generate_series(-1, 1) i
               WHERE id = asset AND time_close >= since ORDER BY 1 LOOP
        BEGIN
            CREATE TEMP TABLE foreseen ON COMMIT DROP AS
                SELECT kind, c.* FROM unnest('{false,true}'::boolean[]) kind, regime_compute(asset, as_of => cut, point_in_time => kind) c;
            DELETE FROM cmc_price_bars_multi_tf WHERE time_close > cut;
            DELETE FROM cmc_price_bars_multi_tf_cal_iso WHERE time_close > cut;
            DELETE FROM cmc_ema_multi_tf_u WHERE ts > cut;
            DELETE FROM cmc_ema_multi_tf_cal_iso WHERE ts > cut;
            CREATE TEMP TABLE seen ON COMMIT DROP AS
                SELECT kind, c.* FROM unnest('{false,true}'::boolean[]) kind, regime_compute(asset, point_in_time => kind) c;
            SELECT count(*) INTO found FROM (
                (SELECT to_jsonb(f) FROM foreseen f EXCEPT ALL SELECT to_jsonb(s) FROM seen s) UNION ALL
                (SELECT to_jsonb(s) FROM seen s EXCEPT ALL SELECT to_jsonb(f) FROM foreseen f)) x;
            RAISE EXCEPTION USING ERRCODE = 'ZZ000';
        EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
            cuts := cuts + 1;
            leaks := leaks + (found > 0)::int;
            IF found > 0 THEN first := least(first, cut); END IF;
        END;
    END LOOP;
    RETURN NEXT;
END $$;
SELECT * FROM leaks(4, '-infinity');
SELECT * FROM leaks(2, '2024-10-01');

-- With the budget of the whole history, old rows are repainted as it grows.
SELECT count(*) AS refreshed FROM refresh_cmc_regimes(ARRAY[1, 2, 4], point_in_time => false);
SELECT column_name, n, n_differ > 0 AS differs FROM regime_repaint_check(1, sample => 200) WHERE n_differ > 0;
SELECT column_name, n, n_differ, first_ts, stored, knowable FROM regime_repaint_check(4) WHERE n_differ > 0;

-- Point in time, the default, no row says what could not be known.
SELECT id, status, mode, reason FROM refresh_cmc_regimes(ARRAY[1, 2, 4]);
SELECT id, count(*) AS columns, sum(n_differ) AS n_differ, min(n) AS n
FROM unnest('{1,2,4}'::int[]) id, regime_repaint_check(id, CASE id WHEN 1 THEN 300 END) GROUP BY id ORDER BY id;
SELECT l0_enabled, l1_enabled, l2_enabled, feature_tier, count(*), min(ts)::date AS since FROM cmc_regimes WHERE id = 2
GROUP BY 1, 2, 3, 4 ORDER BY since;

-- Rows stay when bars arrive, one by one or many, also across the row where a layer comes in: 200 days, 28 weeks now.
CREATE TABLE before AS SELECT id, ts, to_jsonb(r) AS line FROM cmc_regimes r;
SELECT append_bar(4, 58);
SELECT id, status, mode FROM refresh_cmc_regimes(4);
INSERT INTO cmc_price_bars_multi_tf SELECT 4, '1D', bar_seq + n, time_close + n * interval '1 day', close * (1 + 0.01 * (n % 7))
FROM (SELECT * FROM cmc_price_bars_multi_tf WHERE id = 4 ORDER BY bar_seq DESC LIMIT 1) b, generate_series(1, 200) n;
INSERT INTO cmc_price_bars_multi_tf_cal_iso SELECT 4, '1W', 1000 + row_number() OVER (), time_close, close FROM cmc_price_bars_multi_tf
WHERE id = 4 AND extract(isodow FROM time_close) = 7 AND time_close > (SELECT max(time_close) FROM cmc_price_bars_multi_tf_cal_iso WHERE id = 4 AND tf = '1W');
SELECT id, status, mode FROM refresh_cmc_regimes(4);
SELECT count(*) AS rows, count(*) FILTER (WHERE b.line IS DISTINCT FROM to_jsonb(r)) AS changed FROM before b JOIN cmc_regimes r USING (id, ts);
SELECT l1_enabled, l2_enabled, count(*), min(ts)::date AS since FROM cmc_regimes WHERE id = 4 GROUP BY 1, 2 ORDER BY since;
SELECT sum(n_differ) AS n_differ FROM regime_repaint_check(4);

-- Bars of the slow layers that close after the newest daily bar change nothing.
INSERT INTO cmc_price_bars_multi_tf_cal_iso SELECT 4, tf, 2000 + n, timestamptz '2037-01-01' + n * interval '7 days', 50
    FROM unnest('{1W,1M}'::text[]) AS tf, generate_series(1, 150) AS n;
SELECT id, status, mode, rows_written FROM refresh_cmc_regimes(4);

-- The kind is in the version hash, and the setting gives it; rows of other parameters cannot be judged.
SELECT regime_version_hash() <> regime_version_hash(point_in_time => false) AS in_the_hash;
SET pg_regime.point_in_time = off;
SELECT regime_version_hash() = regime_version_hash(point_in_time => false) AS by_the_setting;
-- An asset keeps what its rows were computed with, whatever the setting is later.
SELECT arguments FROM regime_work.cmc_regime_state WHERE id = 4;
SELECT detail, command FROM regime_health_details() WHERE id = 4;
RESET pg_regime.point_in_time;
SELECT * FROM regime_repaint_check(4, min_hold_bars => 7);
SELECT * FROM regime_repaint_check(NULL);
SELECT * FROM regime_repaint_check(4, 0);
SELECT count(*) AS columns, sum(n) AS n FROM regime_repaint_check(99);
