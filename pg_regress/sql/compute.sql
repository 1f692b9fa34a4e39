-- regime_compute gives the rows that a refresh with the same parameters stores, and writes nothing.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- It needs no output tables.
SELECT count(*) FROM regime_compute(1);
SELECT to_regclass('cmc_regimes');
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3, 4]);
CREATE FUNCTION differ(arguments text) RETURNS TABLE (rows bigint, lost bigint, added bigint) LANGUAGE plpgsql AS $$
DECLARE computed text := format('SELECT c.* FROM unnest(ARRAY[1, 2, 3, 4]) a, regime_compute(a%s) c',
    ', ' || nullif(arguments, ''));
BEGIN
    EXECUTE format('SELECT FROM refresh_cmc_regimes(ARRAY[1, 2, 3, 4]%s)', ', ' || nullif(arguments, ''));
    EXECUTE format('CREATE TEMP TABLE c AS %s', computed);
    ALTER TABLE c DROP updated_at;
    CREATE TEMP TABLE r AS TABLE cmc_regimes;
    ALTER TABLE r DROP updated_at;
    RETURN QUERY SELECT (SELECT count(*) FROM c), (SELECT count(*) FROM (TABLE r EXCEPT ALL TABLE c) x),
        (SELECT count(*) FROM (TABLE c EXCEPT ALL TABLE r) x);
    DROP TABLE c, r;
END $$;
SELECT * FROM differ('');
SELECT * FROM differ('hysteresis => false');
SELECT * FROM differ($$cal_scheme => 'us', min_hold_bars => 5$$);
SELECT * FROM differ($$hysteresis_mode => 'symmetric'$$);
SELECT * FROM differ('min_bars_l0 => 10, min_bars_l1 => 10, min_bars_l2 => 10');
SELECT regime_load_policy('desk',
    '[{"match": "Down-", "size_mult": 0.25, "setups": ["hedge"]}, {"match": "*-RiskOff", "gross_cap": 0.5, "pyramids": false}]');
SELECT * FROM differ($$policy => 'desk', l4_label => 'Hiking-RiskOff'$$);
-- Ascending, stamped with the time of the transaction.
SELECT bool_and(ts > before) AS ascending, bool_and(updated_at = now()) AS stamped, count(DISTINCT id) AS ids, min(tf) AS tf
    FROM (SELECT *, lag(ts) OVER () AS before FROM regime_compute(1)) x;
-- Without bars, no rows.
SELECT count(*) FROM regime_compute(99);
-- It can be limited, joined and called per row.
SELECT id, max(ts) FROM dim_assets d, LATERAL (SELECT c.id AS asset, ts FROM regime_compute(d.id) c ORDER BY ts DESC LIMIT 1) x
    GROUP BY 1 ORDER BY 1;

-- What if: rules over the policy, under a hash of their own.
SELECT count(*) FILTER (WHERE n.size_mult < o.size_mult) AS smaller,
    count(*) FILTER (WHERE n.size_mult > o.size_mult) AS larger,
    count(*) FILTER (WHERE n.l2_label <> o.l2_label) AS other_label,
    bool_and(n.regime_version_hash <> o.regime_version_hash) AS other_hash
FROM regime_compute(1) o JOIN regime_compute(1, rules => '[{"match": "Up-High-", "size_mult": 0.1}]') n USING (ts)
    WHERE o.regime_key LIKE 'Up-High-%';
-- These rules loaded give the same.
SELECT regime_load_policy('if', '[{"match": "Up-High-", "size_mult": 0.1}]');
SELECT count(*) FROM (SELECT * FROM regime_compute(1, policy => 'if') EXCEPT SELECT *
    FROM regime_compute(1, rules => '[{"match": "Up-High-", "size_mult": 0.1}]')) x;
SELECT count(*) FROM (SELECT * FROM regime_compute(1) EXCEPT SELECT * FROM regime_compute(1, rules => '[]')) x;
-- Nothing was stored by trying.
SELECT policy FROM regime_policy ORDER BY 1;

-- Wrong arguments are those of a refresh.
SELECT count(*) FROM regime_compute(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM regime_compute(1, min_hold_bars => -1);
SELECT count(*) FROM regime_compute(1, hysteresis_mode => '');
SELECT count(*) FROM regime_compute(1, cal_scheme => 'lunar');
SELECT count(*) FROM regime_compute(1, policy => 'none');
SELECT count(*) FROM regime_compute(1, rules => '{"rule": []}');
\echo :LAST_ERROR_SQLSTATE
