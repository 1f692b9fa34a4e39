# shellcheck shell=bash
# A universe of many assets for benches; to be sourced after tests/lib.sh.

# The tables of bars, EMAs and assets of the demo.
sources=(cmc_price_bars_multi_tf cmc_ema_multi_tf_u cmc_price_bars_multi_tf_cal_iso cmc_ema_multi_tf_cal_iso dim_assets)

# A server that keeps all of it in shared_buffers; while time is taken, no checkpoint and no autovacuum.
universe_cluster() {
    cluster_start
    as_owner tee -a "$cluster_dir/data/postgresql.conf" >/dev/null <<'CONF'
shared_buffers = 3GB
max_wal_size = 32GB
checkpoint_timeout = 1h
autovacuum = off
wal_init_zero = off
min_wal_size = 8GB
CONF
    cluster_stop
    cluster_start
}

# universe_of_ten NAME DAYS: a database with ten assets
universe_of_ten() {
    local table
    demo_db "$1" 12 "$2"
    for table in "${sources[@]}"; do q "$1" "DELETE FROM $table WHERE id > 10"; done
    q "$1" "TRUNCATE cmc_price_bars_multi_tf_cal_us, cmc_ema_multi_tf_cal_us"
}

# universe NAME TEMPLATE ASSETS: a database with copies of the ten assets at other prices, a multiple of ten in all
universe() {
    local table columns
    q postgres "CREATE DATABASE $1 TEMPLATE $2"
    for table in "${sources[@]}"; do
        columns=$(q "$1" "SELECT string_agg(CASE WHEN attname = 'id' THEN 'id + 10 * copy' WHEN attname IN ('open', 'high', 'low', 'close', 'ema') THEN attname || ' * (1 + 0.001 * copy)' ELSE attname END, ', ' ORDER BY attnum)
                          FROM pg_attribute WHERE attrelid = '$table'::regclass AND attnum > 0 AND NOT attisdropped")
        q "$1" "DO 'BEGIN FOR copy IN 1..$(($3 / 10 - 1)) LOOP INSERT INTO $table SELECT $columns FROM $table WHERE id <= 10; END LOOP; END'"
    done
}
