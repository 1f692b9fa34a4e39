-- market_regime_labels: market regimes of any candles, without tables.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
-- The first candle: RSI and ADX are undefined, which costs confidence.
SELECT * FROM market_regime_labels('{3}', '{1}', '{2}');
-- A rise of 1 a candle: momentum from candle 13 on (ROC from 12, RSI from 13), the trend from 49 on, when the mean of 50
-- is known. 199 candles are a warm-up.
CREATE TABLE rise AS SELECT array_agg(101 + i ORDER BY i)::float8[] AS high, array_agg(99 + i ORDER BY i)::float8[] AS low,
    array_agg(100 + i ORDER BY i)::float8[] AS close FROM generate_series(0, 249) i;
SELECT min(bar), max(bar), full_regime, simplified_regime, confidence, warmup
FROM rise, market_regime_labels(high, low, close) GROUP BY 3, 4, 5, 6 ORDER BY 1;
-- The mirror image.
SELECT min(bar), max(bar), full_regime, simplified_regime, confidence
FROM rise, market_regime_labels((SELECT array_agg(1000 - v) FROM unnest(low) v), (SELECT array_agg(1000 - v)
    FROM unnest(high) v), (SELECT array_agg(1000 - v) FROM unnest(close) v)) GROUP BY 3, 4, 5 ORDER BY 1;
-- Rises and falls of integers, calmer and wilder: every simplified regime is there.
CREATE TABLE mixed AS SELECT array_agg(c + 1 + i / 50 % 5 ORDER BY i)::float8[] AS high,
    array_agg(c - 1 - i / 50 % 5 ORDER BY i)::float8[] AS low, array_agg(c ORDER BY i)::float8[] AS close
FROM generate_series(0, 19999) i, LATERAL (SELECT 500 + abs(i % 300 - 150) + (i * 7919 % 11) * (i / 70 % 3) AS c) p;
SELECT simplified_regime, count(*), round(avg(confidence)::numeric, 6) AS confidence FROM mixed,
    market_regime_labels(high, low, close) GROUP BY 1 ORDER BY 1;
SELECT count(*) AS bars, min(bar), max(bar), count(DISTINCT full_regime) AS regimes FROM mixed,
    market_regime_labels(high, low, close);
-- A label depends on nothing after it, and rows come in the order of the candles.
SELECT count(*) FROM mixed, market_regime_labels(high, low, close) WITH ORDINALITY AS l JOIN
    market_regime_labels(high[:500], low[:500], close[:500]) WITH ORDINALITY AS s USING (bar)
WHERE (l.full_regime, l.confidence, l.ordinality) IS DISTINCT FROM (s.full_regime, s.confidence, bar + 1)
    OR s.ordinality <> bar + 1;
-- NULL, NaN and infinite are unknown: no trend while the mean of 50 lacks a candle, no momentum where the change in 12
-- candles lacks one.
CREATE TABLE holes AS SELECT high, low, close[:99] || NULL::float8 || close[101:] AS close FROM rise;
SELECT min(bar), max(bar), count(*), trend_state, momentum_state FROM holes, market_regime_labels(high, low, close)
WHERE bar >= 49 AND (trend_state <> 'uptrend' OR momentum_state <> 'bullish') GROUP BY 4, 5 ORDER BY 1;
SELECT count(*) FROM holes h, rise r, market_regime_labels(h.high, h.low, h.close) a
JOIN LATERAL market_regime_labels(r.high, r.low, r.close[:99] || 'NaN'::float8 || r.close[101:]) b USING (bar)
JOIN LATERAL market_regime_labels(r.high, r.low, r.close[:99] || '-Infinity'::float8 || r.close[101:]) c USING (bar)
WHERE row(a.*) IS DISTINCT FROM row(b.*) OR row(a.*) IS DISTINCT FROM row(c.*);
-- A configuration; one of its keys has no effect.
SELECT string_agg(DISTINCT trend_state, ' ') AS trends, string_agg(DISTINCT momentum_state, ' ') AS momenta FROM mixed,
    market_regime_labels(high, low, close, '{"adx_trending": 100, "rsi_bullish": 100, "momentum_score_threshold": 3}');
SELECT count(*) FILTER (WHERE a.volatility_state <> b.volatility_state) > 0 AS window_counts,
    count(*) FILTER (WHERE row(a.*) IS DISTINCT FROM row(c.*)) AS no_effect FROM mixed m,
    market_regime_labels(m.high, m.low, m.close) a
JOIN LATERAL market_regime_labels(m.high, m.low, m.close, '{"adaptive_window": 20, "vol_high_percentile": 90}') b USING (bar)
JOIN LATERAL market_regime_labels(m.high, m.low, m.close, '{"vol_low_percentile": 7}') c USING (bar);
-- Both limits of the ADX act in the trend and in the confidence.
CREATE TABLE waves AS SELECT array_agg(1.01 * c ORDER BY i) AS high, array_agg(0.99 * c ORDER BY i) AS low, array_agg(c ORDER BY i) AS close
FROM generate_series(0, 399) i, LATERAL (SELECT 100 * exp(0.001 * i + 0.02 * sin(i / 9.0::float8) + 0.02 * sin((i * i)::float8)) AS c) price;
SELECT config, count(*) FILTER (WHERE trend_state = 'uptrend') AS uptrend, round(avg(confidence)::numeric, 4) AS confidence
FROM waves, unnest('{NULL,"{\"adx_trending\": 15}","{\"adx_sideways\": 15, \"adx_trending\": 20}","{\"adx_sideways\": 0, \"adx_trending\": 15}","{\"adx_sideways\": 100}"}'::jsonb[]) config,
    market_regime_labels(high, low, close, config) GROUP BY config ORDER BY config;
SELECT count(*) FROM rise, market_regime_labels(high, low, close, '{}') a JOIN LATERAL market_regime_labels(high, low, close,
    NULL) b USING (bar) WHERE row(a.*) IS DISTINCT FROM row(b.*);
-- Nothing in, nothing out; also in the target list, side by side with another call.
SELECT * FROM market_regime_labels('{}', '{}', '{}');
SELECT market_regime_labels('{2,3}', '{1,2}', '{1,2}'), (market_regime_labels('{2}', '{1}', '{1}')).bar;
-- Arrays of more dimensions are read row by row.
SELECT bar, full_regime FROM market_regime_labels('{{2,3},{4,5}}', '{1,2,3,4}', '{{1},{2},{3},{4}}');
-- Called many times in one statement, and read backwards.
SELECT count(*), sum(bar) FROM generate_series(1, 1000) i, market_regime_labels(ARRAY[i, i], ARRAY[i, i], ARRAY[i, i]);
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT bar FROM rise, market_regime_labels(high, low, close);
MOVE FORWARD ALL IN c;
FETCH BACKWARD 2 FROM c;
COMMIT;

-- Wrong arguments.
SELECT * FROM market_regime_labels('{1,2}', '{1}', '{1}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_labels('{1}', '{}', '{1}');
SELECT * FROM market_regime_labels(NULL, '{1}', '{1}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_labels('{1}', '{1}', NULL);
SELECT * FROM market_regime_labels('{1}', '{1}', '{1}', '{"adx": 25}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM market_regime_labels('{1}', '{1}', '{1}', '[]');
SELECT * FROM market_regime_labels('{1}', '{1}', '{1}', 'null');
SELECT * FROM market_regime_labels('{1}', '{1}', '{1}', '{"adaptive_window": 1}');
SELECT * FROM market_regime_labels('{1}', '{1}', '{1}', '{"rsi_bearish": 60}');
SELECT * FROM market_regime_labels('{1}', '{1}', '{1}', '{"vol_high_percentile": 101}');
SELECT * FROM market_regime_labels('{1}', '{1}', '{1}', '{"momentum_score_threshold": true}');
SELECT * FROM market_regime_labels('{1}', '{1}', '{1}', (repeat('[', 200) || repeat(']', 200))::jsonb);
-- A declaration that is not the library's is refused.
CREATE FUNCTION other(float8[], float8[], float8[], jsonb) RETURNS TABLE (bar bigint, trend text) LANGUAGE c
    AS '$libdir/pg_regime', 'market_regime_labels_wrapper';
SELECT * FROM other('{1}', '{1}', '{1}', NULL);
CREATE FUNCTION single(float8[], float8[], float8[], jsonb) RETURNS text LANGUAGE c
    AS '$libdir/pg_regime', 'market_regime_labels_wrapper';
SELECT single('{1}', '{1}', '{1}', NULL);
\echo :LAST_ERROR_SQLSTATE
