-- Values that hardly anybody passes, and tables that are gone but for the snapshot: errors say what is wrong, and nothing overflows.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT count(*) FROM refresh_cmc_regimes();
-- Spans of days.
SELECT * FROM regime_breadth('infinity', '2024-05-05');
SELECT * FROM regime_breadth('5874897-12-31', '2024-05-05');
SELECT * FROM regime_breadth('2024-05-05', '-infinity');
SELECT * FROM regime_breadth('2024-05-05', '4714-11-24 BC');
-- Names.
SELECT regime_load_policy(repeat('x', 201), '[]'::jsonb);
-- Periods: three, in ascending order, counted from 1.
\set VERBOSITY terse
UPDATE regime_source SET periods = '{}' WHERE cal_scheme = 'iso' AND layer = 'L2';
UPDATE regime_source SET periods = '[5:7]={3,-2,1}' WHERE cal_scheme = 'iso' AND layer = 'L2';
UPDATE regime_source SET periods = '{{6},{12},{24}}' WHERE cal_scheme = 'iso' AND layer = 'L2';
UPDATE regime_source SET periods = '{6,12}' WHERE cal_scheme = 'iso' AND layer = 'L2';
UPDATE regime_source SET periods = '{6,12,NULL}' WHERE cal_scheme = 'iso' AND layer = 'L2';
UPDATE regime_source SET periods = '{6,12,12}' WHERE cal_scheme = 'iso' AND layer = 'L2';
UPDATE regime_source SET bars_shift = '178000000 years' WHERE cal_scheme = 'iso' AND layer = 'L2';
\set VERBOSITY default
-- SQLSTATEs that steps of a procedure are given back.
SELECT market_regimes_round_end('{DEMO2 1d}', '{zzzzz}', '{boo}');
SELECT market_regimes_round_end('{DEMO2 1d}', '{00000}', '{boo}');
SELECT market_regimes_round_end('{DEMO2 1d}', '{é1}', '{boo}');
SELECT market_states_round_end('{DEMO2 1d}', '{UE001}', '{boo}');
SELECT market_states_round_end('{DEMO2 1d}', '{22012}', '{division by zero}');
\echo :LAST_ERROR_SQLSTATE
-- Each asset once, however many of its EMAs are missing.
BEGIN;
DELETE FROM cmc_ema_multi_tf_u WHERE id IN (2, 3);
SELECT problem, n_assets, subjects, command FROM regime_check_inputs('{2,3}') WHERE problem ~ 'EMA at all';
ROLLBACK;
-- A table that the snapshot shows and that is gone.
SELECT count(*) > 0 AS sized FROM regime_sizes() WHERE (SELECT count(*) FROM regime_teardown(false)) > 0;
