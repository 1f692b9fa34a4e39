-- Triggers on source tables run as the role that called regime_track. Neither the owner of a source table nor the owner of the
-- tables of marks gets code run as that role.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE ROLE regress_etl;
CREATE ROLE regress_regime;
CREATE TABLE caught (who name, how text);
GRANT INSERT ON caught TO PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO regress_etl, regress_regime;
SELECT status FROM refresh_cmc_regimes('{1,2,3}'::int[]);
SELECT format('ALTER TABLE %I OWNER TO regress_etl', relname) FROM pg_class WHERE relkind = 'r' AND relname ~ '^cmc_(price|ema)' ORDER BY relname COLLATE "C" \gexec
SELECT action, count(*) FROM regime_track() GROUP BY 1;
CREATE TABLE bars AS TABLE cmc_price_bars_multi_tf;
GRANT SELECT ON bars TO regress_etl;

-- The owner of a source changes a type to one with casts of its own.
SET ROLE regress_etl;
CREATE TYPE number AS (id int);
CREATE FUNCTION number(n number) RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.caught VALUES (current_user, 'cast of key'); RETURN n.id; END $$;
CREATE CAST (number AS int) WITH FUNCTION number(number) AS IMPLICIT;
CREATE TYPE moment AS (at timestamptz);
CREATE FUNCTION moment(m moment) RETURNS timestamptz LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.caught VALUES (current_user, 'cast of time'); RETURN m.at; END $$;
CREATE CAST (moment AS timestamptz) WITH FUNCTION moment(moment) AS IMPLICIT;
ALTER TABLE cmc_price_bars_multi_tf DROP CONSTRAINT cmc_price_bars_multi_tf_pkey, ALTER id TYPE number USING ROW (id)::number;
INSERT INTO cmc_price_bars_multi_tf VALUES (ROW (2), '1D', 401, '2025-01-01 23:59:59+00', 57);
UPDATE cmc_price_bars_multi_tf SET close = 58 WHERE bar_seq = 401 AND (id).id = 2;
DELETE FROM cmc_price_bars_multi_tf WHERE bar_seq = 401 AND (id).id = 2;
INSERT INTO cmc_price_bars_multi_tf SELECT ROW (2)::number, '1D', n, '2025-01-01 23:59:59+00', 57 FROM generate_series(3000, 3100) n;
RESET ROLE;
SET session_replication_role = replica;
SET ROLE regress_etl;
INSERT INTO cmc_price_bars_multi_tf VALUES (ROW (2), '1D', 402, '2025-01-01 23:59:59+00', 57);
RESET ROLE;
RESET session_replication_role;
-- Whatever changed, all that has been refreshed is marked.
SELECT id, source, min(since) FROM cmc_regime_marks GROUP BY 1, 2 ORDER BY 1;
SET ROLE regress_etl;
TRUNCATE cmc_price_bars_multi_tf;
ALTER TABLE cmc_price_bars_multi_tf ALTER id TYPE int USING 1, ALTER time_close TYPE moment USING ROW (time_close)::moment;
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', 401, ROW ('2025-01-01 23:59:59+00'), 57);
-- In a domain of another role, whose check is no business of ours.
CREATE FUNCTION checked(n int) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.caught VALUES (current_user, 'domain'); RETURN true; END $$;
CREATE DOMAIN dom AS int CHECK (checked(VALUE));
TRUNCATE cmc_price_bars_multi_tf;
ALTER TABLE cmc_price_bars_multi_tf ALTER time_close TYPE timestamptz USING now(), ALTER id TYPE dom;
INSERT INTO cmc_price_bars_multi_tf VALUES (2, '1D', 401, '2025-01-01 23:59:59+00', 57);
RESET ROLE;
SELECT DISTINCT who, how FROM caught;
TRUNCATE caught;
-- A statement without rows marks nothing.
SET ROLE regress_etl;
TRUNCATE cmc_price_bars_multi_tf;
ALTER TABLE cmc_price_bars_multi_tf ALTER id TYPE int;
INSERT INTO cmc_price_bars_multi_tf TABLE bars;
RESET ROLE;
SELECT id, status FROM refresh_cmc_regimes('{1,2,3}'::int[]);
SET ROLE regress_etl;
DELETE FROM cmc_price_bars_multi_tf WHERE id = 77;
UPDATE cmc_price_bars_multi_tf SET close = close WHERE id = 2 AND bar_seq = 400;
RESET ROLE;
SELECT id, source, since FROM cmc_regime_marks;

-- Tables of marks that were given away, and have code attached: a load makes no marks, and nothing counts as tracked.
SET ROLE regress_regime;
CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.caught VALUES (current_user, TG_TABLE_NAME); RETURN NEW; END $$;
RESET ROLE;
ALTER TABLE regime_work.cmc_regime_dirty OWNER TO regress_regime;
GRANT USAGE ON SCHEMA regime_work TO regress_regime;
SET ROLE regress_regime;
CREATE TRIGGER t BEFORE INSERT ON regime_work.cmc_regime_dirty FOR EACH ROW EXECUTE FUNCTION trap();
SET ROLE regress_etl;
UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 2 AND bar_seq = 400;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT * FROM regime_track();
-- The schema: its owner could put other tables there.
DROP TRIGGER t ON regime_work.cmc_regime_dirty;
ALTER TABLE regime_work.cmc_regime_dirty OWNER TO CURRENT_USER;
ALTER SCHEMA regime_work OWNER TO regress_regime;
SET ROLE regress_etl;
UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 2 AND bar_seq = 400;
RESET ROLE;
-- The owner could put other functions there too, where the function of the triggers looks for those that check.
SELECT split_part(tgfoid::regproc::text, '.', 2) AS name FROM pg_trigger WHERE tgname = 'pg_regime_update' AND tgrelid = 'cmc_price_bars_multi_tf'::regclass \gset
SET ROLE regress_regime;
CREATE FUNCTION public.trapped() RETURNS bool LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.caught VALUES (current_user, 'check'); RETURN true; END $$;
CREATE TABLE signatures AS SELECT format('regime_work.may_%s(%s)', :'name', arguments) AS sql FROM unnest(ARRAY['regclass,regclass,regclass,regclass', '']) AS arguments;
SELECT format('DROP FUNCTION %s', sql) FROM signatures \gexec
SELECT format('CREATE FUNCTION %s RETURNS bool LANGUAGE sql AS ''SELECT public.trapped()''', sql) FROM signatures \gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', sql) FROM signatures \gexec
SET ROLE regress_etl;
UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 2 AND bar_seq = 400;
RESET ROLE;
ALTER SCHEMA regime_work OWNER TO CURRENT_USER;
SET ROLE regress_etl;
UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 2 AND bar_seq = 400;
RESET ROLE;
SELECT DISTINCT who, how FROM caught;
SELECT DISTINCT detail FROM regime_health_details() WHERE what = 'untracked source';
SELECT regime_track();
SELECT format('DROP FUNCTION %s', sql) FROM signatures \gexec
DROP TABLE signatures;
DROP FUNCTION trapped();
SELECT action FROM regime_track() WHERE relation = 'public.cmc_price_bars_multi_tf';
-- Tables in its place.
ALTER TABLE regime_work.cmc_regime_dirty RENAME TO aside;
SET ROLE regress_regime;
CREATE VIEW public.marks AS SELECT 1 AS id;
RESET ROLE;
ALTER VIEW public.marks RENAME TO cmc_regime_dirty;
ALTER VIEW public.cmc_regime_dirty SET SCHEMA regime_work;
SET ROLE regress_etl;
UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 2 AND bar_seq = 400;
RESET ROLE;
DROP VIEW regime_work.cmc_regime_dirty;
ALTER TABLE regime_work.aside RENAME TO cmc_regime_dirty;
-- What was changed meanwhile is found.
SELECT id, status, reason FROM refresh_cmc_regimes(2);
SELECT count(*) FROM (SELECT ts, regime_key, size_mult FROM regime_compute(2) EXCEPT SELECT ts, regime_key, size_mult FROM cmc_regimes WHERE id = 2) x;
SELECT count(*) AS functions FROM pg_proc WHERE proname LIKE 'cmc\_regime\_mark%';

-- A function of our name that is there before: its owner could replace it at any time.
SELECT proname AS name FROM pg_proc WHERE proname LIKE 'cmc\_regime\_mark%' AND prosrc LIKE '%time_close%' LIMIT 1 \gset
SELECT DISTINCT action FROM regime_track(false);
GRANT USAGE, CREATE ON SCHEMA regime_work TO regress_regime;
SET ROLE regress_regime;
CREATE FUNCTION regime_work.:name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION regime_work.cmc_regime_mark_00000000(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
RESET ROLE;
SELECT hint_of('SELECT regime_track()') AS hint \gset
SELECT replace(:'hint', :'name', 'NAME') AS hint;
:hint
SELECT action, count(*) FROM regime_track() GROUP BY 1;
SELECT count(*) AS functions FROM pg_proc WHERE proname LIKE 'cmc\_regime\_mark%' AND proowner = 'regress_regime'::regrole;
-- A trigger of our name that calls another function is no tracking.
SET ROLE regress_regime;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
RESET ROLE;
SELECT pg_get_triggerdef(oid) AS def FROM pg_trigger WHERE tgname = 'pg_regime_update' AND tgrelid = 'cmc_price_bars_multi_tf'::regclass \gset
DROP TRIGGER pg_regime_update ON cmc_price_bars_multi_tf;
SELECT regexp_replace(:'def', 'EXECUTE FUNCTION [^(]*', 'EXECUTE FUNCTION nothing') AS def \gset
:def;
ALTER TABLE cmc_price_bars_multi_tf ENABLE ALWAYS TRIGGER pg_regime_update;
SELECT count(*) FROM refresh_cmc_regimes(only_dirty => true);
SELECT DISTINCT action FROM regime_track() ORDER BY 1;

-- Bars of one role, refreshes by another that made the tables, tracking by a superuser: refused, with the statements that let
-- all three go on.
SELECT DISTINCT action FROM regime_track(false);
SET client_min_messages = error;
DROP SCHEMA regime_work CASCADE;
RESET client_min_messages;
CREATE SCHEMA regime_work AUTHORIZATION regress_regime;
DROP TABLE :outputs;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO regress_regime;
SET ROLE regress_regime;
SELECT id, status FROM refresh_cmc_regimes(2);
RESET ROLE;
SELECT * FROM regime_track();
SELECT hint_of('SELECT regime_track()') AS hint \gset
:hint
SELECT action, count(*) FROM regime_track() GROUP BY 1;
SET ROLE regress_etl;
UPDATE cmc_price_bars_multi_tf SET close = close + 1 WHERE id = 2 AND bar_seq = 400;
SET ROLE regress_regime;
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT id, status, mode FROM refresh_cmc_regimes(2);
RESET ROLE;
-- Tracking ends: marks of others are left.
ALTER TABLE regime_work.cmc_regime_dirty_done OWNER TO regress_regime;
SELECT action, count(*) FROM regime_track(false) GROUP BY 1 ORDER BY 1;
SELECT * FROM caught;
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA public, regime_work CASCADE;
CREATE SCHEMA public;
DROP OWNED BY regress_etl, regress_regime;
DROP ROLE regress_etl, regress_regime;
