-- What regime_health says, and that what it tells to type heals: whatever the state of the database, it gives rows.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null -
\set health 'severity, what, id, detail, command, advice FROM regime_health_details() WHERE severity <> ''info'''
-- Somebody who has no candles, though all tables were set up.
SELECT count(*) AS tables FROM regime_setup();
SELECT status FROM refresh_cmc_regimes();
SELECT :health;
SELECT system, n, n_stale, problem FROM regime_systems;
-- Who had candles, or said where they are, is told that they are gone.
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, high float8, low float8, close float8, PRIMARY KEY (symbol, timeframe, open_time));
INSERT INTO candles SELECT s, '1h', timestamptz '2024-01-01 00:00+00' + n * interval '1 hour', 102 + n % 7, 98 - n % 5, 100 + n % 7
FROM unnest('{AAA,BBB}'::text[]) s, generate_series(0, 99) n;
SELECT symbol, status FROM refresh_market_regimes();
ALTER TABLE candles RENAME TO moved;
SELECT :health;
SELECT system, n, problem FROM regime_systems;
DELETE FROM market_regimes;
SELECT :health;
UPDATE regime_source SET bars_table = 'elsewhere' WHERE layer = 'candles';
SELECT :health;
UPDATE regime_source SET bars_table = 'candles' WHERE layer = 'candles';
ALTER TABLE moved RENAME TO candles;
SELECT symbol, status FROM refresh_market_regimes();

-- Rows whose candle, or bar, was deleted: the newest, or all.
DELETE FROM candles WHERE symbol = 'AAA' AND open_time > '2024-01-05';
DELETE FROM candles WHERE symbol = 'BBB';
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND tf = '1D' AND time_close > '2024-12-31';
DELETE FROM cmc_price_bars_multi_tf WHERE id = 3;
SELECT :health;
SELECT id, newest_bar, newest_row, lag_bars, lag, is_stale FROM cmc_regime_status;
SELECT system, n, n_stale FROM regime_systems;
-- All that is told is typed.
CREATE FUNCTION type_commands() RETURNS void LANGUAGE plpgsql SET client_min_messages = error AS $$
DECLARE command text;
BEGIN
    FOR command IN SELECT h.command FROM regime_health_details() h WHERE severity <> 'info' LOOP
        EXECUTE command;
    END LOOP;
END $$;
SELECT type_commands();
SELECT :health;
SELECT system, n, n_stale FROM regime_systems;

-- Assets may differ on purpose, which is no fault; of an asset that nobody refreshes nothing is said.
\set mixed 'SELECT severity, what, id, regexp_replace(detail, ''[0-9a-f]{16}'', ''…'', ''g'') AS detail, command, advice FROM regime_health_details() WHERE severity <> ''info'' OR what = ''mixed version hashes'' ORDER BY command'
SELECT id, status FROM refresh_cmc_regimes(4, min_hold_bars => 7);
:mixed;
SELECT id, status FROM refresh_cmc_regimes(2, min_hold_bars => 7);
:mixed;
SELECT type_commands();

-- Two calendar schemes, each with one hash, are no mixture; what is told of an asset stays in its scheme, and touches no other.
UPDATE dim_assets SET is_active = true WHERE id = 4;
CREATE TABLE kept (LIKE cmc_regimes);
\set kept 'SELECT id, count(*) AS rewritten FROM ((TABLE kept EXCEPT ALL TABLE cmc_regimes) UNION ALL (TABLE cmc_regimes EXCEPT ALL TABLE kept)) r GROUP BY id ORDER BY id'
SELECT id, status FROM refresh_cmc_regimes(assets => '{2,4}', cal_scheme => 'us');
SELECT :health;
SELECT append_bar(2, 61);
SELECT :health;
SET pg_regime.cal_scheme = 'us';
SELECT :health;
RESET pg_regime.cal_scheme;
SELECT type_commands();
SELECT :health;
SELECT DISTINCT id, regime_version_hash = regime_version_hash(cal_scheme => 'us') AS us FROM cmc_regimes ORDER BY id;
-- An asset keeps the arguments of its last refresh: every command repeats them.
SELECT regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.5}]');
SELECT id, status FROM refresh_cmc_regimes(4, cal_scheme => 'us', policy => 'desk', hysteresis_mode => 'symmetric', min_hold_bars => 7, min_bars_l0 => 12, l4_label => 'it''s', point_in_time => true);
SELECT arguments FROM regime_work.cmc_regime_state ORDER BY id;
:mixed;
SELECT append_bar(4, 61);
:mixed;
TRUNCATE kept;
INSERT INTO kept TABLE cmc_regimes;
SELECT type_commands();
:kept;
:mixed;
SELECT regexp_replace(detail, '[0-9a-f]{16}', '…', 'g') AS detail FROM regime_explain(4) WHERE what = 'stored row';
SELECT * FROM regime_repaint_check(4);
-- After a change of the policy, the assets of that policy alone are refreshed.
SELECT regime_load_policy('desk', '[{"match": "Up-", "size_mult": 0.25}]');
:mixed;
TRUNCATE kept;
INSERT INTO kept TABLE cmc_regimes;
SELECT type_commands();
SELECT id, rewritten > 0 AS rewritten FROM (:kept) k;
:mixed;
-- Settings stand in for arguments, and are kept as well.
SET pg_regime.cal_scheme = 'us';
SET pg_regime.min_hold_bars = 5;
SELECT id, status FROM refresh_cmc_regimes(assets => '{2}');
RESET pg_regime.cal_scheme;
RESET pg_regime.min_hold_bars;
SELECT append_bar(2, 62);
:mixed;
SELECT type_commands();
:mixed;
SELECT regime_drop_policy('desk');
:mixed;
SELECT type_commands();
SELECT id, status FROM refresh_cmc_regimes(assets => '{2,4}');
SELECT :health;
UPDATE dim_assets SET is_active = false WHERE id = 4;

-- A round that stopped is gone on with by a call for the same task.
SELECT count(*) > 0 AS tracked FROM regime_track();
SELECT count(*) FROM refresh_cmc_regimes(only_dirty => true);
SELECT append_bar(1, 60), append_bar(2, 61);
SET client_min_messages = error;
CALL refresh_all_cmc_regimes(only_dirty => true);
UPDATE regime_work.cmc_regime_work SET status = 'waiting', started_at = started_at - interval '1 day', finished_at = NULL WHERE id = 2;
UPDATE regime_work.cmc_regime_work SET started_at = started_at - interval '1 day', finished_at = finished_at - interval '1 day';
SELECT :health;
SELECT command FROM regime_health_details() WHERE what = 'unfinished round' \gset
:command
SELECT :health;
CALL refresh_all_cmc_regimes();
UPDATE regime_work.cmc_regime_work SET status = 'waiting', started_at = started_at - interval '1 day', finished_at = NULL;
SELECT command FROM regime_health_details() WHERE what = 'unfinished round' \gset
\echo :command
:command
SELECT :health;
-- A round of other parameters is none that can be gone on with by the settings.
UPDATE regime_work.cmc_regime_work SET status = 'waiting', started_at = started_at - interval '1 day', finished_at = NULL, task = 'all assets as of another version';
SELECT :health;
SELECT command FROM regime_health_details() WHERE what = 'unfinished round' \gset
:command
SELECT :health;
RESET client_min_messages;

-- Dead rows are counted over the partitions of a table.
DROP TABLE cmc_regime_comovement;
CREATE TABLE cmc_regime_comovement (id int NOT NULL, tf text NOT NULL, ema_a text NOT NULL, ema_b text NOT NULL, correlation float8,
    sign_agree_rate float8, best_lead_lag int, best_lead_lag_corr float8, n_obs int NOT NULL, computed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, tf, ema_a, ema_b, computed_at)) PARTITION BY RANGE (id);
CREATE TABLE comovement_1 PARTITION OF cmc_regime_comovement FOR VALUES FROM (0) TO (10) WITH (autovacuum_enabled = off);
CREATE TABLE comovement_2 PARTITION OF cmc_regime_comovement FOR VALUES FROM (10) TO (20) WITH (autovacuum_enabled = off);
SELECT relation, action FROM regime_setup() WHERE relation ~ 'comovement';
INSERT INTO cmc_regime_comovement SELECT n % 20, '1D', 'a' || n, 'b', 0, 0, 0, 0, 1 FROM generate_series(1, 12000) n;
DELETE FROM cmc_regime_comovement;
SELECT pg_stat_force_next_flush();
SELECT :health AND what ~ 'bloat';
SELECT command FROM regime_health_details() WHERE what = 'bloated table' \gset
:command
SELECT pg_stat_force_next_flush();
SELECT :health AND what ~ 'bloat';

-- A schema that is not there.
SET pg_regime.target_schema = 'desk';
SELECT :health;
SELECT type_commands();
SELECT :health;
SELECT type_commands();
SELECT DISTINCT what FROM regime_health_details() WHERE severity <> 'info';
RESET pg_regime.target_schema;
SET client_min_messages = error;
DROP SCHEMA desk, desk_regime_work CASCADE;
RESET client_min_messages;

-- What cannot be found out at all is a row too, and hides nothing else.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 4]);
SELECT append_bar(1, 62);
ALTER TABLE dim_assets RENAME TO assets;
CREATE VIEW dim_assets AS SELECT id, symbol, 1 / (id - id) = 1 AS is_active FROM assets;
SELECT :health;
SELECT system, n, problem FROM regime_systems;
-- A kind that is misspelt would look like one without findings.
SELECT * FROM regime_health_details('stale assets');
SELECT * FROM regime_health_details('');
SELECT count(*) FROM regime_health_details('bloated table');
