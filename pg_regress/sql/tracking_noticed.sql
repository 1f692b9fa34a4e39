-- What goes by the triggers is noticed: they are always on, and where they were not, or the table itself was changed, a refresh
-- compares all bars, as it does without tracking.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT count(*) FROM regime_track();
SELECT :how FROM refresh_cmc_regimes();
-- Loads that switch triggers off, as those of replication and pg_restore do.
SET session_replication_role = replica;
UPDATE cmc_price_bars_multi_tf SET close = 41 WHERE id = 2 AND bar_seq = 300;
RESET session_replication_role;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
ALTER TABLE cmc_price_bars_multi_tf DISABLE TRIGGER ALL;
UPDATE cmc_price_bars_multi_tf SET close = 42 WHERE id = 2 AND bar_seq = 300;
SELECT * FROM refresh_cmc_regimes(only_dirty => true);
ALTER TABLE cmc_price_bars_multi_tf ENABLE TRIGGER ALL;
-- switched on, but not for every session
SELECT * FROM refresh_cmc_regimes(only_dirty => true);
SELECT :how FROM refresh_cmc_regimes();
SELECT relation, action FROM regime_track() WHERE action <> 'tracked';
SELECT differ('{2}');
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
-- Off and on again, without a trace but in the catalog.
BEGIN;
ALTER TABLE cmc_price_bars_multi_tf DISABLE TRIGGER pg_regime_update;
UPDATE cmc_price_bars_multi_tf SET close = 43 WHERE id = 2 AND bar_seq = 300;
ALTER TABLE cmc_price_bars_multi_tf ENABLE ALWAYS TRIGGER pg_regime_update;
COMMIT;
SELECT count(*) AS marks FROM regime_work.cmc_regime_dirty;
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT :how FROM refresh_cmc_regimes(only_dirty => true);
SELECT differ('{2}');
-- Another table under the name.
ALTER TABLE cmc_ema_multi_tf_u RENAME TO before;
CREATE TABLE cmc_ema_multi_tf_u AS SELECT id, ts, tf, period, ema * 1.1 AS ema, alignment_source FROM before;
SELECT :how FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT * FROM refresh_cmc_regimes(only_dirty => true);
SELECT relation, action FROM regime_track() WHERE action <> 'tracked';
SELECT :how FROM refresh_cmc_regimes();
SELECT differ('{1,2,3}');
-- Values that the table's owner changed without a statement on its rows: another type, another column of the name.
\set compared 'id, status, mode, left(reason, 14) AS reason'
ALTER TABLE cmc_price_bars_multi_tf ALTER close TYPE numeric(10, 0);
SELECT :compared FROM refresh_cmc_regimes();
SELECT differ('{1,2,3}');
ALTER TABLE cmc_price_bars_multi_tf ADD adjusted float8;
UPDATE cmc_price_bars_multi_tf SET adjusted = close * (1 + bar_seq % 3 / 10.0);
SELECT :compared FROM refresh_cmc_regimes();
ALTER TABLE cmc_price_bars_multi_tf RENAME close TO raw;
ALTER TABLE cmc_price_bars_multi_tf RENAME adjusted TO close;
SELECT :compared FROM refresh_cmc_regimes();
SELECT differ('{1,2,3}');
-- What changes no value costs a comparison at most.
VACUUM FULL cmc_price_bars_multi_tf;
ANALYZE cmc_price_bars_multi_tf;
SELECT :compared FROM refresh_cmc_regimes();
SELECT :compared FROM refresh_cmc_regimes(only_dirty => true);
