-- Whose tables may be written: Rust asks before regime_track, SQL in the function of the triggers. The two agree for every owner.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
CREATE ROLE regress_loader;
CREATE ROLE regress_boss SUPERUSER;
CREATE ROLE regress_heir;
CREATE ROLE regress_guarded NOINHERIT;
CREATE ROLE regress_reached;
CREATE ROLE regress_above;
CREATE ROLE regress_dba;
GRANT regress_loader TO regress_heir, regress_guarded;
GRANT regress_heir TO regress_reached;
-- Of which the loader is a member: no reason to trust.
GRANT regress_above TO regress_loader;
-- Memberships without SET ROLE, or without rights, from PostgreSQL 16 on.
CREATE ROLE regress_unset;
CREATE ROLE regress_bare;
SELECT current_setting('server_version_num')::int >= 160000 AS has_options \gset
\if :has_options
GRANT regress_loader TO regress_unset WITH SET FALSE, INHERIT TRUE;
GRANT regress_loader TO regress_bare WITH INHERIT FALSE;
\else
GRANT regress_loader TO regress_unset;
ALTER ROLE regress_bare NOINHERIT;
GRANT regress_loader TO regress_bare;
\endif
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO regress_dba', current_database()); END $$;
SELECT status FROM refresh_cmc_regimes('{1,2,3}'::int[]);
DO $$ DECLARE t text; BEGIN
    FOR t IN SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relname ~ '^cmc_(price|ema)' LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO regress_loader', t);
    END LOOP;
END $$;
GRANT USAGE, CREATE ON SCHEMA public TO regress_loader;
CREATE FUNCTION verdicts(loader name, what text) RETURNS TABLE (owner text, rust text, sql text) LANGUAGE plpgsql AS $$
DECLARE
    n int := 0;
BEGIN
    FOREACH owner IN ARRAY '{regress_loader,regress_boss,regress_heir,regress_guarded,regress_reached,regress_above,regress_unset,regress_bare,regress_dba,pg_database_owner}'::text[] LOOP
        EXECUTE format('ALTER %s OWNER TO %I', what, owner);
        EXECUTE format('GRANT USAGE, CREATE ON SCHEMA regime_work TO %I', loader);
        EXECUTE format('GRANT ALL ON ALL TABLES IN SCHEMA regime_work TO %I', loader);
        EXECUTE format('SET ROLE %I', loader);
        BEGIN
            PERFORM regime_track();
            rust := 'trusted';
        EXCEPTION WHEN insufficient_privilege THEN
            rust := CASE WHEN SQLERRM ~ 'belongs to role' THEN 'refused' ELSE SQLERRM END;
        END;
        RESET ROLE;
        UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 2 AND bar_seq = 400;
        sql := CASE WHEN EXISTS (SELECT FROM regime_work.cmc_regime_dirty) THEN 'trusted' ELSE 'refused' END;
        DELETE FROM regime_work.cmc_regime_dirty;
        RETURN NEXT;
    END LOOP;
    EXECUTE format('ALTER %s OWNER TO CURRENT_USER', what);
END $$;
DO $$ DECLARE what text; BEGIN
    FOR what IN SELECT format('TABLE %s', oid::regclass) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'regime_work'::regnamespace LOOP
        EXECUTE format('ALTER %s OWNER TO regress_loader', what);
    END LOOP;
    ALTER SCHEMA regime_work OWNER TO regress_loader;
    GRANT USAGE, CREATE ON SCHEMA regime_work TO regress_loader;
    SET ROLE regress_loader;
    PERFORM regime_track();
    RESET ROLE;
END $$;
SELECT * FROM verdicts('regress_loader', 'TABLE regime_work.cmc_regime_dirty');
SELECT * FROM verdicts('regress_loader', 'SCHEMA regime_work');
-- The same for a superuser.
SELECT count(*) > 0 AS untracked FROM regime_track(false);
DO $$ DECLARE what text; BEGIN
    FOR what IN SELECT format('TABLE %s', oid::regclass) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'regime_work'::regnamespace LOOP
        EXECUTE format('ALTER %s OWNER TO CURRENT_USER', what);
    END LOOP;
    PERFORM regime_track();
END $$;
SELECT * FROM verdicts(current_user, 'TABLE regime_work.cmc_regime_dirty');
SELECT * FROM verdicts(current_user, 'SCHEMA regime_work');
-- An owner that is gone.
SET client_min_messages = warning;
CREATE ROLE regress_gone;
ALTER TABLE regime_work.cmc_regime_dirty OWNER TO regress_gone;
DELETE FROM pg_shdepend WHERE refobjid = 'regress_gone'::regrole;
DROP ROLE regress_gone;
DO $$ BEGIN
    PERFORM regime_track();
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING '%', regexp_replace(SQLERRM, '[0-9]+$', 'OID');
END $$;
UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 2 AND bar_seq = 400;
SELECT count(*) FROM regime_work.cmc_regime_dirty;
ALTER TABLE regime_work.cmc_regime_dirty OWNER TO CURRENT_USER;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO CURRENT_USER', current_database()); END $$;
REASSIGN OWNED BY regress_loader, regress_dba TO CURRENT_USER;
DROP OWNED BY regress_loader, regress_boss, regress_heir, regress_guarded, regress_reached, regress_above, regress_unset, regress_bare, regress_dba;
DROP ROLE regress_loader, regress_boss, regress_heir, regress_guarded, regress_reached, regress_above, regress_unset, regress_bare, regress_dba;
