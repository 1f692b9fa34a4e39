-- Reading market states: on the fly, stored, both, of arrays; statistics, transitions, the newest row of each series.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/states.sql
\pset null -
-- On the fly, nothing stored.
SELECT count(*), min(open_time), max(open_time), bool_or(warmup), min(classifier_version) FROM market_states_compute('DDDUSDT', '1d');
SELECT to_regclass('market_states');
SELECT open_time, state_label, confidence::numeric(8, 6), escalation::numeric(8, 6), warmup FROM market_states_compute('DDDUSDT', '1d', '2024-09-28', '2024-09-30');
SELECT count(*) FROM market_states_compute('DDDUSDT', '1d', '2026-01-01');
SELECT count(*) FROM market_states_compute('DDDUSDT', '1d', to_ts => '2023-01-01');
-- No look-ahead: what is computed up to a moment is what is computed with all.
SELECT count(*) FROM generate_series(timestamptz '2024-01-03', '2025-02-20', '83 days') AS t,
    LATERAL (SELECT * FROM market_states_compute('DDDUSDT', '1d', to_ts => t) EXCEPT ALL SELECT * FROM market_states_compute('DDDUSDT', '1d')) d;
-- Before anything is stored everything is computed; after, only what is newer.
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_states('DDDUSDT', '1d') GROUP BY 1;
SELECT FROM regime_track();
SELECT DISTINCT status FROM refresh_market_states();
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_states('DDDUSDT', '1d') GROUP BY 1;
INSERT INTO candles SELECT c.* FROM generate_series(420, 424) n, bar('DDDUSDT', '1d', '1 day', n) c;
SELECT created_at IS NOT NULL AS stored, count(*), min(open_time), max(open_time) FROM get_market_states('DDDUSDT', '1d') GROUP BY 1 ORDER BY 1;
SELECT created_at IS NOT NULL AS stored, count(*), min(open_time), max(open_time) FROM get_market_states('DDDUSDT', '1d', '2025-02-20', '2025-02-26') GROUP BY 1 ORDER BY 1;
SELECT created_at IS NOT NULL AS stored, count(*), min(open_time) FROM get_market_states('DDDUSDT', '1d', '2025-02-25') GROUP BY 1;
SELECT created_at IS NOT NULL AS stored, count(*), max(open_time) FROM get_market_states('DDDUSDT', '1d', '2025-02-01', '2025-02-10') GROUP BY 1;
SELECT unlike();
-- Stored rows are those of a full computation: none is read where a change may not have been marked.
BEGIN;
SELECT FROM refresh_market_states();
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_states('DDDUSDT', '1d') GROUP BY 1;
ALTER TABLE candles DISABLE TRIGGER USER;
UPDATE candles SET close = close + 1, high = high + 2 WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = '2024-12-20';
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_states('DDDUSDT', '1d') GROUP BY 1;
SELECT unlike();
SELECT format('ALTER TABLE candles ENABLE ALWAYS TRIGGER %I', tgname) FROM pg_trigger WHERE tgrelid = 'candles'::regclass AND tgname ~ '^pg_regime' AND tgname !~ 'replicated' ORDER BY tgname \gexec
ALTER TABLE candles ENABLE REPLICA TRIGGER pg_regime_candles_replicated;
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_states('DDDUSDT', '1d') GROUP BY 1;
SELECT unlike();
SELECT status, mode, reason FROM refresh_market_states('DDDUSDT', '1d');
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_states('DDDUSDT', '1d') GROUP BY 1;
SELECT FROM regime_track(false);
UPDATE candles SET close = close + 1, high = high + 2 WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = '2024-12-21';
SELECT unlike();
SELECT FROM regime_track();
SELECT unlike();
ROLLBACK;
-- A corrected candle: stored rows count up to there.
UPDATE candles SET close = close + 1, high = high + 2 WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time = '2025-01-20';
SELECT created_at IS NOT NULL AS stored, count(*), min(open_time), max(open_time) FROM get_market_states('DDDUSDT', '1d') GROUP BY 1 ORDER BY 1;
SELECT unlike();
-- Rows that were changed behind its back do not count.
SELECT FROM refresh_market_states();
DELETE FROM market_states WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time > '2025-02-26';
SELECT created_at IS NOT NULL AS stored, count(*) FROM get_market_states('DDDUSDT', '1d') GROUP BY 1;
SELECT FROM refresh_market_states();
-- Of arrays: the same rows; no eras, no volume, another timeframe.
CREATE TABLE arrays AS SELECT symbol, timeframe, array_agg(open_time ORDER BY open_time) AS t, array_agg(open::float8 ORDER BY open_time) AS o, array_agg(high::float8 ORDER BY open_time) AS h,
    array_agg(low::float8 ORDER BY open_time) AS l, array_agg(close::float8 ORDER BY open_time) AS c, array_agg(volume::float8 ORDER BY open_time) AS v FROM candles GROUP BY 1, 2;
SELECT count(*) FROM (SELECT to_jsonb(m) - 'bar' FROM arrays a, market_state_labels(o, h, l, c, v, timeframe) m
    EXCEPT ALL SELECT to_jsonb(m) - '{symbol,timeframe,open_time,era_start,era_confidence,classifier_version,created_at}'::text[] FROM market_states m) d;
SELECT min(bar), max(bar), count(*), count(escalation_percentile) FROM arrays, market_state_labels(o, h, l, c, v) WHERE timeframe = '1d';
SELECT count(*), count(DISTINCT liquidity_score) > 1 AS scored FROM arrays, market_state_labels(o, h, l, c) WHERE timeframe = '1d';
SELECT count(escalation_percentile) FROM arrays, market_state_labels(o, h, l, c, timeframe => '1h') WHERE timeframe = '1d';
SELECT count(*) FROM market_state_labels('{}', '{}', '{}', '{}');
SELECT * FROM market_state_labels('{1}', '{1}', '{1}', '{1}') \gx
-- Buckets and actions.
SELECT p, market_escalation_bucket(p), market_escalation_action(market_escalation_bucket(p)) FROM unnest('{0,0.5999999,0.6,0.84999999,0.85,1,NULL}'::float8[]) p;
SELECT market_escalation_bucket(1.5);
SELECT market_escalation_bucket('NaN');
SELECT market_escalation_bucket('-Infinity');
SELECT market_escalation_action('high');
-- Statistics, transitions.
SELECT state_label, classifier_version, n, share::numeric(5, 4), first_ts, last_ts, mean_confidence::numeric(5, 4), high_share::numeric(5, 4) FROM market_states_stats('DDDUSDT', '1d');
SELECT sum(share), sum(n) FROM market_states_stats(timeframe => '1h');
SELECT count(high_share) FROM market_states_stats('BBBUSDT');
SELECT symbol, timeframe, from_regime, to_regime, open_time, confidence::numeric(8, 6) FROM market_states_flips('DDDUSDT', '1d', 0.7) LIMIT 3;
SELECT from_regime, to_regime, count(*) FROM market_states_flips(NULL, NULL) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM market_states_flips('DDDUSDT', '1d', 1.5);
SELECT * FROM market_states_flips('DDDUSDT', '1d', 'Infinity');
SELECT * FROM market_states_stats('CCC');
SELECT * FROM market_states_flips('DDDUSDT', '15m');
-- The newest row of each series.
SELECT symbol, timeframe, open_time, state_label, hazard_score = 100 * escalation_percentile AS hazard, cross_timeframe_consensus::numeric(5, 4) AS consensus, consensus_timeframes AS of, age > '1 year' AS old, newest_bar, is_stale FROM market_state_latest;
SELECT abs(max(cross_timeframe_consensus) - avg(escalation_percentile)) < 1e-15 AS is_mean FROM market_state_latest WHERE symbol = 'DDDUSDT';
INSERT INTO candles SELECT * FROM bar('DDDUSDT', '1d', '1 day', 425);
UPDATE candles SET close = close + 0.5 WHERE symbol = 'BBBUSDT' AND open_time = '2024-01-14';
SELECT symbol, timeframe, open_time, newest_bar, is_stale FROM market_state_latest;
SET pg_regime.max_age = '1d';
SELECT count(*) FROM market_state_latest WHERE is_stale;
RESET pg_regime.max_age;
SELECT FROM refresh_market_states();
SELECT count(*) FROM market_state_latest WHERE is_stale;
-- Names.
SELECT * FROM market_states_compute('DDDUSD', '1d');
SELECT * FROM market_states_compute('DDDUSDT', '1w');
SELECT * FROM get_market_states('DDDUSDT', NULL);
SELECT * FROM market_states_compute(NULL, '1h');
SELECT * FROM market_states_compute('DDDUSDT', '1d', '2024-02-01', '2024-01-01');
-- Rights: the candles for computing, the tables for what is stored.
CREATE ROLE regress_state_reader;
SET ROLE regress_state_reader;
SELECT * FROM market_states_compute('DDDUSDT', '1d');
SELECT * FROM market_state_latest;
RESET ROLE;
GRANT SELECT ON candles TO regress_state_reader;
SET ROLE regress_state_reader;
SELECT count(*) FROM market_states_compute('DDDUSDT', '1d');
SELECT count(*) FROM get_market_states('DDDUSDT', '1d');
SELECT status, message FROM refresh_market_states('BBBUSDT');
RESET ROLE;
GRANT SELECT ON market_states TO regress_state_reader;
REVOKE SELECT ON candles FROM regress_state_reader;
SET ROLE regress_state_reader;
SELECT symbol, timeframe, newest_bar, is_stale FROM market_state_latest;
RESET ROLE;
GRANT SELECT ON candles TO regress_state_reader;
GRANT USAGE ON SCHEMA regime_work TO regress_state_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA regime_work TO regress_state_reader;
-- Privileges were changed, so that marks may be missing.
SELECT count(created_at) FROM get_market_states('DDDUSDT', '1d');
SELECT FROM refresh_market_states();
SET ROLE regress_state_reader;
SELECT count(created_at) FROM get_market_states('DDDUSDT', '1d');
SELECT symbol, timeframe, newest_bar, is_stale FROM market_state_latest;
SELECT status FROM refresh_market_states('BBBUSDT', dry_run => true);
INSERT INTO regime_eras (starts) VALUES (now());
RESET ROLE;
-- Eras are read by every function that computes.
REVOKE SELECT ON regime_eras FROM PUBLIC;
SET ROLE regress_state_reader;
SELECT count(*) FROM market_states_compute('DDDUSDT', '1d');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM get_market_states('DDDUSDT', '1d');
SELECT count(*) FROM market_states_explain('DDDUSDT', '1d');
SELECT status, message FROM refresh_market_states('BBBUSDT', dry_run => true);
SELECT symbol, timeframe, newest_bar, is_stale FROM market_state_latest;
SELECT what, detail, command FROM regime_health_details() WHERE command ~ 'regime_eras';
RESET ROLE;
GRANT SELECT ON regime_eras TO PUBLIC;
DROP OWNED BY regress_state_reader;
DROP ROLE regress_state_reader;
-- The queries that must be fast use their index.
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS off) SELECT * FROM market_states WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND escalation_bucket = 'HIGH' ORDER BY open_time;
EXPLAIN (COSTS off) SELECT open_time FROM market_states WHERE state_label = 'SHOCK' ORDER BY open_time DESC;
-- A symbol by the id of its asset.
CREATE TABLE dim_assets (id int, symbol text);
INSERT INTO dim_assets VALUES (7, 'DDDUSDT'), (8, 'CCCUSDT');
SELECT count(*) FROM market_states_compute('7', '1d');
SELECT symbol, status FROM refresh_market_states('7', '1d');
SELECT count(*) FROM market_states_compute('8', '1d');
SELECT sum(n) FROM market_states_stats('7', '1d');
SELECT symbol, count(*) FROM market_states_flips('7', '1d') GROUP BY 1;
SELECT * FROM market_states_stats('8');
SELECT * FROM market_states_flips('7', '15m');
SELECT delete_market_states('7', '1d'), delete_market_states('7', '1d'), delete_market_states('8', '1d');
SELECT DISTINCT symbol, timeframe FROM market_states ORDER BY 1, 2;
-- Candles of the name itself come first.
INSERT INTO candles SELECT '7', timeframe, open_time, open, high, low, close, volume FROM candles WHERE symbol = 'BBBUSDT';
SELECT delete_market_states('7', '4h');
SELECT * FROM market_states_stats('7', '4h');
