-- Triggers of our names count only where they do what regime_track made them for: each change below leaves a table untracked, a
-- refresh compares all bars, and regime_track() sets it right.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT count(*) FROM regime_track();
SELECT status FROM refresh_cmc_regimes();
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT DISTINCT tgfoid::regproc AS function, encode(tgargs, 'escape') AS argument FROM pg_trigger WHERE tgrelid = 'cmc_price_bars_multi_tf'::regclass \gset
SELECT trim(trailing '\000' FROM :'argument') AS argument \gset
CREATE TABLE change (n serial, what text, sql text);
INSERT INTO change (what, sql) VALUES
    ('function replaced', format('CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS ''BEGIN RETURN NULL; END''', :'function')),
    ('another function', format('CREATE OR REPLACE TRIGGER pg_regime_update AFTER UPDATE ON cmc_price_bars_multi_tf REFERENCING OLD TABLE AS pg_ts_template NEW TABLE AS pg_ts_parser EXECUTE FUNCTION nothing(%L); ALTER TABLE cmc_price_bars_multi_tf ENABLE ALWAYS TRIGGER pg_regime_update', :'argument')),
    ('the caller''s privileges', format('ALTER FUNCTION %s() SECURITY INVOKER', :'function')),
    ('another search_path', format('ALTER FUNCTION %s() SET search_path = public', :'function')),
    ('another name', format('ALTER FUNCTION %s() RENAME TO cmc_regime_mark_00000000', :'function')),
    ('of one column', format('CREATE OR REPLACE TRIGGER pg_regime_update AFTER UPDATE OF bar_seq ON cmc_price_bars_multi_tf EXECUTE FUNCTION %s(%L); ALTER TABLE cmc_price_bars_multi_tf ENABLE ALWAYS TRIGGER pg_regime_update', :'function', :'argument')),
    ('with a condition', format('CREATE OR REPLACE TRIGGER pg_regime_update AFTER UPDATE ON cmc_price_bars_multi_tf REFERENCING OLD TABLE AS pg_ts_template NEW TABLE AS pg_ts_parser FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION %s(%L); ALTER TABLE cmc_price_bars_multi_tf ENABLE ALWAYS TRIGGER pg_regime_update', :'function', :'argument')),
    ('of another event', format('CREATE OR REPLACE TRIGGER pg_regime_update AFTER INSERT ON cmc_price_bars_multi_tf REFERENCING NEW TABLE AS pg_ts_parser EXECUTE FUNCTION %s(%L); ALTER TABLE cmc_price_bars_multi_tf ENABLE ALWAYS TRIGGER pg_regime_update', :'function', :'argument')),
    ('for replication alone', 'ALTER TABLE cmc_price_bars_multi_tf ENABLE REPLICA TRIGGER pg_regime_update'),
    ('not for replication', 'ALTER TABLE cmc_price_bars_multi_tf DISABLE TRIGGER pg_regime_replicated');
CREATE TABLE seen (n int, what text, untracked text, mode text, reason text, differ bigint, action text, again text);
CREATE PROCEDURE try() LANGUAGE plpgsql AS $$
DECLARE c record; s seen;
BEGIN
    FOR c IN SELECT * FROM change ORDER BY n LOOP
        s := (c.n, c.what);
        EXECUTE c.sql;
        UPDATE cmc_price_bars_multi_tf SET close = c.n WHERE id = 2 AND bar_seq = 300;
        SELECT DISTINCT detail INTO s.untracked FROM regime_health_details() WHERE what = 'untracked source';
        SELECT r.mode, left(r.reason, 9) INTO s.mode, s.reason FROM refresh_cmc_regimes(2) r;
        s.differ := differ('{2}');
        SELECT string_agg(action || ': ' || relation, ', ') INTO s.action FROM regime_track() WHERE action <> 'tracked';
        PERFORM refresh_cmc_regimes(2);
        SELECT status INTO s.again FROM refresh_cmc_regimes(ARRAY[2], only_dirty => true);
        INSERT INTO seen VALUES (s.*);
    END LOOP;
END $$;
CALL try();
SELECT what, mode, reason, differ, action, again FROM seen ORDER BY n;
SELECT DISTINCT untracked FROM seen;
-- A privilege that the function lost, for a while.
CREATE ROLE regress_marker;
GRANT USAGE ON SCHEMA regime_work TO regress_marker;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA regime_work TO regress_marker;
SELECT format('ALTER FUNCTION %s OWNER TO regress_marker', oid::regprocedure) FROM pg_proc WHERE proname IN (split_part(:'function', '.', 2), 'may_' || split_part(:'function', '.', 2)) ORDER BY oid::regprocedure::text COLLATE "C" \gexec
SELECT :how FROM refresh_cmc_regimes(2);
SELECT :how FROM refresh_cmc_regimes(2);
SELECT action FROM regime_track() WHERE relation = 'public.cmc_price_bars_multi_tf';
REVOKE INSERT ON regime_work.cmc_regime_dirty_many FROM regress_marker;
SELECT detail, command FROM regime_health_details() WHERE what = 'untracked source';
SELECT * FROM refresh_cmc_regimes(only_dirty => true);
GRANT INSERT ON regime_work.cmc_regime_dirty_many TO regress_marker;
REVOKE USAGE ON SCHEMA regime_work FROM regress_marker;
SELECT detail, command FROM regime_health_details() WHERE what = 'untracked source';
GRANT USAGE ON SCHEMA regime_work TO regress_marker;
REVOKE SELECT ON regime_work.cmc_regime_state FROM regress_marker;
SELECT count(*) FROM regime_health_details() WHERE what = 'untracked source';
SELECT format('ALTER FUNCTION %s OWNER TO CURRENT_USER', oid::regprocedure) FROM pg_proc WHERE proname IN (split_part(:'function', '.', 2), 'may_' || split_part(:'function', '.', 2)) ORDER BY oid::regprocedure::text COLLATE "C" \gexec
DROP OWNED BY regress_marker;
DROP ROLE regress_marker;
SELECT count(*) FROM regime_health_details() WHERE what = 'untracked source';
-- Candles.
CREATE TABLE candles AS SELECT 'AAA' AS symbol, '1h' AS timeframe, timestamptz '2024-01-01' + n * interval '1 hour' AS open_time, 2 AS high, 1 AS low, 1 + n % 7 / 7.0 AS close FROM generate_series(1, 60) AS n;
SELECT action FROM regime_track() WHERE relation = 'public.candles';
SELECT status FROM refresh_market_regimes();
SELECT DISTINCT tgfoid::regproc AS function FROM pg_trigger WHERE tgrelid = 'candles'::regclass \gset
CREATE OR REPLACE FUNCTION :function() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
UPDATE candles SET close = 2 WHERE open_time = '2024-01-02';
SELECT detail FROM regime_health_details() WHERE what = 'untracked source';
SELECT status, mode, reason FROM refresh_market_regimes();
SELECT action FROM regime_track() WHERE relation = 'public.candles';
