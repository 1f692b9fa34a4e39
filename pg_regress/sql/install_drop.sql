-- DROP EXTENSION leaves the outputs; with the extension back, refresh goes on where it was.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT id, status FROM refresh_cmc_regimes();
CREATE TABLE before AS :content;
CREATE TABLE stamps AS SELECT id, ts, updated_at FROM cmc_regimes;
DROP EXTENSION pg_regime;
SELECT count(*) AS lost FROM (TABLE before EXCEPT ALL (:content)) x;
SELECT count(*) AS added FROM ((:content) EXCEPT ALL TABLE before) x;
SELECT id, regime_key FROM cmc_regimes WHERE ts > '2024-12-31' ORDER BY id;
SELECT count(*) FROM pg_proc WHERE probin LIKE '%pg_regime%';
SELECT to_regclass('regime_source'), to_regclass('regime_policy'), to_regclass('cmc_regime_latest');
CREATE EXTENSION pg_regime;
SELECT relation, action FROM regime_setup();
SELECT id, status, rows_written FROM refresh_cmc_regimes();
SELECT append_bar(3, 50);
SELECT id, status, rows_written FROM refresh_cmc_regimes();
SELECT count(*) AS moved FROM stamps s JOIN cmc_regimes r USING (id, ts) WHERE r.updated_at <> s.updated_at;
-- CASCADE takes none of them either, and nothing keeps the user from dropping them.
DROP EXTENSION pg_regime CASCADE;
SELECT count(*) > 0 AS kept FROM cmc_regimes;
DROP TABLE cmc_regime_flips, cmc_regime_stats, cmc_regime_comovement;
DROP TABLE cmc_regimes CASCADE;
DROP SCHEMA regime_work CASCADE;
