-- In a session that has called pg_regime, errors of users keep their own SQLSTATE.
\set VERBOSITY terse
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pg_regime CASCADE;
CREATE EXTENSION pg_regime;
RESET client_min_messages;
SELECT regime_version_hash() IS NOT NULL AS loaded;
CREATE FUNCTION fails() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'of the user' USING ERRCODE = 'ZZ000', DETAIL = 'told'; END $$;
CREATE TABLE t (a int);
CREATE FUNCTION fails_too() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM fails(); RETURN NEW; END $$;
CREATE TRIGGER fails AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION fails_too();
DO $$
DECLARE
    told text;
BEGIN
    BEGIN
        PERFORM fails();
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS told = PG_EXCEPTION_CONTEXT;
        RAISE NOTICE 'below a SELECT: % %', SQLSTATE, told LIKE 'PL/pgSQL function fails() line 1 at RAISE%';
    END;
    BEGIN
        INSERT INTO t VALUES (1);
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
        RAISE NOTICE 'below an INSERT: % %', SQLSTATE, told;
    END;
END $$;
DROP TABLE t;
DROP FUNCTION fails, fails_too;
