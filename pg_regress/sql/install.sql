-- CREATE EXTENSION works with its defaults, and says what it is.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT extname, extversion, extnamespace::regnamespace, obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'pg_regime';
-- Needs no preload; everything sits in one schema; the settings of the user are dumped.
SELECT extrelocatable, extnamespace::regnamespace, extconfig::regclass[], extcondition FROM pg_extension
    WHERE extname = 'pg_regime';
SELECT superuser, trusted, relocatable, schema, requires FROM pg_available_extension_versions
    WHERE name = 'pg_regime' AND installed;
-- The source map has the two calendars with the defaults of the bar and EMA pipelines.
SELECT cal_scheme, layer, tf, periods, bars_schema, bars_table, bars_filter, ema_schema, ema_table, ema_filter, origin
FROM regime_source ORDER BY 1, 2;
SELECT DISTINCT bars_id_column, bars_tf_column, bars_ts_column, close_column, atr_column, adx_column, adx_floor, spread_column,
    slippage_column,
    ema_id_column, ema_tf_column, ema_ts_column, ema_period_column, ema_column FROM regime_source ORDER BY 1;
SELECT count(*) FROM regime_policy;
-- It makes no output table by itself.
SELECT to_regclass('cmc_regimes'), to_regclass('cmc_regime_progress');
-- Twice is an error, as of any extension.
CREATE EXTENSION pg_regime;
\echo :LAST_ERROR_SQLSTATE
