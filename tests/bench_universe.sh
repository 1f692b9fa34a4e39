#!/usr/bin/env bash
# bench_universe.sh [ASSETS…]: what the daily run of a universe costs next to plain SQL, as ratios.
# Every asset of 1,500 daily bars, or every series of 1,500 candles, gets one new bar, tracked. The floor reads the same new rows and
# what is stored to go on from, such as the EMAs that comovement is computed from, and inserts and updates the same rows of outputs,
# states and run log, set-wise. Each run is rolled back, so that the next one begins with the same tables: refresh and floor in turn,
# in one session. Then a universe without tracking in which nothing is new, next to aggregates over the rows that have to be read.
. "$(dirname "$0")/lib.sh"
. tests/universe.sh
runs=${RUNS:-9}
universe_cluster
universe_of_ten ten 1500
q ten "SELECT FROM regime_setup(); CREATE TABLE taken (subjects int, what text, ms float8)"
[ $# -gt 0 ] || set -- 100 1000

# What a refresh of a day writes: a condition on the rows of each table, and the key by which rows are updated.
now="now()"
# shellcheck disable=SC2034 # used by name
declare -rA of_assets=(
    [cmc_regimes]="updated_at >= $now" [cmc_regime_flips]="updated_at >= $now" [cmc_regime_stats]="computed_at >= $now"
    [cmc_regime_comovement]="computed_at >= $now" [regime_work.cmc_regime_state]="computed_at >= $now"
    [regime_work.cmc_regime_inputs]="updated_at >= $now" [regime_work.cmc_regime_run_log]="finished_at >= $now"
)
# shellcheck disable=SC2034 # used by name
declare -rA of_series=(
    [market_regimes]="created_at >= $now" [regime_work.market_regime_state]="computed_at >= $now"
    [regime_work.cmc_regime_run_log]="finished_at >= $now"
)
declare -rA key=(
    [cmc_regime_stats]="id, tf, regime_key" [regime_work.cmc_regime_state]="id, tf" [regime_work.cmc_regime_inputs]="id, tf, layer, block"
    [regime_work.market_regime_state]="symbol, timeframe"
)

# An asset at a time, by the index: what has come since the state, and what is stored.
read_assets() {
    local table time value tf
    while read -r table time value tf; do
        echo "SELECT sum(n), sum(value), max(newest) FROM regime_work.cmc_regime_state AS s CROSS JOIN LATERAL
              (SELECT count(*) AS n, sum(b.$value) AS value, max(b.$time) AS newest FROM $table AS b WHERE b.id = s.id AND b.tf = '$tf' AND b.$time > s.ts) AS later;"
    done <<'TABLES'
cmc_price_bars_multi_tf time_close close 1D
cmc_price_bars_multi_tf_cal_iso time_close close 1W
cmc_price_bars_multi_tf_cal_iso time_close close 1M
cmc_ema_multi_tf_u ts ema 1D
cmc_ema_multi_tf_cal_iso ts ema 1W
cmc_ema_multi_tf_cal_iso ts ema 1M
TABLES
    echo "SELECT count(*), sum(get_byte(memory, 0)) FROM regime_work.cmc_regime_state;"
    echo "SELECT count(*), sum(get_byte(emas, 0)) FROM regime_work.cmc_regime_inputs WHERE layer = 'L2';"
    echo "DELETE FROM cmc_regime_comovement; DELETE FROM regime_work.cmc_regime_dirty; DELETE FROM regime_work.cmc_regime_dirty_many;"
}
read_series() {
    echo "SELECT sum(n), sum(high), sum(low), sum(close) FROM regime_work.market_regime_state AS s CROSS JOIN LATERAL
          (SELECT count(*) AS n, sum(high) AS high, sum(low) AS low, sum(close) AS close FROM candles AS c
           WHERE c.symbol = s.symbol AND c.timeframe = s.timeframe AND c.open_time > s.newest) AS later;"
    echo "SELECT count(*), sum(get_byte(memory, 0)) FROM regime_work.market_regime_state;"
    echo "DELETE FROM regime_work.market_regime_dirty; DELETE FROM regime_work.market_regime_dirty_many;"
}

# floor DB WRITTEN READ: the statements that read and write what the refresh does
floor() {
    local -n written=$2
    local table columns
    $3
    for table in "${!written[@]}"; do
        if [ -n "${key[$table]:-}" ]; then
            columns=$(q "$1" "SELECT string_agg(format('%I = excluded.%1\$I', attname), ', ') FROM pg_attribute WHERE attrelid = '$table'::regclass AND attnum > 0 AND NOT attisdropped")
            echo "INSERT INTO $table SELECT * FROM \"of $table\" ON CONFLICT (${key[$table]}) DO UPDATE SET $columns;"
        else
            echo "INSERT INTO $table OVERRIDING SYSTEM VALUE SELECT * FROM \"of $table\";"
        fi
    done
}

# timed SUBJECTS WHAT STATEMENTS: rolled back, and the time taken
timed() {
    printf '%s\n' "SET jit = off; BEGIN; SELECT clock_timestamp() AS began \\gset" "$3" "SELECT extract(epoch FROM clock_timestamp() - :'began') * 1000 AS ms \\gset" \
        "ROLLBACK; INSERT INTO taken VALUES ($1, '$2', :ms);"
}

# session DB: statements from stdin, in one session
session() { psql -Xq -v ON_ERROR_STOP=1 -d "$1" -o /dev/null >"$work/log" 2>&1 || { not_ok "the bench ran" "$(cat "$work/log")"; exit; }; }

# day DB SUBJECTS WHAT REFRESH WRITTEN READ: refresh and floor in turn; the first of each warms up
day() {
    local db=$1 table run
    local -n tables=$5
    local all
    all=$(printf ', %s' "${!tables[@]}")
    all=${all#, }
    {
        echo "BEGIN; $4"
        for table in "${!tables[@]}"; do echo "\\copy (SELECT * FROM $table WHERE ${tables[$table]}) TO '$work/$table'"; done
        echo "ROLLBACK;"
        for table in "${!tables[@]}"; do echo "CREATE TABLE \"of $table\" (LIKE $table); \\copy \"of $table\" FROM '$work/$table'"; done
        echo "VACUUM ANALYZE;"
        for ((run = 0; run <= runs; run++)); do
            timed "$2" "$3" "$4"
            echo "VACUUM $all;"
            timed "$2" "$3, floor" "$(floor "$db" "$5" "$6")"
            echo "VACUUM $all;"
            [ $run -gt 0 ] || echo "DELETE FROM taken WHERE what ~ '^$3';"
        done
    } | session "$db"
}

for assets; do
    db=universe_$assets
    universe "$db" ten "$assets"
    q "$db" "SELECT count(*) FROM refresh_cmc_regimes()" >/dev/null
    q "$db" "VACUUM ANALYZE"
    for ((run = 0; run <= runs; run++)); do
        timed "$assets" "nothing new, untracked" "SELECT count(*) FROM refresh_cmc_regimes();"
        timed "$assets" "nothing new, untracked, floor" "SELECT id, count(*), sum(close), max(time_close) FROM cmc_price_bars_multi_tf WHERE tf = '1D' GROUP BY id;
            SELECT id, tf, count(*), sum(close), max(time_close) FROM cmc_price_bars_multi_tf_cal_iso WHERE tf IN ('1W', '1M') GROUP BY id, tf;
            SELECT id, count(*), sum(ema), max(ts) FROM cmc_ema_multi_tf_u WHERE tf = '1D' AND period IN (20, 50, 100) AND alignment_source = 'multi_tf' GROUP BY id;
            SELECT id, tf, count(*), sum(ema), max(ts) FROM cmc_ema_multi_tf_cal_iso WHERE (tf = '1W' AND period IN (20, 50, 200) OR tf = '1M' AND period IN (12, 24, 48)) AND NOT roll GROUP BY id, tf;
            SELECT id, count(*) FROM cmc_regimes GROUP BY id; SELECT id, count(*) FROM cmc_regime_flips GROUP BY id;"
        [ $run -gt 0 ] || echo "DELETE FROM taken;"
    done | session "$db"
    q "$db" "SELECT FROM regime_track(); SELECT count(*) FROM refresh_cmc_regimes()" >/dev/null
    q "$db" "$(new_bar)"
    day "$db" "$assets" "a new bar each, tracked" "SELECT count(*) FROM refresh_cmc_regimes();" of_assets read_assets
    q "$db" "COPY taken TO STDOUT" | psql -Xq -d ten -c "COPY taken FROM STDIN"
done

q postgres "CREATE DATABASE series"
q series "$(cat <<'SQL'
CREATE EXTENSION pg_regime;
CREATE TABLE taken (subjects int, what text, ms float8);
CREATE TABLE candles (symbol text NOT NULL, timeframe text NOT NULL, open_time timestamptz NOT NULL, open float8, high float8,
    low float8, close float8, volume float8, PRIMARY KEY (symbol, timeframe, open_time));
INSERT INTO candles SELECT 'S' || s, '1h', timestamptz '2024-01-01 00:00+00' + n * interval '1 hour', c, c * 1.004, c * 0.995, c, 1
    FROM generate_series(1, 500) AS s, generate_series(0, 1499) AS n, LATERAL (SELECT 100 + 30 * sin(n / 40.0 + s) + (n::bigint * 7919 % 1009) / 250.0) AS p (c);
SELECT FROM regime_track();
SELECT FROM refresh_market_regimes();
INSERT INTO candles SELECT symbol, timeframe, open_time + interval '1 hour', open, high, low, close, volume FROM candles WHERE open_time = '2024-03-03 11:00+00';
SQL
)" >/dev/null || exit
day series 500 "a new candle each, tracked" "SELECT count(*) FROM refresh_market_regimes();" of_series read_series
q series "COPY taken TO STDOUT" | psql -Xq -d ten -c "COPY taken FROM STDIN"

echo "== bench: universes of assets with 1,500 daily bars, and of series with 1,500 candles, in one call; median of $runs runs"
psql -Xq -d ten --pset=footer=off <<'SQL'
WITH m AS (SELECT subjects, what, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric AS ms FROM taken GROUP BY subjects, what)
SELECT r.subjects, r.what, round(f.ms, 1) AS floor_ms, round(r.ms, 1) AS refresh_ms, round(r.ms / f.ms, 2) AS "x floor",
       round(r.ms / r.subjects, 3) AS ms_each, CASE WHEN r.what ~ 'untracked' THEN '<= 1.5' ELSE '<= 2' END AS wanted
FROM m AS r JOIN m AS f ON f.subjects = r.subjects AND f.what = r.what || ', floor' ORDER BY r.what, r.subjects;
SQL
