-- Bars that row-level security hides are not taken for deleted ones: what was computed from them stays.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
SELECT id, status, regime_rows FROM refresh_cmc_regimes(ARRAY[1, 2]);
CREATE TABLE before AS :content;
CREATE TABLE candles AS SELECT s.symbol, '1d' AS timeframe, time_close AS open_time, close * 1.01 AS high, close * 0.99 AS low, close
    FROM cmc_price_bars_multi_tf JOIN dim_assets s USING (id) WHERE tf = '1D' AND id IN (1, 2);
SELECT symbol, status, regime_rows FROM refresh_market_regimes();
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG');
CREATE ROLE "regress tenant";
GRANT USAGE ON SCHEMA regime_work TO "regress tenant";
GRANT ALL ON ALL TABLES IN SCHEMA public, regime_work TO "regress tenant";
GRANT ALL ON ALL SEQUENCES IN SCHEMA regime_work TO "regress tenant";
ALTER TABLE cmc_price_bars_multi_tf ENABLE ROW LEVEL SECURITY;
ALTER TABLE candles ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cmc_price_bars_multi_tf USING (id = 2);
CREATE POLICY own ON candles USING (symbol = 'YOUNG');
SET ROLE "regress tenant";
-- Hidden whole.
SELECT id, status, regime_rows, rows_written FROM refresh_cmc_regimes(ARRAY[1, 2]);
SELECT symbol, status, regime_rows, rows_written FROM refresh_market_regimes();
-- Hidden in part.
RESET ROLE;
ALTER POLICY own ON cmc_price_bars_multi_tf USING (id = 2 AND time_close < '2024-12-20');
ALTER POLICY own ON candles USING (symbol = 'YOUNG' AND open_time < '2024-12-31');
SET ROLE "regress tenant";
SELECT id, status, regime_rows, rows_written FROM refresh_cmc_regimes(2);
SELECT id, status, regime_rows, rows_written FROM refresh_cmc_regimes(2, dry_run => true);
SELECT symbol, status, regime_rows, rows_written FROM refresh_market_regimes('YOUNG');
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG', full_refresh => true);
RESET ROLE;
SELECT count(*) FROM ((TABLE before) EXCEPT ALL (:content)) lost;
SELECT symbol, count(*) FROM market_regimes GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM market_regime_history;
-- What the hint says.
ALTER ROLE "regress tenant" BYPASSRLS;
DELETE FROM cmc_price_bars_multi_tf WHERE id = 2 AND time_close >= '2024-12-30';
DELETE FROM candles WHERE symbol = 'YOUNG' AND open_time >= '2024-12-31';
-- In a new session: PostgreSQL keeps plans that were made before the role could see more.
\connect -
SET ROLE "regress tenant";
SELECT id, status, regime_rows, rows_written FROM refresh_cmc_regimes(2);
SELECT symbol, status, regime_rows, rows_written FROM refresh_market_regimes('YOUNG');
RESET ROLE;
-- An output table that lets the role see and write nothing.
ALTER ROLE "regress tenant" NOBYPASSRLS;
ALTER TABLE cmc_price_bars_multi_tf DISABLE ROW LEVEL SECURITY;
ALTER TABLE cmc_regime_stats ENABLE ROW LEVEL SECURITY;
\connect -
SET ROLE "regress tenant";
SELECT id, status FROM refresh_cmc_regimes(2);
RESET ROLE;
CREATE POLICY pg_regime ON public.cmc_regime_stats TO "regress tenant" USING (true) WITH CHECK (true);
SET ROLE "regress tenant";
SELECT id, status FROM refresh_cmc_regimes(2);
RESET ROLE;
DROP OWNED BY "regress tenant";
DROP ROLE "regress tenant";
