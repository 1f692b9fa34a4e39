-- Regimes of a market as labels of the assets: each from the time on at which it was known; they are tracked, and written as before.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, high float8, low float8, close float8);
INSERT INTO candles SELECT symbol, '1d', time_close - interval '86399 seconds', close * 1.02, close * 0.98, close
    FROM cmc_price_bars_multi_tf JOIN dim_assets USING (id) WHERE tf = '1D' AND id = 1 AND time_close > '2023-06-01';
CALL backfill_market_regime_history('2024-01-01', '2024-12-31', 1000, 'PROXY');
SELECT status FROM refresh_market_regimes('PROXY', '1d');
-- A day's regime is known when the day is over, at the next row; that of a candle when the candle closes.
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_filter, bars_ts_column, label_column, known_at_column)
    VALUES ('iso', 'L4', 'market_regime_history', '{"market_symbol": "PROXY"}', 'date', 'regime', 'date');
INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_filter, bars_ts_column, bars_shift, label_column)
    VALUES ('iso', 'L3', 'market_regimes', '{"symbol": "PROXY", "timeframe": "1d"}', 'open_time', '86399 seconds', 'simplified_regime');
SELECT id, status FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT count(*) > 300 AS labelled, count(*) FILTER (WHERE r.l4_label <> h.regime) AS other, count(*) FILTER (WHERE h.date IS NULL) AS without
    FROM cmc_regimes r LEFT JOIN market_regime_history h ON h.date = (r.ts AT TIME ZONE 'UTC')::date - 1 AND h.market_symbol = 'PROXY' WHERE r.id = 2 AND r.ts >= '2024-01-03';
SELECT count(*) > 300 AS labelled, count(*) FILTER (WHERE l3_label <> simplified_regime) AS other
    FROM cmc_regimes r JOIN market_regimes m ON m.open_time = r.ts - interval '86399 seconds' WHERE r.id = 2;
SELECT count(*) AS flips FROM cmc_regime_flips WHERE id = 2 AND layer = 'L4' AND ts >= '2024-01-03' \gset
SELECT :flips > 0 AS flips;
-- Tracked, and both systems go on as before.
SELECT relation, action FROM regime_track() WHERE relation LIKE '%market%' ORDER BY 1, 2;
SELECT id, mode FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT id FROM refresh_cmc_regimes(only_dirty => true) WHERE id IN (1, 2);
INSERT INTO candles SELECT symbol, timeframe, open_time + interval '1 day', high, low, close / 2 FROM candles ORDER BY open_time DESC LIMIT 1;
SELECT append_bar(1, 20), append_bar(2, 20);
SELECT status FROM refresh_market_regimes('PROXY', '1d');
CALL backfill_market_regime_history('2024-12-30', '2025-01-01', 1000, 'PROXY');
SELECT id, status FROM refresh_cmc_regimes(only_dirty => true) WHERE id IN (1, 2);
SELECT differ('{1, 2}');
SELECT id, l3_label = (SELECT simplified_regime FROM market_regimes ORDER BY open_time DESC LIMIT 1) AS of_candle,
    l4_label = (SELECT regime FROM market_regime_history WHERE date = '2024-12-31') AS of_day FROM cmc_regimes WHERE ts > '2025-01-01' ORDER BY 1;
