-- The market regime history: what a backfill stores, where closes come from, going on, days that differ, and batches that fail.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
CREATE TABLE candles (symbol varchar(20), timeframe varchar(10), open_time timestamptz, high numeric, low numeric, close numeric(12, 2),
    PRIMARY KEY (symbol, timeframe, open_time));
-- 500 weekdays of an index; a coin of every day, and 59 and 60 days of two others.
INSERT INTO candles SELECT '^GSPC', '1d', t, 0, 0, cents(1, n::int) / 100.0
    FROM (SELECT t, row_number() OVER (ORDER BY t) AS n FROM generate_series(timestamptz '2022-01-03', '2024-01-01', '1 day') t WHERE extract(isodow FROM t) < 6) d
    WHERE n <= 500;
INSERT INTO candles SELECT s, '1d', t, 0, 0, cents(2, n::int) / 100.0 FROM (VALUES ('BTC', 200), ('59', 59), ('60', 60)) s (s, days),
    generate_series(timestamptz '2022-01-01', '2022-12-31', '1 day') WITH ORDINALITY d (t, n) WHERE n <= days;
INSERT INTO candles SELECT 'BTC', '4h', open_time, 0, 0, 'NaN' FROM candles WHERE symbol = 'BTC';

-- A dry run stores nothing, not even a table; it works in a transaction that only reads.
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', dry_run => true);
BEGIN READ ONLY;
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', 1000, dry_run => true);
COMMIT;
SELECT to_regclass('market_regime_history'), to_regclass('cmc_regime_run_log');
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', 150);
SELECT backfill, symbol, start_date, end_date, status, percent, days, days_done, days_failed, days_left, batches, failed, started_at < reported_at AS in_order
    FROM market_regime_progress;
SELECT run, system, id, subject, status, mode, reason, rows_read, inserted, updated, deleted, message, run_by = current_user AS by_me
    FROM regime_work.cmc_regime_run_log ORDER BY ctid;
-- Every weekday from the 60th on and no other day, as it is computed on the fly.
SELECT count(*), min(date), max(date), count(*) FILTER (WHERE extract(isodow FROM date) > 5) AS weekends FROM market_regime_history;
\set stored 'market_symbol, date, regime, confidence, volatility_percentile, trend_strength, momentum_score, drawdown_severity, volume_anomaly, description'
\set differ '(SELECT ' :stored ' FROM market_regime_history WHERE market_symbol = :symbol EXCEPT ALL SELECT * FROM market_regime_history_compute(:symbol)) UNION ALL (SELECT * FROM market_regime_history_compute(:symbol) EXCEPT ALL SELECT ' :stored ' FROM market_regime_history WHERE market_symbol = :symbol)'
\set symbol '''^GSPC'''
SELECT count(*) FROM (:differ) d;
SELECT date, regime, confidence, round(trend_strength::numeric, 6) AS trend, round(momentum_score::numeric, 6) AS momentum,
    round(drawdown_severity::numeric, 6) AS drawdown, description FROM market_regime_history ORDER BY md5(date::text) LIMIT 12;
SELECT regime, count(*) FROM market_regime_history GROUP BY 1 ORDER BY 1;
-- Three of the indicators by plain SQL.
WITH r AS (SELECT open_time::date AS date, close::float8, close::float8 / lag(close::float8) OVER (ORDER BY open_time) - 1 AS ret FROM candles WHERE symbol = '^GSPC'),
w AS (SELECT *, ((close / first_value(close) OVER w60 - 1) + (avg(close) OVER w20 / avg(close) OVER w50 - 1)) / 2 AS trend,
    avg(ret) OVER w5 / avg(ret) OVER w20 AS momentum, 1 - close / max(close) OVER w60 AS drawdown FROM r
    WINDOW w60 AS (ORDER BY date ROWS 59 PRECEDING), w50 AS (ORDER BY date ROWS 49 PRECEDING), w20 AS (ORDER BY date ROWS 19 PRECEDING), w5 AS (ORDER BY date ROWS 4 PRECEDING))
SELECT count(*) AS days, count(*) FILTER (WHERE abs(trend - trend_strength) > 1e-12 OR abs(momentum / momentum_score - 1) > 1e-9
    OR abs(drawdown - drawdown_severity) > 1e-12) AS differ FROM market_regime_history JOIN w USING (date);
-- Borders of batches and ranges change nothing.
CREATE TABLE whole AS SELECT :stored FROM market_regime_history;
TRUNCATE market_regime_history;
SET client_min_messages = warning;
CALL backfill_market_regime_history('2022-09-01', '2022-09-30', 7);
CALL backfill_market_regime_history('2023-01-02', '2023-01-03', 1);
SELECT min(date), max(date), count(*) FROM market_regime_history WHERE date > '2022-12-31';
SELECT created_at AS then FROM market_regime_history WHERE date = '2022-09-15' \gset
RESET client_min_messages;
-- What is there is passed over.
CALL backfill_market_regime_history('-infinity', 'infinity', 200);
SELECT created_at = :'then' AS untouched FROM market_regime_history WHERE date = '2022-09-15';
(TABLE whole EXCEPT ALL SELECT :stored FROM market_regime_history) UNION ALL (SELECT :stored FROM market_regime_history EXCEPT ALL TABLE whole);
CALL backfill_market_regime_history(end_date => '2023-12-31');

-- A symbol for itself; days are those of bars. 60 rows are needed.
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', symbol => 'BTC', batch_size => 100);
\set symbol '''BTC'''
SELECT count(*) FROM (:differ) d;
SELECT count(*) FILTER (WHERE extract(isodow FROM date) > 5) AS weekends FROM market_regime_history WHERE market_symbol = 'BTC';
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', symbol => '59');
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', symbol => '60');
SELECT market_symbol, count(*) FROM market_regime_history GROUP BY 1 ORDER BY 1;
SELECT symbol, days, percent FROM market_regime_progress ORDER BY 1;
-- Constant prices; an indicator that is not defined is NULL.
INSERT INTO candles SELECT 'FLAT', '1d', t, 0, 0, 10 FROM generate_series(timestamptz '2022-01-01', '2022-03-10', '1 day') t;
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', symbol => 'FLAT');
SELECT DISTINCT regime, confidence, volatility_percentile, trend_strength, momentum_score, drawdown_severity, volume_anomaly FROM market_regime_history WHERE market_symbol = 'FLAT';
CREATE VIEW odd AS SELECT 'ODD' AS symbol, '1d' AS timeframe, t AS time, 1 AS high, 1 AS low, CASE WHEN n % 2 = 0 THEN 1e-300::float8 ELSE 1e300::float8 END AS close
    FROM generate_series(timestamp '2022-01-01 23:30', '2022-03-31', '1 day') WITH ORDINALITY g (t, n);
UPDATE regime_source SET bars_table = 'odd', bars_ts_column = 'time' WHERE layer = 'candles';
-- Times without a zone are UTC, whatever the session's zone.
SET timezone = 'Asia/Tokyo';
CALL backfill_market_regime_history('2022-03-29', '2022-03-30', symbol => 'ODD');
SELECT date, regime, confidence, volatility_percentile, trend_strength, momentum_score, drawdown_severity, volume_anomaly, description
    FROM market_regime_history WHERE market_symbol = 'ODD' ORDER BY date;
SET timezone = 'America/New_York';
SELECT date, regime FROM market_regime_history_compute('ODD', '2022-03-29');
SET timezone = 'UTC';
DROP VIEW odd CASCADE;

-- Without candles, or where they have no such symbol: the daily bars of the asset.
CALL backfill_market_regime_history('2024-12-01', '2024-12-31', symbol => 'PROXY');
UPDATE regime_source SET bars_table = 'candles', bars_ts_column = 'open_time' WHERE layer = 'candles';
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'PROXY');
SELECT count(*), min(date), max(date) FROM market_regime_history WHERE market_symbol = 'PROXY';
SELECT count(*) FROM market_regime_history_compute('PROXY');

-- Corrected, late and deleted bars: told, and written on demand.
UPDATE candles SET close = close * 1.02 WHERE symbol = '^GSPC' AND open_time = '2023-09-01';
DELETE FROM candles WHERE symbol = '^GSPC' AND open_time = '2023-08-01';
INSERT INTO candles VALUES ('^GSPC', '1d', '2023-11-18', 0, 0, 41);
CALL backfill_market_regime_history('2023-01-01', '2023-12-31', 1000);
\echo :LAST_ERROR_SQLSTATE
SELECT days, percent, (SELECT differing FROM regime_work.market_regime_backfills b WHERE b.backfill = p.backfill) FROM market_regime_progress p WHERE symbol = '^GSPC';
BEGIN;
CALL backfill_market_regime_history('2023-01-01', '2023-12-31', dry_run => true);
CALL backfill_market_regime_history('2023-01-01', '2023-12-31', dry_run => true, full_refresh => true);
COMMIT;
CALL backfill_market_regime_history('2023-01-01', '2023-12-31', 200, full_refresh => true);
\set symbol '''^GSPC'''
SELECT count(*) FROM (:differ) d;
SELECT subject, mode, reason, inserted, updated, deleted FROM cmc_regime_run_log WHERE subject IS NOT NULL ORDER BY run DESC LIMIT 2;
CALL backfill_market_regime_history('2023-01-01', '2023-12-31', 200, full_refresh => true);

-- Batches that fail do so alone: rows that a trigger refuses, one that is refused at the commit, bars that cannot be used.
TRUNCATE market_regime_history;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room for %', NEW.date USING ERRCODE = 'check_violation', HINT = 'Make some.'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON market_regime_history FOR EACH ROW WHEN (NEW.date IN ('2022-09-15', '2023-03-15')) EXECUTE FUNCTION refuse();
CREATE CONSTRAINT TRIGGER refuse_late AFTER INSERT ON market_regime_history DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.date = '2023-06-15') EXECUTE FUNCTION refuse();
UPDATE candles SET close = 'NaN' WHERE symbol = '^GSPC' AND open_time = '2023-10-16';
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', 40);
\echo :LAST_ERROR_SQLSTATE
SELECT status, percent, days, days_done, days_failed, days_left, batches, failed FROM market_regime_progress WHERE symbol = '^GSPC';
SELECT subject, status, sqlstate, message, hint FROM cmc_regime_run_log WHERE status = 'failed' AND subject IS NOT NULL ORDER BY run;
SELECT count(*) FROM market_regime_history;
DROP TRIGGER refuse ON market_regime_history;
DROP TRIGGER refuse_late ON market_regime_history;
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', 40);
\echo :LAST_ERROR_SQLSTATE
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', 1000, dry_run => true);
UPDATE candles SET close = 42 WHERE symbol = '^GSPC' AND open_time = '2023-10-16';
INSERT INTO candles VALUES ('^GSPC', '1d', '2023-10-16 12:00', 0, 0, 41);
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', 1000);
DELETE FROM candles WHERE open_time = '2023-10-16 12:00';
SET default_transaction_isolation = 'repeatable read';
CALL backfill_market_regime_history('2022-01-01', '2023-12-31', 40);
RESET default_transaction_isolation;
SELECT count(*) FROM (:differ) d;

-- What cannot be; nothing is done before.
DROP TABLE market_regime_history CASCADE;
CALL backfill_market_regime_history('2023-01-02', '2023-01-02');
\echo :LAST_ERROR_SQLSTATE
CALL backfill_market_regime_history('2023-01-03', '2023-01-02', dry_run => true);
CALL backfill_market_regime_history(batch_size => 0);
\echo :LAST_ERROR_SQLSTATE
CALL backfill_market_regime_history(NULL);
\echo :LAST_ERROR_SQLSTATE
CALL backfill_market_regime_history(end_date => NULL);
CALL backfill_market_regime_history(batch_size => NULL);
CALL backfill_market_regime_history(symbol => NULL);
CALL backfill_market_regime_history(dry_run => NULL);
CALL backfill_market_regime_history(full_refresh => NULL);
CALL backfill_market_regime_history(symbol => 'gspc');
\echo :LAST_ERROR_SQLSTATE
SELECT market_regime_backfill_next(99);
\echo :LAST_ERROR_SQLSTATE
SELECT market_regime_backfill_next(NULL);
SELECT market_regime_backfill_end(NULL);
INSERT INTO dim_assets VALUES (5, 'BARE', true), (6, 'GONE', true);
CALL backfill_market_regime_history(symbol => 'BARE');
\echo :LAST_ERROR_SQLSTATE
CALL backfill_market_regime_history(symbol => 'GONE');
\echo :LAST_ERROR_SQLSTATE
BEGIN;
CALL backfill_market_regime_history();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SET default_transaction_read_only = on;
CALL backfill_market_regime_history();
\echo :LAST_ERROR_SQLSTATE
RESET default_transaction_read_only;
SELECT to_regclass('market_regime_history');
ALTER TABLE candles RENAME TO gone;
CALL backfill_market_regime_history(symbol => 'gspc');
ALTER TABLE cmc_price_bars_multi_tf RENAME TO gone_too;
CALL backfill_market_regime_history(symbol => 'gspc');
DELETE FROM regime_source WHERE layer = 'candles';
CALL backfill_market_regime_history(symbol => 'gspc');
ALTER TABLE gone_too RENAME TO cmc_price_bars_multi_tf;
CALL backfill_market_regime_history('2024-12-01', '2024-12-31', symbol => 'PROXY');
-- Assets without symbols.
ALTER TABLE dim_assets DROP symbol;
CALL backfill_market_regime_history('2024-12-01', '2024-12-31', symbol => 'PROXY');
