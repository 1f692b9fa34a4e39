-- as_of: what would have been computed at that moment, as if nothing later were in the tables; tier and layers included.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE checked (asset int, as_of timestamptz, rows bigint, lost bigint, added bigint);
-- Cuts a copy of the source tables at the moment and computes from it. The map is put back by the subtransaction.
CREATE FUNCTION check_at(asset int, moment timestamptz) RETURNS SETOF checked LANGUAGE plpgsql AS $$
DECLARE result checked := (asset, moment, NULL, NULL, NULL);
BEGIN
    CREATE TEMP TABLE c AS SELECT * FROM regime_compute(asset, as_of => moment);
    BEGIN
        DELETE FROM cmc_price_bars_multi_tf WHERE time_close > moment;
        DELETE FROM cmc_price_bars_multi_tf_cal_iso WHERE time_close > moment;
        DELETE FROM cmc_ema_multi_tf_u WHERE ts > moment;
        DELETE FROM cmc_ema_multi_tf_cal_iso WHERE ts > moment;
        CREATE TEMP TABLE cut AS SELECT * FROM regime_compute(asset);
        SELECT (SELECT count(*) FROM c), (SELECT count(*) FROM (TABLE cut EXCEPT ALL TABLE c) x),
            (SELECT count(*) FROM (TABLE c EXCEPT ALL TABLE cut) x) INTO result.rows, result.lost, result.added;
        RAISE EXCEPTION USING ERRCODE = 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN NULL;
    END;
    DROP TABLE c;
    RETURN NEXT result;
END $$;
-- Long ago, in the middle, at a close, a moment before it, at the last one, later than all; before the first there is nothing.
SELECT c.* FROM unnest(ARRAY[1, 2, 3]) AS asset, unnest(ARRAY['2018-01-01', '2019-05-01', '2020-02-29', '2022-06-15 12:00+00',
    '2024-06-30 23:59:58.999999+00', '2024-06-30 23:59:59+00', '2024-12-31 23:59:59+00', '2030-01-01', 'infinity']::timestamptz[]) AS m,
    check_at(asset, m) c ORDER BY 1, 2;
-- The budget is that of the moment.
SELECT as_of, feature_tier, l0_enabled, l1_enabled, l2_enabled, count(*), count(l0_label) AS l0
    FROM unnest('{2019-02-01,2019-10-01,2020-02-29,2022-06-15,2024-12-31}'::timestamptz[]) AS as_of,
    regime_compute(1, as_of => as_of) GROUP BY 1, 2, 3, 4, 5 ORDER BY 1;
-- NULL is now: everything there is.
SELECT count(*) FROM regime_compute(1, as_of => NULL);
SELECT count(*) FROM regime_compute(1, as_of => '-infinity');
-- A bad bar later than the moment does no harm.
UPDATE cmc_price_bars_multi_tf SET close = 0 WHERE id = 2 AND bar_seq = 300;
SELECT count(*) FROM regime_compute(2, as_of => '2024-06-30');
SELECT count(*) FROM regime_compute(2);
\echo :LAST_ERROR_SQLSTATE
-- Two moments beside each other; a moment with a time zone is that moment.
SELECT count(*), max(ts) FROM regime_compute(1, as_of => '2024-06-30 23:59:59+00') UNION ALL SELECT count(*), max(ts)
    FROM regime_compute(1, as_of => '2024-07-01 08:59:59+09') UNION ALL SELECT count(*), max(ts)
    FROM regime_compute(1, as_of => '2024-06-30 23:59:59');
