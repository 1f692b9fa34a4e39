#!/usr/bin/env bash
# Hypertables of TimescaleDB as sources, candles and outputs, against plain tables, EXCEPT ALL both ways. It runs where
# TimescaleDB is installed for PG_CONFIG; what needs its community edition is skipped where that is missing.
. "$(dirname "$0")/lib.sh"
if [ ! -f "$("$PG_CONFIG" --sharedir)/extension/timescaledb.control" ]; then
    echo "== skipped: TimescaleDB is not installed in $("$PG_CONFIG" --sharedir)/extension"
    exit 0
fi
has_community=false
compgen -G "$("$PG_CONFIG" --pkglibdir)/timescaledb-tsl-*.so" >/dev/null && has_community=true

cluster_start
as_owner tee -a "$cluster_dir/data/postgresql.conf" >/dev/null <<CONF
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
CONF
cluster_stop
cluster_start

bars=cmc_price_bars_multi_tf
# both SQL: on plain tables and on hypertables
both() {
    q whole "$1"
    q chunked "$1"
}
# the_rows_are_those_of_the_whole DESCRIPTION
the_rows_are_those_of_the_whole() {
    local table
    q whole "DROP SCHEMA IF EXISTS chunked CASCADE; CREATE SCHEMA chunked"
    for table in "${!outputs[@]}"; do
        q whole "CREATE TABLE chunked.$table AS SELECT ${outputs[$table]} FROM $table LIMIT 0"
        q chunked "COPY (SELECT ${outputs[$table]} FROM $table) TO STDOUT" | psql -Xq -d whole -c "COPY chunked.$table FROM STDIN"
        same "$1: $table" whole "SELECT ${outputs[$table]} FROM $table" "TABLE chunked.$table"
    done
}
refresh() { both "SELECT mode, count(*) FROM refresh_cmc_regimes() GROUP BY 1" | sort -u; }
# marked: the assets that the marks name
marked() { q chunked "SELECT string_agg(DISTINCT id::text, ' ' ORDER BY id::text) FROM cmc_regime_marks"; }
day() { echo "(SELECT min(time_close) FROM $bars WHERE tf = '1D') + $1 * interval '1 day'"; }

demo_db whole 4 900
q postgres "CREATE DATABASE chunked"
q chunked "CREATE EXTENSION timescaledb; CREATE EXTENSION pg_regime; SELECT FROM regime_demo(4, 900)"
both "SELECT FROM regime_track()"
q chunked "ALTER TABLE $bars DROP CONSTRAINT ${bars}_pkey; CREATE INDEX ON $bars (id, tf, time_close);
           SELECT FROM create_hypertable('$bars', 'time_close', chunk_time_interval => interval '1 year', migrate_data => true)"
is "a table that became a hypertable does not count as tracked" "$(q chunked "SELECT count(*) FROM regime_health() WHERE what = 'untracked source'")" 1
is "regime_track gives a hypertable its own triggers" "$(q chunked "SELECT action FROM regime_track() WHERE relation = 'public.$bars'")" "now tracked"
is "which stay" "$(q chunked "SELECT DISTINCT action FROM regime_track()")" tracked
is "and count" "$(q chunked "SELECT count(*) FROM regime_health() WHERE what = 'untracked source'")" 0

is "a full refresh" "$(refresh)" "full|4"
the_rows_are_those_of_the_whole "full"
both "$(new_bar)"
is "a new bar" "$(refresh)" "incremental|4"
the_rows_are_those_of_the_whole "new bar"
both "UPDATE $bars SET close = close * 1.01 WHERE id = 2 AND tf = '1D' AND time_close = $(day 500)"
is "an update marks its asset" "$(marked)" 2
both "DELETE FROM $bars WHERE id = 3 AND tf = '1D' AND time_close = $(day 400)"
is "so does a delete" "$(marked)" "2 3"
q chunked "SET session_replication_role = replica; DELETE FROM $bars WHERE id = 1 AND tf = '1D' AND time_close = $(day 300)"
q whole "DELETE FROM $bars WHERE id = 1 AND tf = '1D' AND time_close = $(day 300)"
is "a delete of a replica marks every asset" "$(marked)" "1 2 3 4"
refresh >/dev/null
the_rows_are_those_of_the_whole "late bars"
q chunked "SELECT FROM drop_chunks('$bars', older_than => timestamptz '$(q chunked "SELECT $(day 500)")')" 
is "dropped chunks are noticed" "$(q chunked "SELECT count(*) > 0 FROM refresh_cmc_regimes() WHERE status = 'ok'")" t

if $has_community; then
    q chunked "ALTER TABLE $bars SET (timescaledb.compress, timescaledb.compress_segmentby = 'id, tf', timescaledb.compress_orderby = 'time_close');
               SELECT count(compress_chunk(c)) FROM show_chunks('$bars') AS c" >/dev/null
    q chunked "SELECT FROM refresh_cmc_regimes()"
    q chunked "DELETE FROM $bars WHERE id = 4 AND tf = '1D' AND time_close = (SELECT max(time_close) FROM $bars WHERE id = 4 AND tf = '1D')"
    is "a delete of a compressed row marks its asset" "$(marked)" 4
else
    echo "== skipped: compression needs the community edition of TimescaleDB"
fi
