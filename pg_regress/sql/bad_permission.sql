-- Without a privilege: an error or a failed row that says which, and a hint that is enough when somebody who may types it.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
CREATE TABLE before AS :content;
CREATE SCHEMA market;
ALTER TABLE cmc_ema_multi_tf_u SET SCHEMA market;
UPDATE regime_source SET ema_schema = 'market' WHERE layer = 'L2';
CREATE ROLE "regress Clerk";
-- On the sources. The role gets what the hint says, until it may.
SET ROLE "regress Clerk";
SELECT * FROM refresh_cmc_regimes(2);
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM regime_compute(2);
RESET ROLE;
CREATE FUNCTION typed(statement text) RETURNS TABLE (state text, message text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 1..20 LOOP
        BEGIN
            SET ROLE "regress Clerk";
            EXECUTE statement;
            RESET ROLE;
            state := '00000'; message := 'done'; hint := NULL;
            RETURN NEXT;
            RETURN;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
            RETURN NEXT;
            IF hint NOT LIKE 'GRANT %' THEN RETURN; END IF;
            EXECUTE split_part(hint, ';', 1);
        END;
    END LOOP;
END $$;
SELECT * FROM typed('SELECT FROM regime_compute(2)');
SELECT * FROM typed('SELECT FROM regime_label_monthly(2, ''us'')');
-- On some columns only, but all that are mapped, is enough.
REVOKE SELECT ON cmc_price_bars_multi_tf FROM "regress Clerk";
GRANT SELECT (id, tf, time_close, close) ON cmc_price_bars_multi_tf TO "regress Clerk";
SET ROLE "regress Clerk";
SELECT count(*) FROM regime_compute(2);
RESET ROLE;

-- On the list of assets.
SET ROLE "regress Clerk";
SELECT * FROM refresh_cmc_regimes();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
-- On the outputs: the asset fails and keeps what it has. One privilege after the other.
SET ROLE "regress Clerk";
SELECT id, status, message FROM refresh_cmc_regimes(2, hysteresis => false);
RESET ROLE;
GRANT SELECT, INSERT, DELETE ON :tables TO "regress Clerk";
GRANT UPDATE ON cmc_regimes, cmc_regime_flips, cmc_regime_comovement, regime_work.cmc_regime_state, regime_work.cmc_regime_inputs TO "regress Clerk";
GRANT USAGE ON SCHEMA regime_work TO "regress Clerk";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA regime_work TO "regress Clerk";
SET ROLE "regress Clerk";
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 4], hysteresis => false);
RESET ROLE;
SELECT id, count(*) FROM cmc_regimes GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x WHERE id = 2;
GRANT UPDATE ON cmc_regime_stats TO "regress Clerk";
SET ROLE "regress Clerk";
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[2, 4], hysteresis => false);
RESET ROLE;
-- On the log alone: the rows matter more.
REVOKE INSERT ON regime_work.cmc_regime_run_log FROM "regress Clerk";
SET ROLE "regress Clerk";
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT DISTINCT regime_version_hash = regime_version_hash() AS written FROM cmc_regimes WHERE id = 2;
RESET ROLE;
GRANT INSERT ON regime_work.cmc_regime_run_log TO "regress Clerk";
REVOKE USAGE ON SEQUENCE regime_work.cmc_regime_run_log_run_seq FROM "regress Clerk";
SET ROLE "regress Clerk";
SELECT id, status FROM refresh_cmc_regimes(2, hysteresis => false);
-- Reading needs SELECT on the output, and no more.
SELECT regime_key FROM regime_at(2, '2025-01-01');
RESET ROLE;
REVOKE SELECT ON cmc_regimes FROM "regress Clerk";
SET ROLE "regress Clerk";
SELECT regime_key FROM regime_at(2, '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
-- On the schema of the output tables, where some are missing.
DROP TABLE cmc_regime_stats;
SELECT * FROM typed('SELECT FROM regime_setup()');
REVOKE CREATE ON SCHEMA public FROM "regress Clerk";
DROP TABLE cmc_regime_stats;
TRUNCATE regime_work.cmc_regime_state;
SELECT * FROM typed('SELECT FROM refresh_cmc_regimes(2)');
SELECT relowner::regrole FROM pg_class WHERE oid = 'cmc_regime_stats'::regclass;
-- Completing a table takes its owner.
ALTER TABLE cmc_regimes DROP setups;
SELECT * FROM typed('SELECT FROM regime_setup()');
\set ECHO none
RESET pg_regime.target_schema;
SET client_min_messages = error;
DROP OWNED BY "regress Clerk";
DROP ROLE "regress Clerk";
DROP SCHEMA market CASCADE;
