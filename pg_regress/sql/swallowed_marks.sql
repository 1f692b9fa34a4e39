-- A mark of many assets that is turned into rows of their own, which a trigger swallows for a while, is not lost.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
INSERT INTO cmc_price_bars_multi_tf SELECT n, '1D', b, timestamptz '2024-01-01 23:59:59' + b * interval '1 day', b FROM generate_series(100, 139) n, generate_series(1, 30) b;
INSERT INTO dim_assets SELECT n, 'S' || n FROM generate_series(100, 139) n;
SELECT count(*) FROM regime_track();
SELECT status, count(*) FROM refresh_cmc_regimes() group by 1;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
-- The catalog shows nothing of a trigger that comes a second time and goes.
CREATE TRIGGER t BEFORE INSERT ON regime_work.cmc_regime_dirty FOR EACH ROW EXECUTE FUNCTION keep();
DROP TRIGGER t ON regime_work.cmc_regime_dirty;
SELECT status, count(*) FROM refresh_cmc_regimes() group by 1;
-- One mark of 40 assets, of which 19 are left.
UPDATE cmc_price_bars_multi_tf SET close = close + 1 WHERE id >= 100 AND bar_seq = 10;
SELECT count(*) FROM regime_work.cmc_regime_dirty_many;
CREATE TRIGGER t BEFORE INSERT ON regime_work.cmc_regime_dirty FOR EACH ROW EXECUTE FUNCTION keep();
SELECT count(*), status FROM refresh_cmc_regimes(ARRAY(SELECT generate_series(100, 120))) GROUP BY 2;
SELECT count(*) AS many FROM regime_work.cmc_regime_dirty_many;
SELECT count(*) AS few FROM regime_work.cmc_regime_dirty;
DROP TRIGGER t ON regime_work.cmc_regime_dirty;
SELECT count(*), status FROM refresh_cmc_regimes(ARRAY(SELECT generate_series(121, 139))) GROUP BY 2;
SELECT differ(ARRAY(SELECT generate_series(121, 139)));
SELECT count(*) AS many FROM regime_work.cmc_regime_dirty_many;
SELECT count(*) AS done FROM regime_work.cmc_regime_dirty_done;
