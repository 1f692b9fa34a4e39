-- A subject that fails as an error: the argument strict, the setting, and the procedures of all systems.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null -
-- Layers: all others are attempted; a function cannot keep what it has written for them, its procedure can.
UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 2 AND bar_seq = 30;
SELECT id, status FROM refresh_cmc_regimes(strict => true);
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM pg_class WHERE relname = 'cmc_regimes';
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2], dry_run => true, strict => true);
SET pg_regime.strict = on;
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT id, status FROM refresh_cmc_regimes(1);
SELECT id, status FROM refresh_cmc_regimes('2', strict => false);
RESET pg_regime.strict;
CALL refresh_all_cmc_regimes(assets => '{1,2}');
SELECT id, count(*) > 0 AS rows FROM cmc_regimes GROUP BY id ORDER BY id;
-- Series of candles.
\i :abs_srcdir/candles.sql
\pset null -
SELECT SUM(1) AS series FROM (SELECT DISTINCT symbol, timeframe FROM candles) AS s;
UPDATE candles SET close = 'NaN' WHERE symbol = 'AAAUSDT' AND timeframe = '4h' AND open_time = '2024-01-20';
SELECT symbol FROM refresh_market_regimes(strict => true);
\echo :LAST_ERROR_SQLSTATE
CALL refresh_all_market_regimes(batch_size => 1);
\echo :LAST_ERROR_SQLSTATE
SELECT symbol, timeframe, count(*) > 0 AS rows FROM market_regimes GROUP BY 1, 2 ORDER BY 1, 2;
SELECT subject, status FROM cmc_regime_run_log WHERE status = 'failed';
CALL refresh_all_market_regimes('AAAUSDT', '1h');
CALL refresh_all_market_regimes('AAAUSDT', timeframe => '4h', full_refresh => true);
CALL refresh_all_market_regimes(timeframe => '4h', config => '{"adx_trending": 30}');
SELECT timeframe, count(DISTINCT classifier_version) FROM market_regimes GROUP BY 1 ORDER BY 1;
CALL refresh_all_market_regimes('NOUSDT');
CALL refresh_all_market_regimes(batch_size => 0);
CALL refresh_all_market_regimes(config => '{"adx_trend": 30}');
BEGIN;
CALL refresh_all_market_regimes('AAAUSDT');
ROLLBACK;
\echo :LAST_ERROR_SQLSTATE
BEGIN READ ONLY;
CALL refresh_all_market_regimes();
ROLLBACK;
-- What the steps need.
SELECT * FROM market_regimes_round_begin('AAAUSDT');
SELECT * FROM market_regimes_round_next('{AAAUSDT}', '{1h,4h}');
SELECT * FROM market_regimes_round_next('{AAAUSDT}', '{NULL}');
SELECT * FROM market_regimes_round_next(NULL, '{1h}');
SELECT * FROM market_regimes_round_next('{AAAUSDT,AAAUSDT}', '{1h,4h}');
SELECT market_regimes_round_end('{}', '{}', '{}');
SELECT market_regimes_round_end('{AAAUSDT 4h,X 1h}', '{22023,40001}', '{no,never}');
\echo :LAST_ERROR_SQLSTATE
-- Those of market states.
CALL refresh_all_market_states();
SELECT symbol, timeframe, count(*) > 0 AS rows FROM market_states GROUP BY 1, 2 ORDER BY 1, 2;
SELECT status FROM refresh_market_states('AAAUSDT', '4h', strict => true);
UPDATE candles SET close = (high + low) / 2 WHERE close = 'NaN';
CALL refresh_all_market_states();
CALL refresh_all_market_regimes();
SELECT DISTINCT status FROM refresh_market_states(strict => true);
