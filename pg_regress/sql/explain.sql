-- regime_explain: why a row says what it says, step by step; and it says what is stored and computed.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SET client_min_messages = error;
SELECT count(*) FROM refresh_cmc_regimes('{1,2,3,4}'::int[]);
\pset format unaligned
-- Without the hash and when it was written.
\set told 'step, layer, what, value, regexp_replace(regexp_replace(detail, ''[0-9a-f]{16}$'', ''HASH''), ''written at [^,]*'', ''written at TIME'') AS detail'
-- A day when L1 and L2 disagree, and a change of L2 waits.
SELECT :told FROM regime_explain(1, '2024-04-08 12:00+00');
-- The next two rows: it waits once more, and is accepted.
SELECT layer, what, value, detail FROM regime_explain(1, '2024-04-09') WHERE step = 4 AND layer = 'L2';
SELECT layer, what, value, detail FROM regime_explain(1, '2024-04-10') WHERE step = 4 AND layer = 'L2';
-- What waits tightens already.
SELECT regime_load_policy('careful', '[{"match": "Up-Low-", "size_mult": 1, "orders": "passive", "setups": ["pullback"]}]');
SELECT layer, what, value, detail FROM regime_explain(1, '2024-04-08 12:00+00', policy => 'careful') WHERE step IN (4, 6, 8);
-- A change that reduces risk; mode symmetric holds it, and no hysteresis lets all through.
\set at '2022-02-19'
SELECT layer, what, value, detail FROM regime_explain(1, :'at') WHERE step = 4 AND layer = 'L2';
SELECT layer, what, value, detail FROM regime_explain(1, :'at', hysteresis_mode => 'symmetric') WHERE step = 4 AND layer = 'L2';
SELECT layer, what, value, detail FROM regime_explain(1, :'at', hysteresis => false) WHERE step = 4 AND layer = 'L2';
-- The start of a series: too few bars for a label.
SELECT layer, what, value, detail FROM regime_explain(1, '2018-12-24 23:59:59+00') WHERE step BETWEEN 1 AND 5;
-- With the budget of the whole history: no bar of a slow layer, nothing confirmed, no EMA, no volatility, the first label.
SELECT layer, what, value, detail FROM regime_explain(1, '2018-12-24 23:59:59+00', point_in_time => false) WHERE step BETWEEN 1 AND 5;
SELECT layer, what, value, detail FROM regime_explain(1, '2019-02-10', point_in_time => false) WHERE step = 3 AND layer IN ('L1', 'L2');
-- With the budget of the whole history, all bars count.
SELECT layer, what, value, detail FROM regime_explain(1, '2020-02-10', point_in_time => false) WHERE step = 2;
SELECT layer, what, value, detail FROM regime_explain(2, '2024-06-30', point_in_time => false) WHERE step = 2;
-- Many rows: result and key are those that are computed, and the row is as stored.
CREATE FUNCTION wrong(asset int, arguments text) RETURNS TABLE (rows bigint, differing bigint, not_as_stored bigint)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('WITH computed AS (SELECT *, row_number() OVER (ORDER BY ts) AS n FROM regime_compute(%1$s%2$s)),
        told AS (SELECT c.ts, jsonb_object_agg(e.what, e.value) FILTER (WHERE step IN (5, 8)) AS told,
            jsonb_object_agg(e.layer, e.value) FILTER (WHERE e.what = ''accepted label'') AS labels,
            bool_or(e.what = ''stored row'' AND e.value = ''as stored'') AS as_stored
        FROM computed c, regime_explain(%1$s, c.ts%2$s) e WHERE c.n %% 71 = 1 GROUP BY c.ts)
        SELECT count(*), count(*) FILTER (WHERE (told, coalesce(labels, ''{}'')) IS DISTINCT FROM (jsonb_build_object(''regime_key'', regime_key,
            ''size_mult'', size_mult::text, ''stop_mult'', stop_mult::text, ''orders'', orders, ''gross_cap'', gross_cap::text,
            ''pyramids'', pyramids::text, ''setups'', setups::text),
            jsonb_strip_nulls(jsonb_build_object(''L0'', l0_label, ''L1'', l1_label, ''L2'', l2_label)))),
            count(*) FILTER (WHERE NOT as_stored)
        FROM told JOIN computed USING (ts)', asset, arguments);
END $$;
SELECT asset, w.* FROM generate_series(1, 4) AS asset, wrong(asset, '') AS w ORDER BY asset;
SELECT asset, w.rows, w.differing FROM generate_series(1, 2) AS asset,
    wrong(asset, ', cal_scheme => ''us'', hysteresis_mode => ''symmetric'', min_hold_bars => 5, min_bars_l0 => 10, l4_label => ''Down-High-Stressed''') AS w ORDER BY asset;
-- It only reads, and needs no more than to read.
BEGIN READ ONLY;
SELECT value FROM regime_explain(1) WHERE what = 'stored row';
COMMIT;
-- And with the budget of the whole history.
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3, 4], point_in_time => false);
SELECT asset, w.* FROM generate_series(1, 4) AS asset, wrong(asset, ', point_in_time => false') AS w ORDER BY asset;
