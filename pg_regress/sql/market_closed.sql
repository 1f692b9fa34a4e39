-- Which candle had closed at a moment: never one that had not, and what was shown at a moment stays however many candles come later.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
\pset null -
SELECT count(*) > 0 AS made FROM regime_setup();
-- Candles of a zone: from the multiples of a step of its clocks, so long by these clocks.
CREATE TABLE c (symbol text, timeframe text, open_time timestamptz, close_time timestamptz, PRIMARY KEY (symbol, open_time));
CREATE FUNCTION candles(symbol text, timeframe text, zone text, step interval, length interval, first timestamp, last timestamp) RETURNS SETOF c LANGUAGE sql AS $$
    SELECT symbol, timeframe, min(t AT TIME ZONE zone), (t + length) AT TIME ZONE zone FROM generate_series(first, last, step) AS t GROUP BY t;
$$;
INSERT INTO c SELECT * FROM candles('coin', '4h', 'UTC', '4 hours', '4 hours', '2023-10-01', '2024-11-20');
INSERT INTO c SELECT * FROM candles('young', '4h', 'UTC', '4 hours', '4 hours', '2024-10-20', '2024-11-20');
INSERT INTO c SELECT * FROM candles('york', '4h', 'America/New_York', '4 hours', '4 hours', '2023-10-01', '2024-11-20');
INSERT INTO c SELECT * FROM candles('york summer', '4h', 'America/New_York', '4 hours', '4 hours', '2024-06-01', '2024-11-20');
INSERT INTO c SELECT * FROM candles('sydney', '6h', 'Australia/Sydney', '6 hours', '6 hours', '2024-03-20', '2024-04-20');
INSERT INTO c SELECT * FROM candles('overlap', '2h', 'UTC', '1 hour', '2 hours', '2024-10-20', '2024-11-10') UNION ALL SELECT * FROM candles('minutes', '90m', 'UTC', '30 minutes', '90 minutes', '2024-10-31', '2024-11-06');
INSERT INTO c SELECT * FROM candles('overlap york', '2h', 'America/New_York', '1 hour', '2 hours', '2024-10-20', '2024-11-10') ON CONFLICT DO NOTHING;
INSERT INTO c SELECT * FROM candles('days', '1d', 'America/New_York', '1 day', '1 day', '2024-01-01', '2024-11-20') UNION ALL SELECT * FROM candles('azores', '1d', 'Atlantic/Azores', '1 day', '1 day', '2024-05-01', '2024-11-20');
INSERT INTO c SELECT * FROM candles('rolling', '1d', 'UTC', '1 hour', '1 day', '2024-10-31', '2024-11-06');
INSERT INTO c SELECT * FROM candles('weeks', '1w', 'Europe/Berlin', '7 days', '7 days', '2023-01-02', '2024-11-20');
INSERT INTO c SELECT * FROM candles('months', '1M', 'UTC', '1 month', '1 month', '2023-01-01', '2024-11-01') UNION ALL SELECT * FROM candles('tokyo', '1M', 'Asia/Tokyo', '1 month', '1 month', '2023-01-01', '2024-11-01');
-- Months that are stamped with their first day of trading.
INSERT INTO c SELECT 'trading', '1M', m + CASE extract(isodow FROM m) WHEN 6 THEN 2 WHEN 7 THEN 1 ELSE 0 END * interval '1 day', m + interval '1 month' FROM generate_series(timestamptz '2023-01-01 00:00+00', '2024-11-01', '1 month') AS m;
-- The same with gaps.
SELECT setseed(0.15);
INSERT INTO c SELECT symbol || ', gaps', timeframe, open_time, close_time FROM c WHERE random() < 0.7;
ALTER TABLE market_regimes DROP CONSTRAINT IF EXISTS market_regimes_candle_fkey;
CREATE FUNCTION store(symbol text, timeframe text, open_time timestamptz) RETURNS boolean LANGUAGE sql AS $$
    INSERT INTO market_regimes (symbol, timeframe, open_time, trend_state, volatility_state, momentum_state, full_regime, simplified_regime, confidence, classifier_version, warmup)
    VALUES (symbol, timeframe, open_time, 'neutral', 'low', 'weak', 'NEUTRAL_LOWVOL_WEAK', 'RANGE', 0.5, 'x', false) RETURNING true;
$$;
SELECT bool_and(store(symbol, timeframe, open_time)) AS stored FROM c;
-- At the moments at which something closes, as the clocks of UTC and of the zone say, and beside these: what is shown, and what is shown while the
-- candles come one after another. `late` are moments at which a candle is not shown though its length and an hour, of months three days, have passed.
CREATE FUNCTION shown(of text) RETURNS TABLE (moments int, ahead int, taken_back int, late int, exact int) LANGUAGE plpgsql AS $$
DECLARE
    tf text := (SELECT min(timeframe) FROM c WHERE symbol = of);
    length interval := regexp_replace(regexp_replace(regexp_replace(tf, 'm$', ' minutes'), 'M$', ' months'), '(\d+)w$', '\1 weeks');
    slack interval := CASE WHEN tf ~ 'M' THEN '3 days 1 hour' ELSE '1 hour' END;
    live text := of || ' live';
    last timestamptz := (SELECT max(open_time) FROM c WHERE symbol = of);
    t timestamptz; before timestamptz := '-infinity'; whole timestamptz; cut timestamptz; newest timestamptz;
BEGIN
    SELECT 0, 0, 0, 0, 0 INTO moments, ahead, taken_back, late, exact;
    FOR t IN SELECT DISTINCT close_time + more + beside FROM c, unnest('{-1 hour,0,1 hour,3 days}'::interval[]) AS more, unnest('{-1 second,0}'::interval[]) AS beside
        WHERE symbol = of AND (close_time BETWEEN '2024-04-05 12:00+00' AND '2024-04-08' OR close_time BETWEEN '2024-10-26 12:00+00' AND '2024-10-28' OR close_time BETWEEN '2024-11-02 12:00+00' AND '2024-11-05' OR length >= '7 days') ORDER BY 1
    LOOP
        PERFORM store(live, tf, c.open_time) FROM c WHERE symbol = of AND open_time > before AND open_time <= t;
        CONTINUE WHEN NOT EXISTS (SELECT FROM market_regimes WHERE symbol = live);
        before := t;
        whole := (SELECT open_time FROM market_regimes_at(of, tf, t));
        cut := (SELECT open_time FROM market_regimes_at(live, tf, t));
        moments := moments + 1;
        ahead := ahead + (SELECT count(*) FROM c WHERE symbol = of AND open_time = whole AND close_time > t);
        taken_back := taken_back + (whole IS DISTINCT FROM cut)::int;
        newest := (SELECT max(open_time) FROM c WHERE symbol = of AND close_time <= t);
        exact := exact + (whole IS NOT DISTINCT FROM newest OR t > last)::int;
        late := late + (EXISTS (SELECT FROM c WHERE symbol = of AND (open_time > whole OR whole IS NULL) AND open_time + length + slack <= t))::int;
    END LOOP;
    RETURN NEXT;
END $$;
SELECT symbol, s.moments > 5 AS moments, s.ahead, s.taken_back, s.late, s.exact = s.moments AS always_exact FROM (SELECT DISTINCT symbol FROM c) AS c, shown(c.symbol) AS s ORDER BY symbol COLLATE "C";
-- One by one: candles that overlap, the night on which clocks are put back, months by days of trading.
DELETE FROM market_regimes WHERE symbol ~ 'live';
CREATE FUNCTION at(symbol text, timeframe text, VARIADIC moments timestamptz[]) RETURNS TABLE (moment timestamptz, open_time timestamptz) LANGUAGE sql STABLE AS
    'SELECT m, (SELECT a.open_time FROM market_regimes_at($1, $2, m) AS a) FROM unnest(moments) AS m';
SELECT * FROM at('overlap', '2h', '2024-10-21 01:00+00', '2024-10-21 02:00+00', '2024-10-21 03:00+00');
DELETE FROM market_regimes WHERE symbol = 'york summer' AND open_time > '2024-11-03 04:00+00';
SELECT * FROM at('york summer', '4h', '2024-11-03 08:00+00', '2024-11-03 08:59:59+00', '2024-11-03 09:00+00');
DELETE FROM market_regimes WHERE symbol = 'trading' AND open_time > '2024-06-01';
SELECT * FROM at('trading', '1M', '2024-05-31 23:59:59+00', '2024-06-01', '2024-06-04 01:00+00');
SELECT store('trading', '1M', '2024-06-03'), store('trading', '1M', '2024-07-01');
SELECT * FROM at('trading', '1M', '2024-06-01', '2024-06-02 23:59+00', '2024-06-03', '2024-06-30', '2024-07-01');
-- A coin closes at its end in UTC: by the next candle, or once the candles of the other half of the year tell that its days are those of UTC.
DELETE FROM market_regimes WHERE symbol IN ('young', 'coin') AND open_time > '2024-11-01 00:00+00';
SELECT * FROM at('coin', '4h', '2024-11-01 03:59+00', '2024-11-01 04:00+00');
SELECT * FROM at('young', '4h', '2024-11-01 04:00+00', '2024-11-01 05:00+00');
SELECT store('young', '4h', '2024-11-01 04:00+00');
SELECT * FROM at('young', '4h', '2024-11-01 03:59+00', '2024-11-01 04:00+00', '-infinity', 'infinity');
