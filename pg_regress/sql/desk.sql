-- What a desk looks at: regime_now, regime_breadth, regime_portfolio and the returns since flips, each against a statement of its
-- own over the tables.
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/empty.sql
\set ECHO all
SELECT count(*) > 0 AS made FROM regime_demo(3, 900);
SELECT count(*) FILTER (WHERE status = 'ok') AS ok FROM refresh_cmc_regimes();
SELECT bool_and(status = 'ok') AS ok FROM refresh_market_regimes();
SELECT bool_and(status = 'ok') AS ok FROM refresh_market_states();
CALL backfill_market_regime_history('2000-01-01', '2100-01-01', 4000);
-- Rows of two queries that the other does not have; figures to nine digits.
CREATE FUNCTION differ(a text, b text) RETURNS TABLE (n bigint, differ bigint) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM (%1$s) x), count(*) FROM (((%1$s) EXCEPT ALL (%2$s)) UNION ALL ((%2$s) EXCEPT ALL (%1$s))) d', a, b);
END $$;

-- Daily bars: the last period of each asset, and how long it is beside the ended ones of its regime.
SELECT d.* FROM differ('SELECT id, symbol, regime, since, bars, round(percentile::numeric, 9), round(return_since::numeric, 9), is_stale FROM regime_now()',
    $$SELECT p.id, p.symbol, p.regime, lower(valid), p.bars, round((SELECT avg((o.bars <= p.bars)::int) FROM regime_periods(p.id) o WHERE o.regime = p.regime AND NOT upper_inf(o.valid)), 9),
      round(return_over_period::numeric, 9), l.is_stale FROM cmc_regime_periods p JOIN cmc_regime_latest l USING (id) WHERE upper_inf(valid)$$) d;
-- What is in force, and what waits, as regime_explain tells it. With a longer hold, more waits.
SELECT bool_and(in_force LIKE format('size %s, stop %s, orders %s, %%', size_mult, stop_mult, orders)) AS in_force, count(waiting) AS waiting FROM regime_now() JOIN cmc_regime_latest USING (id);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3], hysteresis_mode => 'symmetric', min_hold_bars => 40, force => true) ORDER BY id;
SELECT n.id, waiting, missing_bars FROM regime_now() n ORDER BY id;
SELECT d.* FROM differ($$SELECT id, layer, min(missing_bars) FROM regime_now(), regexp_split_to_table(waiting, '; ') w, split_part(w, ' ', 1) layer GROUP BY 1, 2$$,
    $$SELECT id, layer, min(40 - split_part(split_part(w, ': ', 2), ' ', 1)::int) OVER (PARTITION BY id) FROM regime_now(), regexp_split_to_table(waiting, '; ') w, split_part(w, ' ', 1) layer$$) d;
SELECT n.id, n.layer, e.value = split_part(split_part(w, ' -> ', 2), ': ', 1) AS same_label, e.detail LIKE 'seen on ' || split_part(w, ': ', 2) || '%' AS same_count
FROM (SELECT id, w, split_part(w, ' ', 1) AS layer FROM regime_now(), regexp_split_to_table(waiting, '; ') w) n
CROSS JOIN LATERAL regime_explain(n.id, hysteresis_mode => 'symmetric', min_hold_bars => 40) e WHERE e.what = 'pending label' AND e.layer = n.layer ORDER BY 1, 2;
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3]) ORDER BY id;

-- Candles: the run of the newest row by gaps and islands, the close of the candle.
CREATE FUNCTION runs(of text, label text) RETURNS text LANGUAGE sql AS $$
    SELECT format('WITH r AS (SELECT symbol, timeframe, open_time, %2$I AS label, count(*) FILTER (WHERE is_new) OVER w AS run FROM (SELECT *, lag(%2$I) OVER v IS DISTINCT FROM %2$I AS is_new FROM %1$I WINDOW v AS (PARTITION BY symbol, timeframe ORDER BY open_time)) x WINDOW w AS (PARTITION BY symbol, timeframe ORDER BY open_time)),
        g AS (SELECT symbol, timeframe, label, run, min(open_time) AS since, max(open_time) AS until, count(*)::int AS bars, run = max(run) OVER (PARTITION BY symbol, timeframe) AS is_last FROM r GROUP BY 1, 2, 3, 4)
        SELECT g.symbol, g.timeframe, g.label, since, bars, round((SELECT avg((o.bars <= g.bars)::int) FROM g o WHERE NOT o.is_last AND (o.symbol, o.timeframe, o.label) = (g.symbol, g.timeframe, g.label)), 9),
            round((b.close / a.close - 1)::numeric, 9) FROM g JOIN candles a ON (a.symbol, a.timeframe, a.open_time) = (g.symbol, g.timeframe, g.since) JOIN candles b ON (b.symbol, b.timeframe, b.open_time) = (g.symbol, g.timeframe, g.until) WHERE is_last', of, label)
$$;
SELECT s.system, d.* FROM (VALUES ('market_regimes', 'simplified_regime'), ('market_states', 'state_label')) AS s (system, label) CROSS JOIN LATERAL
    differ(format('SELECT symbol, timeframe, regime, since, bars, round(percentile::numeric, 9), round(return_since::numeric, 9) FROM regime_now(system => %L)', system), runs(system, label)) d;
SELECT symbol, regime, bars, in_force FROM regime_now(system => 'market_regime_history');
SELECT d.n, d.differ FROM differ('SELECT symbol, regime, since::date FROM regime_now(system => ''market_regime_history'')',
    $$SELECT '^GSPC', to_regime, date FROM market_regime_history_flips(n => 1)$$) d;
SELECT system, count(*), count(regime) = count(*) AS all_known, bool_or(is_stale) AS stale FROM regime_now(system => NULL) GROUP BY 1 ORDER BY system COLLATE "C";
SELECT timeframe, system FROM regime_now('market', system => 'market_states') ORDER BY timeframe COLLATE "C";

-- The return since each flip.
SELECT d.n > 10 AS some, d.differ FROM differ('SELECT id, ts, round(return_since::numeric, 9) FROM regime_flips()',
    $$SELECT f.id, f.ts, round((b.close / a.close - 1)::numeric, 9) FROM cmc_regime_flips f JOIN cmc_price_bars_multi_tf a ON a.id = f.id AND a.tf = '1D' AND a.time_close = f.ts
      JOIN (SELECT DISTINCT ON (id) id, close FROM cmc_price_bars_multi_tf WHERE tf = '1D' ORDER BY id, time_close DESC) b ON b.id = f.id WHERE f.layer = 'composite'$$) d;
SELECT s.of, d.n > 10 AS some, d.differ FROM (VALUES ('market_regimes'), ('market_states')) AS s (of) CROSS JOIN LATERAL
    differ(format('SELECT symbol, timeframe, open_time, round(return_since::numeric, 9) FROM %I(NULL, NULL)', s.of || '_flips'), format(
    $$SELECT f.symbol, f.timeframe, f.open_time, round((b.close / a.close - 1)::numeric, 9) FROM %I(NULL, NULL) f JOIN candles a USING (symbol, timeframe, open_time)
      JOIN (SELECT DISTINCT ON (symbol, timeframe) symbol, timeframe, close FROM candles ORDER BY symbol, timeframe, open_time DESC) b USING (symbol, timeframe)$$, s.of || '_flips')) d;
SELECT d.n > 3 AS some, d.differ FROM differ('SELECT date, round(return_since::numeric, 9) FROM market_regime_history_flips()',
    $$SELECT f.date, round((b.close / a.close - 1)::numeric, 9) FROM market_regime_history_flips() f JOIN candles a ON a.symbol = '^GSPC' AND a.timeframe = '1d' AND a.open_time = f.date AT TIME ZONE 'UTC'
      CROSS JOIN (SELECT close FROM candles WHERE symbol = '^GSPC' AND timeframe = '1d' ORDER BY open_time DESC LIMIT 1) b$$) d;
SELECT id, count(*) FROM regime_flips(n => 2) GROUP BY 1 ORDER BY 1;
SELECT symbol, timeframe, count(*) FROM market_states_flips(NULL, '4h', n => 2) GROUP BY 1, 2 ORDER BY symbol COLLATE "C";
SELECT d.* FROM differ('SELECT * FROM regime_flips(2, layer => ''L2'', n => 3)', 'SELECT * FROM (SELECT * FROM regime_flips(2, layer => ''L2'') ORDER BY ts DESC LIMIT 3) x') d;
SELECT regime_flips(1, n => 0);

-- Breadth: of each day, every asset once.
SELECT d.n > 100 AS some, d.differ FROM differ('SELECT day, regime, n, round(share::numeric, 9) FROM regime_breadth()',
    $$SELECT (ts AT TIME ZONE 'UTC')::date, regime_key, count(*), round(count(*)::numeric / sum(count(*)) OVER (PARTITION BY (ts AT TIME ZONE 'UTC')::date), 9) FROM cmc_regimes GROUP BY 1, 2$$) d;
SELECT d.n > 100 AS some, d.differ FROM differ('SELECT day, regime, n FROM regime_breadth(system => ''market_states'', timeframe => ''4h'')',
    $$SELECT day, label, count(*) FROM (SELECT DISTINCT ON (symbol, (open_time AT TIME ZONE 'UTC')::date) (open_time AT TIME ZONE 'UTC')::date AS day, state_label AS label FROM market_states WHERE timeframe = '4h'
      ORDER BY symbol, (open_time AT TIME ZONE 'UTC')::date, open_time DESC) x GROUP BY 1, 2$$) d;
SELECT min(day) = '2016-03-01' AS first, max(day) = '2016-03-03' AS last, sum(n) FROM regime_breadth('2016-03-01', '2016-03-03');
SELECT count(*) > 0 AS some FROM regime_breadth(system => 'market_regime_history');
SELECT regime_breadth('2020-01-02', '2020-01-01');
SELECT regime_breadth(system => 'market_regime');
SELECT regime_breadth(timeframe => '4h');
SELECT regime_breadth(system => 'market_regime_history', timeframe => '4h');
SELECT regime_breadth(system => 'market_regimes', timeframe => '7h');

-- A portfolio: each position as regime_at gives it, and the sums.
SELECT d.* FROM differ('SELECT id, weight, regime, exposure, gross, stop_mult, orders, is_stale FROM regime_portfolio(''{1,DEMO2,3}'', ''{0.5,-0.25,1}'', ''2017-06-01'') WHERE id IS NOT NULL',
    $$SELECT w.id, weight, regime_key, weight * size_mult, abs(weight * size_mult), stop_mult, orders, is_stale FROM (VALUES (1, 0.5::float8), (2, -0.25), (3, 1)) AS w (id, weight) CROSS JOIN LATERAL regime_at(w.id, '2017-06-01') r$$) d;
SELECT weight, round((exposure - sum)::numeric, 9) AS exposure, round((gross - all_of)::numeric, 9) AS gross, size_mult, is_stale FROM regime_portfolio('{1,DEMO2,3}', '{0.5,-0.25,1}', '2017-06-01') p,
    (SELECT sum(exposure), sum(abs(exposure)) AS all_of FROM regime_portfolio('{1,DEMO2,3}', '{0.5,-0.25,1}', '2017-06-01') WHERE id IS NOT NULL) s WHERE id IS NULL;
-- An asset without a row has the tightest policy.
SELECT symbol, regime, size_mult, orders, setups, is_stale FROM regime_portfolio('{1,DEMO2}', '{1,1}', '1999-01-01');
SELECT count(*), sum(weight) FROM regime_portfolio('{}', '{}');
SELECT regime_portfolio('{1,2}', '{1}');
SELECT regime_portfolio('{1,2}', '{1,NaN}');
SELECT regime_portfolio('{1,2}', '{1,NULL}');
SELECT regime_portfolio('{1,NOBODY}', '{1,1}');
SELECT regime_portfolio('{1,2}', NULL);

-- Errors name what there is.
SELECT regime_now(system => 'market_regime');
SELECT regime_now(3, system => 'market_states');
SELECT regime_now('NOBODY', system => 'market_states');
SELECT regime_now('NOBODY');

-- A role that may read the outputs alone: no returns, nothing that waits, all else.
CREATE ROLE regress_desk;
GRANT SELECT ON cmc_regimes, cmc_regime_flips, market_regimes, market_regime_history TO regress_desk;
SET ROLE regress_desk;
SELECT count(*) > 0 AS some, count(return_since) AS returns FROM regime_flips();
SELECT count(*) > 0 AS some, count(return_since) AS returns FROM market_regimes_flips(NULL, NULL);
SELECT count(*) > 0 AS some FROM regime_breadth();
SELECT count(*) FROM regime_portfolio(ARRAY[1, 2], '{1,1}');
SELECT count(*) AS n, count(percentile) > 0 AS past, count(return_since) AS returns, count(waiting) AS waiting FROM regime_now();
RESET ROLE;
\set ECHO none
SET client_min_messages = error;
DROP OWNED BY regress_desk;
DROP ROLE regress_desk;
