-- Pictures: an SVG that any reader takes, and a line of characters.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
SELECT count(*) FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
-- Nothing is left of a well-formed document once its elements are taken out.
CREATE FUNCTION rest(svg text) RETURNS text LANGUAGE sql AS $$ SELECT regexp_replace(regexp_replace(regexp_replace(svg,
    '<(rect|line|polyline)( [a-z0-9-]+="[^"<>&]*")*/>', '', 'g'), '<text( [a-z0-9-]+="[^"<>&]*")*>[^<>&]+</text>', '', 'g'),
    '^<svg( [a-zA-Z0-9-]+="[^"<>&]*")*><style>[^<>&]*</style></svg>$', '') $$;
SELECT layer, width, height, rest(svg), svg ~ '[\n\r\t\\]' AS broken_by_copy, left(svg, 60) AS head
FROM (VALUES (1, 'composite', 1200, 500, true), (1, 'L0', 200, 200, false), (2, 'L1', 640, 3000, true), (3, 'L2', 10000, 10000, false))
    AS c (id, layer, width, height, log), regime_chart_svg(id, layer => layer, width => width, height => height, log_scale => log) AS svg;
-- The same rows give the same bytes, whatever the session's settings.
SELECT regime_chart_svg(1) AS svg \gset
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SET extra_float_digits = -15;
SELECT regime_chart_svg(1) = :'svg' AS same, regime_chart_svg(1, log_scale => false) = :'svg' AS linear;
SELECT regime_chart_svg(1, NULL, NULL, NULL, NULL, NULL, NULL) = :'svg' AS null_is_the_default;
SET timezone = 'UTC';
SET datestyle = 'ISO';
RESET extra_float_digits;
-- A part of the history: both ends are included. One row, and prices that never move.
SELECT substring(svg FROM 'aria-label="([^"]*)"'), rest(svg) FROM regime_chart_svg(1, '2024-01-01 23:59:59+00', '2024-03-31 23:59:59+00', 'L1') AS svg;
SELECT substring(svg FROM 'aria-label="([^"]*)"'), rest(svg) FROM regime_chart_svg(1, '2024-03-31', '2024-04-01') AS svg;
UPDATE cmc_price_bars_multi_tf SET close = 7 WHERE id = 3;
SELECT substring(svg FROM 'aria-label="([^"]*)"'), rest(svg) FROM regime_chart_svg(3, '-infinity', 'infinity') AS svg;
-- Some closes are unknown: the line is broken. None is known: an error.
UPDATE cmc_price_bars_multi_tf SET close = CASE WHEN bar_seq % 3 = 0 THEN 'NaN' WHEN bar_seq % 3 = 1 THEN 1e300 ELSE 1e-300 END WHERE id = 3;
SELECT rest(regime_chart_svg(3)), rest(regime_chart_svg(3, log_scale => false));
DELETE FROM cmc_price_bars_multi_tf WHERE id = 3;
SELECT regime_chart_svg(3);
-- A line: each character stands for as many days as any other.
SELECT regime_timeline(1);
SELECT regime_timeline(1, 30, 'L0');
SELECT regime_timeline(3, 10);
SELECT width, length(split_part(regime_timeline(2, width), E'\n', 1)) AS characters FROM unnest('{10,80,399,401,1000}'::int[]) AS width;
SELECT regime_timeline(99);
-- What cannot be drawn.
SELECT regime_chart_svg(99);
\echo :LAST_ERROR_SQLSTATE
SELECT regime_chart_svg(1, '2030-01-01');
SELECT hint_of($$SELECT regime_chart_svg(1, '2001-01-01', '2002-01-01')$$);
SELECT regime_chart_svg(1, '2024-01-02', '2024-01-02');
SELECT regime_chart_svg(1, width => 199);
SELECT regime_chart_svg(1, height => 10001);
SELECT regime_chart_svg(1, layer => 'l0');
SELECT regime_chart_svg(NULL);
SELECT regime_timeline(1, 9);
SELECT regime_timeline(1, 1001);
SELECT regime_timeline(1, layer => 'L5');
SELECT regime_timeline(NULL);
-- The picture docs/chart.svg, as \copy writes it.
DROP TABLE dim_assets, cmc_price_bars_multi_tf, cmc_price_bars_multi_tf_cal_iso, cmc_price_bars_multi_tf_cal_us,
    cmc_ema_multi_tf_u, cmc_ema_multi_tf_cal_iso, cmc_ema_multi_tf_cal_us;
SELECT count(*) FROM regime_demo();
SELECT count(*) FROM refresh_cmc_regimes(ARRAY[1]);
\copy (SELECT regime_chart_svg(1)) TO PROGRAM 'cmp - "$PG_ABS_SRCDIR/../docs/chart.svg" && echo as shown'
