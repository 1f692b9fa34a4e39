-- Tables of candle and market regimes that were there before: adopted where they hold what is written, otherwise refused.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\pset null -
-- As a Python pipeline makes them: a key of its own, varchar, no version, no warm-up, more columns; rows of an earlier classifier.
CREATE TABLE market_regimes (id serial PRIMARY KEY, symbol varchar(20) NOT NULL, timeframe varchar(10) NOT NULL, open_time timestamptz NOT NULL,
    trend_state varchar(20) NOT NULL, volatility_state varchar(20) NOT NULL, momentum_state varchar(20) NOT NULL, full_regime varchar(60) NOT NULL,
    simplified_regime varchar(20) NOT NULL, confidence float8, created_at timestamptz DEFAULT now(), note text);
INSERT INTO market_regimes (symbol, timeframe, open_time, trend_state, volatility_state, momentum_state, full_regime, simplified_regime, confidence, note)
    SELECT symbol, timeframe, open_time, trend_state, volatility_state, momentum_state, full_regime || 'MOM', simplified_regime, confidence, 'mine'
    FROM market_regimes_compute('AAAUSDT', '1h');
CREATE TABLE market_regime_history (id serial PRIMARY KEY, market_symbol varchar(20) NOT NULL, date date NOT NULL, regime varchar(20) NOT NULL, confidence numeric(5, 4),
    volatility_percentile float8, trend_strength float8, momentum_score float8, drawdown_severity float8, volume_anomaly float8,
    description text, created_at timestamp DEFAULT now());
-- One column after the other.
SELECT relation, action FROM regime_setup();
ALTER TABLE market_regime_history ALTER COLUMN confidence TYPE double precision USING confidence::double precision;
SELECT relation, action FROM regime_setup();
ALTER TABLE market_regime_history ALTER COLUMN created_at TYPE timestamp with time zone USING created_at AT TIME ZONE 'UTC';
SELECT relation, action FROM regime_setup() WHERE relation ~ 'market_regime';
SELECT relation, action FROM regime_setup() WHERE action <> 'unchanged';
SELECT count(*), count(classifier_version), count(warmup), count(note) FROM market_regimes;
-- The first refresh completes the rows and leaves what is not its own.
SELECT symbol, timeframe, status, rows_written, reason FROM refresh_market_regimes();
SELECT differ();
SELECT symbol, count(*), count(classifier_version), count(warmup), count(note), min(id) > 0 AS ids FROM market_regimes GROUP BY 1 ORDER BY 1;
SELECT symbol, status, rows_written FROM refresh_market_regimes();
SELECT count(*), bool_and(created_at IS NOT NULL) FROM get_market_regimes('AAAUSDT', '1h');
DELETE FROM candles WHERE symbol = 'BBBUSDT';
SELECT count(*) FROM market_regimes WHERE symbol = 'BBBUSDT';
INSERT INTO candles SELECT 'DAYS', '1d', '2024-01-01'::timestamptz + n * interval '1 day', 1, 3, 1, 100 + n % 7, 1 FROM generate_series(0, 70) n;
CALL backfill_market_regime_history('2024-01-01', '2025-01-01', symbol => 'DAYS');
SELECT count(*), min(id), max(date) FROM market_regime_history;
-- The same row twice: no key can be made.
DROP TABLE market_regimes, regime_work.market_regime_state;
CREATE TABLE market_regimes AS SELECT m.*, now() AS created_at FROM market_regimes_compute('AAAUSDT', '4h') m;
INSERT INTO market_regimes SELECT * FROM market_regimes LIMIT 2;
SELECT relation, action FROM regime_setup();
-- Not a table; too short for what is written.
DROP TABLE market_regimes;
CREATE VIEW market_regimes AS SELECT * FROM market_regimes_compute('AAAUSDT', '4h');
SELECT relation, action FROM regime_setup();
SELECT status FROM refresh_market_regimes();
DROP VIEW market_regimes;
CREATE TABLE market_regimes AS SELECT m.*, now() AS created_at FROM market_regimes_compute('AAAUSDT', '4h') m LIMIT 0;
ALTER TABLE market_regimes ALTER full_regime TYPE varchar(10);
SELECT relation, action FROM regime_setup() WHERE action <> 'unchanged';
SELECT symbol, timeframe, status, message FROM refresh_market_regimes('AAAUSDT', '4h');
