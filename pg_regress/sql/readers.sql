-- The readers of each system go by one pattern: _at, _latest, _compute, _flips, _transition_matrix, _stats.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
SELECT s.prefix, string_agg(replace(p.proname, s.prefix || '_', ''), ', ' ORDER BY p.proname COLLATE "C") AS readers
FROM (VALUES ('regime'), ('market_regimes'), ('market_regime_history'), ('market_states')) AS s (prefix)
JOIN pg_proc p ON p.proname ~ ('^' || s.prefix || '_(at|latest|compute|flips|transition_matrix|stats)$') GROUP BY 1 ORDER BY s.prefix COLLATE "C";
SELECT count(*) > 0 AS made FROM regime_demo(3, 900);
SELECT count(*) FILTER (WHERE status = 'ok') AS ok FROM refresh_cmc_regimes();
SELECT bool_and(status = 'ok') AS ok FROM refresh_market_regimes();
SELECT bool_and(status = 'ok') AS ok FROM refresh_market_states();
CALL backfill_market_regime_history('2000-01-01', '2100-01-01', 4000);
-- Rows of two queries that the other does not have.
CREATE FUNCTION differ(a text, b text) RETURNS TABLE (n bigint, differ bigint) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM (%1$s) x), count(*) FROM (((%1$s) EXCEPT ALL (%2$s)) UNION ALL ((%2$s) EXCEPT ALL (%1$s))) d', a, b);
END $$;
-- Assets: of all, of one, between two moments.
SELECT layer, d.* FROM (VALUES ('composite'), ('L0'), ('L2')) AS v (layer), differ(format('SELECT id, symbol, ts, from_regime, to_regime, duration_bars FROM regime_flips(layer => %L)', layer),
    format('SELECT f.id, d.symbol, ts, old_regime, new_regime, duration_bars FROM cmc_regime_flips f JOIN dim_assets d USING (id) WHERE layer = %L', layer)) d ORDER BY layer COLLATE "C";
SELECT d.n > 0 AS some, d.differ FROM differ('SELECT ts FROM regime_flips(2, ''2017-01-01'', ''2017-06-30 23:59:59+00'', ''L2'')',
    'SELECT ts FROM cmc_regime_flips WHERE id = 2 AND layer = ''L2'' AND ts BETWEEN ''2017-01-01'' AND ''2017-06-30 23:59:59+00''') d;
SELECT d.* FROM differ('SELECT id, symbol, regime_key, n, share, mean_return, std_return FROM regime_stats()',
    'SELECT s.id, d.symbol, regime_key, n_bars, pct_of_history, avg_ret_1d, std_ret_1d FROM cmc_regime_stats s JOIN dim_assets d USING (id)') d;
SELECT DISTINCT id, symbol FROM regime_stats('DEMO2');
SELECT regime_flips(layer => 'L9');
SELECT regime_flips(1, from_ts => '2020-01-02', to_ts => '2020-01-01');
-- What was known at the opening of a bar is the row before; an hour after its close, its own: the series is too young to tell its zone.
SELECT symbol, open_time FROM market_regimes_latest() WHERE timeframe = '4h' ORDER BY symbol COLLATE "C" LIMIT 1 \gset
SELECT name, at, open_time = timestamptz :'open_time' - back AS is_it, age = timestamptz :'open_time' + after - open_time AS age FROM (VALUES ('at its opening', interval '0', interval '4 hours'),
    ('a moment before its close', interval '4 hours' - interval '1 microsecond', '4 hours'), ('an hour after its close', '5 hours', '0'), ('a day later', '1 day', '0')) AS v (name, after, back)
CROSS JOIN LATERAL (SELECT 'regimes' AS at, open_time, age FROM market_regimes_at(:'symbol', '4h', timestamptz :'open_time' + after)
    UNION ALL SELECT 'states', open_time, age FROM market_states_at(:'symbol', '4h', timestamptz :'open_time' + after)) AS a ORDER BY after, at;
SELECT d.* FROM differ(format('SELECT * FROM market_states_at(%L, ''1d'', ''2017-05-05 12:00+00'')', :'symbol'),
    format('SELECT *, timestamptz ''2017-05-05 12:00+00'' - open_time FROM market_states WHERE symbol = %L AND timeframe = ''1d'' AND open_time = ''2017-05-04''', :'symbol')) d;
SELECT count(*) FROM market_regimes_at(:'symbol', '4h', '1999-01-01');
-- A timeframe of which the name does not tell the length: a candle has closed when the next one opens.
BEGIN;
ALTER TABLE market_regimes DROP CONSTRAINT market_regimes_candle_fkey;
UPDATE market_regimes SET timeframe = 'session' WHERE symbol = :'symbol' AND timeframe = '1d';
SELECT open_time FROM market_regimes_at(:'symbol', 'session', '2017-05-05 00:00+00');
SELECT open_time FROM market_regimes_at(:'symbol', 'session', '2017-05-04 23:59+00');
ROLLBACK;
SELECT market_regimes_at(:'symbol', '4h', NULL);
SELECT market_states_at('NOBODY', '4h', '2017-01-01');
-- The newest of each series.
SELECT d.n > 3 AS some, d.differ FROM differ('SELECT symbol, timeframe, open_time, simplified_regime, confidence FROM market_regimes_latest()',
    'SELECT DISTINCT ON (symbol, timeframe) symbol, timeframe, open_time, simplified_regime, confidence FROM market_regimes ORDER BY symbol, timeframe, open_time DESC') d;
SELECT DISTINCT is_stale, newest_bar = open_time AS is_newest, age > interval '1 year' AS is_old FROM market_regimes_latest();
INSERT INTO candles (symbol, timeframe, open_time, open, high, low, close, volume) SELECT symbol, timeframe, open_time + interval '4 hours', open, high, low, close, volume FROM candles
    WHERE symbol = :'symbol' AND timeframe = '4h' AND open_time = :'open_time';
SELECT symbol, timeframe, is_stale FROM market_regimes_latest() WHERE newest_bar <> open_time;
SET pg_regime.max_age = '1d';
SELECT DISTINCT is_stale FROM market_regimes_latest();
RESET pg_regime.max_age;
-- Changes and how often each was: the sums are those of the changes.
SELECT 'regimes' AS of, sum(n) = (SELECT count(*) FROM market_regimes_flips(NULL, NULL)) AS all_counted FROM market_regimes_transition_matrix()
UNION ALL SELECT 'states', sum(n) = (SELECT count(*) FROM market_states_flips(NULL, NULL)) FROM market_states_transition_matrix()
UNION ALL SELECT 'history', sum(n) = (SELECT count(*) FROM market_regime_history_flips('^GSPC')) FROM market_regime_history_transition_matrix()
UNION ALL SELECT 'asset', sum(n) = (SELECT count(*) FROM regime_flips(1) WHERE from_regime IS NOT NULL) FROM regime_transition_matrix(1);
SELECT d.* FROM differ(format('SELECT * FROM market_states_transition_matrix(%L, ''1d'')', :'symbol'),
    format('SELECT from_regime, to_regime, count(*), count(*)::float8 / sum(count(*)) OVER (PARTITION BY from_regime)::float8 FROM market_states_flips(%L, ''1d'') GROUP BY 1, 2', :'symbol')) d;
SELECT d.* FROM differ('SELECT date, from_regime, to_regime FROM market_regime_history_flips()', 'SELECT date, before, regime FROM (SELECT date::date, regime, lag(regime) OVER (ORDER BY date) AS before FROM market_regime_history) h WHERE before <> regime') d;
-- Each run lasts from its flip to the next.
SELECT count(*) FILTER (WHERE duration_bars IS NULL) AS unknown, count(*) FILTER (WHERE duration_bars <> (SELECT count(*) FROM market_regime_history h WHERE h.date >= f.since AND h.date < f.date)) AS wrong
FROM (SELECT *, lag(date) OVER (ORDER BY date) AS since FROM market_regime_history_flips()) f;
SELECT a.date FROM (VALUES (date '2017-05-05'), ('1999-01-01')) AS v (day), market_regime_history_at(at => v.day) a;
SELECT a.date = max(h.date) AS newest FROM market_regime_history_at() a, market_regime_history h GROUP BY a.date;
SELECT market_regime_history_at('^GSPC', NULL);
SELECT market_regime_history_flips('NOBODY');
-- A line that fits a terminal.
SELECT * FROM regime_board WHERE symbol <> 'DEMO3' ORDER BY symbol COLLATE "C";
SELECT count(*) AS lines, count(*) FILTER (WHERE (b.day, b.regime, b.orders, b.stale) IS DISTINCT FROM ((l.ts AT TIME ZONE 'UTC')::date, l.regime_key, l.orders, l.is_stale)
    OR abs(b.size - l.size_mult) > 0.005 OR b.since <> (SELECT (max(f.ts) AT TIME ZONE 'UTC')::date FROM regime_flips(l.id) f)) AS wrong
FROM regime_board b FULL JOIN cmc_regime_latest l USING (symbol);
-- A day is that of the bar, whenever the bar is known.
UPDATE regime_source SET bars_zone = 'America/New_York', bars_shift = '1 day - 1 millisecond' WHERE cal_scheme = 'iso' AND layer = 'L2';
SELECT DISTINCT b.day = (l.ts AT TIME ZONE 'America/New_York' - interval '1 day - 1 millisecond')::date AS is_day FROM regime_board b JOIN cmc_regime_latest l USING (symbol);
UPDATE dim_assets SET symbol = NULL WHERE id = 2;
SELECT symbol FROM regime_board ORDER BY symbol COLLATE "C";
-- NULL is all assets: their changes, runs and rows together, none of which reaches from one asset into the next.
SELECT d.* FROM differ('SELECT from_regime, to_regime, n FROM regime_transition_matrix()', 'SELECT from_regime, to_regime, count(*) FROM regime_flips() WHERE from_regime IS NOT NULL GROUP BY 1, 2') d;
SELECT d.* FROM differ('SELECT regime, n, longest_bars FROM regime_durations(layer => ''L2'') WHERE n > 0', 'SELECT regime, count(*), max(bars) FROM regime_periods(layer => ''L2'') WHERE NOT upper_inf(valid) GROUP BY 1') d;
SELECT count(current_bars) AS current FROM regime_durations();
SELECT d.* FROM differ('SELECT regime, horizon, n, round(mean_return::numeric, 12), round(worst_return::numeric, 12) FROM regime_forward_returns(horizons => ''{1,20}'')',
    'SELECT regime, horizon, sum(n)::bigint, round((sum(n * mean_return) / sum(n))::numeric, 12), round(min(worst_return)::numeric, 12) FROM regime_assets() AS a, regime_forward_returns(a.id, ''{1,20}'') GROUP BY 1, 2 HAVING sum(n) > 0
     UNION ALL SELECT regime, horizon, 0, NULL, NULL FROM regime_assets() AS a, regime_forward_returns(a.id, ''{1,20}'') GROUP BY 1, 2 HAVING sum(n) = 0') d;
-- Months of another zone than UTC, and the day on which clocks change, are over when the next candle opens, not before; a weekend is no part of a day,
-- and without a next candle a day is over an hour after its end, since the series is too young to tell that its days are those of UTC.
INSERT INTO candles (symbol, timeframe, open_time, open, high, low, close, volume)
SELECT 'TOKYO', '1M', m AT TIME ZONE 'Asia/Tokyo', 100, 102, 98, 100 + n % 2, 1 FROM generate_series(timestamp '2020-01-01', '2024-06-01', '1 month') WITH ORDINALITY AS g (m, n)
UNION ALL SELECT 'NYSE', '1d', d AT TIME ZONE 'America/New_York', 100, 102, 98, 100 + n % 2, 1 FROM generate_series(timestamp '2024-01-01', '2024-12-01', '1 day') WITH ORDINALITY AS g (d, n)
UNION ALL SELECT 'WEEK', '1d', d, 100, 102, 98, 100 + n % 2, 1 FROM generate_series(timestamptz '2024-01-01', '2024-12-01', '1 day') WITH ORDINALITY AS g (d, n) WHERE extract(isodow FROM d) < 6;
SELECT count(*) FILTER (WHERE status = 'ok') AS ok FROM (SELECT s.* FROM (VALUES ('TOKYO'), ('NYSE'), ('WEEK')) AS v (name), refresh_market_regimes(v.name) s) AS r;
SELECT v.name, v.at, a.open_time FROM (VALUES ('TOKYO', '1M', timestamptz '2024-03-30 00:00+00'), ('TOKYO', '1M', '2024-03-31 14:59+00'), ('TOKYO', '1M', '2024-03-31 15:00+00'),
    ('NYSE', '1d', '2024-11-04 04:30+00'), ('NYSE', '1d', '2024-11-04 05:00+00'), ('NYSE', '1d', '2024-03-11 03:59+00'), ('NYSE', '1d', '2024-03-11 04:00+00'),
    ('WEEK', '1d', '2024-06-08 00:00+00'), ('WEEK', '1d', '2024-06-08 01:00+00'), ('WEEK', '1d', '2024-06-09 12:00+00')) AS v (name, timeframe, at), market_regimes_at(v.name, v.timeframe, v.at) AS a ORDER BY 1, 2;
-- No row is of a candle that ends later: the end is where the next one opens, but for weekends.
SELECT name, count(*) AS moments, count(*) FILTER (WHERE n.open_time > t AND n.open_time < a.open_time + l) AS ahead FROM (VALUES ('TOKYO', '1M', interval '31 days 1 hour'), ('NYSE', '1d', '25 hours 1 minute')) AS v (name, timeframe, l),
    generate_series(timestamptz '2024-02-01', '2024-06-01', '17 hours') AS t, market_regimes_at(v.name, v.timeframe, t) AS a
    JOIN LATERAL (SELECT open_time FROM candles c WHERE c.symbol = v.name AND c.open_time > a.open_time ORDER BY 1 LIMIT 1) AS n ON true GROUP BY 1 ORDER BY 1;
SELECT open_time, age FROM market_regimes_at('TOKYO', '1M', 'infinity');
-- Without a next candle too; candles that overlap, and lengths in minutes, tell no more.
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM market_regimes WHERE symbol IN ('TOKYO', 'NYSE') AND open_time NOT IN ('2024-02-29 15:00+00', '2024-11-03 04:00+00');
SELECT v.name, v.at, (SELECT a.open_time FROM market_regimes_at(v.name, v.timeframe, v.at) AS a) FROM (VALUES ('TOKYO', '1M', timestamptz '2024-03-31 14:59+00'), ('TOKYO', '1M', '2024-04-01 16:00+00'),
    ('NYSE', '1d', '2024-11-04 04:59+00'), ('NYSE', '1d', '2024-11-04 05:00+00')) AS v (name, timeframe, at) ORDER BY 1, 2;
UPDATE market_regimes SET timeframe = '1440m' WHERE symbol = 'NYSE';
SELECT count(*) FROM market_regimes_at('NYSE', '1440m', '2024-11-04 04:59+00');
INSERT INTO market_regimes SELECT (jsonb_populate_record(r, jsonb_build_object('symbol', 'ROLL', 'timeframe', '1d', 'open_time', t))).* FROM market_regimes r, generate_series(timestamptz '2024-01-01', '2024-01-05', '1 hour') AS t WHERE symbol = 'NYSE';
SELECT open_time FROM market_regimes_at('ROLL', '1d', '2024-01-05 12:00+00');
ROLLBACK;
