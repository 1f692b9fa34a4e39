-- Where refresh_all_cmc_regimes cannot work, it says so before it begins.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- In a transaction block, or a function, nothing can be committed on the way.
BEGIN;
CALL refresh_all_cmc_regimes();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
CREATE FUNCTION nightly() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL refresh_all_cmc_regimes(); END $$;
SELECT nightly();
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('cmc_regimes');
CREATE PROCEDURE guarded() LANGUAGE plpgsql AS $$
BEGIN CALL refresh_all_cmc_regimes(); EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'caught: % %', SQLSTATE, SQLERRM; END $$;
CALL guarded();
-- A procedure or DO block that leaves it the transaction will do.
DO $$ BEGIN CALL refresh_all_cmc_regimes(); END $$;
-- Read-only.
SET default_transaction_read_only = on;
CALL refresh_all_cmc_regimes();
\echo :LAST_ERROR_SQLSTATE
RESET default_transaction_read_only;
-- Arguments. No round is begun for a call that cannot work.
TRUNCATE regime_work.cmc_regime_work;
CALL refresh_all_cmc_regimes(batch_size => 0);
\echo :LAST_ERROR_SQLSTATE
CALL refresh_all_cmc_regimes(batch_size => -5);
CALL refresh_all_cmc_regimes(batch_size => 100001);
CALL refresh_all_cmc_regimes(policy => 'none');
\echo :LAST_ERROR_SQLSTATE
CALL refresh_all_cmc_regimes(min_hold_bars => -1);
CALL refresh_all_cmc_regimes(cal_scheme => 'lunar');
SET pg_regime.target_schema = 'nowhere';
CALL refresh_all_cmc_regimes();
\echo :LAST_ERROR_SQLSTATE
RESET pg_regime.target_schema;
SELECT count(*) FROM regime_work.cmc_regime_work;
-- The steps by themselves.
SELECT regime_round_next(NULL);
SELECT regime_round_end(NULL);
SELECT regime_round_next(4711), regime_round_end(4711);
-- A schema of any name.
CREATE SCHEMA "It's mine";
SET pg_regime.target_schema = 'It''s mine';
CALL refresh_all_cmc_regimes();
SELECT count(DISTINCT id) FROM "It's mine".cmc_regimes;
SET client_min_messages = error;
DROP SCHEMA "It's mine", "It's mine_regime_work" CASCADE;
RESET client_min_messages;
RESET pg_regime.target_schema;
-- A role without a privilege on the table of work.
CREATE ROLE regress_writer;
GRANT USAGE ON SCHEMA regime_work TO regress_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA public, regime_work TO regress_writer;
GRANT INSERT, UPDATE, DELETE ON :tables TO regress_writer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA regime_work TO regress_writer;
SET ROLE regress_writer;
CALL refresh_all_cmc_regimes();
RESET ROLE;
REVOKE UPDATE ON regime_work.cmc_regime_work FROM regress_writer;
SET ROLE regress_writer;
CALL refresh_all_cmc_regimes();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
REVOKE INSERT ON regime_work.cmc_regime_work FROM regress_writer;
TRUNCATE regime_work.cmc_regime_work;
SET ROLE regress_writer;
CALL refresh_all_cmc_regimes();
RESET ROLE;
\set ECHO none
SET client_min_messages = error;
DROP OWNED BY regress_writer;
DROP ROLE regress_writer;
