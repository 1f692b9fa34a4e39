-- Profiles: how an asset is computed is kept with the asset. US-week stocks and ISO-week coins side by side.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
SELECT FROM regime_demo(6, 420);
UPDATE dim_assets SET symbol = (ARRAY['MARKET', 'S2', 'S3', 'COIN4', 'STABLE5', 'X6'])[id];
SELECT FROM regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.5}]');
\pset null -
-- The number of rows of an asset that are not those of explicit arguments; all of these are relative to a table without profiles.
CREATE FUNCTION differing(asset int, arguments text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('WITH s AS (SELECT (to_jsonb(r) - ''updated_at'')::text FROM cmc_regimes r WHERE id = %1$s), c AS (SELECT (to_jsonb(c) - ''updated_at'')::text FROM regime_compute(%1$s, %2$s) c)
        SELECT count(*) FROM ((TABLE s EXCEPT TABLE c) UNION ALL (TABLE c EXCEPT TABLE s)) d', asset, arguments) INTO n;
    RETURN n;
END $$;
-- Of each asset, the rows that are not those of the default, of the stocks, and of the coins.
\set rows 'SELECT id, differing(id, ''cal_scheme => ''''iso'''', policy => ''''default'''', min_hold_bars => 3, hysteresis => true'') AS of_default, differing(id, ''cal_scheme => ''''us'''', policy => ''''desk'''', min_hold_bars => 5, hysteresis => true'') AS of_stocks, differing(id, ''cal_scheme => ''''iso'''', policy => ''''default'''', hysteresis => false'') AS of_coins FROM dim_assets ORDER BY id'
-- Without profiles all assets are alike.
SELECT count(DISTINCT regime_version_hash) FROM refresh_cmc_regimes();
INSERT INTO regime_profile (profile, cal_scheme, policy, min_hold_bars) VALUES ('stocks', 'us', 'desk', 5);
INSERT INTO regime_profile (profile, hysteresis) VALUES ('coins', false);
INSERT INTO regime_profile_asset (profile, id, symbol, pattern) VALUES
    ('stocks', NULL, NULL, 'S%'), ('coins', 4, NULL, NULL), ('coins', NULL, 'STABLE5', NULL);
-- Rows that are not those of the profile are stale, and each command refreshes by the profile.
SELECT id, is_stale FROM cmc_regime_latest ORDER BY id;
SELECT severity, what, id, detail, command, advice FROM regime_health_details() WHERE what <> 'untracked source';
SELECT id, status, mode, reason FROM refresh_cmc_regimes();
SELECT id, status FROM refresh_cmc_regimes();
SELECT id, is_stale FROM cmc_regime_latest ORDER BY id;
SELECT what FROM regime_health_details() WHERE what <> 'untracked source';
SELECT run - min(run) OVER () AS run, id, status, regime_version_hash = regime_version_hash() AS of_default FROM regime_work.cmc_regime_run_log WHERE run = (SELECT max(run) FROM regime_work.cmc_regime_run_log) ORDER BY id;
-- Each asset has the rows of its own profile: explicit arguments go before the profile.
:rows;
-- Every function takes what a call does not give from the profile.
SELECT id, (SELECT count(*) FROM regime_compute(id) c WHERE c.regime_version_hash <> r.regime_version_hash) AS other_rows FROM cmc_regime_latest r ORDER BY id;
SELECT id, (SELECT value FROM regime_explain(id) WHERE what = 'stored row') FROM dim_assets ORDER BY id;
SELECT id, (SELECT value FROM regime_explain(id, cal_scheme => 'us') WHERE what = 'stored row') FROM dim_assets ORDER BY id;
SELECT id, (SELECT sum(n_differ) FROM regime_repaint_check(id, 5)) AS n_differ FROM dim_assets ORDER BY id;
SELECT id, n > 0 AS compared, n_changed, other_version FROM regime_policy_simulate_summary('[]') ORDER BY id;
SELECT id, (SELECT count(*) FROM (SELECT ts, label FROM regime_label_weekly(id) EXCEPT SELECT ts, label FROM regime_label_weekly(id, 'us')) d) > 0 AS not_of_us FROM dim_assets ORDER BY id;
SELECT severity, id, problem FROM regime_check_inputs_details() WHERE severity <> 'info' ORDER BY id;
SELECT id, regime_version_hash = regime_version_hash('desk', 'us', min_hold_bars => 5) AS of_stocks FROM refresh_cmc_regimes('S2');
-- Arguments that say what the profile says are no reason to refuse; others are, for assets with a profile of their own.
SELECT id, status FROM refresh_cmc_regimes(2, policy => 'desk', cal_scheme => 'us');
\set SHOW_CONTEXT never
\set VERBOSITY default
SET client_min_messages = warning;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 4], policy => 'desk', min_hold_bars => 7);
SET client_min_messages = error;
SELECT id, sqlstate, hint FROM regime_work.cmc_regime_run_log WHERE status = 'failed' AND id IS NOT NULL ORDER BY id;
SELECT severity, what, id, command FROM regime_health_details() WHERE what ~ 'asset';
SELECT id, status FROM refresh_cmc_regimes(2, dry_run => true, min_hold_bars => 7);
SELECT id, status, mode, reason FROM refresh_cmc_regimes(2, force => true, min_hold_bars => 7);
SELECT severity, what, id, detail, command, advice FROM regime_health_details() WHERE what ~ 'asset';
\o /dev/null
SELECT command FROM regime_health_details() WHERE what ~ 'asset' \gexec
\o
SELECT id, status FROM refresh_cmc_regimes(assets => '{1}', policy => 'default');
:rows;
-- A default of one's own: of all assets that no row names. Those keep the arguments of their last refresh until they are refreshed.
INSERT INTO regime_profile (profile, policy, l4_label) VALUES ('default', 'desk', 'RiskOff');
SELECT DISTINCT is_stale FROM cmc_regime_latest;
INSERT INTO cmc_price_bars_multi_tf SELECT (jsonb_populate_record(b, jsonb_build_object('time_close', time_close + interval '1 day', 'bar_seq', bar_seq + 1))).* FROM cmc_price_bars_multi_tf b WHERE id = 6 AND tf = '1D' ORDER BY time_close DESC LIMIT 1;
SELECT what, id, command FROM regime_health_details() WHERE what ~ 'asset';
SELECT id, status, mode FROM refresh_cmc_regimes(6, policy => 'default', l4_label => '');
SELECT id, status, reason FROM refresh_cmc_regimes() WHERE status <> 'unchanged';
SELECT DISTINCT id, l4_label FROM cmc_regimes WHERE l4_label IS NOT NULL ORDER BY id;
SELECT regime_version_hash() = regime_version_hash('desk', l4_label => 'RiskOff') AS default_of_ones_own;
DELETE FROM regime_profile WHERE profile = 'default';
SELECT count(*) FROM refresh_cmc_regimes();
-- Rounds: one for all assets, another one once a profile has changed, and those of a list. An asset is refreshed once.
\set VERBOSITY terse
CALL refresh_all_cmc_regimes();
SELECT count(*), count(DISTINCT task) AS tasks, bool_and(status = 'unchanged') AS unchanged FROM regime_work.cmc_regime_work;
UPDATE regime_profile SET min_hold_bars = 4 WHERE profile = 'stocks';
CALL refresh_all_cmc_regimes();
SELECT task = min(task) OVER () AS first, round - min(round) OVER () AS round, count(*), count(*) FILTER (WHERE status = 'ok') AS written FROM regime_work.cmc_regime_work GROUP BY round, task ORDER BY 2;
CALL refresh_all_cmc_regimes(assets => '{S3,4}', batch_size => 1);
CALL refresh_all_cmc_regimes(assets => '{S3,4}', min_hold_bars => 9);
CALL refresh_all_cmc_regimes(assets => '{S3}', min_hold_bars => 9, force => true);
CALL refresh_all_cmc_regimes(assets => '{S3,S4}');
CALL refresh_all_cmc_regimes(assets => '{S3,NULL}');
CALL refresh_all_cmc_regimes(assets => '{}');
SELECT id, status FROM refresh_cmc_regimes() WHERE status <> 'unchanged';
-- With tracking, only_dirty finds the assets whose profile has changed.
SELECT FROM regime_track();
SELECT count(*) FROM refresh_cmc_regimes();
UPDATE regime_profile SET min_hold_bars = 5 WHERE profile = 'stocks';
UPDATE regime_profile_asset SET profile = 'stocks' WHERE id = 4;
SELECT id, status, reason FROM refresh_cmc_regimes(only_dirty => true);
SELECT count(*) FROM refresh_cmc_regimes(only_dirty => true);
UPDATE regime_profile_asset SET profile = 'coins' WHERE id = 4;
CALL refresh_all_cmc_regimes(only_dirty => true);
:rows;
-- Order: id, symbol, the longer pattern, the first by text.
INSERT INTO regime_profile_asset (profile, pattern) VALUES ('coins', 'S3%');
SELECT id, status FROM refresh_cmc_regimes() WHERE status <> 'unchanged';
INSERT INTO regime_profile_asset (profile, symbol) VALUES ('stocks', 'S3');
SELECT id, status FROM refresh_cmc_regimes() WHERE status <> 'unchanged';
INSERT INTO regime_profile (profile) VALUES ('default');
INSERT INTO regime_profile_asset (profile, id) VALUES ('default', 3);
SELECT id, status, regime_version_hash = regime_version_hash() AS of_default FROM refresh_cmc_regimes() WHERE status <> 'unchanged';
-- What regime_health says of profiles: a profile that cannot be used, rows of nobody, patterns of the same length.
INSERT INTO regime_profile (profile, policy, cal_scheme) VALUES ('bad', 'nobody', NULL), ('worse', NULL, 'uss');
INSERT INTO regime_profile_asset (profile, id, symbol, pattern) VALUES ('coins', 77, NULL, NULL), ('coins', NULL, 's2', NULL), ('coins', NULL, NULL, 'Z%'), ('worse', NULL, NULL, 'X%'), ('bad', NULL, NULL, '%6'), ('bad', 1, NULL, NULL);
SELECT severity, what, id, detail, command, advice FROM regime_health_details() WHERE what ~ 'profile|refused';
-- A profile that cannot be used fails its assets alone; arguments that cannot be used are an error of the call.
SELECT id, status, message FROM refresh_cmc_regimes() WHERE status <> 'unchanged';
SELECT id, status, message FROM refresh_cmc_regimes(ARRAY[1, 2], policy => 'nothing');
\set VERBOSITY default
SELECT count(*) FROM regime_compute(1);
SELECT what FROM regime_explain('X6');
\set VERBOSITY terse
CALL refresh_all_cmc_regimes();
SELECT id, is_stale FROM cmc_regime_latest ORDER BY id;
SELECT severity, id, problem FROM regime_check_inputs_details() WHERE severity = 'error';
DELETE FROM regime_profile_asset WHERE profile IN ('bad', 'worse') OR id = 77 OR symbol = 's2' OR pattern = 'Z%';
SELECT count(*) FROM regime_health_details() WHERE what ~ 'asset';
-- What can be checked there is checked.
INSERT INTO regime_profile (profile) VALUES ('');
INSERT INTO regime_profile (profile, hysteresis_mode) VALUES ('a', 'none');
INSERT INTO regime_profile (profile, min_hold_bars) VALUES ('a', 1001);
INSERT INTO regime_profile (profile, min_bars_l0) VALUES ('a', -1);
INSERT INTO regime_profile (profile, market_proxy_id) VALUES ('a', -2);
INSERT INTO regime_profile (profile, l4_label) VALUES ('a', repeat('x', 201));
INSERT INTO regime_profile_asset (profile, id) VALUES ('', 1);
INSERT INTO regime_profile_asset (profile, id, symbol) VALUES ('coins', 1, 'MARKET');
INSERT INTO regime_profile_asset (profile) VALUES ('coins');
INSERT INTO regime_profile_asset (profile, pattern) VALUES ('coins', 'a\');
INSERT INTO regime_profile_asset (profile, id) VALUES ('stocks', 4);
-- A profile that is not there, which no key can refuse while a dump is restored, fails its assets alone; they keep their rows.
UPDATE regime_profile SET profile = 'crypto' WHERE profile = 'coins';
SELECT id, status, message FROM refresh_cmc_regimes() WHERE status <> 'unchanged';
SELECT id, is_stale FROM cmc_regime_latest ORDER BY id;
SELECT severity, what, id, detail, command, advice FROM regime_health_details() WHERE what ~ 'profile|refused';
SELECT severity, id, problem FROM regime_check_inputs_details() WHERE severity = 'error';
\set VERBOSITY default
SELECT count(*) FROM regime_compute(4);
SELECT count(*) FROM regime_explain(4);
SELECT count(*) FROM regime_label_daily(4);
SELECT id, n_changed FROM regime_policy_simulate_summary('[]', '{4,6}');
\set VERBOSITY terse
CALL refresh_all_cmc_regimes();
DELETE FROM regime_profile WHERE profile = 'crypto';
UPDATE regime_profile_asset SET profile = 'crypto' WHERE profile = 'coins';
SELECT count(*) FROM refresh_cmc_regimes(4);
INSERT INTO regime_profile (profile, hysteresis) VALUES ('crypto', false);
SELECT id, status FROM refresh_cmc_regimes() WHERE status <> 'unchanged';
-- The profile `default` needs no row of its own.
DELETE FROM regime_profile WHERE profile = 'default';
SELECT id, status FROM refresh_cmc_regimes() WHERE status <> 'unchanged';
INSERT INTO regime_profile (profile) VALUES ('default');
-- Symbols are looked up in the scheme of the settings first, then in those of the profiles; an asset of another source is read there.
CREATE SCHEMA desk;
CREATE TABLE desk.bars AS SELECT 100 + id AS id, tf, time_close, close FROM cmc_price_bars_multi_tf WHERE id IN (2, 6);
CREATE TABLE desk.emas AS SELECT 100 + id AS id, ts, tf, period, ema FROM cmc_ema_multi_tf_u WHERE id IN (2, 6) AND alignment_source = 'multi_tf';
CREATE TABLE desk.dim_assets (id int PRIMARY KEY, symbol text, is_active boolean);
INSERT INTO desk.dim_assets VALUES (102, 'DESK', true), (106, 'OTHER', true);
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_schema, bars_table, ema_schema, ema_table) VALUES ('desk', 'L2', '1D', '{20,50,100}', 'desk', 'bars', 'desk', 'emas');
INSERT INTO regime_profile (profile, cal_scheme) VALUES ('desk', 'desk');
INSERT INTO regime_profile_asset (profile, symbol) VALUES ('desk', 'DESK');
SELECT regime_asset('desk'), regime_asset('S2');
SELECT id, status, regime_rows > 0 AS with_rows FROM refresh_cmc_regimes() WHERE status <> 'unchanged';
SELECT id, status FROM refresh_cmc_regimes('DESK');
SELECT id, newest_bar = ts AS newest, is_stale FROM cmc_regime_latest ORDER BY id;
SELECT id, newest_bar IS NOT NULL AS newest, is_stale FROM cmc_regime_status ORDER BY id;
SELECT what, id FROM regime_health_details() WHERE what ~ 'asset';
-- An asset that loses its profile has the parameters of the default, of which its rows know nothing; the arguments of a call, which
-- it keeps, are another thing. An empty label is none.
INSERT INTO regime_profile_asset (profile, id) VALUES ('stocks', 6);
SELECT id, status FROM refresh_cmc_regimes(6);
DELETE FROM regime_profile_asset WHERE id = 6;
SELECT id, is_stale FROM cmc_regime_status WHERE is_stale;
SELECT what, command FROM regime_health_details() WHERE id = 6;
SELECT id, status FROM refresh_cmc_regimes(6);
SELECT id, status FROM refresh_cmc_regimes(6, min_hold_bars => 6, l4_label => '');
SELECT id, is_stale FROM cmc_regime_status WHERE is_stale;
SELECT count(*) AS differ FROM regime_compute(6, l4_label => '') AS a FULL JOIN regime_compute(6) AS b USING (id, ts) WHERE a.regime_version_hash IS DISTINCT FROM b.regime_version_hash;
-- A role that may not read the symbols of a profile takes no others for these.
CREATE ROLE regress_symbols;
GRANT USAGE ON SCHEMA public, desk TO regress_symbols;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO regress_symbols;
GRANT SELECT ON desk.bars, desk.emas TO regress_symbols;
SET ROLE regress_symbols;
SELECT count(*) FROM regime_compute(2);
RESET ROLE;
DROP OWNED BY regress_symbols;
DROP ROLE regress_symbols;
-- Where symbols are gone or may be hidden, no asset passes for one without a profile.
\set VERBOSITY default
ALTER TABLE desk.dim_assets RENAME TO names;
SELECT count(*) FROM refresh_cmc_regimes();
SELECT count(*) FROM refresh_cmc_regimes(2, dry_run => true);
CALL refresh_all_cmc_regimes();
SELECT count(*) FROM refresh_cmc_regimes(4, dry_run => true);
ALTER TABLE desk.names RENAME TO dim_assets;
ALTER TABLE desk.dim_assets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE ROLE regress_symbols;
ALTER TABLE desk.dim_assets OWNER TO regress_symbols;
GRANT ALL ON SCHEMA public, desk, regime_work TO regress_symbols;
GRANT ALL ON ALL TABLES IN SCHEMA public, desk, regime_work TO regress_symbols;
SET ROLE regress_symbols;
SELECT count(*) FROM refresh_cmc_regimes(2, dry_run => true);
SELECT count(*) > 0 AS reads FROM cmc_regime_latest;
RESET ROLE;
ALTER TABLE desk.dim_assets OWNER TO CURRENT_USER;
ALTER TABLE desk.dim_assets DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP OWNED BY regress_symbols;
DROP ROLE regress_symbols;
\set VERBOSITY terse
-- A default that cannot be used is named.
UPDATE regime_profile SET policy = 'nobody' WHERE profile = 'default';
\set VERBOSITY default
SELECT count(*) FROM refresh_cmc_regimes();
DROP SCHEMA desk CASCADE;
