-- Each statement begins with a comment that says whose it is and what it does, for pg_stat_statements, auto_explain and the log of slow
-- statements: here as functions behind what is read and written see it.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE seen (of text, comment text);
CREATE FUNCTION see(of text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE context text;
BEGIN
    GET DIAGNOSTICS context = PG_CONTEXT;
    INSERT INTO public.seen VALUES (of, pg_catalog.substring(context, 'SQL statement "(/[*].*?[*]/)'));
    RETURN true;
END $$;
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.see(TG_TABLE_NAME); RETURN NULL; END $$;
ALTER TABLE cmc_price_bars_multi_tf RENAME TO bars;
ALTER TABLE cmc_ema_multi_tf_u RENAME TO emas;
CREATE VIEW cmc_price_bars_multi_tf AS SELECT * FROM bars WHERE see('bars');
CREATE VIEW cmc_ema_multi_tf_u AS SELECT * FROM emas WHERE see('EMAs');
SELECT status FROM refresh_cmc_regimes(2);
DO $$ DECLARE t regclass; BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relname ~ '^cmc_regime' LOOP
        EXECUTE format('CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION see()', t);
    END LOOP;
END $$;
TRUNCATE seen;
SELECT status, mode FROM refresh_cmc_regimes(2, full_refresh => true);
SELECT DISTINCT of, comment FROM seen ORDER BY of, comment;
TRUNCATE seen;
INSERT INTO bars SELECT id, tf, bar_seq + 9000, '2025-01-01 23:59:59+00', close FROM bars WHERE tf = '1D' AND time_close > '2024-12-31';
SELECT count(*), min(status), min(mode) FROM refresh_cmc_regimes('{2,3}'::int[]);
SELECT DISTINCT of, comment FROM seen ORDER BY of, comment;
-- What a call is at stands behind the name of the session in pg_stat_activity, and goes when the call ends, also by an error.
CREATE FUNCTION shown() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_stat_clear_snapshot();
    RETURN (SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid());
END $$;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', public.shown(); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT ON cmc_regimes FOR EACH STATEMENT EXECUTE FUNCTION note();
SET application_name = 'nightly';
TRUNCATE cmc_regimes;
SELECT status FROM refresh_cmc_regimes('{2,3,4}'::int[]);
SELECT shown(), current_setting('application_name');
TRUNCATE cmc_regimes;
SET application_name = 'a name that is as long as the name of an application can be here';
SELECT status FROM refresh_cmc_regimes(3);
\set VERBOSITY terse
ALTER TABLE cmc_regimes ADD CONSTRAINT none CHECK (id <> 3) NOT VALID;
TRUNCATE cmc_regimes;
SELECT status FROM refresh_cmc_regimes('{2,3}'::int[], full_refresh => true, strict => true);
SELECT shown();
