-- Transitions, durations and periods: what the stored flips add up to, against plain SQL over the rows.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
\pset null (null)
\set regimes 'SELECT ts, regime_key, sum(flip) OVER (ORDER BY ts) AS run FROM (SELECT ts, regime_key, (regime_key IS DISTINCT FROM lag(regime_key) OVER (ORDER BY ts))::int AS flip FROM cmc_regimes WHERE id = 1) r'
SELECT * FROM regime_transition_matrix(1);
\echo :LAST_ERROR_SQLSTATE
SELECT hint_of('SELECT * FROM regime_durations(1)');
SELECT count(*) FROM cmc_regime_periods;
SELECT count(*) FROM regime_setup();
-- No rows yet.
SELECT (SELECT count(*) FROM regime_transition_matrix(1)) + (SELECT count(*) FROM regime_durations(1))
    + (SELECT count(*) FROM regime_periods(1)) + (SELECT count(*) FROM cmc_regime_periods)
    + (SELECT count(*) FROM regime_assets()) AS rows;
SELECT count(*) FROM refresh_cmc_regimes(ARRAY[1, 2, 3]);
SELECT string_agg(id::text, ',') FROM regime_assets();
SELECT * FROM regime_transition_matrix(1) WHERE from_regime = 'Up-Low-Normal';
SELECT from_regime, sum(probability) AS all FROM regime_transition_matrix(1) GROUP BY 1 HAVING abs(sum(probability) - 1) > 1e-9;
-- As the rows say.
CREATE TEMP TABLE run AS SELECT run, regime_key AS regime, min(ts) AS ts, count(*) AS bars FROM (:regimes) r GROUP BY 1, 2;
SELECT count(*) AS runs, count(DISTINCT regime) AS regimes FROM run;
SELECT count(*) AS differ FROM (SELECT regime, lead(regime) OVER (ORDER BY run) AS next FROM run) r
FULL JOIN (SELECT from_regime, to_regime, generate_series(1, n) AS n FROM regime_transition_matrix(1)) t ON false
WHERE next IS NOT NULL OR from_regime IS NOT NULL
GROUP BY coalesce(regime, from_regime), coalesce(next, to_regime) HAVING count(next) <> count(t.n);
CREATE TEMP TABLE past AS SELECT * FROM run WHERE run < (SELECT max(run) FROM run);
SELECT count(*) AS compared, count(*) FILTER (WHERE (d.n, d.mean_bars, d.median_bars, d.longest_bars) IS NOT DISTINCT FROM
    (p.n, p.mean_bars::float8, p.median, p.longest)) AS same
FROM regime_durations(1) d FULL JOIN (SELECT regime, count(*) AS n, avg(bars) AS mean_bars,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY bars) AS median, max(bars)::int AS longest FROM past GROUP BY 1) p USING (regime);
SELECT regime, current_bars, round(current_percentile::numeric, 6) AS percentile FROM regime_durations(1) WHERE current_bars IS NOT NULL;
SELECT regime, bars, round((SELECT avg((past.bars <= run.bars)::int) FROM past WHERE past.regime = run.regime), 6) AS percentile
    FROM run WHERE run = (SELECT max(run) FROM run);
-- Periods touch each other, hold every row, and say how price went from first row to first row.
SELECT regime, valid, bars, round(return_over_period::numeric, 6) AS return FROM regime_periods(1) ORDER BY valid DESC LIMIT 3;
SELECT count(*) AS periods, count(*) FILTER (WHERE upper(valid) IS DISTINCT FROM next) AS gaps, count(*) FILTER (WHERE upper_inf(valid)) AS open,
    bool_and(lower_inc(valid) AND NOT upper_inc(valid)) AS half_open, sum(bars) AS rows
FROM (SELECT *, lead(lower(valid)) OVER (ORDER BY valid) AS next FROM regime_periods(1)) p;
WITH period AS MATERIALIZED (TABLE cmc_regime_periods)
SELECT count(*) AS rows, count(*) FILTER (WHERE p.regime = r.regime_key) AS same FROM cmc_regimes r JOIN period p ON p.id = r.id AND p.valid @> r.ts;
SELECT count(*) AS differ FROM regime_periods(1) p
JOIN cmc_price_bars_multi_tf a ON a.id = 1 AND a.tf = '1D' AND a.time_close = lower(valid)
JOIN cmc_price_bars_multi_tf z ON z.id = 1 AND z.tf = '1D' AND z.time_close = coalesce(upper(valid), '2024-12-31 23:59:59+00')
WHERE abs(return_over_period - (z.close / a.close - 1)) > 1e-12 OR return_over_period IS NULL;
-- The regime is in force from the close of its first row on, not before.
SELECT p.regime = r.regime_key AS at, q.regime = r.regime_key AS before FROM cmc_regime_flips f
JOIN cmc_regimes r USING (id, ts) JOIN cmc_regime_periods p ON p.id = f.id AND p.valid @> f.ts
JOIN cmc_regime_periods q ON q.id = f.id AND q.valid @> f.ts - interval '1 microsecond'
WHERE f.id = 1 AND f.layer = 'composite' AND f.old_regime IS NOT NULL GROUP BY 1, 2;
-- Other layers; all assets; one asset of the view reads that one alone.
SELECT layer, count(*), min(lower(valid)) AS first, sum(bars) AS rows FROM unnest('{L0,L1,L2}'::text[]) AS layer, regime_periods(1, layer) GROUP BY 1 ORDER BY 1;
SELECT id, count(*), sum(bars) AS rows FROM cmc_regime_periods GROUP BY 1 ORDER BY 1;
SELECT count(*) AS differ FROM ((SELECT * FROM regime_periods()) EXCEPT (SELECT * FROM cmc_regime_periods)) d;
EXPLAIN (COSTS off) SELECT * FROM cmc_regime_periods WHERE id = 1;
-- A new bar makes the period that lasts longer, once it is refreshed; a bar that is gone makes a return unknown.
SELECT current_bars FROM regime_durations(3) WHERE current_bars IS NOT NULL;
SELECT append_bar(3, 45);
SELECT current_bars FROM regime_durations(3) WHERE current_bars IS NOT NULL;
SELECT count(*) FROM refresh_cmc_regimes(3);
SELECT current_bars, current_percentile FROM regime_durations(3) WHERE current_bars IS NOT NULL;
SELECT regime, bars, return_over_period IS NULL AS unknown FROM regime_periods(3);
DELETE FROM cmc_price_bars_multi_tf WHERE id = 3 AND time_close = (SELECT max(ts) FROM cmc_regimes WHERE id = 3);
SELECT regime, bars, return_over_period IS NULL AS unknown FROM regime_periods(3);
-- An asset without rows has none; wrong arguments are errors.
SELECT (SELECT count(*) FROM regime_transition_matrix(99)) + (SELECT count(*) FROM regime_durations(99)) + (SELECT count(*) FROM regime_periods(99)) AS rows;
SELECT * FROM regime_transition_matrix(1, 'L5');
SELECT * FROM regime_durations(1, 'Composite');
SELECT * FROM regime_periods(1, '');
SELECT count(*) > 0 AS of_all FROM regime_transition_matrix(NULL);
SELECT count(*) > 0 AS of_all FROM regime_durations(NULL);
SELECT (SELECT count(*) FROM regime_periods(1, NULL)) = (SELECT count(*) FROM regime_periods(1)) AS null_is_composite;
-- SELECT on the output tables and the daily bars is enough, in a transaction that only reads.
CREATE ROLE regress_stats_reader;
GRANT SELECT ON cmc_regimes, cmc_regime_flips TO regress_stats_reader;
SET ROLE regress_stats_reader;
BEGIN READ ONLY;
SELECT count(*) > 0 AS reads FROM regime_transition_matrix(1);
SELECT count(*) > 0 AS reads FROM regime_durations(1);
SELECT count(*) FROM cmc_regime_periods;
ROLLBACK;
RESET ROLE;
GRANT SELECT ON cmc_price_bars_multi_tf TO regress_stats_reader;
SET ROLE regress_stats_reader;
SELECT count(*) > 0 AS reads FROM cmc_regime_periods;
RESET ROLE;
DROP OWNED BY regress_stats_reader;
DROP ROLE regress_stats_reader;
