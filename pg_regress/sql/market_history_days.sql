-- The day of a daily candle ends when the candle closes: one of another day than UTC's is refused, with a view that gives it another date.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, open float8, high float8, low float8, close float8, volume float8);
CREATE FUNCTION candles(symbol text, zone text, clock interval) RETURNS SETOF candles LANGUAGE sql AS $$
    SELECT symbol, '1d', (d + clock) AT TIME ZONE zone, 100, 102, 98, 100 + 5 * sin(n / 9.0), 1 FROM generate_series(timestamp '2021-01-01', '2021-06-30', '1 day') WITH ORDINALITY AS g (d, n);
$$;
INSERT INTO candles SELECT * FROM candles('COIN', 'UTC', '0') UNION ALL SELECT * FROM candles('FX', 'America/New_York', '-7 hours') UNION ALL SELECT * FROM candles('NYSE', 'America/New_York', '0')
    UNION ALL SELECT * FROM candles('NIKKEI', 'Asia/Tokyo', '0') UNION ALL SELECT * FROM candles('NOW', 'UTC', '0');
UPDATE candles SET open_time = open_time + interval '13 hours 37 minutes' WHERE symbol = 'NOW' AND open_time = (SELECT max(open_time) FROM candles WHERE symbol = 'NOW');
-- Days of UTC as ever.
SELECT count(*), min(date), max(date) FROM market_regime_history_compute('COIN');
-- Days of the currency market, which end at 17:00 in New York; of New York and Tokyo; a candle that is not complete yet.
SELECT count(*) FROM market_regime_history_compute('FX');
\set fx :LAST_ERROR_MESSAGE
SELECT count(*) FROM market_regime_history_compute('NYSE');
SELECT count(*) FROM market_regime_history_compute('NIKKEI');
SELECT count(*) FROM market_regime_history_compute('NOW');
SELECT count(*) FROM market_regime_history_compute('NOW', to_date => '2021-06-29');
CALL backfill_market_regime_history('2021-01-01', '2021-06-30', symbol => 'FX');
-- By the hint, each row is known when its day is over, whatever the day on which the candle opened.
CREATE VIEW public.candles_by_date AS SELECT symbol, timeframe, CASE timeframe WHEN '1d' THEN pg_catalog.date_trunc('day', open_time::timestamptz + interval '1 day - 1 microsecond', 'UTC') ELSE open_time::timestamptz END AS open_time, open, high, low, close, volume FROM public.candles; UPDATE public.regime_source SET bars_table = 'candles_by_date' WHERE layer = 'candles';
SELECT count(*), count(*) FILTER (WHERE c.open_time + interval '24 hours' > (h.date + 1) AT TIME ZONE 'UTC') AS ahead, min(h.date - (c.open_time AT TIME ZONE 'UTC')::date) AS later
FROM market_regime_history_compute('FX') AS h JOIN LATERAL (SELECT open_time FROM candles WHERE symbol = 'FX' AND date_trunc('day', open_time + interval '1 day - 1 microsecond', 'UTC') = h.date::timestamptz) AS c ON true;
SELECT d.date, d.regime = c.regime AS as_of_utc FROM market_regime_history_compute('COIN', to_date => '2021-03-02') AS d JOIN market_regime_history_compute('FX') AS c USING (date);
