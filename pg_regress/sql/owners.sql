-- No code of a role runs with rights that the role has not: tables of others are refused, whatever is attached to them.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE ROLE regress_evil;
CREATE ROLE regress_job;
CREATE TABLE caught (who name, how text);
GRANT INSERT ON caught TO PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO regress_evil;
SET ROLE regress_evil;
CREATE FUNCTION evil_trigger() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.caught VALUES (current_user, TG_TABLE_NAME); RETURN NEW; END $$;
CREATE FUNCTION evil_text() RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.caught VALUES (current_user, 'default'); RETURN 'x'; END $$;
RESET ROLE;
CREATE FUNCTION refused(call text) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE call;
    message := 'no error';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
\pset format unaligned
\x on
-- The hint of a missing CREATE privilege, typed: the schema belongs to the role, and so does what lies there.
CREATE SCHEMA regime_work AUTHORIZATION regress_evil;
SET client_min_messages = error;
SELECT r.* FROM refused('SELECT regime_setup()') r;
SELECT r.* FROM refused('SELECT refresh_cmc_regimes(3)') r;
SELECT r.* FROM refused('SELECT regime_track()') r;
ALTER SCHEMA regime_work OWNER TO CURRENT_USER;
GRANT USAGE, CREATE ON SCHEMA regime_work TO regress_evil;
-- A working table made before ours, with a default.
SET ROLE regress_evil;
CREATE TABLE regime_work.cmc_regime_dirty (id int, mark bigint, source text, since timestamptz, marked_at timestamptz, of_many uuid, x text DEFAULT public.evil_text());
RESET ROLE;
SELECT r.* FROM refused('SELECT regime_setup()') r;
SELECT r.* FROM refused('SELECT refresh_cmc_regimes(3)') r;
SELECT r.* FROM refused('SELECT regime_track()') r;
DROP TABLE regime_work.cmc_regime_dirty;
-- An output table, to be adopted.
SET ROLE regress_evil;
CREATE TABLE public.cmc_regimes (id int, ts timestamptz, tf text, l0_label text);
CREATE TRIGGER t BEFORE INSERT ON public.cmc_regimes FOR EACH ROW EXECUTE FUNCTION evil_trigger();
RESET ROLE;
SELECT r.* FROM refused('SELECT regime_setup()') r;
SELECT r.* FROM refused('SELECT refresh_cmc_regimes(3)') r;
-- The hint to ordinary roles makes the table theirs, and the trigger is refused still.
ALTER TABLE public.cmc_regimes OWNER TO CURRENT_USER;
SELECT r.* FROM refused('SELECT regime_setup()') r;
SELECT r.hint AS remedy FROM refused('SELECT regime_setup()') r \gset
:remedy
SELECT r.message FROM refused('SELECT regime_setup()') r;
SELECT r.message FROM refused('SELECT refresh_cmc_regimes(3)') r;
-- Given away, or replaced, after a refresh.
ALTER TABLE regime_work.cmc_regime_state OWNER TO regress_evil;
SELECT r.message FROM refused('SELECT refresh_cmc_regimes(3)') r;
CALL refresh_all_cmc_regimes();
SELECT regime_round_next(1);
SELECT severity, what, detail, command FROM regime_health_details() WHERE what = 'foreign owner';
-- which reads may do.
SELECT status FROM refresh_cmc_regimes(3, dry_run => true);
ALTER TABLE regime_work.cmc_regime_state OWNER TO CURRENT_USER;
-- A partition, a table that inherits.
GRANT SELECT ON public.cmc_regimes TO regress_evil;
SET ROLE regress_evil;
CREATE TABLE part (LIKE public.cmc_regimes INCLUDING ALL);
RESET ROLE;
ALTER TABLE part INHERIT public.cmc_regimes;
SELECT r.message FROM refused('SELECT refresh_cmc_regimes(3)') r;
DROP TABLE part;
-- A view in the place of a table, over a table of another role.
ALTER TABLE public.cmc_regime_stats RENAME TO stats_before;
CREATE TABLE beneath AS TABLE public.stats_before;
ALTER TABLE beneath OWNER TO regress_evil;
CREATE VIEW public.cmc_regime_stats AS TABLE beneath;
SELECT r.message FROM refused('SELECT refresh_cmc_regimes(3)') r;
DROP VIEW public.cmc_regime_stats;
DROP TABLE beneath;
ALTER TABLE public.stats_before RENAME TO cmc_regime_stats;
-- A function or a domain of another role in a table of one's own: a trigger, a default, a check, an index, a policy.
SET ROLE regress_evil;
CREATE FUNCTION evil_true(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
CREATE FUNCTION evil_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE DOMAIN evil_domain AS text CHECK (evil_true(VALUE));
RESET ROLE;
SELECT d.change, r.message, r.hint FROM (VALUES
    ('CREATE TRIGGER t BEFORE UPDATE ON cmc_regimes FOR EACH ROW EXECUTE FUNCTION evil_trigger()'),
    ('ALTER TABLE cmc_regimes ADD x text DEFAULT evil_text()'),
    ('ALTER TABLE regime_work.cmc_regime_run_log ADD CHECK (evil_true(message))'),
    ('CREATE INDEX ON cmc_regime_flips (evil_true(layer))'),
    ('CREATE POLICY p ON cmc_regime_stats USING (evil_true(regime_key))'),
    ('ALTER TABLE cmc_regime_comovement ADD x evil_domain')) AS d (change),
    refused('DO $d$ BEGIN ' || change || '; PERFORM refresh_cmc_regimes(3); RAISE ''no error''; END $d$') r;
-- The tables of built inputs.
SELECT r.message FROM refused('SELECT regime_build_inputs()') r;
DROP TABLE cmc_ema_multi_tf_u;
SELECT r.message FROM refused('SELECT regime_build_inputs()') r;
ALTER TABLE cmc_ema_multi_tf_u OWNER TO regress_evil;
SELECT r.* FROM refused('SELECT regime_build_inputs()') r;
ALTER TABLE cmc_ema_multi_tf_u OWNER TO CURRENT_USER;
-- The other systems.
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, open float8, high float8, low float8, close float8, volume float8,
    PRIMARY KEY (symbol, timeframe, open_time));
INSERT INTO candles SELECT '^GSPC', '1d', '2018-01-01 00:00+00'::timestamptz + n * interval '1 day', n, n + 1, n - 1, n, 1 FROM generate_series(10, 300) n;
CREATE SCHEMA desk;
SET pg_regime.target_schema = 'desk';
SELECT count(*) > 0 FROM regime_setup('desk');
ALTER TABLE desk.market_regimes OWNER TO regress_evil;
ALTER TABLE desk.market_regime_history OWNER TO regress_evil;
SELECT r.message FROM refused('SELECT refresh_market_regimes()') r;
SELECT r.message FROM refused('SELECT delete_market_regimes(''x'', ''1d'')') r;
CALL backfill_market_regime_history('2018-01-01', '2018-02-01');
ALTER SCHEMA desk OWNER TO regress_evil;
SELECT r.message FROM refused('SELECT refresh_cmc_regimes(3)') r;
RESET pg_regime.target_schema;

-- A role that is no superuser. That others made it their member gives them nothing,
ALTER TABLE public.cmc_regimes OWNER TO regress_evil;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO regress_job;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA regime_work TO regress_job;
GRANT SELECT, INSERT, UPDATE, DELETE ON :outputs TO regress_job;
GRANT USAGE ON SCHEMA regime_work TO regress_job;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA regime_work TO regress_job;
SET ROLE regress_job;
SELECT r.* FROM refused('SELECT refresh_cmc_regimes(3)') r;
RESET ROLE;
GRANT regress_evil TO regress_job;
SET ROLE regress_job;
SELECT r.* FROM refused('SELECT refresh_cmc_regimes(3)') r;
RESET ROLE;
REVOKE regress_evil FROM regress_job;
-- a role that may act as the caller gains nothing, nor does the owner of the database more than it has.
GRANT regress_job TO regress_evil;
SET ROLE regress_job;
SELECT r.message FROM refused('SELECT refresh_cmc_regimes(3)') r;
RESET ROLE;
REVOKE regress_job FROM regress_evil;
SELECT current_database() AS db, current_user AS super \gset
ALTER DATABASE :"db" OWNER TO regress_evil;
SET ROLE regress_job;
SELECT r.message FROM refused('SELECT refresh_cmc_regimes(3)') r;
RESET ROLE;
SELECT r.message FROM refused('SELECT refresh_cmc_regimes(3)') r;
ALTER DATABASE :"db" OWNER TO :"super";
SET ROLE regress_job;
SELECT r.message FROM refused('SELECT refresh_cmc_regimes(3)') r;
RESET ROLE;
\x off
\pset format aligned
-- Nobody was caught.
SELECT * FROM caught;
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA public, regime_work, desk, desk_regime_work CASCADE;
CREATE SCHEMA public;
DROP OWNED BY regress_evil, regress_job;
DROP ROLE regress_evil, regress_job;
