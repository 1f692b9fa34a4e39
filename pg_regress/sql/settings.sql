-- The settings: their defaults, ranges and descriptions, and that a misspelt one is refused.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT status FROM refresh_cmc_regimes(3);
SELECT name, setting, vartype, context, min_val, max_val, boot_val FROM pg_settings WHERE name LIKE 'pg\_regime.%'
    ORDER BY name;
SELECT name, short_desc, extra_desc FROM pg_settings WHERE name LIKE 'pg\_regime.%' ORDER BY name;
SHOW pg_regime.min_hold_bars;
SET pg_regime.min_hold_bars = 1001;
\echo :LAST_ERROR_SQLSTATE
SET pg_regime.min_hold_bars = -1;
SET pg_regime.min_hold_bars = 'few';
SET pg_regime.market_proxy_id = -2;
SET pg_regime.market_proxy_id = 2147483648;
SET pg_regime.run_log_days = -1;
SET pg_regime.run_log_days = 3651;
SET pg_regime.resume_minutes = 0;
SET pg_regime.resume_minutes = 525601;
SET pg_regime.notify_flips = 'sometimes';
\echo :LAST_ERROR_SQLSTATE
-- A name that does not exist is refused instead of being kept without a word.
SET pg_regime.min_hold_bar = 5;
\echo :LAST_ERROR_SQLSTATE
SHOW pg_regime.min_hold_bar;

-- Each is what its argument is when that is NULL. Where it is the same, so is the hash of the version.
SELECT regime_version_hash() AS hash \gset
SET pg_regime.min_hold_bars = 5;
SELECT regime_version_hash() = :'hash' AS same, regime_version_hash(min_hold_bars => 3) = :'hash' AS as_before,
    regime_version_hash() = regime_version_hash(min_hold_bars => 5) AS set;
RESET pg_regime.min_hold_bars;
SET pg_regime.cal_scheme = us;
SELECT regime_version_hash() = regime_version_hash(cal_scheme => 'us') AS set,
    regime_version_hash(cal_scheme => 'iso') = :'hash' AS as_before;
SELECT count(*) AS differ FROM ((SELECT ts FROM regime_label_weekly(1)) EXCEPT (SELECT ts FROM regime_label_weekly(1, 'us'))) x;
-- Any text can be set, before the extension is there; a scheme without rows is refused when it is used.
SET pg_regime.cal_scheme = 'lunar';
SELECT regime_version_hash();
\echo :LAST_ERROR_SQLSTATE
RESET pg_regime.cal_scheme;
SET pg_regime.market_proxy_id = 2;
SELECT regime_version_hash() = :'hash' AS same;
RESET pg_regime.market_proxy_id;
-- What is logged and announced is no input of a label.
SET pg_regime.run_log_days = 0;
SET pg_regime.notify_flips = on;
SELECT regime_version_hash() = :'hash' AS same;
RESET pg_regime.run_log_days;
RESET pg_regime.notify_flips;
-- Where tables are is no input of a label.
SET pg_regime.target_schema = 'elsewhere';
SELECT regime_version_hash() = :'hash' AS same;
SELECT * FROM refresh_cmc_regimes(3);
\echo :LAST_ERROR_SQLSTATE
SELECT hint_of('SELECT FROM refresh_cmc_regimes(3)') AS hint \gset
\echo :hint
:hint
SELECT status FROM refresh_cmc_regimes(3);
SELECT count(*) FROM elsewhere.cmc_regimes;
SELECT regime_key FROM regime_at(3, '2025-01-01');
SET pg_regime.target_schema = '';
SELECT * FROM refresh_cmc_regimes(3);
\echo :LAST_ERROR_SQLSTATE
RESET pg_regime.target_schema;
DROP SCHEMA elsewhere, elsewhere_regime_work CASCADE;

-- Any role may set them for itself; for a role, a database or one function they can be stored.
CREATE ROLE regress_reader;
SET ROLE regress_reader;
SET pg_regime.min_hold_bars = 7;
SHOW pg_regime.min_hold_bars;
RESET ROLE;
ALTER ROLE regress_reader SET pg_regime.cal_scheme = 'us';
CREATE FUNCTION held(n int) RETURNS text LANGUAGE sql SET pg_regime.min_hold_bars = 9 AS 'SELECT regime_version_hash()';
SELECT held(0) = regime_version_hash(min_hold_bars => 9) AS same;
DROP ROLE regress_reader;

-- What was set before the library was there is checked when it is loaded.
\c -
SET pg_regime.min_hold_bar = 5;
SET pg_regime.market_proxy_id = -5;
SET pg_regime.min_hold_bars = 4;
SELECT regime_version_hash() = regime_version_hash(min_hold_bars => 4) AS same;
SHOW pg_regime.market_proxy_id;
SHOW pg_regime.min_hold_bar;
