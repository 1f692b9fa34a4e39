-- A map that does not fit the tables: an error before anything is read, which names the relation or column, the row of
-- regime_source, and what to type. The hints are typed here, with a name in place of the dots.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Whichever tables the map names.
SET pg_regime.market_proxy_id = 1;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
CREATE TABLE before AS :content;
-- A table that is not there.
ALTER TABLE cmc_price_bars_multi_tf RENAME TO daily;
SELECT * FROM refresh_cmc_regimes(2);
\echo :LAST_ERROR_SQLSTATE
SELECT replace(hint_of('SELECT * FROM refresh_cmc_regimes(2)'), $$'…', bars_table = '…'$$, $$'public',
    bars_table = 'daily'$$) AS hint \gset
\echo :hint
:hint
SELECT id, status FROM refresh_cmc_regimes(2);
ALTER TABLE daily RENAME TO cmc_price_bars_multi_tf;
UPDATE regime_source SET bars_table = 'cmc_price_bars_multi_tf' WHERE layer = 'L2';
ALTER TABLE cmc_ema_multi_tf_cal_us RENAME TO emas;
SELECT * FROM refresh_cmc_regimes(2, cal_scheme => 'us');
SELECT id, status FROM refresh_cmc_regimes(2);
ALTER TABLE emas RENAME TO cmc_ema_multi_tf_cal_us;
-- A schema that is not there, an index instead of a table.
UPDATE regime_source SET ema_schema = 'Market Data' WHERE cal_scheme = 'iso' AND layer = 'L0';
SELECT * FROM refresh_cmc_regimes(2);
UPDATE regime_source SET ema_schema = 'public', ema_table = 'cmc_ema_multi_tf_u_pkey' WHERE cal_scheme = 'iso' AND layer = 'L0';
SELECT * FROM regime_compute(2);
\echo :LAST_ERROR_SQLSTATE
UPDATE regime_source SET ema_table = 'cmc_ema_multi_tf_cal_iso' WHERE cal_scheme = 'iso' AND layer = 'L0';

-- A column that is not there.
ALTER TABLE cmc_price_bars_multi_tf RENAME close TO price;
SELECT * FROM refresh_cmc_regimes(2);
\echo :LAST_ERROR_SQLSTATE
SELECT replace(hint_of('SELECT * FROM refresh_cmc_regimes(2)'), '…', 'price') AS hint \gset
\echo :hint
:hint
SELECT id, status FROM refresh_cmc_regimes(2);
ALTER TABLE cmc_price_bars_multi_tf RENAME price TO close;
UPDATE regime_source SET close_column = 'close' WHERE layer = 'L2';
CREATE FUNCTION error_of(assignment text) RETURNS TABLE (state text, message text, detail text,
    hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('UPDATE regime_source SET %s WHERE cal_scheme = ''iso'' AND layer = ''L1''', assignment);
    PERFORM refresh_cmc_regimes(2);
    RAISE 'no error'; -- so that the map is put back in any case
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
\pset format unaligned
\x on
SELECT field, e.* FROM unnest(ARRAY['bars_id_column', 'bars_tf_column', 'bars_ts_column', 'close_column', 'atr_column',
    'ema_id_column', 'ema_tf_column', 'ema_ts_column', 'ema_period_column', 'ema_column']) WITH ORDINALITY AS f (field, n),
    error_of(format('%I = %L', field, 'No "such')) e ORDER BY n;
-- A column of another type than it can be read as.
SELECT assignment, e.* FROM unnest(ARRAY['close_column = ''tf''', 'bars_ts_column = ''close''',
    'bars_id_column = ''time_close''', 'bars_tf_column = ''bar_seq''', 'ema_period_column = ''ema''', 'ema_column = ''roll''',
    'ema_ts_column = ''tf''']) WITH ORDINALITY AS a (assignment, n), error_of(assignment) e ORDER BY n;
-- Filters: a column that is not there, a value that is no single one.
SELECT filter, e.* FROM unnest(ARRAY['{"rolled": false}', '{"roll": [true]}',
    '{"roll": {}}']) WITH ORDINALITY AS a (filter, n), error_of(format('ema_filter = %L', filter)) e ORDER BY n;
\x off
\pset format aligned
-- An ADX counts with a floor only, spread and slippage as a pair only.
SELECT assignment, e.message FROM unnest(ARRAY['adx_column = ''none''', 'adx_column = ''none'', adx_floor = 0',
    'adx_column = ''none'', adx_floor = 20', 'spread_column = ''none''', 'slippage_column = ''none''',
    'spread_column = ''close'', slippage_column = ''none''']) WITH ORDINALITY AS a (assignment, n), error_of(assignment) e
    ORDER BY n;
-- A system column is none.
SELECT e.message FROM error_of('close_column = ''xmin''') e;

-- What no map can be is refused when it is edited.
\set VERBOSITY terse
UPDATE regime_source SET ema_filter = '[]' WHERE layer = 'L1';
UPDATE regime_source SET bars_filter = '"roll"' WHERE layer = 'L1';
UPDATE regime_source SET periods = '{20,50}' WHERE layer = 'L1';
UPDATE regime_source SET periods = '{20,50,0}' WHERE layer = 'L1';
UPDATE regime_source SET periods = '{20,50,NULL}' WHERE layer = 'L1';
-- Two EMAs of one period would be two rows of comovement with one key.
UPDATE regime_source SET periods = '{20,20,50}' WHERE layer = 'L2';
UPDATE regime_source SET layer = 'L5' WHERE layer = 'L1';
UPDATE regime_source SET cal_scheme = '' WHERE cal_scheme = 'us' AND layer = 'L1';
UPDATE regime_source SET adx_floor = 101;
UPDATE regime_source SET adx_floor = 'NaN';
\set VERBOSITY default
-- None of it changed a row.
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x;
