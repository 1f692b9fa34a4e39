-- The array forms of the labellers: labels of any numbers, without tables.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
-- Trend: above the slow EMA with the fast above the mid is up, the mirror image down. It has to hold on two bars,
-- but on one for L3, and a bar without the one before it is not confirmed.
SELECT regime_label_daily('{2,2,2}', '{3,3,3}', '{2,2,2}', '{1,1,1}') AS up,
    regime_label_daily('{1,1,1}', '{2,2,2}', '{3,3,3}', '{2,2,2}') AS down;
SELECT regime_label_monthly('{2,2,2}', '{3,3,3}', '{2,2,2}', '{1,1,1}') AS monthly,
    regime_label_weekly('{2,2,2}', '{3,3,3}', '{2,2,2}', '{1,1,1}') AS weekly,
    regime_label_intraday('{2,2,2}', '{3,3,3}', '{2,2,2}', '{1,1,1}') AS intraday;
-- Up on one bar, down on the next, up on two.
SELECT regime_label_daily('{2,1,2,2}', '{3,2,3,3}', '{2,3,2,2}', '{1,2,1,1}') AS daily,
    regime_label_intraday('{2,1,2,2}', '{3,2,3,3}', '{2,3,2,2}', '{1,2,1,1}') AS intraday;
-- Equal is neither.
SELECT regime_label_intraday('{2,2}', '{3,2}', '{2,2}', '{2,1}') AS equal;
-- NULL is unknown: no comparison with it holds, and it breaks a confirmation. NaN is the same.
SELECT regime_label_daily('{2,2,2,2}', '{3,3,3,3}', '{2,NULL,2,2}', '{1,1,1,1}') AS mid,
    regime_label_daily('{2,2,2}', '{3,3,3}', '{2,2,2}', '{NULL,NULL,NULL}') AS slow;
SELECT regime_label_daily('{2,NULL,2,2}', '{3,3,3,3}', '{2,2,2,2}', '{1,1,1,1}') = regime_label_daily('{2,NaN,2,2}',
    '{3,3,3,3}', '{2,2,2,2}', '{1,1,1,1}') AS same;

-- Volatility by the fixed cut-offs: under 1.5 % low, over 4 % high, at them and where unknown normal.
SELECT regime_label_daily('{100,100,100,100,100}', '{1,1,1,1,1}', '{1,1,1,1,1}', '{1,1,1,1,1}', 'lite', '{1.4,1.5,4,4.1,NULL}');
-- A window that is not full is judged by them too, in mode full.
SELECT regime_label_daily('{100,100}', '{1,1}', '{1,1}', '{1,1}', mode => 'full', atr => '{1,5}');
-- Without ATR: the mean of 14 absolute returns, known from bar 14 on, counting from 0.
SELECT bar, label FROM (SELECT array_agg(100 + 10 * (i % 2) ORDER BY i)::float8[] AS c, array_fill(1::float8, ARRAY[17]) AS e
    FROM generate_series(0, 16) i) a,
    unnest(regime_label_daily(c, e, e, e, 'lite')) WITH ORDINALITY AS l(label, n), LATERAL (SELECT n - 1 AS bar) b
        WHERE bar >= 12;

-- By percentile: 60 months, where the last 14 returns grow from month to month, so each known value is the largest so
-- far. Fewer than 20 known values are no evidence, and no evidence is high.
WITH a AS (SELECT array_agg(1.0 ORDER BY i)::float8[] AS c, array_agg(i * 1.0 ORDER BY i)::float8[] AS up,
    array_agg(-i * 1.0 ORDER BY i)::float8[] AS down, array_fill(1::float8, ARRAY[60]) AS e FROM generate_series(1, 60) i)
SELECT min(n) || '-' || max(n) AS months, rising, falling FROM a, LATERAL unnest(regime_label_monthly(c, e, e, e, 'full', up),
    regime_label_monthly(c, e, e, e, 'full', down)) WITH ORDINALITY AS l(rising, falling, n)
GROUP BY rising, falling ORDER BY min(n);
-- The rank is divided by the bars in the window, unknown ones included: with 30 unknown months the largest known value
-- of 30 has rank 30 of 60.
WITH a AS (SELECT array_agg(1.0 ORDER BY i)::float8[] AS c, array_agg(CASE WHEN i > 30 THEN i * 1.0 END
    ORDER BY i)::float8[] AS half, array_fill(1::float8, ARRAY[60]) AS e FROM generate_series(1, 60) i)
SELECT (regime_label_monthly(c, e, e, e, 'full', half))[60] FROM a;
-- Equal values share the mean of their ranks: of 60 that is 30.5.
WITH a AS (SELECT array_fill(1::float8, ARRAY[60]) AS e)
SELECT (regime_label_monthly(e, e, e, e, 'full', e))[60] AS full, (regime_label_monthly(e[:59], e[:59], e[:59], e[:59], 'full',
    e[:59]))[59] AS short, (regime_label_monthly(e, e, e, e, 'lite', e))[60] AS lite,
    (regime_label_intraday(e, e, e, e, 'full', e))[60] AS intraday FROM a;

-- Nothing in, nothing out.
SELECT regime_label_daily('{}', '{}', '{}', '{}'), regime_label_intraday('{}', '{}', '{}', '{}', atr => '{}'),
    regime_label_daily('{NULL}', '{NULL}', '{NULL}', '{NULL}');
-- A labeller of arrays can be indexed by and used in a generated column.
CREATE TABLE g (c float8[], l text[] GENERATED ALWAYS AS (regime_label_daily(c, c, c, c)) STORED);
INSERT INTO g VALUES ('{1,2}');
SELECT l FROM g;

-- Wrong arguments.
SELECT regime_label_daily('{1,2}', '{1}', '{1,2}', '{1,2}');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_label_weekly('{1,2}', '{1,2}', '{1,2,3}', '{1,2}');
SELECT regime_label_monthly('{1,2}', '{1,2}', '{1,2}', '{}');
SELECT regime_label_intraday('{1,2}', '{1,2}', '{1,2}', '{1,2}', atr => '{1}');
SELECT regime_label_daily('{1}', '{1}', '{1}', '{1}', mode => 'Full');
\echo :LAST_ERROR_SQLSTATE
SELECT regime_label_daily('{1}', '{1}', '{1}', '{1}', mode => '');
SELECT regime_label_daily('{1}', '{1}', '{1}', '{1}', mode => NULL) = regime_label_daily('{1}', '{1}', '{1}',
    '{1}') AS the_default;
SELECT regime_label_daily(NULL, '{1}', '{1}', '{1}');
SELECT regime_label_daily('{1}', '{1}', '{1}', NULL);
