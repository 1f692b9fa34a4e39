-- Candles as exchanges give them: milliseconds since 1970, prices as text, one timeframe that no column names.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\set regimes 'SELECT to_jsonb(r) - ''created_at'' - ''updated_at'' FROM market_regimes AS r WHERE symbol = ''AAAUSDT'' AND timeframe = ''4h'''
\set states 'SELECT to_jsonb(r) - ''created_at'' - ''updated_at'' - ''computed_at'' FROM market_states AS r WHERE symbol = ''AAAUSDT'' AND timeframe = ''4h'''
SELECT symbol, timeframe, status FROM refresh_market_regimes('AAAUSDT', '4h');
SELECT symbol, timeframe, status FROM refresh_market_states('AAAUSDT', '4h');
CREATE TABLE regimes_by_hand AS :regimes;
CREATE TABLE states_by_hand AS :states;
CREATE TABLE klines AS SELECT symbol AS pair, (extract(epoch FROM open_time) * 1000)::bigint AS t, open::text AS o, high::text AS h, low::text AS l, close::text AS c, volume::text AS v
FROM candles WHERE symbol = 'AAAUSDT' AND timeframe = '4h';
ALTER TABLE klines ADD PRIMARY KEY (pair, t);
UPDATE regime_source SET bars_table = 'klines', tf = '4h', bars_id_column = 'pair', bars_ts_column = 't', open_column = 'o', high_column = 'h', low_column = 'l', close_column = 'c', volume_column = 'v'
WHERE layer = 'candles';
SELECT * FROM refresh_market_regimes('AAAUSDT', '4h');
UPDATE regime_source SET bars_ts_unit = 'ms' WHERE layer = 'candles';
-- No foreign key: the table has no instants.
SELECT relation, action FROM regime_setup() WHERE relation ~ 'market_(regimes|states)$' ORDER BY 1;
SELECT symbol, timeframe, status, rows_written FROM refresh_market_regimes();
SELECT symbol, timeframe, status, rows_written FROM refresh_market_states();
SELECT count(*) FROM ((TABLE regimes_by_hand EXCEPT ALL :regimes) UNION ALL (:regimes EXCEPT ALL TABLE regimes_by_hand)) AS x;
SELECT count(*) FROM ((TABLE states_by_hand EXCEPT ALL :states) UNION ALL (:states EXCEPT ALL TABLE states_by_hand)) AS x;
SELECT * FROM refresh_market_regimes(timeframe => '1h');
-- Tracked: what is incremental equals what is read whole.
SELECT relation, action FROM regime_track() WHERE relation ~ 'klines' ORDER BY 1;
SELECT symbol, timeframe, status, mode FROM refresh_market_regimes();
SELECT symbol, timeframe, status, mode FROM refresh_market_states();
INSERT INTO klines SELECT pair, t + 4 * 3600000, o, h, l, c, v FROM klines ORDER BY t DESC LIMIT 1;
UPDATE klines SET c = h WHERE t = (SELECT t FROM klines ORDER BY t OFFSET 100 LIMIT 1);
SELECT symbol, timeframe, status, mode, left(reason, 4) AS reason FROM refresh_market_regimes();
SELECT symbol, timeframe, status, mode, left(reason, 4) AS reason FROM refresh_market_states();
CREATE TABLE incremental AS :regimes UNION ALL :states;
SELECT count(*) FROM refresh_market_regimes(full_refresh => true);
SELECT count(*) FROM refresh_market_states(full_refresh => true);
SELECT count(*), (SELECT count(*) FROM incremental) AS rows FROM ((TABLE incremental EXCEPT ALL (:regimes UNION ALL :states)) UNION ALL ((:regimes UNION ALL :states) EXCEPT ALL TABLE incremental)) AS x;
-- The newest candles, and those behind.
SELECT system, n_stale, problem FROM regime_systems WHERE system IN ('market_regimes', 'market_states') ORDER BY 1;
INSERT INTO klines SELECT pair, t + 4 * 3600000, o, h, l, c, v FROM klines ORDER BY t DESC LIMIT 1;
SELECT system, n_stale, problem FROM regime_systems WHERE system IN ('market_regimes', 'market_states') ORDER BY 1;
SELECT count(*) FROM market_regimes_compute('AAAUSDT', '4h');
-- A text that is no number.
UPDATE klines SET h = 'high' WHERE t = (SELECT t FROM klines ORDER BY t OFFSET 120 LIMIT 1);
SELECT symbol, timeframe, status, message FROM refresh_market_regimes();
-- Daily closes for the history: dates, all of them daily.
CREATE TABLE daily AS SELECT 'SPY'::text AS ticker, d::date AS day, (100 + 10 * sin(n / 9.0) + n / 30.0)::numeric(10, 4)::text AS px FROM generate_series(timestamp '2023-01-02', '2023-09-29', '1 day') WITH ORDINALITY AS g (d, n) WHERE extract(isodow FROM d) < 6;
UPDATE regime_source SET bars_table = 'daily', tf = '1d', bars_id_column = 'ticker', bars_ts_column = 'day', bars_ts_unit = NULL, bars_zone = 'Asia/Tokyo', open_column = 'px', high_column = 'px', low_column = 'px', close_column = 'px', volume_column = NULL
WHERE layer = 'candles';
-- The days are the dates in the table, although their midnights in Tokyo are of the day before in UTC.
CALL backfill_market_regime_history('2023-01-01', '2023-09-30', symbol => 'SPY');
SELECT count(*), min(h.date), max(h.date), count(*) FILTER (WHERE h.date IN (SELECT day FROM daily)) AS of_table FROM market_regime_history AS h;
SELECT n, day FROM (SELECT row_number() OVER (ORDER BY day) AS n, day FROM daily) AS d WHERE n = 60;
