-- Reading the market regime history: the newest day, days on the fly, what regimes there were, what returns did in them.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
SELECT * FROM market_regime_history_latest('PROXY');
\echo :LAST_ERROR_SQLSTATE
SELECT FROM regime_setup();
SELECT * FROM market_regime_history_latest('PROXY');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_history_stats('PROXY');
SELECT * FROM market_regime_history_latest();
\echo :LAST_ERROR_SQLSTATE
SET client_min_messages = warning;
CALL backfill_market_regime_history('2024-01-01', '2024-12-30', symbol => 'PROXY');
RESET client_min_messages;
-- One bar is later than the newest row; then none; then two.
SELECT date, regime, newest_bar, lag_bars, is_stale FROM market_regime_history_latest('PROXY');
CALL backfill_market_regime_history('2024-01-01', '2024-12-31', symbol => 'PROXY');
SELECT date, newest_bar, lag_bars, is_stale FROM market_regime_history_latest('PROXY');
SELECT c.date = h.date AND c.created_at = h.created_at AND c.description = h.description AS as_stored, c.regime, c.confidence, c.description
    FROM market_regime_history_latest('PROXY') c JOIN market_regime_history h USING (market_symbol, date);
SELECT append_bar(1, 50) UNION ALL SELECT append_bar(1, 49);
SELECT date, newest_bar, lag_bars, is_stale FROM market_regime_history_latest('PROXY');
-- Days on the fly: ends included, all without them.
SELECT date, regime FROM market_regime_history_compute('PROXY', '2024-12-30', '2025-01-01');
SELECT count(*), min(date), max(date) FROM market_regime_history_compute('PROXY');
SELECT count(*), min(date), max(date) FROM market_regime_history_compute('PROXY', to_date => '2019-02-22');
SELECT count(*) FROM market_regime_history_compute('PROXY', '2030-01-01');
SELECT count(*) FROM market_regime_history_compute('PROXY', 'infinity');
SELECT count(*) FROM market_regime_history_compute('NEW');
SELECT * FROM market_regime_history_compute('PROXY', '2024-12-30', '2024-12-29');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_history_compute(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_history_compute('');
UPDATE cmc_price_bars_multi_tf SET close = 0 WHERE id = 2 AND bar_seq = 300;
SELECT * FROM market_regime_history_compute('YOUNG');
\echo :LAST_ERROR_SQLSTATE
-- A day of which the closes before are not bad is computed all the same.
SELECT count(*) FROM market_regime_history_compute('YOUNG', '2024-12-30');
-- Regimes that there were.
SELECT regime, n, round(share::numeric, 6) AS share, first_ts, last_ts, round(mean_confidence::numeric, 6) AS mean_confidence FROM market_regime_history_stats('PROXY');
SELECT sum(n), sum(share) BETWEEN 0.999999 AND 1.000001 AS whole FROM market_regime_history_stats('PROXY');
SELECT * FROM market_regime_history_stats(NULL);

-- Returns by hand: 0.5 and -0.5 in a bull market, one day of bear, none before.
CREATE TEMP TABLE kept AS TABLE market_regime_history;
TRUNCATE market_regime_history;
INSERT INTO market_regime_history (market_symbol, date, regime, confidence, description)
    VALUES ('PROXY', '2024-01-02', 'bull', 0.2, '-'), ('PROXY', '2024-01-04', 'bear', 0.2, '-');
CREATE TABLE returns (date date, daily_return float8);
INSERT INTO returns VALUES ('2024-01-01', 0.1), ('2024-01-02', 0.5), ('2024-01-03', -0.5), ('2024-01-07', 0.25);
SELECT * FROM market_regime_performance('returns', 'PROXY');
-- With the label of the day before.
SELECT regime, n, total_return FROM market_regime_performance('returns', 'PROXY', lag_days => 1);
SELECT regime, n, total_return FROM market_regime_performance('returns', 'PROXY', lag_days => 36500);
-- Equal to plain SQL over many days.
TRUNCATE market_regime_history;
INSERT INTO market_regime_history TABLE kept;
CREATE VIEW many AS SELECT t AS "Day", (n * 37 % 101 - 50)::numeric / 1000 AS r FROM generate_series(timestamp '2024-01-01 17:00', '2025-06-01', '1 day') WITH ORDINALITY g (t, n);
SELECT p.regime, p.n, s.days = p.n AND abs(s.mean - mean_return) < 1e-12 AND abs(s.total - total_return) < 1e-9 AND abs(s.vol - volatility) < 1e-12
    AND abs(s.mean / s.vol * 252 - sharpe) < 1e-9 AND abs(s.wins - win_rate) < 1e-12 AS equal, max_drawdown BETWEEN 0 AND 1 AS is_share
FROM market_regime_performance('many', 'PROXY', 'Day', 'r') p
JOIN (SELECT l.regime, count(*) AS days, avg(r)::float8 AS mean, exp(sum(ln(1 + r)))::float8 - 1 AS total, stddev_samp(r)::float8 * sqrt(252::float8) AS vol,
    avg((r > 0)::int)::float8 AS wins FROM many, LATERAL (SELECT regime FROM market_regime_history WHERE date <= "Day"::date ORDER BY date DESC LIMIT 1) l
    GROUP BY 1) s USING (regime) ORDER BY 1;
-- A moment is on a day of UTC; a temporary table, a materialized view, another schema, a partitioned table.
SET timezone = 'America/New_York';
CREATE TEMP TABLE moments AS SELECT timestamptz '2024-06-02 01:00+00' AS date, 0.5::real AS daily_return;
SELECT p.n, h.date FROM market_regime_performance('moments', 'PROXY') p JOIN market_regime_history h USING (regime) WHERE h.date = '2024-06-02';
CREATE MATERIALIZED VIEW mat AS SELECT * FROM many;
SELECT sum(n) FROM market_regime_performance('mat', 'PROXY', 'Day', 'r');
CREATE SCHEMA desk;
CREATE TABLE desk.returns (date timestamptz, daily_return numeric) PARTITION BY RANGE (date);
CREATE TABLE desk.returns_all PARTITION OF desk.returns DEFAULT;
INSERT INTO desk.returns TABLE moments;
SELECT n FROM market_regime_performance('desk.returns', 'PROXY');
TRUNCATE desk.returns;
SELECT * FROM market_regime_performance('desk.returns', 'PROXY');
SET timezone = 'UTC';

-- Returns that cannot be used.
CREATE FUNCTION spoil(date[], float8[]) RETURNS void LANGUAGE sql AS $$
    TRUNCATE returns; INSERT INTO returns SELECT * FROM unnest($1, $2) $$;
SELECT spoil('{2024-01-02,2024-01-03,NULL}', '{1,NaN,0.1}');
SELECT * FROM market_regime_performance('returns', 'PROXY');
\echo :LAST_ERROR_SQLSTATE
SELECT spoil('{2024-01-02,2024-01-03,2024-01-05}', '{1,NaN,NULL}');
SELECT * FROM market_regime_performance('returns', 'PROXY');
SELECT hint_of($$SELECT * FROM market_regime_performance('returns', 'PROXY')$$) AS query \gset
:query
SELECT spoil('{2024-01-02,2024-01-03}', '{-1,-1.5}');
SELECT * FROM market_regime_performance('returns', 'PROXY');
SELECT spoil('{2024-01-02,2024-01-03,2024-01-03,2024-01-03}', '{0.1,0.2,0.3,0.4}');
SELECT * FROM market_regime_performance('returns', 'PROXY');
SELECT hint_of($$SELECT * FROM market_regime_performance('returns', 'PROXY')$$) AS query \gset
:query
SELECT spoil('{infinity}', '{0.1}');
SELECT * FROM market_regime_performance('returns', 'PROXY');
-- Arguments that cannot be.
SELECT * FROM market_regime_performance('returns', 'PROXY', date_column => 'day');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_performance('returns', 'PROXY', date_column => 'daily_return');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_performance('returns', 'PROXY', return_column => 'date');
SELECT * FROM market_regime_performance('returns', 'PROXY', return_column => '');
SELECT * FROM market_regime_performance('returns', 'PROXY', lag_days => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_performance('returns', 'YOUNG');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_performance('returns');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_performance(NULL, 'PROXY');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_performance('returns', NULL);
SELECT * FROM market_regime_performance('returns', 'PROXY', NULL);
SELECT * FROM market_regime_performance('returns', 'PROXY', return_column => NULL);
SELECT * FROM market_regime_performance('returns', 'PROXY', lag_days => NULL);
SELECT * FROM market_regime_performance(4294967295, 'PROXY');
SELECT * FROM market_regime_performance('market_regime_history_regime_date_idx', 'PROXY');
\echo :LAST_ERROR_SQLSTATE

-- Whoever may read the rows alone sees the newest one, without how old it is. A backfill tells the grants that it lacks.
SET client_min_messages = warning;
CREATE ROLE regress_reader;
GRANT SELECT ON market_regime_history TO regress_reader;
SET ROLE regress_reader;
SELECT date, newest_bar, lag_bars, is_stale FROM market_regime_history_latest('PROXY');
SELECT count(*) FROM market_regime_history_stats('PROXY');
SELECT * FROM market_regime_performance('returns', 'PROXY');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_history_compute('PROXY');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT SELECT ON dim_assets, cmc_price_bars_multi_tf TO regress_reader;
SET ROLE regress_reader;
CALL backfill_market_regime_history('2024-01-01', '2025-12-31', symbol => 'PROXY');
\echo :LAST_ERROR_SQLSTATE
CALL backfill_market_regime_history('2024-01-01', '2025-12-31', symbol => 'PROXY', dry_run => true);
RESET ROLE;
\set ECHO none
DROP SCHEMA desk CASCADE;
DROP OWNED BY regress_reader;
DROP ROLE regress_reader;
