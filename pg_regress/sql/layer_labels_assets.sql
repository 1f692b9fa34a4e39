-- Labels from elsewhere of each asset, by id or by symbol, as L3: hysteresis that counts labels, tracking, profiles.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- The states of a model, of the days at their close, by symbol; the newest of asset 3 are known a week late.
CREATE TABLE states (symbol text, at timestamptz, state int, known timestamptz);
INSERT INTO states SELECT symbol, time_close, (bar_seq / 5) % 3, time_close + CASE id WHEN 3 THEN interval '7 days' ELSE '0' END
    FROM cmc_price_bars_multi_tf JOIN dim_assets USING (id) WHERE tf = '1D' AND id IN (2, 3) AND time_close > '2024-11-28';
SELECT regime_load_policy('states', '[{"match": "0", "size_mult": 1}, {"match": "1", "size_mult": 0.5}, {"match": "2", "size_mult": 0.2}]') IS NOT NULL AS loaded;
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_id_column, label_column, known_at_column, label_hold)
    VALUES ('iso', 'L3', 'states', 'at', 'symbol', 'state', 'known', 3);
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2, 3], policy => 'states');
SELECT id, count(*) FILTER (WHERE l3_label IS NULL) AS none, min(ts) FILTER (WHERE l3_label IS NOT NULL) FROM cmc_regimes GROUP BY 1 ORDER BY 1;
-- A state that reduces risk counts at once, any other after three in a row; until then its rule tightens already.
SELECT r.ts::date, s.state AS raw, l3_label, size_mult FROM cmc_regimes r JOIN states s ON s.symbol = 'YOUNG' AND s.at = r.ts
    WHERE id = 2 AND ts BETWEEN '2024-12-01' AND '2024-12-22' ORDER BY 1;
SELECT ts::date, old_regime, new_regime, duration_bars FROM cmc_regime_flips WHERE layer = 'L3' AND id = 2 ORDER BY ts;
SELECT concat_ws(' | ', what, value, detail) AS line FROM regime_explain(2, '2024-12-13 23:59:59+00', policy => 'states') WHERE layer = 'L3';
-- Without hysteresis no label is held; symmetric hysteresis holds every change.
SELECT array_agg(l3_label ORDER BY ts) FROM regime_compute(2, policy => 'states', hysteresis => false) WHERE ts BETWEEN '2024-12-08' AND '2024-12-20';
SELECT array_agg(l3_label ORDER BY ts) FROM regime_compute(2, policy => 'states', hysteresis_mode => 'symmetric') WHERE ts BETWEEN '2024-12-08' AND '2024-12-20';
-- Without tracking every refresh compares all labels; with tracking marks say which assets have new ones.
SELECT relation, action FROM regime_track() WHERE relation LIKE '%states%' OR action <> 'now tracked';
SELECT id, mode, reason FROM refresh_cmc_regimes(ARRAY[1, 2, 3], policy => 'states');
SELECT id, mode FROM refresh_cmc_regimes(policy => 'states', only_dirty => true);
UPDATE states SET state = 2 WHERE symbol = 'YOUNG' AND at = '2024-12-23 23:59:59+00';
SELECT id, mode, reason FROM refresh_cmc_regimes(policy => 'states', only_dirty => true);
SELECT differ('{1, 2, 3}', 'policy => ''states''');
-- A label of one asset marks that asset; new bars and labels together.
SELECT append_bar(2, 55);
INSERT INTO states SELECT 'YOUNG', at + interval '1 day', 1, known + interval '1 day' FROM states WHERE symbol = 'YOUNG' ORDER BY at DESC LIMIT 1;
SELECT id, mode, reason FROM refresh_cmc_regimes(policy => 'states', only_dirty => true);
SELECT id, mode FROM refresh_cmc_regimes(policy => 'states', only_dirty => true);
SELECT differ('{1, 2, 3}', 'policy => ''states''');
-- Labels of all assets mark every asset, and those that have not changed are as they were.
CREATE TABLE macro (ts timestamptz, state text);
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_column) VALUES ('iso', 'L4', 'macro', 'ts', 'state');
SELECT id, reason FROM refresh_cmc_regimes(ARRAY[1, 2, 3], policy => 'states');
SELECT relation, action FROM regime_track() WHERE action = 'now tracked';
SELECT id, mode FROM refresh_cmc_regimes(ARRAY[1, 2, 3], policy => 'states');
SELECT id, mode FROM refresh_cmc_regimes(policy => 'states', only_dirty => true);
INSERT INTO macro VALUES ('2024-12-15', 'RiskOff');
SELECT DISTINCT id FROM cmc_regime_marks WHERE source = 'public.macro' ORDER BY 1;
SELECT id, mode, reason FROM refresh_cmc_regimes(policy => 'states', only_dirty => true);
INSERT INTO macro VALUES ('2025-12-15', 'RiskOn');
SELECT id, mode, reason FROM refresh_cmc_regimes(policy => 'states', only_dirty => true);
SELECT id, mode FROM refresh_cmc_regimes(policy => 'states', only_dirty => true);
SELECT differ('{1, 2, 3}', 'policy => ''states''');
-- A profile maps labels by its calendar scheme; other assets have none.
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table, ema_filter)
    SELECT 'desk', layer, tf, periods, bars_table, ema_table, ema_filter FROM regime_source WHERE cal_scheme = 'iso' AND label_column IS NULL;
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_column) VALUES ('desk', 'L4', 'macro', 'ts', 'state');
DELETE FROM regime_source WHERE cal_scheme = 'iso' AND layer IN ('L3', 'L4');
INSERT INTO regime_profile (profile, cal_scheme, market_proxy_id) VALUES ('desk', 'desk', 1);
INSERT INTO regime_profile_asset (profile, symbol) VALUES ('desk', 'YOUNG');
SELECT id, status FROM refresh_cmc_regimes(ARRAY[2, 3]);
SELECT id, l3_label, l4_label, count(*) FROM cmc_regimes WHERE id IN (2, 3) AND ts BETWEEN '2024-12-10' AND '2024-12-20' GROUP BY 1, 2, 3 ORDER BY 1, 3;
