-- A portion of assets whose output tables have triggers that change or refresh other assets of the portion, whose marks have numbers that
-- begin anew, and whose sources have the names that a statement over many assets uses.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\set summary 'id, status, mode, reason FROM refresh_cmc_regimes(ARRAY[1, 2, 3])'
SELECT count(*) FROM regime_track();
SELECT :summary;
CREATE FUNCTION bar(day int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cmc_price_bars_multi_tf SELECT id, '1D', 9000 + day, timestamptz '2024-12-31 23:59:59+00' + day * interval '1 day', 40 FROM generate_series(1, 3) AS id $$;
-- A change of asset 2 while its rows are written leaves a mark, with the number of a mark of asset 1.
ALTER TABLE regime_work.cmc_regime_dirty ALTER mark RESTART WITH 1;
SELECT bar(1);
ALTER TABLE regime_work.cmc_regime_dirty ALTER mark RESTART WITH 1;
SELECT id, mark FROM regime_work.cmc_regime_dirty ORDER BY id;
CREATE FUNCTION correct() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE public.cmc_price_bars_multi_tf SET close = close * 1.5 WHERE id = 2 AND bar_seq = 350;
    RETURN NULL;
END $$;
CREATE TRIGGER correct AFTER INSERT ON cmc_regimes FOR EACH STATEMENT EXECUTE FUNCTION correct();
SELECT :summary;
SELECT id, mark, since FROM regime_work.cmc_regime_dirty ORDER BY id;
DROP TRIGGER correct ON cmc_regimes;
SELECT :summary;
SELECT differ('{1,2,3}');
-- A trigger that changes an asset and refreshes it.
CREATE OR REPLACE FUNCTION correct() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.id = 2 THEN
        UPDATE public.cmc_price_bars_multi_tf SET close = close * 1.5 WHERE id = 3 AND bar_seq = 20;
        PERFORM public.refresh_cmc_regimes(3);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER correct AFTER INSERT ON cmc_regimes FOR EACH ROW EXECUTE FUNCTION correct();
SELECT bar(2);
SELECT :summary;
SELECT differ('{1,2,3}');
DROP TRIGGER correct ON cmc_regimes;
SELECT :summary;
-- Whatever NULL is in the text of an array.
SET array_nulls = off;
SELECT bar(3);
SELECT :summary;
SELECT id, status FROM refresh_cmc_regimes(1, full_refresh => true);
RESET array_nulls;
SELECT id, bars, accepted, pending, pending_rows FROM regime_work.cmc_regime_state ORDER BY id;
SELECT differ('{1,2,3}');
-- Sources with these names.
CREATE TABLE pg_regime_each AS SELECT id AS asset, tf AS timeframe, time_close AS moment, close AS place FROM cmc_price_bars_multi_tf WHERE tf = '1D';
CREATE TABLE pg_regime_row AS SELECT id AS asset, tf AS timeframe, ts AS moment, period AS place, ema AS "row", alignment_source FROM cmc_ema_multi_tf_u;
UPDATE regime_source SET bars_table = 'pg_regime_each', bars_id_column = 'asset', bars_tf_column = 'timeframe', bars_ts_column = 'moment', close_column = 'place',
    ema_table = 'pg_regime_row', ema_id_column = 'asset', ema_tf_column = 'timeframe', ema_ts_column = 'moment', ema_period_column = 'place', ema_column = 'row'
    WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT count(*) FROM regime_track();
SELECT :summary;
INSERT INTO pg_regime_each SELECT id, '1D', '2025-01-04 23:59:59+00', 40 FROM generate_series(1, 3) AS id;
SELECT :summary;
SELECT differ('{1,2,3}');
SELECT count(*) FROM regime_track(false);
INSERT INTO pg_regime_each SELECT id, '1D', '2025-01-05 23:59:59+00', 40 FROM generate_series(1, 3) AS id;
SELECT :summary;
SELECT differ('{1,2,3}');
