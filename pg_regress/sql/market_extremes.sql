-- Candles and names at the ends of what there can be: nothing crashes, one series does not spoil another.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\pset null -
SET client_min_messages = error;
ALTER TABLE candles ALTER symbol TYPE text, ALTER timeframe TYPE text, DROP CONSTRAINT candles_pkey, ALTER symbol DROP NOT NULL,
    ALTER timeframe DROP NOT NULL, ALTER open_time DROP NOT NULL;
TRUNCATE candles;
-- Names: none, empty, with all kinds of characters, longer than any.
INSERT INTO candles SELECT s, t, open_time, open, high, low, close, volume FROM candle('', '', '1 hour', 1),
    (VALUES (NULL, '1h'), ('A', NULL), ('', ''), (' ', '1h'), (E'O''Brien "x" \\ y', '1 h'), (E'a\nb', E'1\th'), ('日本😀', '1h'),
        ((SELECT string_agg(md5(i::text), '') FROM generate_series(1, 400) i), '1h')) v (s, t);
SELECT left(symbol, 20) AS symbol, length(symbol), timeframe, status, rows_written, message FROM refresh_market_regimes();
SELECT left(subject, 20) AS subject, length(subject), status, sqlstate FROM cmc_regime_run_log ORDER BY id NULLS LAST, subject COLLATE "C" NULLS FIRST;
SELECT what, left(detail, 20) AS detail, length(detail) <= 1000 AS short FROM regime_health_details() WHERE what IN ('failing series', 'stale series');
SELECT count(*), bool_and(created_at IS NOT NULL) FROM get_market_regimes(E'O''Brien "x" \\ y', '1 h');
SELECT delete_market_regimes('', '');
SELECT status FROM refresh_market_regimes('', '');
-- Times.
TRUNCATE candles, market_regimes, regime_work.market_regime_state;
INSERT INTO candles SELECT 'ENDS', '1h', t, 1, 3, 1, 2, 1 FROM unnest('{4714-11-24 00:00 BC, 1900-01-01, 294276-12-31 23:59:59.999999}'::timestamptz[]) t;
INSERT INTO candles SELECT 'LATE', '1h', '1900-01-01'::timestamptz + n * interval '1 hour', 1, 3, 1, 2, 1 FROM generate_series(1, 5) n;
INSERT INTO candles SELECT s, '1h', t, 1, 3, 1, 2, 1 FROM (VALUES ('NULL', NULL::timestamptz), ('PLUS', 'infinity'), ('MINUS', '-infinity'), ('TWICE', '2024-01-01'), ('TWICE', '2024-01-01')) v (s, t);
SELECT symbol, status, rows_written, message FROM refresh_market_regimes();
SELECT open_time FROM get_market_regimes('ENDS', '1h', '-infinity', 'infinity');
SELECT open_time FROM get_market_regimes('ENDS', '1h', '2000-01-01');
SELECT open_time FROM market_regimes_compute('ENDS', '1h', to_ts => '-infinity');
INSERT INTO candles VALUES ('LATE', '1h', '294276-12-31', 1, 3, 1, 2, 1);
SELECT n, n_stale, newest_row, lag FROM regime_systems() WHERE system = 'market_regimes';
UPDATE candles SET open_time = 'infinity' WHERE symbol = 'LATE' AND open_time > '2000-01-01';
SELECT n, n_stale, newest_row, lag FROM regime_systems() WHERE system = 'market_regimes';
SELECT detail FROM regime_health_details() WHERE what = 'stale series';
-- Prices: as large and as small as can be.
TRUNCATE candles, market_regimes, regime_work.market_regime_state;
INSERT INTO candles SELECT s, '1h', '2024-01-01'::timestamptz + n * interval '1 hour', 1, 1.7e308, 1e-300, CASE WHEN s = 'BIG' OR n % 2 = 0 THEN 1.7e308 ELSE 1e-300 END, 1
    FROM generate_series(1, 250) n, unnest('{BIG,SWING}'::text[]) s;
INSERT INTO candles VALUES ('OVER', '1h', '2024-01-01', 1, 1, 1, 1e309::numeric, 1), ('UNDER', '1h', '2024-01-01', 1, 1, 1, 1e-400::numeric, 1);
SELECT symbol, status, rows_written, message FROM refresh_market_regimes();
SELECT symbol, simplified_regime, count(*), max(confidence) FROM market_regimes GROUP BY 1, 2 ORDER BY 1, 2;
-- Days: an infinite one is not a day of the year 294277.
INSERT INTO candles SELECT 'DAYS', '1d', '2024-01-01'::timestamptz + n * interval '1 day', 1, 3, 1, 2, 1 FROM generate_series(0, 70) n;
CALL backfill_market_regime_history('-infinity', 'infinity', symbol => 'DAYS');
INSERT INTO candles VALUES ('DAYS', '1d', 'infinity', 1, 3, 1, 2, 1);
SELECT date, newest_bar, lag_bars, is_stale FROM market_regime_history_latest('DAYS');
-- Privileges that are missing: the hint names the grants.
CREATE ROLE regress_regime_low;
GRANT SELECT ON candles TO regress_regime_low;
SET ROLE regress_regime_low;
SELECT status FROM refresh_market_regimes();
SELECT delete_market_regimes('BIG', '1h');
RESET ROLE;
GRANT USAGE ON SCHEMA regime_work TO regress_regime_low;
GRANT SELECT ON market_regimes, regime_work.market_regime_state TO regress_regime_low;
SET ROLE regress_regime_low;
SELECT delete_market_regimes('BIG', '1h');
RESET ROLE;
DROP OWNED BY regress_regime_low;
DROP ROLE regress_regime_low;
