-- Connecting prices, nested calls and marks of symbols: nobody gains rights, and nobody's rows or tables go with another's.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
\pset null -
CREATE ROLE regress_bob;
CREATE TABLE seen (what text, who name DEFAULT current_user);
GRANT INSERT ON seen TO PUBLIC;
CREATE SCHEMA own AUTHORIZATION regress_bob;
GRANT USAGE, CREATE ON SCHEMA public TO regress_bob;
CREATE TABLE prices (symbol text, date date, close float8, PRIMARY KEY (symbol, date));
INSERT INTO prices SELECT s, date '2023-01-01' + d, 100 + 10 * sin(d / 9.0) + d / 10.0 FROM unnest('{AA,BB}'::text[]) AS s, generate_series(1, 400) AS d;
-- Who installed the extension attaches no code to its tables, which a superuser's call would run.
DROP EXTENSION pg_regime;
GRANT CREATE ON SCHEMA public TO regress_bob;
SELECT current_database() AS db \gset
GRANT CREATE ON DATABASE :db TO regress_bob;
SET ROLE regress_bob;
CREATE EXTENSION pg_regime;
CREATE FUNCTION own.evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (TG_TABLE_NAME); RETURN COALESCE(NEW, OLD); END $$;
\set VERBOSITY sqlstate
CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON regime_connection FOR EACH ROW EXECUTE FUNCTION own.evil();
CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON regime_profile FOR EACH ROW EXECUTE FUNCTION own.evil();
\set VERBOSITY default
RESET ROLE;
\echo :LAST_ERROR_SQLSTATE
SELECT DISTINCT step FROM regime_connect('prices') ORDER BY step;
SELECT count(*) AS actions FROM regime_disconnect('prices');
SELECT * FROM seen;
DROP EXTENSION pg_regime;
DROP OWNED BY regress_bob;
CREATE EXTENSION pg_regime;
-- A function of another role that PostgreSQL runs while it makes a plan is a call of its own: code that this call hands over
-- to runs under its settings, not under those of the outer call.
CREATE SCHEMA maint;
CREATE SCHEMA evil AUTHORIZATION regress_bob;
CREATE SCHEMA mal AUTHORIZATION regress_bob;
GRANT USAGE ON SCHEMA maint TO regress_bob;
SELECT DISTINCT step FROM regime_connect('prices') ORDER BY step;
SELECT id, status FROM refresh_cmc_regimes();
CREATE FUNCTION maint.note(text) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.seen VALUES ('note of maint') $$;
CREATE FUNCTION maint.noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM note('x'); RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT OR UPDATE ON regime_work.cmc_regime_state FOR EACH STATEMENT EXECUTE FUNCTION maint.noted();
CREATE FUNCTION maint.nightly() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = maint, pg_temp SET pg_regime.target_schema = 'public'
    AS $$ SELECT count(*) FROM public.refresh_cmc_regimes(full_refresh => true) WHERE status IN ('ok', 'unchanged') $$;
SET ROLE regress_bob;
CREATE FUNCTION evil.note(text) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.seen VALUES ('note of evil') $$;
CREATE FUNCTION mal.f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN maint.nightly(); END $$;
CREATE VIEW mal.cmc_regime_flips AS SELECT mal.f(1) AS id, null::timestamptz AS ts, null::text AS tf, null::text AS layer, null::text AS old_regime, null::text AS new_regime, null::int AS duration_bars, null::timestamptz AS updated_at;
CREATE VIEW mal.cmc_regimes AS SELECT mal.f(1) AS id, null::timestamptz AS ts, null::text AS tf, null::text AS l2_label, null::text AS regime_key;
SET search_path = evil, public;
SET pg_regime.target_schema = 'mal';
-- PostgreSQL makes the plan of the view within a call that runs beside no parallel worker.
SET max_parallel_workers_per_gather = 0;
SELECT count(*) FROM regime_durations(1);
RESET max_parallel_workers_per_gather;
RESET pg_regime.target_schema;
RESET search_path;
RESET ROLE;
SELECT DISTINCT what, who = CURRENT_USER AS as_me FROM seen;
TRUNCATE seen;
DROP TRIGGER t ON regime_work.cmc_regime_state;
DROP SCHEMA evil, mal CASCADE;
-- Code of users behind an index or a partition runs under the settings of the caller.
CREATE SCHEMA lib;
CREATE FUNCTION lib.helper(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION lib.ix(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
SET search_path = public, lib;
CREATE INDEX ON prices_regime_bars (lib.ix(tf));
CREATE INDEX ON regime_work.cmc_regime_state (lib.ix(tf));
CREATE OR REPLACE FUNCTION lib.ix(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN helper($1); END';
INSERT INTO prices SELECT s, '2024-02-06', 150 FROM unnest('{AA,BB}'::text[]) AS s;
SELECT id, status FROM refresh_cmc_regimes();
RESET search_path;
DROP SCHEMA lib CASCADE;
-- A negative id may be the key of a symbol: the marks of the symbol stay.
SELECT FROM regime_track();
SELECT count(*) FROM refresh_cmc_regimes();
SELECT hashtext('AA') | (-2147483648) AS negative \gset
CREATE TABLE by_id (id int, ts timestamptz, close float8, PRIMARY KEY (id, ts));
INSERT INTO by_id SELECT :negative, timestamptz '2023-01-01 23:59:59+00' + d * interval '1 day', 100 + d FROM generate_series(1, 400) AS d;
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, bars_ts_column, ema_table, ema_schema) SELECT 'ids', 'L2', NULL, '{20,50,100}', 'by_id', 'ts', ema_table, 'public' FROM regime_source WHERE layer = 'L2' AND cal_scheme = 'iso';
UPDATE regime_source SET ema_filter = '{"tf": "none"}' WHERE cal_scheme = 'ids';
SELECT status FROM refresh_cmc_regimes(:negative, 'ids');
INSERT INTO prices VALUES ('AA', '2024-02-07', 105);
SELECT status FROM refresh_cmc_regimes(:negative, 'ids');
SELECT count(*) AS marks FROM cmc_regime_marks WHERE source = 'public.prices';
SELECT status, rows_written > 0 AS written FROM refresh_cmc_regimes('AA', only_dirty => true);
SELECT count(*) AS marks FROM cmc_regime_marks;
-- Disconnecting takes away only what was made for this relation, which is named as SQL names it.
CREATE SCHEMA a;
CREATE TABLE a."b.c" (symbol text, date date, close float8, PRIMARY KEY (symbol, date));
INSERT INTO a."b.c" SELECT symbol, date, close FROM prices WHERE symbol = 'AA';
SELECT DISTINCT step FROM regime_connect('a."b.c"') ORDER BY step;
UPDATE regime_connection SET built_schema = 'public', built = built || '{prices_regime_bars,prices_regime_emas,prices_regime_daily_emas}' WHERE bars_schema = 'a';
SELECT * FROM regime_disconnect('"a.b".c');
SELECT relation, action FROM regime_disconnect('a."b.c"') WHERE relation LIKE '%\_regime\_%';
SELECT to_regclass('prices_regime_bars'), to_regclass('prices_regime_emas'), to_regclass('prices_regime_daily_emas');
SELECT FROM regime_teardown(keep_rows => false);
DROP EXTENSION pg_regime CASCADE;
DROP OWNED BY regress_bob;
DROP ROLE regress_bob;
DROP SCHEMA a, maint CASCADE;
