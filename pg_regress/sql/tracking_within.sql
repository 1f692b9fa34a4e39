-- A refresh that is called while a statement on a tracked table is still running, before the triggers of regime_track have
-- marked the changes: by a trigger, by the statement itself, by a function that it calls. Rows are those of a full refresh.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Whichever tables the map names.
SET pg_regime.market_proxy_id = 1;
SELECT count(*) FROM regime_track();
SELECT status FROM refresh_cmc_regimes();
CREATE VIEW read AS SELECT id, status, mode, rows_read FROM cmc_regime_run_log
    WHERE run = (SELECT max(run) FROM cmc_regime_run_log) AND id IS NOT NULL ORDER BY id;
CREATE FUNCTION refresh_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM refresh_cmc_regimes(NEW.id); RETURN NEW; END $$;
CREATE FUNCTION refresh_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM refresh_cmc_regimes(only_dirty => true); RETURN NULL; END $$;
-- A trigger for each row, also where later rows of the statement change, and one that asks for marked assets alone.
CREATE TRIGGER own AFTER INSERT OR UPDATE ON cmc_price_bars_multi_tf FOR EACH ROW EXECUTE FUNCTION refresh_row();
UPDATE cmc_price_bars_multi_tf SET close = 1 WHERE id = 2 AND bar_seq = 300;
TABLE read;
SELECT differ('{2}');
UPDATE cmc_price_bars_multi_tf SET close = close * 1.2 WHERE id IN (2, 3) AND bar_seq IN (20, 30, 40) AND tf = '1D';
SELECT differ('{2,3}');
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', 1001, '2024-02-03 12:00', 40), (2, '1D', 1002, '2024-02-04 12:00', 41);
SELECT differ('{2}');
-- The marks come afterwards, and the next refresh finds nothing to write.
SELECT DISTINCT id FROM regime_work.cmc_regime_dirty ORDER BY id;
SELECT id, status, rows_written FROM refresh_cmc_regimes(only_dirty => true);
DROP TRIGGER own ON cmc_price_bars_multi_tf;
-- A trigger for each statement whose name comes before ours, and on the table beside.
CREATE TRIGGER a_refresh AFTER UPDATE OR DELETE ON cmc_price_bars_multi_tf EXECUTE FUNCTION refresh_all();
UPDATE cmc_price_bars_multi_tf SET close = 2 WHERE id = 2 AND bar_seq = 301;
SELECT differ('{1,2,3}');
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND bar_seq = 1001;
SELECT differ('{1,2,3}');
DROP TRIGGER a_refresh ON cmc_price_bars_multi_tf;
CREATE TRIGGER a_refresh AFTER UPDATE ON cmc_ema_multi_tf_u EXECUTE FUNCTION refresh_all();
UPDATE cmc_ema_multi_tf_u SET ema = ema * 2 WHERE id = 2 AND ts BETWEEN '2024-06-01' AND '2024-08-01';
SELECT differ('{1,2,3}');
DROP TRIGGER a_refresh ON cmc_ema_multi_tf_u;
-- A row that goes because another goes.
SELECT status FROM refresh_cmc_regimes();
ALTER TABLE cmc_price_bars_multi_tf ADD FOREIGN KEY (id) REFERENCES dim_assets ON DELETE CASCADE;
CREATE FUNCTION refresh_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM refresh_cmc_regimes(OLD.id); RETURN NULL; END $$;
CREATE TRIGGER own AFTER DELETE ON cmc_price_bars_multi_tf FOR EACH ROW EXECUTE FUNCTION refresh_old();
DELETE FROM dim_assets WHERE id = 3;
SELECT count(*) FROM cmc_regimes WHERE id = 3;
DROP TRIGGER own ON cmc_price_bars_multi_tf;
INSERT INTO dim_assets VALUES (3, 'NEW', true);
INSERT INTO cmc_price_bars_multi_tf SELECT 3, tf, bar_seq, time_close, close FROM cmc_price_bars_multi_tf WHERE id = 4;
SELECT status FROM refresh_cmc_regimes(3);
CREATE TRIGGER z_own AFTER DELETE ON dim_assets FOR EACH ROW EXECUTE FUNCTION refresh_old();
DELETE FROM dim_assets WHERE id = 3;
SELECT count(*) FROM cmc_regimes WHERE id = 3;
DROP TRIGGER z_own ON dim_assets;
-- A load that copies.
CREATE TRIGGER own AFTER INSERT ON cmc_price_bars_multi_tf FOR EACH ROW EXECUTE FUNCTION refresh_row();
COPY cmc_price_bars_multi_tf FROM stdin;
2	1D	1003	2024-02-05 12:00	50
2	1D	1004	2024-02-06 12:00	51
\.
SELECT differ('{2}');
DROP TRIGGER own ON cmc_price_bars_multi_tf;
-- The statement itself: a modifying CTE, RETURNING, a function in an expression, a function in SQL around it.
SELECT status FROM refresh_cmc_regimes();
WITH changed AS (UPDATE cmc_price_bars_multi_tf SET close = 3 WHERE id = 2 AND bar_seq = 302 RETURNING id)
SELECT r.id, status, mode FROM (SELECT DISTINCT id FROM changed) c, refresh_cmc_regimes(c.id) r;
SELECT differ('{2}');
UPDATE cmc_price_bars_multi_tf SET close = 4 WHERE id = 2 AND bar_seq = 303 RETURNING (SELECT status FROM refresh_cmc_regimes(id));
SELECT differ('{2}');
CREATE FUNCTION changed_and_refreshed() RETURNS SETOF text LANGUAGE sql AS $$
    WITH changed AS (UPDATE cmc_price_bars_multi_tf SET close = 5 WHERE id = 2 AND bar_seq = 304 RETURNING id)
    SELECT r.status FROM changed c, refresh_cmc_regimes(c.id) r $$;
SELECT * FROM changed_and_refreshed();
SELECT differ('{2}');
CREATE FUNCTION refreshed(asset int) RETURNS text LANGUAGE sql AS 'SELECT status FROM refresh_cmc_regimes(asset)';
CREATE FUNCTION refreshed_in_steps(asset int) RETURNS text LANGUAGE plpgsql AS
    $$ DECLARE s text; BEGIN FOR s IN SELECT status FROM refresh_cmc_regimes(asset) LOOP RETURN s; END LOOP; END $$;
UPDATE cmc_price_bars_multi_tf SET close = 6 WHERE id = 2 AND bar_seq = 305 RETURNING refreshed(id);
SELECT differ('{2}');
UPDATE cmc_price_bars_multi_tf SET close = 7 WHERE id = 2 AND bar_seq = 306 RETURNING refreshed_in_steps(id);
SELECT differ('{2}');
-- A partition that is written by itself.
CREATE TABLE parted (LIKE cmc_price_bars_multi_tf) PARTITION BY RANGE (id);
CREATE TABLE "part 2" PARTITION OF parted FOR VALUES FROM (2) TO (3);
CREATE TABLE rest PARTITION OF parted DEFAULT;
INSERT INTO parted TABLE cmc_price_bars_multi_tf;
UPDATE regime_source SET bars_table = 'parted' WHERE layer = 'L2' AND cal_scheme = 'iso';
SELECT action FROM regime_track() WHERE relation = 'public.parted';
SELECT status FROM refresh_cmc_regimes('{1,2}'::int[]);
CREATE TRIGGER own AFTER UPDATE ON "part 2" FOR EACH ROW EXECUTE FUNCTION refresh_row();
UPDATE "part 2" SET close = 8 WHERE id = 2 AND bar_seq = 310;
SELECT differ('{2}');
DROP TRIGGER own ON "part 2";
-- What a transaction has loaded before is marked, whoever calls, and only what is new is read; unless a query has the table
-- open, which may be one that changes it.
SELECT status FROM refresh_cmc_regimes('{1,2}'::int[]);
BEGIN;
INSERT INTO parted VALUES (2, '1D', 401, '2025-01-01 23:59:59', 60);
SELECT status FROM refresh_cmc_regimes(2);
TABLE read;
INSERT INTO parted VALUES (2, '1D', 402, '2025-01-02 23:59:59', 61);
SELECT status FROM refresh_cmc_regimes('YOUNG');
TABLE read;
SELECT status FROM refresh_cmc_regimes(ARRAY[2], only_dirty => true);
INSERT INTO parted VALUES (2, '1D', 403, '2025-01-03 23:59:59', 62);
DO $$ BEGIN PERFORM refresh_cmc_regimes(2); END $$;
TABLE read;
INSERT INTO parted VALUES (2, '1D', 404, '2025-01-04 23:59:59', 63);
SELECT DISTINCT status FROM (SELECT DISTINCT id FROM parted WHERE id = 2) AS p, refresh_cmc_regimes(p.id) AS r;
TABLE read;
SAVEPOINT s;
UPDATE parted SET close = 9 WHERE id = 2 AND bar_seq = 311;
ROLLBACK TO s;
COMMIT;
SELECT differ('{2}');
-- A function by itself, in a transaction that has loaded nothing.
DO $$ BEGIN PERFORM refresh_cmc_regimes(2); END $$;
TABLE read;
