-- The owner of a database, who is no superuser, installs the extension and owns all that it makes.
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
SELECT c.relname, c.relowner::regrole FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND c.relkind = 'r'
    ORDER BY 1;
-- The map and the policies are the owner's to change.
UPDATE regime_source SET close_column = 'price' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT regime_load_policy('desk', '[{"match": "Down-", "size_mult": 0.5}]');
UPDATE regime_source SET close_column = 'close' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT relation, action FROM regime_setup();
SELECT DISTINCT relowner::regrole FROM pg_class WHERE relname LIKE 'cmc\_regime%';
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
