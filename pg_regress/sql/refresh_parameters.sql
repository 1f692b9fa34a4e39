-- What each parameter of a refresh does.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- In a table of labels by parameters, to count rows that differ from the default.
CREATE TABLE got (what text, ts timestamptz, l0 text, l1 text, l2 text, size float8, raw text);
CREATE FUNCTION try(what text, arguments text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT FROM refresh_cmc_regimes(1, %s)', arguments);
    INSERT INTO got SELECT what, ts, l0_label, l1_label, l2_label, size_mult FROM cmc_regimes WHERE id = 1;
END $$;
SELECT try(what, arguments) FROM (VALUES ('default', 'hysteresis => true'), ('off', 'hysteresis => false'),
    ('hold 0', 'min_hold_bars => 0'), ('hold 1', 'min_hold_bars => 1'), ('hold 1000', 'min_hold_bars => 1000'),
    ('symmetric', 'hysteresis_mode => ''symmetric'''), ('symmetric 1', 'hysteresis_mode => ''symmetric'', min_hold_bars => 1'),
        ('us', 'cal_scheme => ''us''')) AS v (what, arguments);
UPDATE got SET raw = label FROM regime_label_daily(1) l WHERE l.ts = got.ts;
CREATE TABLE alone AS SELECT label, size_mult FROM (SELECT DISTINCT raw AS label FROM got) l, resolve_policy(l2 => label);
-- held: rows whose label is not the raw one; changes: how often it changed.
SELECT what, count(*) AS rows, count(*) FILTER (WHERE l2 <> raw) AS held, count(*) FILTER (WHERE l2 <> before) AS changes
    FROM (SELECT *, lag(l2) OVER (PARTITION BY what ORDER BY ts) AS before FROM got) x GROUP BY 1 ORDER BY 1;
-- Off, a hold of 0 and a hold of 1 are the same: raw labels.
SELECT count(DISTINCT (l0, l1, l2, size)) FROM got WHERE what IN ('off', 'hold 0', 'hold 1', 'symmetric 1') GROUP BY ts
    HAVING count(DISTINCT (l0, l1, l2, size)) > 1;
-- Held or not, nothing is larger than the raw label allows: hysteresis delays only what loosens.
SELECT what, count(*) FROM got JOIN alone ON label = raw AND size > size_mult GROUP BY 1;
-- Asymmetric: whatever tightens shows on its first row. Symmetric: it waits for its third, like any other.
SELECT what, count(*) FROM (SELECT *, lag(raw) OVER w AS raw_before, lag(l2) OVER w AS before FROM got
    WINDOW w AS (PARTITION BY what ORDER BY ts)) x JOIN alone new ON new.label = raw JOIN alone old ON old.label = before
WHERE raw <> raw_before AND new.size_mult < old.size_mult AND l2 <> raw AND what IN ('default', 'symmetric') GROUP BY 1;

-- Fewest bars per layer: a layer with fewer is off and has no labels, which brings the caps of young assets. Asset 2 has 14
-- months, 57 weeks, 400 days.
\set budget 'feature_tier AS tier, l0_enabled AS l0, l1_enabled AS l1, l2_enabled AS l2, count(l0_label), count(l1_label), count(l2_label), min(gross_cap) AS cap FROM cmc_regimes WHERE id = 2 GROUP BY 1, 2, 3, 4'
SELECT status FROM refresh_cmc_regimes(2);
SELECT :budget;
SELECT status FROM refresh_cmc_regimes(2, min_bars_l0 => 14);
SELECT :budget;
SELECT status FROM refresh_cmc_regimes(2, min_bars_l0 => 15, min_bars_l1 => 58);
SELECT :budget;
SELECT status FROM refresh_cmc_regimes(2, min_bars_l1 => 57, min_bars_l2 => 400);
SELECT :budget;
SELECT status FROM refresh_cmc_regimes(2, min_bars_l2 => 401);
SELECT :budget;
SELECT status FROM refresh_cmc_regimes(2, min_bars_l0 => 2147483647, min_bars_l1 => 2147483647, min_bars_l2 => 2147483647);
SELECT :budget;
SELECT status FROM refresh_cmc_regimes(3, min_bars_l0 => 0, min_bars_l1 => 0, min_bars_l2 => 0);
SELECT DISTINCT l0_enabled, l1_enabled, l2_enabled, l2_label IS NOT NULL AS labelled FROM cmc_regimes WHERE id = 3;

-- The L4 label stands on every row and tightens by its rule.
SELECT regime_load_policy('macro',
    '[{"match": "*-RiskOff-*", "size_mult": 0.2, "gross_cap": 0.3, "pyramids": false, "orders": "conservative"}]');
SELECT status FROM refresh_cmc_regimes(2, policy => 'macro', l4_label => 'Hiking-Contracting-RiskOff-Unwind');
SELECT l4_label, max(size_mult), max(gross_cap), bool_or(pyramids), min(orders), count(DISTINCT regime_key) FROM cmc_regimes
    WHERE id = 2 GROUP BY 1;

-- NULL is the default of each.
SELECT status FROM refresh_cmc_regimes(2);
SELECT status FROM refresh_cmc_regimes(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
-- Out of range, and not known.
SELECT status FROM refresh_cmc_regimes(2, min_hold_bars => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT status FROM refresh_cmc_regimes(2, min_hold_bars => 1001);
SELECT status FROM refresh_cmc_regimes(2, min_bars_l0 => -1);
SELECT status FROM refresh_cmc_regimes(2, min_bars_l1 => -2147483648);
SELECT status FROM refresh_cmc_regimes(2, min_bars_l2 => -1);
SELECT status FROM refresh_cmc_regimes(2, hysteresis_mode => 'Symmetric');
\echo :LAST_ERROR_SQLSTATE
SELECT status FROM refresh_cmc_regimes(2, cal_scheme => 'lunar');
\echo :LAST_ERROR_SQLSTATE
SELECT status FROM refresh_cmc_regimes(2, cal_scheme => '');
SELECT status FROM refresh_cmc_regimes(2, policy => 'none');
\echo :LAST_ERROR_SQLSTATE
-- They are looked at also where no asset is.
SELECT status FROM refresh_cmc_regimes('{}'::int[], min_hold_bars => -1);
