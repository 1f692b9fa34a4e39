-- Labels from elsewhere as L4, for all assets: joined as of each row by the time when a label was known.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT status, rows_written FROM refresh_cmc_regimes(2);
SELECT regime_version_hash AS before FROM cmc_regimes WHERE id = 2 LIMIT 1 \gset
CREATE TABLE without AS SELECT * FROM cmc_regimes;
CREATE TABLE macro (month date, state text, published timestamptz);
INSERT INTO macro VALUES ('2024-02-01', 'Calm-RiskOn', '2024-03-05 13:30+00'), ('2024-05-01', 'Tight-RiskOff', '2024-06-05 13:30+00'),
    ('2024-06-01', 'Calm-RiskOn', '2024-07-05 23:59:59+00'), ('2024-08-01', 'Tight-RiskOff', '2024-09-05 23:59:59.000001+00');
SELECT regime_load_policy('macro', '[{"match": "*-RiskOff", "size_mult": 0.3, "orders": "passive"}, {"match": "Calm-RiskOn", "size_mult": 1}]') IS NOT NULL AS loaded;
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_column, known_at_column)
    VALUES ('iso', 'L4', 'macro', 'month', 'state', 'published');
-- From the row on at whose close the label was known, to the microsecond.
SELECT status, mode, reason FROM refresh_cmc_regimes(2, policy => 'macro');
SELECT l4_label, count(*), min(ts), max(ts), max(size_mult), array_agg(DISTINCT orders) FROM cmc_regimes WHERE id = 2 GROUP BY 1 ORDER BY 3;
-- The labels of bars and the key stay, and the row only tightens.
SELECT count(*) FILTER (WHERE (r.l0_label, r.l1_label, r.l2_label, r.regime_key) IS DISTINCT FROM (w.l0_label, w.l1_label, w.l2_label, w.regime_key)) AS other,
    count(*) FILTER (WHERE r.size_mult > w.size_mult) AS looser, count(*) FILTER (WHERE r.size_mult < w.size_mult) AS tighter
    FROM cmc_regimes r JOIN without w USING (id, ts);
SELECT ts, layer, old_regime, new_regime, duration_bars FROM cmc_regime_flips WHERE layer = 'L4' ORDER BY ts;
SELECT regime, bars, valid FROM regime_periods(2, 'L4');
SELECT * FROM regime_transition_matrix(2, 'L4');
SELECT regime, n, mean_bars, longest_bars, current_bars FROM regime_durations(2, 'L4');
SELECT regime, horizon, n FROM regime_forward_returns(2, '{5}', 'L4');
SELECT regime_timeline(2, 40, 'L4') IS NOT NULL AS drawn;
SELECT status, mode, rows_written FROM refresh_cmc_regimes(2, policy => 'macro');
SELECT regime_explain_labels FROM (SELECT concat_ws(' | ', what, value, detail) AS regime_explain_labels
    FROM regime_explain(2, '2024-07-05 23:59:59+00', policy => 'macro') WHERE layer = 'L4') x;
SELECT concat_ws(' | ', what, value, detail) AS before FROM regime_explain(2, '2024-03-04 23:59:59+00', policy => 'macro') WHERE layer = 'L4';
-- Incremental refreshes: a new bar, a new label, a label that is late, revised, deleted, of an earlier time, without a moment.
CREATE FUNCTION after(change text) RETURNS TABLE (mode text, reason text, written bigint, differ bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE change;
    SELECT r.mode, r.reason, r.rows_written INTO mode, reason, written FROM refresh_cmc_regimes(2, policy => 'macro') r;
    differ := differ('{2}', 'policy => ''macro''');
    RETURN NEXT;
END $$;
CREATE TABLE change (n serial, sql text);
INSERT INTO change (sql) VALUES ('SELECT append_bar(2, 55)'),
    ('INSERT INTO macro VALUES (''2024-12-01'', ''Tight-RiskOff'', ''2025-01-02'')'),
    ('SELECT append_bar(2, 56)'), ('SELECT append_bar(2, 57)'),
    ('INSERT INTO macro VALUES (''2024-11-01'', ''Calm-RiskOn'', ''2024-12-05'')'),
    ('UPDATE macro SET state = ''x-RiskOff'' WHERE month = ''2024-06-01'''),
    ('INSERT INTO macro VALUES (''2024-02-01'', ''x-RiskOff'', ''2024-08-01'')'),
    ('INSERT INTO macro VALUES (''2024-06-01'', ''Calm-RiskOn'', ''2024-08-02'')'),
    ('INSERT INTO macro VALUES (''2024-07-01'', ''x-RiskOff'', NULL), (NULL, ''x'', ''2024-08-02''), (''2024-07-02'', NULL, ''2024-08-02''), (''2024-07-03'', '''', ''2024-08-02'')'),
    ('UPDATE macro SET published = published - interval ''1 month'' WHERE state = ''Tight-RiskOff'''),
    ('INSERT INTO macro VALUES (''2030-01-01'', ''x'', ''2024-01-01''), (''infinity'', ''y'', ''2024-01-01''), (''2024-01-01'', ''z'', ''infinity'')'),
    ('DELETE FROM macro WHERE month = ''2024-02-01'''), ('TRUNCATE macro'),
    ('INSERT INTO macro VALUES (''-infinity'', ''x-RiskOff'', ''-infinity'')');
SELECT sql, after.* FROM change, after(sql) ORDER BY n;
SELECT l4_label, count(*) FROM cmc_regimes WHERE id = 2 GROUP BY 1 ORDER BY 1;
-- A label that is given stands in place of the relation's, and makes no flips.
SELECT status, reason FROM refresh_cmc_regimes(2, l4_label => 'given');
SELECT DISTINCT l4_label, (SELECT count(*) FROM cmc_regime_flips WHERE layer = 'L4') AS flips FROM cmc_regimes WHERE id = 2;
-- Whether a column says when labels were known, and the hold, are in the version hash; without the row it is what it was.
SELECT regime_version_hash() AS mapped \gset
UPDATE regime_source SET known_at_column = NULL WHERE layer = 'L4';
SELECT regime_version_hash() <> :'mapped' AS other, regime_version_hash() AS known \gset
UPDATE regime_source SET label_hold = 2 WHERE layer = 'L4';
SELECT :'other' AS known_at_counts, regime_version_hash() <> :'known' AS hold_counts;
DELETE FROM regime_source WHERE layer = 'L4';
SELECT regime_version_hash() = :'before' AS as_before;
SELECT status, reason FROM refresh_cmc_regimes(2);
SELECT count(*) FROM (SELECT to_jsonb(r) - 'updated_at' FROM cmc_regimes r WHERE ts <= '2024-12-31 23:59:59+00' EXCEPT ALL SELECT to_jsonb(w) - 'updated_at' FROM without w) d;
