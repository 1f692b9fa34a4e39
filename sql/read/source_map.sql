SELECT layer::text, tf::text, periods::int[], bars_schema::text, bars_table::text, bars_filter::text, bars_id_column::text,
bars_tf_column::text, bars_ts_column::text, bars_ts_unit, bars_zone, {shift}, close_column::text, atr_column::text, adx_column::text,
adx_floor::float8, spread_column::text, slippage_column::text, ema_schema::text, ema_table::text,
ema_filter::text, ema_id_column::text, ema_tf_column::text, ema_ts_column::text,
ema_period_column::text, ema_column::text, build_calendar::text, label_column::text, label_id_column::text,
known_at_column::text, label_hold,
EXISTS (SELECT FROM {schema}.regime_source_built_in AS b WHERE b.layer = 'L2' AND b.bars_table = map.bars_table AND b.bars_id_column = map.bars_id_column) AS is_original,
COALESCE(first_value(bars_schema::text) OVER (ORDER BY layer <> 'L2'), 'public') AS symbols_schema
FROM {rows} WHERE cal_scheme = $1
