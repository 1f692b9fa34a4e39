#!/usr/bin/env bash
# bench_universe.sh [ASSETS…]: what the daily run of a universe costs next to plain SQL, as ratios; the third part of tests/bench.sh.
# Every asset of 1,500 daily bars gets one new bar, tracked. The floor reads the same new rows and the stored EMAs that comovement is
# computed from, and inserts and updates the same rows of outputs, states, fingerprints and run log, set-wise. Each run is rolled
# back, and the next one begins with the same tables: refresh and floor in turn, in one session.
. "$(dirname "$0")/lib.sh"
. tests/universe.sh
runs=${RUNS:-9}
universe_cluster
universe_of_ten ten 1500
q ten "SELECT FROM regime_setup(); CREATE TABLE taken (assets int, what text, ms float8)"
[ $# -gt 0 ] || set -- 100 1000

# The rows that the refresh of a day writes, by table: what says whether a row is one of them.
declare -rA written=(
    [cmc_regimes]="updated_at >= now()" [cmc_regime_flips]="updated_at >= now()" [cmc_regime_stats]="computed_at >= now()"
    [cmc_regime_comovement]="computed_at >= now()" [regime_work.cmc_regime_state]="computed_at >= now()"
    [regime_work.cmc_regime_inputs]="updated_at >= now()" [regime_work.cmc_regime_run_log]="finished_at >= now()"
)
keys="id, tf"
declare -rA key=(
    [cmc_regime_stats]="$keys, regime_key" [regime_work.cmc_regime_state]="$keys"
    [regime_work.cmc_regime_inputs]="$keys, layer, block"
)

# floor DB: the statements that read and write what the refresh does
floor() {
    local table columns
    # an asset at a time, by the index: what has come since the state
    for read in "cmc_price_bars_multi_tf time_close close 1D" "cmc_price_bars_multi_tf_cal_iso time_close close 1W" "cmc_price_bars_multi_tf_cal_iso time_close close 1M" \
        "cmc_ema_multi_tf_u ts ema 1D" "cmc_ema_multi_tf_cal_iso ts ema 1W" "cmc_ema_multi_tf_cal_iso ts ema 1M"; do
        # shellcheck disable=SC2086 # four words
        set -- $read
        echo "SELECT sum(n), sum(value), max(newest) FROM regime_work.cmc_regime_state AS s CROSS JOIN LATERAL
              (SELECT count(*) AS n, sum(b.$3) AS value, max(b.$2) AS newest FROM $1 AS b WHERE b.id = s.id AND b.tf = '$4' AND b.$2 > s.ts) AS later;"
    done
    echo "SELECT count(*), sum(get_byte(memory, 0)) FROM regime_work.cmc_regime_state;"
    echo "SELECT count(*), sum(get_byte(emas, 0)) FROM regime_work.cmc_regime_inputs WHERE layer = 'L2';"
    echo "DELETE FROM cmc_regime_comovement;" # a snapshot of all rows
    for table in "${!written[@]}"; do
        if [ -n "${key[$table]:-}" ]; then
            columns=$(q "$db" "SELECT string_agg(format('%I = excluded.%1\$I', attname), ', ') FROM pg_attribute WHERE attrelid = '$table'::regclass AND attnum > 0 AND attname NOT IN ('id', 'tf')")
            echo "INSERT INTO $table SELECT * FROM \"of $table\" ON CONFLICT (${key[$table]}) DO UPDATE SET $columns;"
        else
            echo "INSERT INTO $table OVERRIDING SYSTEM VALUE SELECT * FROM \"of $table\";"
        fi
    done
    echo "DELETE FROM regime_work.cmc_regime_dirty; DELETE FROM regime_work.cmc_regime_dirty_many;"
}

for assets; do
    db=universe_$assets
    universe "$db" ten "$assets"
    q "$db" "SELECT FROM regime_track(); SELECT count(*) FROM refresh_cmc_regimes()" >/dev/null
    q "$db" "$(new_bar)"
    q "$db" "VACUUM ANALYZE"
    {
        echo "BEGIN; SELECT count(*) FROM refresh_cmc_regimes();"
        for table in "${!written[@]}"; do echo "\\copy (SELECT * FROM $table WHERE ${written[$table]}) TO '$work/$table'"; done
        echo "ROLLBACK;"
        for table in "${!written[@]}"; do echo "CREATE TABLE \"of $table\" (LIKE $table); \\copy \"of $table\" FROM '$work/$table'"; done
        echo "VACUUM ANALYZE;"
    } >"$work/session.sql"
    timed() { printf '%s\n' "SET jit = off; BEGIN; SELECT clock_timestamp() AS began \\gset" "$2" "SELECT extract(epoch FROM clock_timestamp() - :'began') * 1000 AS ms \\gset" \
        "ROLLBACK; INSERT INTO taken VALUES ($assets, '$1', :ms); VACUUM regime_work.cmc_regime_state, regime_work.cmc_regime_inputs, regime_work.cmc_regime_run_log, regime_work.cmc_regime_dirty, regime_work.cmc_regime_dirty_many, cmc_regimes, cmc_regime_flips, cmc_regime_stats, cmc_regime_comovement;"; }
    # the first of each warms up
    for ((run = 0; run <= runs; run++)); do
        timed refresh "SELECT count(*) FROM refresh_cmc_regimes();"
        timed floor "$(floor)"
        [ $run -gt 0 ] || echo "DELETE FROM taken;"
    done >>"$work/session.sql"
    psql -Xq -v ON_ERROR_STOP=1 -d "$db" -o /dev/null -f "$work/session.sql" >"$work/log" 2>&1 || { not_ok "the bench ran" "$(cat "$work/log")"; exit; }
    q "$db" "COPY taken TO STDOUT" | psql -Xq -d ten -c "COPY taken FROM STDIN"
done

echo "== bench: a universe of assets with 1,500 daily bars, one new bar each, tracked, one call; median of $runs runs"
psql -Xq -d ten --pset=footer=off <<'SQL'
WITH m AS (SELECT assets, what, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS ms FROM taken GROUP BY assets, what)
SELECT r.assets, round(f.ms, 1) AS floor_ms, round(r.ms, 1) AS refresh_ms, round(r.ms / f.ms, 2) AS "x floor",
       round(r.ms / r.assets, 3) AS ms_per_asset, 'x floor <= 2' AS wanted
FROM m AS r JOIN m AS f USING (assets) WHERE r.what = 'refresh' AND f.what = 'floor' ORDER BY assets;
SQL
