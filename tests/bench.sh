#!/usr/bin/env bash
# What refreshing costs next to what cannot be avoided. One asset of 5,614 daily bars; the floor is reading the same
# input rows with plain SQL aggregates and a plain INSERT … SELECT of the same result rows into tables with the same
# indexes. All in turn, in one session, several times: only the ratios mean something on another machine. Then many
# assets: tests/bench_scale.sh.
. "$(dirname "$0")/lib.sh"
runs=${RUNS:-9}
cluster_start
# A server that runs for long uses old WAL segments again; here all would be new, and filled with zeros first.
q postgres "ALTER SYSTEM SET autovacuum = off" && q postgres "ALTER SYSTEM SET wal_init_zero = off" && q postgres "SELECT FROM pg_reload_conf()"
demo_db bench 2 5614
q bench "SELECT FROM refresh_cmc_regimes(1)"
q bench "VACUUM ANALYZE"
is "asset 1 has 5614 daily bars" "$(q bench "SELECT count(*) FROM cmc_regimes WHERE id = 1")" 5614

for table in "${!outputs[@]}"; do
    q bench "CREATE TABLE result_$table AS SELECT * FROM $table WHERE id = 1; CREATE TABLE floor_$table (LIKE $table INCLUDING ALL)"
done
q bench "$(cat <<'SQL'
CREATE TABLE taken (run int, what text, ms float8);

CREATE FUNCTION floor_read() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM count(*), sum(close), max(time_close) FROM cmc_price_bars_multi_tf WHERE id = 1 AND tf = '1D';
    PERFORM count(*), sum(close), max(time_close) FROM cmc_price_bars_multi_tf_cal_iso WHERE id = 1 AND tf = '1W';
    PERFORM count(*), sum(close), max(time_close) FROM cmc_price_bars_multi_tf_cal_iso WHERE id = 1 AND tf = '1M';
    PERFORM count(*), sum(ema), max(ts) FROM cmc_ema_multi_tf_u WHERE id = 1 AND tf = '1D' AND period = ANY('{20,50,100}') AND alignment_source = 'multi_tf';
    PERFORM count(*), sum(ema), max(ts) FROM cmc_ema_multi_tf_cal_iso WHERE id = 1 AND tf = '1W' AND period = ANY('{20,50,200}') AND NOT roll;
    PERFORM count(*), sum(ema), max(ts) FROM cmc_ema_multi_tf_cal_iso WHERE id = 1 AND tf = '1M' AND period = ANY('{12,24,48}') AND NOT roll;
END $$;

CREATE FUNCTION floor_write() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO floor_cmc_regimes SELECT * FROM result_cmc_regimes;
    INSERT INTO floor_cmc_regime_flips SELECT * FROM result_cmc_regime_flips;
    INSERT INTO floor_cmc_regime_stats SELECT * FROM result_cmc_regime_stats;
    INSERT INTO floor_cmc_regime_comovement SELECT * FROM result_cmc_regime_comovement;
END $$;

CREATE PROCEDURE take(run int, what text, work text) LANGUAGE plpgsql AS $$
DECLARE began timestamptz := clock_timestamp();
BEGIN
    EXECUTE work;
    COMMIT;
    INSERT INTO taken VALUES (run, what, extract(epoch FROM clock_timestamp() - began) * 1000);
    COMMIT;
END $$;
SQL
)" || exit

# The first run warms up and does not count.
for ((run = 0; run <= runs; run++)); do
    cat <<SQL
TRUNCATE floor_cmc_regimes, floor_cmc_regime_flips, floor_cmc_regime_stats, floor_cmc_regime_comovement;
CALL take($run, 'floor', 'SELECT floor_read(), floor_write()');
TRUNCATE cmc_regimes, cmc_regime_flips, cmc_regime_stats, cmc_regime_comovement, regime_work.cmc_regime_state, regime_work.cmc_regime_inputs;
CALL take($run, 'full', 'SELECT refresh_cmc_regimes(1)');
CALL take($run, 'unchanged', 'SELECT refresh_cmc_regimes(1)');
$(new_bar "id = 1")
CALL take($run, 'one new bar', 'SELECT refresh_cmc_regimes(1)');
-- Tracked, a session that goes on: its first refreshes after the triggers are made plan their statements.
DO 'BEGIN PERFORM regime_track(), refresh_cmc_regimes(1); END';
$(for _ in 1 2; do echo "$(new_bar "id = 1") DO 'BEGIN PERFORM refresh_cmc_regimes(1); END';"; done)
$(new_bar "id = 1")
CALL take($run, 'one new bar, tracked', 'SELECT refresh_cmc_regimes(1)');
DO 'BEGIN PERFORM regime_track(false); END';
SQL
done >"$work/session.sql"
psql -Xq -v ON_ERROR_STOP=1 -d bench -f "$work/session.sql" >"$work/log" 2>&1 || { not_ok "the bench ran" "$(cat "$work/log")"; exit; }

echo "== bench: one asset, 5,614 daily bars, median of $runs runs"
psql -Xq -d bench --pset=footer=off <<'SQL'
WITH median AS (
    SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS ms, min(ms), max(ms) FROM taken WHERE run > 0 GROUP BY what
)
SELECT m.what, round(m.ms::numeric, 1) AS median_ms, round(m.min::numeric, 1) AS min_ms, round(m.max::numeric, 1) AS max_ms,
       round((m.ms / base.ms)::numeric, 2) AS "x floor", round((m.ms / complete.ms)::numeric, 3) AS "x full",
       CASE m.what WHEN 'full' THEN 'x floor <= 1.50' WHEN 'unchanged' THEN 'x full <= 0.50' WHEN 'one new bar, tracked' THEN 'x full <= 0.05' END AS wanted
FROM median m, median base, median complete WHERE base.what = 'floor' AND complete.what = 'full'
ORDER BY array_position(ARRAY['floor', 'full', 'unchanged', 'one new bar', 'one new bar, tracked'], m.what);
SQL

tests/bench_scale.sh
