-- pg_regime.target_schema is heeded by whatever makes tables, and what is told to type leads there.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null -
CREATE SCHEMA whole;
SET pg_regime.target_schema = 'whole';
SELECT severity, what, command FROM regime_health_details() WHERE what = 'not set up' AND severity = 'error';
SELECT relation, action FROM regime_setup() WHERE relation LIKE '%.cmc_regime%s';
SELECT DISTINCT action FROM regime_setup(NULL);
SELECT n.nspname, count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relname IN ('cmc_regimes', 'market_regimes', 'cmc_regime_state') GROUP BY 1;
SELECT id, status FROM refresh_cmc_regimes(2);
SELECT severity, what, command FROM regime_health_details() WHERE what = 'not set up';
-- Another schema that is named is that one.
SELECT count(*) > 0 AS made FROM regime_setup('public');
SELECT count(*) FROM public.cmc_regimes;
DROP SCHEMA regime_work CASCADE;
DROP TABLE public.cmc_regimes, public.cmc_regime_flips, public.cmc_regime_stats, public.cmc_regime_comovement;

-- Weekly and monthly tables are built there too, and a missing table where the map names it.
SELECT relation, action FROM regime_build_inputs() ORDER BY 1;
SELECT relation, action FROM regime_build_inputs(target_schema => NULL) ORDER BY 1;
DROP TABLE cmc_price_bars_multi_tf_cal_iso, cmc_ema_multi_tf_cal_iso, cmc_ema_multi_tf_u CASCADE;
SELECT hint_of('SELECT * FROM regime_compute(2)') AS hint \gset
\echo :hint
SELECT substring(:'hint' FROM 'SELECT [^;]*') AS command \gset
SELECT relation, action FROM (:command) AS built (relation_action) , LATERAL (SELECT (relation_action).relation, (relation_action).action) x ORDER BY 1;
SELECT count(*) FROM regime_compute(2);
-- Without the setting it is public, as ever.
RESET pg_regime.target_schema;
SELECT count(*) FILTER (WHERE relation LIKE 'public.%') > 0 AS in_public, count(*) FILTER (WHERE relation LIKE 'whole.%') AS in_whole FROM regime_setup();
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA whole, whole_regime_work CASCADE;
