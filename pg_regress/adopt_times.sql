-- Adopts tables of regimes with times without a zone, in the time zone of the session. The moments of the rows are those of UTC.
SET client_min_messages = error;
DROP VIEW IF EXISTS newest, of_day;
DROP TABLE IF EXISTS alerts, market_regimes, market_regime_history, candles, regime_work.market_regime_state CASCADE;
CREATE TABLE candles (symbol varchar(20) NOT NULL, timeframe varchar(10) NOT NULL, open_time timestamp NOT NULL, open numeric, high numeric,
    low numeric, close numeric, volume numeric, PRIMARY KEY (symbol, timeframe, open_time));
-- Over the changes of clocks in March, where an hour of New York is missing, and of November, where one comes twice.
INSERT INTO candles SELECT symbol, timeframe, timestamp '2024-02-28' + n * interval '1 hour', open, high, low, close, 1
    FROM generate_series(0, 399) n, prices WHERE place = n % 700;
INSERT INTO candles SELECT symbol, timeframe, timestamp '2024-10-28' + n * interval '1 hour', open, high, low, close, 1
    FROM generate_series(0, 299) n, prices WHERE place = n % 700;
CREATE TABLE market_regimes (id serial PRIMARY KEY, symbol varchar(20) NOT NULL, timeframe varchar(10) NOT NULL, open_time timestamp NOT NULL,
    trend_state varchar(20) NOT NULL, volatility_state varchar(20) NOT NULL, momentum_state varchar(20) NOT NULL, full_regime varchar(60) NOT NULL,
    simplified_regime varchar(20) NOT NULL, confidence float8, created_at timestamp DEFAULT (now() AT TIME ZONE 'UTC'),
    UNIQUE (symbol, timeframe, open_time),
    FOREIGN KEY (symbol, timeframe, open_time) REFERENCES candles ON DELETE CASCADE);
INSERT INTO market_regimes (symbol, timeframe, open_time, trend_state, volatility_state, momentum_state, full_regime, simplified_regime, confidence)
    SELECT symbol, timeframe, open_time, 'uptrend', 'low', 'weak', 'x', 'y', 0 FROM candles;
CREATE TABLE market_regime_history (id serial PRIMARY KEY, market_symbol varchar(20) NOT NULL, date timestamp NOT NULL, regime varchar(20) NOT NULL,
    confidence float8, volatility_percentile float8, trend_strength float8, momentum_score float8, drawdown_severity float8, volume_anomaly float8,
    description text, created_at timestamp DEFAULT now());
INSERT INTO market_regime_history (market_symbol, date, regime, confidence) SELECT 'OLD', timestamp '2024-03-08' + n * interval '1 day', 'bull', 0.5 FROM generate_series(0, 5) n;
-- What depends on the columns: a key to the table, views over one another, an index on an expression.
CREATE TABLE alerts (symbol varchar(20), timeframe varchar(10), open_time timestamp, FOREIGN KEY (symbol, timeframe, open_time) REFERENCES market_regimes (symbol, timeframe, open_time));
CREATE VIEW newest WITH (security_barrier = true) AS SELECT symbol, max(open_time) AS newest, 'it''s' AS said FROM market_regimes GROUP BY symbol;
CREATE VIEW of_day AS SELECT n.newest, h.date FROM newest n, market_regime_history h;
COMMENT ON VIEW newest IS 'it''s the newest';
GRANT SELECT ON newest TO PUBLIC;
CREATE INDEX by_day ON market_regimes (date_trunc('day', open_time));
DROP TABLE IF EXISTS before;
CREATE TEMP TABLE before AS SELECT id, open_time AT TIME ZONE 'UTC' AS moment, created_at AT TIME ZONE 'UTC' AS created FROM market_regimes;
CREATE TEMP TABLE IF NOT EXISTS days AS SELECT id, date::date AS day FROM market_regime_history;
RESET client_min_messages;
SELECT * FROM message_of('SELECT * FROM regime_setup()');
SELECT hint_of('SELECT * FROM regime_setup()') AS hint \gset
:hint
SELECT relation, action FROM regime_setup() WHERE relation ~ 'public.market_regime';
-- The rows have kept their moments, and nothing is left of the keys.
SELECT count(*), count(*) FILTER (WHERE moment = open_time AND created = created_at) AS kept FROM market_regimes JOIN before USING (id);
SELECT count(*), count(*) FILTER (WHERE day = date) AS kept FROM market_regime_history JOIN days USING (id);
SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f';
SELECT c.oid::regclass, reloptions, relacl::text ~ '=r/' AS granted, obj_description(c.oid, 'pg_class') FROM pg_class c WHERE oid IN ('newest'::regclass, 'of_day'::regclass) ORDER BY 1;
-- A refresh writes all rows, and once; a candle takes its own row with it, and no other.
SELECT status, regime_rows FROM refresh_market_regimes() AS r (symbol, timeframe, status, regime_rows);
SELECT status FROM refresh_market_regimes();
SELECT count(*) = (SELECT count(*) FROM candles) AS all, count(*) FILTER (WHERE c.symbol IS NULL) AS strange
    FROM market_regimes r LEFT JOIN candles c ON c.symbol = r.symbol AND c.timeframe = r.timeframe AND c.open_time = r.open_time AT TIME ZONE 'UTC';
DELETE FROM candles WHERE open_time = '2024-11-08 12:00';
SELECT count(*) FROM market_regimes WHERE open_time AT TIME ZONE 'UTC' BETWEEN '2024-11-08 00:00' AND '2024-11-08 23:00';
INSERT INTO market_regimes (symbol, timeframe, open_time, trend_state, volatility_state, momentum_state, full_regime, simplified_regime, confidence, classifier_version, warmup)
    VALUES ('S', '1h', '2024-01-01', 'uptrend', 'low', 'weak', 'x', 'y', 0, '', false) RETURNING created_at = now() AS now;
DELETE FROM market_regimes WHERE symbol = 'S';
