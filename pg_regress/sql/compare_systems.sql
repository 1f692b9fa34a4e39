-- Tables of the columns of the sister tables beside the stored rows; which table is compared is told by the columns.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/states.sql
\pset null (null)
SELECT DISTINCT status FROM refresh_market_regimes();
SELECT DISTINCT status FROM refresh_market_states();
CALL backfill_market_regime_history('2024-06-01', '2024-12-31', symbol => 'DDDUSDT');
CREATE SCHEMA old;

-- market_regimes: 1, the ending MOM; another text is not of this kind. Times without a zone are in UTC, numbers may be numeric.
CREATE TABLE old.candle_regimes AS SELECT symbol, timeframe, open_time AT TIME ZONE 'UTC' AS open_time, trend_state::varchar(20) AS trend_state,
    full_regime || CASE WHEN open_time = '2024-07-01' THEN 'MAM' ELSE 'MOM' END AS full_regime, confidence::numeric FROM market_regimes WHERE symbol = 'DDDUSDT';
SELECT symbol, timeframe, column_name, n, n_agree, n_differ, n_only_theirs AS theirs_only, n_only_ours AS ours_only, difference, explanation FROM regime_compare('old.candle_regimes');

-- market_regime_history: 1, a day without a bar that repeats the day before. The market may be called symbol.
CREATE TABLE old.history AS SELECT market_symbol AS symbol, date, regime, confidence, volatility_percentile, drawdown_severity, description FROM market_regime_history;
INSERT INTO old.history SELECT symbol, date + n, regime, confidence + (n - 1) / 7.0, volatility_percentile, drawdown_severity, description FROM old.history, generate_series(1, 2) AS n WHERE date = '2024-12-31';
SELECT symbol, timeframe, column_name, n, n_agree, n_differ, n_only_theirs AS theirs_only, n_only_ours AS ours_only, first_ts, theirs, ours, difference FROM regime_compare('old.history');
-- Days that no timestamp has.
CREATE TABLE old.far AS SELECT symbol, d AS date, regime FROM old.history, unnest('{-infinity,5874897-12-31,infinity}'::date[]) AS d WHERE date = '2024-12-30';
SELECT column_name, n, n_only_theirs AS theirs_only, first_ts FROM regime_compare('old.far') WHERE n_only_theirs > 0;
DELETE FROM old.far WHERE date < '2025-01-01';
SELECT column_name, n, n_only_theirs AS theirs_only, first_ts FROM regime_compare('old.far') WHERE n_only_theirs > 0;

-- market_states: the parts of an array, one by one; here through a view, a partitioned table, and ids in place of symbols.
CREATE TABLE old.parts (LIKE market_states) PARTITION BY LIST (timeframe);
CREATE TABLE old.part PARTITION OF old.parts DEFAULT;
ALTER TABLE old.parts ALTER state_label DROP NOT NULL;
INSERT INTO old.parts SELECT * FROM market_states;
UPDATE old.parts SET supports = supports[1:cardinality(supports) - 1] || supports[cardinality(supports)] + 1, state_label = NULL WHERE symbol = 'DDDUSDT' AND timeframe = '1d' AND open_time >= '2025-02-01' AND cardinality(supports) > 0;
CREATE VIEW old.states AS SELECT * FROM old.parts WHERE timeframe = '1d';
SELECT symbol, timeframe, column_name, n, n_agree, n_differ, first_ts, difference FROM regime_compare('old.states') WHERE n_differ > 0 OR column_name IS NULL;
CREATE TABLE dim_assets (id int PRIMARY KEY, symbol text UNIQUE);
INSERT INTO dim_assets VALUES (7, 'DDDUSDT'), (8, 'ELSE');
CREATE TABLE old.by_id AS SELECT a.id, timeframe, open_time, bias, confidence FROM old.states JOIN dim_assets AS a USING (symbol);
INSERT INTO old.by_id VALUES (8, '1d', '2024-07-01', 'LONG', 0.5), (9, '1d', '2024-07-01', 'LONG', 0.5);
SELECT id, symbol, column_name, n, n_differ, n_only_theirs AS theirs_only, n_only_ours AS ours_only FROM regime_compare('old.by_id', 'market_states');
SELECT DISTINCT id FROM regime_compare('old.by_id', 'market_states', '{8}');
SELECT DISTINCT id FROM regime_compare('old.states', assets => '{7, 8}');
SELECT count(*) FROM regime_compare('old.states', assets => '{}');
