-- A load never fails because of tracking, whatever was done to the source or to the tables of marks since regime_track(); and no
-- change is missed because of that.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT count(*) FROM regime_track();
SELECT status FROM refresh_cmc_regimes();
CREATE VIEW marks AS SELECT id, source, count(*), min(since) AS since FROM cmc_regime_marks GROUP BY 1, 2 ORDER BY 1, 2;
-- Another name, and back; all assets are marked.
ALTER TABLE cmc_price_bars_multi_tf RENAME time_close TO closed;
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', 1001, '2024-02-03 12:00', 40);
UPDATE cmc_price_bars_multi_tf SET close = 7 WHERE id = 2 AND bar_seq = 300;
-- Row by row, as logical replication applies changes.
SET session_replication_role = replica;
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND bar_seq = 301;
RESET session_replication_role;
TABLE marks;
SELECT severity, what, detail, command FROM regime_health_details() WHERE severity = 'error';
ALTER TABLE cmc_price_bars_multi_tf RENAME closed TO time_close;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT differ('{1,2,3}');
-- Another name that the map follows, as regime_health advises: until regime_track() nothing counts as tracked.
ALTER TABLE cmc_price_bars_multi_tf RENAME time_close TO closed;
SELECT command FROM regime_health_details() WHERE what = 'source map' \gexec
DELETE FROM cmc_price_bars_multi_tf WHERE bar_seq = 1001;
SELECT severity, what, detail, command FROM regime_health_details() WHERE what = 'untracked source';
SELECT id, mode, rows_written FROM refresh_cmc_regimes(2);
SELECT differ('{2}');
SELECT action FROM regime_track() WHERE relation = 'public.cmc_price_bars_multi_tf';
SELECT status FROM refresh_cmc_regimes();
UPDATE cmc_price_bars_multi_tf SET close = 8 WHERE id = 2 AND bar_seq = 300;
TABLE marks;
SELECT status FROM refresh_cmc_regimes();
-- Another column of the name, another type of the key, of the time.
BEGIN;
ALTER TABLE cmc_ema_multi_tf_u RENAME id TO was;
ALTER TABLE cmc_ema_multi_tf_u ADD id text;
UPDATE cmc_ema_multi_tf_u SET ema = ema + 1 WHERE was = 2 AND period = 20;
TABLE marks;
ROLLBACK;
BEGIN;
ALTER TABLE cmc_ema_multi_tf_u ALTER ts TYPE text;
DELETE FROM cmc_ema_multi_tf_u WHERE id = 2 AND period = 20;
TABLE marks;
ROLLBACK;
BEGIN;
ALTER TABLE cmc_ema_multi_tf_u DROP COLUMN ts;
TRUNCATE cmc_ema_multi_tf_u;
TABLE marks;
ROLLBACK;
-- A time that no timestamp can hold: PostgreSQL has more dates than timestamps.
BEGIN;
ALTER TABLE cmc_ema_multi_tf_u ALTER ts TYPE date;
SELECT count(*) FROM regime_track();
INSERT INTO cmc_ema_multi_tf_u VALUES (2, '300000-01-01', '1D', 20, 1, 'multi_tf');
TABLE marks;
ROLLBACK;
-- The same in a session that quotes all names.
BEGIN;
SET LOCAL quote_all_identifiers = on;
ALTER TABLE cmc_ema_multi_tf_u ALTER ts TYPE date;
SELECT count(*) FROM regime_track();
INSERT INTO cmc_ema_multi_tf_u VALUES (2, '300000-01-01', '1D', 20, 1, 'multi_tf');
TABLE marks;
ROLLBACK;
-- The tables of marks: another name, no table, no schema, no privilege. What was loaded meanwhile is found.
CREATE PROCEDURE missed(change text, back text) LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
    PERFORM refresh_cmc_regimes();
    EXECUTE change;
    UPDATE cmc_price_bars_multi_tf SET close = close + 1 WHERE id = 2 AND bar_seq = 300;
    SELECT string_agg(what || ': ' || command, ' ' ORDER BY what) INTO found FROM regime_health_details() WHERE what IN ('untracked source', 'not set up');
    RAISE NOTICE '%', found;
    EXECUTE back;
    SELECT concat_ws(', ', status, rows_written > 0, differ('{2}')) INTO found FROM refresh_cmc_regimes(2);
    RAISE NOTICE '%', found;
    COMMIT;
    PERFORM regime_track();
    PERFORM refresh_cmc_regimes();
    SELECT string_agg(r::text, ', ') INTO found FROM refresh_cmc_regimes(only_dirty => true) AS r;
    IF found IS NOT NULL THEN RAISE NOTICE '%', found; END IF;
END $$;
CALL missed('ALTER TABLE regime_work.cmc_regime_dirty RENAME TO dirty', 'ALTER TABLE regime_work.dirty RENAME TO cmc_regime_dirty');
CALL missed('ALTER TABLE regime_work.cmc_regime_dirty_many SET SCHEMA public', 'ALTER TABLE cmc_regime_dirty_many SET SCHEMA regime_work');
CALL missed('ALTER TABLE regime_work.cmc_regime_state RENAME TO state', 'ALTER TABLE regime_work.state RENAME TO cmc_regime_state');
CALL missed('ALTER SCHEMA regime_work RENAME TO work', 'ALTER SCHEMA work RENAME TO regime_work');
CALL missed('DROP TABLE regime_work.cmc_regime_dirty CASCADE', 'SELECT');
-- A rule that swallows marks, and row-level security that hides them: as long as either is there, no table counts as tracked.
CREATE PROCEDURE swallowed(change text, back text) LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
    EXECUTE change;
    PERFORM refresh_cmc_regimes();
    PERFORM refresh_cmc_regimes();
    UPDATE cmc_price_bars_multi_tf SET close = close + 1 WHERE id = 2 AND bar_seq = 300;
    SELECT concat_ws(', ', status, rows_written > 0, differ('{2}')) INTO found FROM refresh_cmc_regimes(2);
    RAISE NOTICE '%', found;
    SELECT string_agg(DISTINCT what, ', ') INTO found FROM regime_health_details() WHERE severity = 'error' OR what = 'untracked source';
    RAISE NOTICE '%', found;
    EXECUTE back;
    COMMIT;
    PERFORM refresh_cmc_regimes();
    SELECT concat_ws(', ', count(*), count(*) FILTER (WHERE r.status = 'ok')) INTO found FROM refresh_cmc_regimes(only_dirty => true) AS r;
    RAISE NOTICE '%', found;
END $$;
CALL swallowed('CREATE RULE nothing AS ON INSERT TO regime_work.cmc_regime_dirty DO INSTEAD NOTHING', 'DROP RULE nothing ON regime_work.cmc_regime_dirty');
CALL swallowed('ALTER TABLE regime_work.cmc_regime_dirty_many ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', 'ALTER TABLE regime_work.cmc_regime_dirty_many DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY');
CREATE ROLE regress_owner;
GRANT USAGE ON SCHEMA regime_work TO regress_owner;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA regime_work TO regress_owner;
SELECT DISTINCT tgfoid::regproc AS function FROM pg_trigger WHERE tgrelid = 'cmc_price_bars_multi_tf'::regclass AND tgname = 'pg_regime_update' \gset
SELECT format('ALTER FUNCTION %s OWNER TO regress_owner', oid::regprocedure) FROM pg_proc WHERE proname IN (split_part(:'function', '.', 2), 'may_' || split_part(:'function', '.', 2)) ORDER BY oid::regprocedure::text COLLATE "C" \gexec
CALL missed('REVOKE INSERT ON regime_work.cmc_regime_dirty FROM regress_owner', 'GRANT INSERT ON regime_work.cmc_regime_dirty TO regress_owner');
CALL missed('REVOKE SELECT ON regime_work.cmc_regime_state FROM regress_owner', 'GRANT SELECT ON regime_work.cmc_regime_state TO regress_owner');
CALL missed('REVOKE USAGE ON SCHEMA regime_work FROM regress_owner', 'GRANT USAGE ON SCHEMA regime_work TO regress_owner');
SELECT format('ALTER FUNCTION %s OWNER TO CURRENT_USER', oid::regprocedure) FROM pg_proc WHERE proname IN (split_part(:'function', '.', 2), 'may_' || split_part(:'function', '.', 2)) ORDER BY oid::regprocedure::text COLLATE "C" \gexec
DROP OWNED BY regress_owner;
DROP ROLE regress_owner;
SET client_min_messages = warning;
DROP SCHEMA regime_work CASCADE;
RESET client_min_messages;
UPDATE cmc_price_bars_multi_tf SET close = close + 1 WHERE id = 2 AND bar_seq = 300;
SELECT :how FROM refresh_cmc_regimes(2);
SELECT count(*) FROM regime_track();
-- Candles.
CREATE TABLE candles AS SELECT 'AAA' AS symbol, '1h' AS timeframe, timestamptz '2024-01-01' + n * interval '1 hour' AS open_time, 2 AS high, 1 AS low, 1 + n % 7 / 7.0 AS close FROM generate_series(1, 60) AS n;
SELECT action FROM regime_track() WHERE relation = 'public.candles';
SELECT status FROM refresh_market_regimes();
ALTER TABLE candles RENAME symbol TO ticker;
INSERT INTO candles VALUES ('AAA', '1h', '2024-02-01', 2, 1, 1);
SELECT symbol, timeframe, source, since FROM market_regime_marks;
ALTER TABLE candles RENAME ticker TO symbol;
SELECT status, rows_written FROM refresh_market_regimes();
