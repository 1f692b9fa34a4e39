-- regime_explain where ATR, ADX, costs and an intraday layer are mapped, with overrides, globs and an L4 label.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
-- Whichever tables the map names.
SET pg_regime.market_proxy_id = 1;
SET client_min_messages = error;
\pset format unaligned
CREATE VIEW rich AS SELECT id AS asset, time_close AS closed, close AS last, 0.01 * close AS atr, 10 + bar_seq % 30 AS adx,
    1 + bar_seq % 7 AS spread, CASE WHEN bar_seq % 50 = 0 THEN 9 ELSE 1 + bar_seq % 3 END AS slippage
FROM cmc_price_bars_multi_tf WHERE tf = '1D';
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table, ema_filter)
SELECT 'mine', layer, tf, periods, bars_table, ema_table, ema_filter FROM regime_source WHERE cal_scheme = 'iso' AND layer = 'L1';
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, bars_id_column, bars_ts_column, close_column,
    atr_column, adx_column, adx_floor, spread_column, slippage_column, ema_table, ema_filter)
SELECT 'mine', layer, NULL, '{20,50,100}', 'rich', 'asset', 'closed', 'last', 'atr', 'adx', 20, 'spread', 'slippage',
    'cmc_ema_multi_tf_u', '{"tf": "1D", "alignment_source": "multi_tf"}' FROM (VALUES ('L2'), ('L3')) AS l (layer);
SELECT regime_load_policy('desk', '[{"match": "*-RiskOff-*", "gross_cap": 0.5, "pyramids": false, "setups": ["stand_down"]},
    {"match": "-High-", "stop_mult": 3}, {"match": "Down-", "size_mult": 0.3}]');
-- Costs are stressed, the ADX is above its floor.
SELECT step, layer, what, value, detail FROM regime_explain(1, '2024-11-11 23:59:59+00', 'mine', 'desk',
    l4_label => 'Hiking-RiskOff-Thin') WHERE step < 9;
-- The ADX is under its floor.
SELECT layer, what, value, detail FROM regime_explain(1, '2024-11-22 23:59:59+00', 'mine') WHERE step = 3 AND what IN ('trend', 'liquidity');
-- No median yet, no slow EMA yet.
SELECT layer, what, value, detail FROM regime_explain(1, '2019-01-05 23:59:59+00', 'mine', point_in_time => false)
    WHERE step = 3 AND layer = 'L2';
