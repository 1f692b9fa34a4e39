-- Loads go on whatever becomes of the extension and its tables.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT count(*) FROM regime_track();
SELECT status FROM refresh_cmc_regimes();
DROP EXTENSION pg_regime;
SELECT append_bar(2, 60);
SELECT DISTINCT id FROM regime_work.cmc_regime_dirty;
-- Back again, it goes on with the marks.
CREATE EXTENSION pg_regime;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT differ('{1,2,3}');
-- In another schema of outputs tracking is another's; the triggers are of one schema only.
CREATE SCHEMA desk;
SET pg_regime.target_schema = 'desk';
SELECT id, status, mode FROM refresh_cmc_regimes(2);
SELECT * FROM refresh_cmc_regimes(2, only_dirty => true);
SELECT action, count(*) FROM regime_track() GROUP BY 1;
SELECT append_bar(2, 61);
SELECT :how FROM refresh_cmc_regimes(2, only_dirty => true);
RESET pg_regime.target_schema;
SELECT * FROM refresh_cmc_regimes(only_dirty => true);
SELECT :how FROM refresh_cmc_regimes(2);
SELECT differ('{2}');
-- The schema that the triggers write to is dropped.
SET client_min_messages = error;
DROP SCHEMA desk, desk_regime_work CASCADE;
SELECT append_bar(2, 62);
RESET client_min_messages;
SELECT :how FROM refresh_cmc_regimes(2);
-- The output tables are dropped.
SELECT action, count(*) FROM regime_track() GROUP BY 1;
SET client_min_messages = error;
DROP TABLE :tables CASCADE;
RESET client_min_messages;
SELECT append_bar(2, 63);
SELECT max(time_close) FROM cmc_price_bars_multi_tf;
SELECT :how FROM refresh_cmc_regimes(2);
-- Only that of the marks: what was changed until it is there again is found.
DROP TABLE regime_work.cmc_regime_dirty CASCADE;
UPDATE cmc_price_bars_multi_tf SET close = 41 WHERE id = 2 AND bar_seq = 300;
SELECT :how FROM refresh_cmc_regimes(2);
SELECT append_bar(2, 64);
SELECT :how FROM refresh_cmc_regimes(2, only_dirty => true);
SELECT differ('{2}');
