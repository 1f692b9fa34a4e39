-- Who loads bars needs no privilege on the tables of marks; who starts tracking must own the tables it is about.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT status FROM refresh_cmc_regimes(2);
CREATE ROLE regress_loader;
CREATE ROLE regress_writer;
CREATE ROLE regress_owner;
GRANT USAGE ON SCHEMA regime_work TO regress_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA public, regime_work TO regress_writer;
GRANT INSERT, UPDATE, DELETE ON :tables TO regress_writer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA regime_work TO regress_writer;
-- A role that refreshes and no more.
SET ROLE regress_writer;
SELECT * FROM regime_track();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT CREATE ON SCHEMA regime_work TO regress_writer;
SET ROLE regress_writer;
SELECT * FROM regime_track();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT TRIGGER ON ALL TABLES IN SCHEMA public TO regress_writer;
SET ROLE regress_writer;
SELECT * FROM regime_track();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgname LIKE 'pg\_regime%';
-- The owner of the source tables.
GRANT SELECT ON regime_source TO regress_owner;
GRANT USAGE, CREATE ON SCHEMA regime_work TO regress_owner;
GRANT SELECT, INSERT, DELETE ON regime_work.cmc_regime_dirty, regime_work.cmc_regime_dirty_many TO regress_owner;
GRANT DELETE ON regime_work.cmc_regime_dirty_done TO regress_owner;
GRANT SELECT ON regime_work.cmc_regime_state TO regress_owner;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^cmc_(price|ema)' LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO regress_owner', name);
    END LOOP;
END $$;
SET ROLE regress_owner;
SELECT action, count(*) FROM regime_track() GROUP BY 1;
SELECT action, count(*) FROM regime_track(false) GROUP BY 1;
-- What the triggers will need is asked for now, not when rows come.
RESET ROLE;
REVOKE SELECT ON regime_work.cmc_regime_dirty FROM regress_owner;
SET ROLE regress_owner;
SELECT * FROM regime_track();
RESET ROLE;
GRANT SELECT ON regime_work.cmc_regime_dirty TO regress_owner;
SET ROLE regress_owner;
SELECT action, count(*) FROM regime_track() GROUP BY 1;
RESET ROLE;
SELECT DISTINCT proowner::regrole, prosecdef, proconfig, proacl FROM pg_proc WHERE proname LIKE 'cmc\_regime\_mark%';
-- Whoever loads, in any way.
GRANT INSERT, UPDATE, DELETE, TRUNCATE ON cmc_price_bars_multi_tf, cmc_ema_multi_tf_u TO regress_loader;
GRANT SELECT ON cmc_price_bars_multi_tf TO regress_loader;
SET ROLE regress_loader;
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', 401, '2025-01-01 23:59:59+00', 57);
UPDATE cmc_price_bars_multi_tf SET close = 58 WHERE id = 2 AND bar_seq = 401;
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND bar_seq = 400;
COPY cmc_ema_multi_tf_u FROM stdin;
2	2025-01-01 23:59:59+00	1D	20	57	multi_tf
\.
TRUNCATE cmc_ema_multi_tf_u;
-- and nobody may mark by calling the function, or put a trigger of his own on it, even with USAGE on its schema.
RESET ROLE;
GRANT USAGE ON SCHEMA regime_work TO regress_loader;
SET ROLE regress_loader;
SELECT * FROM regime_work.cmc_regime_dirty;
CREATE TEMP TABLE mine (id int, time_close timestamptz);
SELECT proname AS mark FROM pg_proc WHERE proname LIKE 'cmc\_regime\_mark%' AND prosrc LIKE '%time_close%' LIMIT 1 \gset
CREATE TRIGGER t AFTER INSERT ON mine REFERENCING NEW TABLE AS pg_ts_parser FOR EACH STATEMENT EXECUTE FUNCTION regime_work.:mark();
RESET ROLE;
SELECT id, source, since FROM regime_work.cmc_regime_dirty ORDER BY mark;
-- What stands in front of the loader's search_path is not called.
SET ROLE regress_loader;
CREATE FUNCTION pg_temp.min(timestamptz) RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'as %', current_user; END $$;
CREATE TEMP TABLE cmc_regime_dirty (id int, source text, since timestamptz);
SET search_path = pg_temp, public, pg_catalog;
INSERT INTO public.cmc_price_bars_multi_tf VALUES (2, '1D', 402, '2025-01-02 23:59:59+00', 57);
RESET search_path;
SELECT count(*) AS mine FROM pg_temp.cmc_regime_dirty;
DROP TABLE pg_temp.cmc_regime_dirty, mine;
RESET ROLE;
-- Where the role of the function has lost a privilege, no table counts as tracked: regime_health says what to grant, and
-- regime_track() asks for the same.
REVOKE INSERT ON regime_work.cmc_regime_dirty FROM regress_owner;
SELECT DISTINCT detail, command FROM regime_health_details() WHERE what = 'untracked source' AND detail ~ 'cmc';
SET ROLE regress_owner;
SELECT * FROM regime_track();
RESET ROLE;
SELECT command FROM regime_health_details() WHERE what = 'untracked source' AND detail ~ 'cmc' \gexec
SELECT count(*) FROM regime_health_details() WHERE what = 'untracked source' AND detail ~ 'cmc';
REVOKE USAGE ON SCHEMA regime_work FROM regress_owner;
REVOKE SELECT ON regime_work.cmc_regime_state FROM regress_owner;
SELECT command FROM regime_health_details() WHERE what = 'untracked source' AND detail ~ 'cmc' \gexec
SELECT count(*) FROM regime_health_details() WHERE what = 'untracked source' AND detail ~ 'cmc';
SELECT action, count(*) FROM regime_track() GROUP BY 1;
-- Clearing marks takes DELETE on them; a role without it gets a failed asset with the grant to be made, and keeps the marks.
REVOKE DELETE ON regime_work.cmc_regime_dirty FROM regress_writer;
SET ROLE regress_writer;
SELECT id, status, message FROM refresh_cmc_regimes(2);
RESET ROLE;
SELECT count(*) > 0 AS kept FROM regime_work.cmc_regime_dirty;
-- An owner of the source tables who may not use the working tables.
REVOKE ALL ON SCHEMA regime_work FROM regress_owner;
SET ROLE regress_owner;
SELECT * FROM regime_track();
SELECT * FROM regime_track(false, '{cmc_regimes}');
RESET ROLE;
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA public, regime_work CASCADE;
CREATE SCHEMA public;
DROP OWNED BY regress_loader, regress_writer, regress_owner;
DROP ROLE regress_loader, regress_writer, regress_owner;
