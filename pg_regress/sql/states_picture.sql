-- Pictures of series of candles and of the history of a symbol: regime_chart_svg and regime_timeline with a system.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/candles.sql
\pset null (null)
INSERT INTO candles SELECT c.* FROM generate_series(0, 699) n, candle('DAYS', '1d', '1 day', n) c;
SELECT system, status, count(*) FROM (SELECT 'market_regimes' AS system, status FROM refresh_market_regimes() UNION ALL SELECT 'market_states', status FROM refresh_market_states()) r GROUP BY 1, 2 ORDER BY 1;
CALL backfill_market_regime_history('2024-01-01', '2026-12-31', symbol => 'DAYS');
-- Nothing is left of a well-formed document once its elements are taken out.
CREATE FUNCTION rest(svg text) RETURNS text LANGUAGE sql AS $$ SELECT regexp_replace(regexp_replace(regexp_replace(svg,
    '<(rect|line|polyline)( [a-z0-9-]+="[^"<>&]*")*/>', '', 'g'), '<text( [a-z0-9-]+="[^"<>&]*")*>[^<>&]+</text>', '', 'g'),
    '^<svg( [a-zA-Z0-9-]+="[^"<>&]*")*><style>[^<>&]*</style></svg>$', '') $$;
CREATE FUNCTION texts(svg text) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(m[1], '|' ORDER BY n) FROM regexp_matches(svg, '<text[^>]*>([^<]+)</text>', 'g') WITH ORDINALITY AS m (m, n) WHERE m[1] !~ '^[0-9,-]+$' $$;
SELECT c.*, rest(svg), svg ~ '[\n\r\t\\]' AS broken_by_copy, texts(svg)
FROM (VALUES ('market_regimes', '4h', 1200, 500, true), ('market_regimes', '1h', 200, 200, false), ('market_states', '1h', 1200, 500, true), ('market_states', '4h', 600, 3000, false), ('market_states', '4h', 200, 200, true))
    AS c (system, timeframe, width, height, log), regime_chart_svg('AAAUSDT', width => width, height => height, log_scale => log, system => system, timeframe => timeframe) AS svg;
SELECT rest(svg), texts(svg) FROM regime_chart_svg('DAYS', system => 'market_regime_history') AS svg;
-- The gauge has its lines where its axis says; its values are those of the rows.
SELECT count(*) FILTER (WHERE escalation_bucket = 'HIGH') > 0 AS high, count(*) FILTER (WHERE escalation_bucket = 'MED') > 0 AS med FROM market_states WHERE symbol = 'DAYS';
SELECT m[1]::numeric AS "left", m[2]::numeric AS y, m[3]::numeric AS "right" FROM regexp_matches(regime_chart_svg('DAYS', system => 'market_states'),
    '<polyline fill="none" opacity="0.5" stroke="#1B2430" stroke-width="0.75" points="([0-9.]+),([0-9.]+) ([0-9.]+),\2"/>', 'g') AS m;
-- Colours that are not drawn are not named; the dark scheme has one for each that is.
SELECT system, count(DISTINCT m[1]) AS light, count(*) FILTER (WHERE position('[fill="' || m[1] || '"]{fill:#' IN svg) > 0) = count(*) AS all_have_dark
FROM unnest('{market_regimes,market_states}'::text[]) AS system, regime_chart_svg('AAAUSDT', system => system, timeframe => '1h') AS svg, regexp_matches(svg, '<[a-z]+ [^>]*"(#[0-9A-F]{6})"', 'g') AS m GROUP BY system ORDER BY 1;
-- The same rows give the same bytes, whatever the session's settings; the system and the only timeframe may be left to the default.
SELECT regime_chart_svg('DAYS', system => 'market_states', timeframe => '1d') AS svg \gset
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SET extra_float_digits = -15;
SELECT regime_chart_svg('DAYS', NULL, NULL, NULL, NULL, NULL, NULL, 'market_states', NULL) = :'svg' AS same;
SET timezone = 'UTC';
SET datestyle = 'ISO';
RESET extra_float_digits;
-- A part of the history: both ends are included.
SELECT texts(regime_chart_svg('DAYS', '2024-03-01', '2024-03-03', system => 'market_regime_history')), texts(regime_chart_svg('AAAUSDT', '2024-01-05 03:00', '2024-01-05 04:00', system => 'market_states', timeframe => '1h'));
-- Hours on the axis of bars of an hour.
SELECT string_agg(m[1], '|' ORDER BY n) FROM regexp_matches(regime_chart_svg('AAAUSDT', '2024-01-05 03:00', '2024-01-06 20:00', system => 'market_states', timeframe => '1h'),
    'text-anchor="middle"[^>]*>([^<]+)<', 'g') WITH ORDINALITY AS m (m, n);
-- Labels that change with almost every row are drawn without lines between these. A row without a candle has no close.
CREATE FUNCTION flips(svg text) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM regexp_matches(svg, '<polyline fill="none" opacity="0.(6|35)" stroke="#1B2430"', 'g') $$;
BEGIN;
SELECT flips(regime_chart_svg('AAAUSDT', system => 'market_regimes', timeframe => '1h')) > 20 AS lines;
UPDATE market_regimes SET simplified_regime = CASE WHEN extract(hour FROM open_time)::int % 2 = 0 THEN 'TREND_UP' ELSE 'CHOPPY' END, full_regime = full_regime;
SELECT flips(regime_chart_svg('AAAUSDT', system => 'market_regimes', timeframe => '1h')), texts(regime_chart_svg('AAAUSDT', system => 'market_regimes', timeframe => '1h'));
DELETE FROM candles WHERE timeframe = '1h' AND extract(hour FROM open_time)::int % 3 = 0;
SELECT rest(regime_chart_svg('AAAUSDT', system => 'market_regimes', timeframe => '1h'));
DELETE FROM candles WHERE symbol = 'AAAUSDT' AND open_time <= '2024-02-01';
SELECT regime_chart_svg('AAAUSDT', '2024-01-02', '2024-01-20', system => 'market_regimes', timeframe => '1h');
ROLLBACK;
-- A line of characters.
SELECT regime_timeline('AAAUSDT', 60, system => 'market_regimes', timeframe => '1h');
SELECT regime_timeline('DAYS', 60, system => 'market_states');
SELECT regime_timeline('DAYS', 20, system => 'market_regime_history', timeframe => '1d');
-- A label that nobody knows, as an adopted table can hold, is none.
BEGIN;
SELECT format('ALTER TABLE market_states DROP CONSTRAINT %I', conname) FROM pg_constraint WHERE conrelid = 'market_states'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%SHOCK%' \gexec
UPDATE market_states SET state_label = 'QUIET' WHERE open_time < '2024-03-01';
SELECT regime_timeline('DAYS', 30, system => 'market_states');
SELECT texts(regime_chart_svg('DAYS', system => 'market_states'));
ROLLBACK;
-- A name with characters that XML does not know, one bar, years before Christ.
INSERT INTO candles SELECT E'A\uFFFE\uFFFF\x01\x7F', '1d', timestamptz '0044-03-15 00:00+00 BC', 1, 3, 1, 2, 1;
SELECT status, message FROM refresh_market_states(E'A\uFFFE\uFFFF\x01\x7F');
SELECT rest(svg), svg ~ '[\uFFFE\uFFFF]' AS unknown_to_xml, texts(svg) FROM regime_chart_svg(E'A\uFFFE\uFFFF\x01\x7F', system => 'market_states') AS svg;
SELECT regime_timeline(E'A\uFFFE\uFFFF\x01\x7F', 60, system => 'market_states');
SELECT regime_chart_svg(E'A\uFFFE\uFFFF\x01\x7F', '2020-01-01', '2020-02-01', system => 'market_states');
-- What cannot be shown.
SELECT regime_chart_svg('AAAUSDT', system => 'market_state');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_chart_svg('AAAUSDT', system => 'market_states');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_timeline('AAAUSDT', system => 'market_regimes');
SELECT regime_timeline('AAAUSDT', system => 'market_states', timeframe => '1d');
SELECT regime_timeline('AAUSDT', system => 'market_states');
SELECT regime_timeline('DAY', system => 'market_regime_history');
SELECT regime_timeline('AAAUSDT', system => 'market_regime_history');
SELECT regime_timeline('DAYS', system => 'market_regime_history', timeframe => '1h');
SELECT regime_timeline('DAYS', system => 'market_states', layer => 'L2');
SELECT regime_timeline('DAYS', layer => 'L2', system => 'market_regime_history');
SELECT regime_timeline('DAYS', timeframe => '1d');
SELECT regime_chart_svg('DAYS', '2020-01-01', '2020-02-01', system => 'market_states');
SELECT regime_chart_svg('DAYS', to_ts => '2020-02-01', system => 'market_regime_history');
SELECT regime_chart_svg('DAYS', '2024-02-01', '2024-02-01', system => 'market_states');
SELECT regime_chart_svg('DAYS', width => 100, system => 'market_states');
SELECT regime_timeline('DAYS', 5, system => 'market_states');
SELECT regime_chart_svg(NULL::text, system => 'market_states');
DELETE FROM market_states WHERE symbol = 'BBBUSDT';
SELECT regime_chart_svg('BBBUSDT', system => 'market_states');
SELECT regime_chart_svg('BBBUSDT', system => 'market_states', timeframe => '1h');
DROP TABLE market_states, regime_work.market_state_series;
SELECT regime_timeline('BBBUSDT', system => 'market_states');
-- The picture docs/market_states.svg, as \copy writes it.
SET client_min_messages = warning;
DROP TABLE candles, market_regimes, market_regime_history CASCADE;
SELECT count(*) > 0 AS some FROM regime_demo();
SELECT symbol, timeframe, status FROM refresh_market_states('MARKET', '1d');
\copy (SELECT regime_chart_svg('MARKET', '2022-01-01', system => 'market_states', timeframe => '1d')) TO PROGRAM 'cmp - "$PG_ABS_SRCDIR/../docs/market_states.svg" && echo as shown'
