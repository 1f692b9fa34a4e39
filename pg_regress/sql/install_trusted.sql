-- The owner of a database, who is no superuser, installs the extension, edits its rows and owns the tables that it makes later; what
-- the extension is made of belongs to a superuser, so that no call of another role runs code of the installer's.
\set ECHO none
\set SHOW_CONTEXT never
SELECT current_database() AS before, current_user AS superuser \gset
SET client_min_messages = error;
DROP DATABASE IF EXISTS regress_trusted;
DROP ROLE IF EXISTS regress_owner;
CREATE ROLE regress_owner LOGIN;
CREATE DATABASE regress_trusted OWNER regress_owner;
\c regress_trusted regress_owner
\set ECHO all
SELECT rolsuper FROM pg_roles WHERE rolname = current_user;
CREATE EXTENSION pg_regime;
SELECT count(*) > 100 AS members, count(*) FILTER (WHERE NOT r.rolsuper) AS of_the_installer FROM pg_depend d
LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid JOIN pg_roles r ON r.oid = COALESCE(c.relowner, p.proowner, t.typowner)
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e';
-- Nothing of the installer's can take the place of a member, nor run when another role reads or writes one.
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE statement; RETURN NULL; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
SELECT pg_temp.refused(s) AS refused, s AS statement FROM unnest(ARRAY[
    $_$ALTER TABLE regime_policy RENAME TO aside$_$,
    $_$ALTER TABLE regime_source_user ALTER close_column TYPE text$_$,
    $_$ALTER TABLE regime_profile ENABLE ROW LEVEL SECURITY$_$,
    $_$ALTER EXTENSION pg_regime DROP TABLE regime_eras$_$,
    $_$CREATE TRIGGER own BEFORE INSERT ON regime_policy FOR EACH ROW EXECUTE FUNCTION regime_source_write()$_$,
    $_$CREATE RULE own AS ON SELECT TO regime_connection DO INSTEAD SELECT$_$,
    $_$CREATE OR REPLACE VIEW regime_source AS SELECT * FROM regime_source_built_in$_$,
    $_$CREATE OR REPLACE VIEW cmc_regime_latest AS SELECT 1 AS id$_$,
    $_$CREATE OR REPLACE FUNCTION regime_source_rows() RETURNS SETOF regime_source_user LANGUAGE sql AS 'TABLE regime_source_user'$_$,
    $_$UPDATE regime_source_built_in SET bars_table = 'pg_authid'$_$,
    $_$DROP TABLE regime_profile_asset$_$]) AS s;
-- The map and the policies are the owner's to change.
UPDATE regime_source SET close_column = 'price' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}]');
UPDATE regime_source SET close_column = 'close' WHERE cal_scheme = 'iso' AND layer = 'L2';
INSERT INTO regime_profile (profile) VALUES ('slow');
INSERT INTO regime_eras (starts) VALUES ('2020-01-01');
DELETE FROM regime_eras;
SELECT regime_drop_policy('desk');
GRANT INSERT ON regime_source, regime_source_user TO PUBLIC;
REVOKE INSERT ON regime_source, regime_source_user FROM PUBLIC;
SELECT relation, action FROM regime_setup();
SELECT DISTINCT relowner::regrole FROM pg_class WHERE relname LIKE 'cmc\_regime%' AND relkind = 'r';
-- Ten days of one asset, to refresh.
CREATE TABLE cmc_price_bars_multi_tf AS SELECT 1 AS id, '1D' AS tf,
    timestamptz '2024-01-01' + d * interval '1 day' AS time_close, 100.0 + d AS close FROM generate_series(1, 10) AS d;
CREATE VIEW cmc_price_bars_multi_tf_cal_iso AS SELECT * FROM cmc_price_bars_multi_tf WHERE false;
CREATE TABLE cmc_ema_multi_tf_u AS SELECT 1 AS id, '1D' AS tf, now() AS ts, 20 AS period, 1.0 AS ema,
    'multi_tf' AS alignment_source WHERE false;
CREATE VIEW cmc_ema_multi_tf_cal_iso AS SELECT *, false AS roll FROM cmc_ema_multi_tf_u;
SELECT id, status, regime_rows, rows_written, message FROM refresh_cmc_regimes();
SELECT status, rows_written FROM refresh_cmc_regimes(1);
DROP EXTENSION pg_regime;
SELECT count(*) FROM cmc_regimes;
\set ECHO none
\c :before :superuser
SET client_min_messages = error;
DROP DATABASE regress_trusted;
DROP ROLE regress_owner;
