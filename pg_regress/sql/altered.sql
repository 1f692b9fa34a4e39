-- A table that was altered after it was set up is refused by refreshes and readers as by regime_setup(), with what to
-- type; what only lacks something is completed. Output and working tables of all systems.
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/fixture.sql
CREATE TABLE candles AS SELECT s.symbol, '1d' AS timeframe, time_close AS open_time, close * 1.01 AS high, close * 0.99 AS low, close
    FROM cmc_price_bars_multi_tf JOIN dim_assets s USING (id) WHERE tf = '1D' AND id IN (2, 3);
SELECT status FROM refresh_cmc_regimes(2);
SELECT DISTINCT status FROM refresh_market_regimes();
CALL backfill_market_regime_history('2024-11-01', '2024-12-31', symbol => 'YOUNG');
SELECT count(*) > 0 AS tracked FROM regime_track();
SELECT status FROM refresh_cmc_regimes(2);
CREATE TABLE before AS :content;
-- In another zone, every row would be shifted. The hint is typed.
ALTER TABLE cmc_regimes ALTER ts TYPE timestamp USING ts AT TIME ZONE 'UTC';
SET timezone = 'America/New_York';
SELECT status FROM refresh_cmc_regimes(2);
SELECT status FROM refresh_cmc_regimes(2, dry_run => true);
SELECT * FROM regime_gate(2, '2024-12-31 23:59:59+00', 'pullback', 1);
SELECT severity, what, detail, command FROM regime_health_details() WHERE what = 'altered table';
SELECT hint_of('SELECT refresh_cmc_regimes(2)') AS hint \gset
\echo :hint
:hint
SET timezone = 'UTC';
SELECT status, rows_written FROM refresh_cmc_regimes(2);
SELECT count(*) FROM ((TABLE before EXCEPT ALL (:content)) UNION ALL ((:content) EXCEPT ALL TABLE before)) x;
-- What a refresh and a reader say of each change.
CREATE DOMAIN name_of_regime AS text;
CREATE FUNCTION after(change text, call text) RETURNS TABLE (state text, message text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE change;
    EXECUTE call;
    RAISE 'no error'; -- so that the change is undone
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
\pset format unaligned
\x on
\set cmc '\'SELECT refresh_cmc_regimes(2)\''
\set market '\'SELECT refresh_market_regimes()\''
SELECT a.* FROM after('ALTER TABLE cmc_regimes ALTER ts TYPE timestamptz(0)', :cmc) a;
SELECT a.* FROM after('ALTER TABLE cmc_regimes ALTER size_mult TYPE real', :cmc) a;
SELECT a.* FROM after('ALTER TABLE cmc_regimes ALTER l2_label TYPE name_of_regime', :cmc) a;
SELECT a.* FROM after('ALTER TABLE cmc_regime_stats DROP avg_ret_1d; ALTER TABLE cmc_regime_stats ADD avg_ret_1d float8 GENERATED ALWAYS AS (pct_of_history) STORED', :cmc) a;
SELECT a.* FROM after('ALTER TABLE cmc_regime_comovement ALTER n_obs ADD GENERATED ALWAYS AS IDENTITY', :cmc) a;
SELECT a.* FROM after('ALTER TABLE cmc_regime_stats ALTER computed_at TYPE timestamp', :cmc) a;
SELECT a.* FROM after('ALTER TABLE market_regimes ALTER open_time TYPE timestamp', :market) a;
SELECT a.* FROM after('ALTER TABLE market_regimes ALTER open_time TYPE timestamp', 'SELECT get_market_regimes(''YOUNG'', ''1d'')') a;
SELECT a.* FROM after('ALTER TABLE market_regime_history ALTER date TYPE timestamp', 'SELECT market_regime_history_latest(''YOUNG'')') a;
SELECT a.* FROM after('ALTER TABLE market_regime_history ALTER date TYPE timestamp', 'CALL backfill_market_regime_history(''2024-11-01'', ''2024-12-31'', symbol => ''YOUNG'', dry_run => true)') a;
-- Working tables.
SELECT a.* FROM after('ALTER TABLE regime_work.cmc_regime_state ALTER ts TYPE timestamp', :cmc) a;
SELECT a.* FROM after('ALTER TABLE regime_work.cmc_regime_inputs ALTER print TYPE text USING print::text', :cmc) a;
SELECT a.* FROM after('DROP VIEW cmc_regime_marks; ALTER TABLE regime_work.cmc_regime_dirty ALTER since TYPE timestamptz(0)', :cmc) a;
SELECT a.* FROM after('ALTER TABLE regime_work.cmc_regime_dirty ALTER marked_at DROP DEFAULT', :cmc) a;
SELECT a.* FROM after('ALTER TABLE regime_work.cmc_regime_dirty_many ALTER number DROP EXPRESSION', :cmc) a;
SELECT a.* FROM after('DROP VIEW cmc_regime_progress; ALTER TABLE regime_work.cmc_regime_work ALTER place TYPE bigint', :cmc) a;
SELECT a.* FROM after('DROP VIEW cmc_regime_run_log; ALTER TABLE regime_work.cmc_regime_run_log ALTER elapsed_ms TYPE numeric', :cmc) a;
SELECT a.* FROM after('ALTER TABLE regime_work.cmc_regime_state ALTER proxy SET NOT NULL', :cmc) a;
SELECT a.* FROM after('ALTER TABLE regime_work.cmc_regime_state ADD owner text NOT NULL DEFAULT ''x''; ALTER TABLE regime_work.cmc_regime_state ALTER owner DROP DEFAULT', :cmc) a;
SELECT a.* FROM after('DROP VIEW market_regime_marks; ALTER TABLE regime_work.market_regime_dirty ALTER series TYPE text COLLATE "POSIX"', :market) a;
SELECT a.* FROM after('ALTER TABLE regime_work.market_regime_state ALTER config TYPE json', :market) a;
SELECT a.* FROM after('DROP VIEW market_regime_progress; ALTER TABLE regime_work.market_regime_backfills ALTER next_day TYPE timestamp', 'CALL backfill_market_regime_history(''2024-11-01'', ''2024-12-31'', symbol => ''YOUNG'', dry_run => true)') a;
\x off
\pset format aligned
-- A key that was dropped is added; until then, regime_health tells.
ALTER TABLE regime_work.cmc_regime_state DROP CONSTRAINT cmc_regime_state_pkey;
ALTER TABLE regime_work.market_regime_dirty DROP CONSTRAINT market_regime_dirty_pkey;
-- The key of an earlier version is replaced.
ALTER TABLE regime_work.cmc_regime_dirty DROP CONSTRAINT cmc_regime_dirty_pkey, ADD CONSTRAINT "the key" PRIMARY KEY (id, mark);
ALTER TABLE cmc_regime_stats DROP CONSTRAINT cmc_regime_stats_pkey;
SELECT what, command FROM regime_health_details() WHERE what = 'not set up';
SELECT status FROM refresh_cmc_regimes(2);
SELECT relation, action FROM regime_setup() WHERE action <> 'unchanged';
SELECT what, command FROM regime_health_details() WHERE what = 'not set up';
-- A key of rows that come twice: the working table is made anew.
ALTER TABLE regime_work.cmc_regime_state DROP CONSTRAINT cmc_regime_state_pkey;
INSERT INTO regime_work.cmc_regime_state TABLE regime_work.cmc_regime_state;
SELECT status FROM refresh_cmc_regimes(2);
SELECT hint_of('SELECT refresh_cmc_regimes(2)') AS hint \gset
\echo :hint
:hint
SELECT status FROM refresh_cmc_regimes(2);
