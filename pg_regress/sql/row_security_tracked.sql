-- Who may not see all bars cannot say that all marked changes have been seen: the next refresh that can looks at all rows.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE candles AS SELECT s.symbol, '1d' AS timeframe, time_close AS open_time, close AS open, close * 1.01 AS high, close * 0.99 AS low, close, 1.0 AS volume, false AS hidden
    FROM cmc_price_bars_multi_tf JOIN dim_assets s USING (id) WHERE tf = '1D' AND id IN (1, 2);
SELECT FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT FROM refresh_market_regimes();
SELECT FROM refresh_market_states();
SELECT count(*) > 0 AS tracked FROM regime_track() WHERE action = 'now tracked';
SELECT FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT FROM refresh_market_regimes();
SELECT FROM refresh_market_states();
CREATE ROLE "regress tenant";
GRANT USAGE ON SCHEMA regime_work TO "regress tenant";
GRANT ALL ON ALL TABLES IN SCHEMA public, regime_work TO "regress tenant";
GRANT ALL ON ALL SEQUENCES IN SCHEMA regime_work TO "regress tenant";
ALTER TABLE candles ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON candles USING (NOT hidden);
-- Of two new candles the tenant sees one.
INSERT INTO candles SELECT symbol, timeframe, open_time + n * interval '1 day', open, high, low, close * (1 - n * 0.004), volume, n = 1
    FROM candles, generate_series(1, 2) AS n WHERE symbol = 'YOUNG' AND open_time = (SELECT max(open_time) FROM candles WHERE symbol = 'YOUNG');
SET ROLE "regress tenant";
SELECT status FROM refresh_market_regimes('YOUNG');
SELECT status FROM refresh_market_states('YOUNG');
RESET ROLE;
SELECT status, reason FROM refresh_market_regimes('YOUNG');
SELECT status, reason FROM refresh_market_states('YOUNG');
-- The rows are those of all candles.
SELECT count(*) FROM ((SELECT open_time, full_regime FROM market_regimes_compute('YOUNG', '1d')) EXCEPT ALL (SELECT open_time, full_regime FROM market_regimes WHERE symbol = 'YOUNG')) d;
SELECT count(*) FROM ((SELECT open_time, state_label, momentum_score FROM market_states_compute('YOUNG', '1d')) EXCEPT ALL (SELECT open_time, state_label, momentum_score FROM market_states WHERE symbol = 'YOUNG')) d;
SELECT status, reason FROM refresh_market_states('YOUNG');
-- Likewise daily bars, of which the tenant does not see a correction.
UPDATE cmc_price_bars_multi_tf SET close = close * 1.2 WHERE id = 2 AND tf = '1D' AND time_close = (SELECT max(time_close) FROM cmc_price_bars_multi_tf WHERE id = 2 AND tf = '1D');
ALTER TABLE cmc_price_bars_multi_tf ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cmc_price_bars_multi_tf USING (time_close < (SELECT max(ts) FROM cmc_regimes));
SET ROLE "regress tenant";
SELECT status FROM refresh_cmc_regimes(2);
SELECT status FROM refresh_cmc_regimes(2, only_dirty => true);
CALL refresh_all_cmc_regimes(only_dirty => true);
RESET ROLE;
SELECT status FROM refresh_cmc_regimes(2);
SELECT count(*) FROM ((SELECT ts, regime_key FROM regime_compute(2)) EXCEPT ALL (SELECT ts, regime_key FROM cmc_regimes WHERE id = 2)) d;
SELECT is_stale FROM cmc_regime_latest WHERE id = 2;
DROP OWNED BY "regress tenant";
DROP ROLE "regress tenant";
