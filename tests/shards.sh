#!/usr/bin/env bash
# Assets spread over two servers behind a front database with PL/Proxy, as in docs/engines.md, whose SQL is run: the
# rows are those of one database with all assets; with a node down the other goes on; back up, all is well again.
. "$(dirname "$0")/lib.sh"
needs_package plproxy plproxy.control

nodes=()
cleanup() {
    local cluster_dir
    for cluster_dir in "${nodes[@]}"; do cluster_remove; done
}
# on NODE COMMAND…
on() {
    local cluster_dir=${nodes[$1]} PGHOST=${nodes[$1]}
    "${@:2}"
}
for node in 1 0; do
    cluster_dir=''
    cluster_start
    nodes[node]=$cluster_dir
done
# From here on the server is that of node 0, which has the front and the database to compare with too.
demo_db whole 8 2000
q whole "SELECT FROM refresh_cmc_regimes()"
for node in 0 1; do
    on $node demo_db market 8 2000
    for table in dim_assets cmc_price_bars_multi_tf cmc_ema_multi_tf_u cmc_{price_bars,ema}_multi_tf_cal_{iso,us}; do
        case $table in *_iso) and="AND NOT (id = 1 AND tf = '1W')" ;; *) and='' ;; esac
        on $node q market "DELETE FROM $table WHERE id & 1 <> $node $and"
    done
done
q postgres "CREATE DATABASE front"
front=$(sed -n '/^## PL/,/^## Citus/{/^```sql$/,/^```$/{/^```/!p}}' docs/engines.md)
for node in 0 1; do front=${front//host=node$node/host=${nodes[node]}}; done
q front "$front; INSERT INTO dim_assets SELECT generate_series(1, 8)"

# The calls at the front are made in one session, since PL/Proxy keeps its connections: this one had them before the
# node goes down, and has them when it is back.
mkfifo "$work/in"
PGOPTIONS='-c client_min_messages=error' psql -XAtq -d front <"$work/in" >>"$work/out" 2>&1 &
session=$!
exec 9>"$work/in"
# ask SQL: what it gives, rows or an error
ask() {
    : >"$work/out"
    printf '%s;\n\\echo end of answer\n' "$1" >&9
    until [ "$(tail -n 1 "$work/out")" = 'end of answer' ]; do
        kill -0 $session
        sleep 0.02
    done
    sed '$d' "$work/out"
}
# statuses STATUS [STATUS OF ODD IDS]: the answer in which the assets have these
statuses() { for id in {1..8}; do echo "$id|$( ((id % 2)) && echo "${2:-$1}" || echo "$1")"; done; }
# rows_are_those_of_the_whole DESCRIPTION
rows_are_those_of_the_whole() {
    local table
    q whole "DROP SCHEMA IF EXISTS nodes CASCADE; CREATE SCHEMA nodes"
    for table in "${!outputs[@]}"; do
        q whole "CREATE TABLE nodes.$table AS SELECT ${outputs[$table]} FROM $table LIMIT 0"
        for node in 0 1; do on $node q market "COPY (SELECT ${outputs[$table]} FROM $table) TO STDOUT" | psql -Xq -d whole -c "COPY nodes.$table FROM STDIN"; done
        same "$1: $table" whole "SELECT ${outputs[$table]} FROM $table" "TABLE nodes.$table"
    done
}

is "one call at the front refreshes all assets" "$(ask "SELECT id, status FROM refresh_all() ORDER BY id")" "$(statuses ok)"
rows_are_those_of_the_whole "the rows of both nodes are those of one database"
for node in 0 1; do
    is "node $node has no others' rows" "$(on $node q market "SELECT count(*) FROM cmc_regimes WHERE id & 1 <> $node")" 0
done
is "without the market's weeks those of the young asset 8 would differ" \
    "$(on 0 q market "BEGIN; DELETE FROM cmc_price_bars_multi_tf_cal_iso WHERE id = 1;
                      SELECT count(*) > 0 FROM (SELECT ts, size_mult FROM regime_compute(8) EXCEPT ALL SELECT ts, size_mult FROM cmc_regimes WHERE id = 8) x")" t
is "given ids are split among the nodes" "$(ask "SELECT id, status, message FROM refresh_assets('{8,1,3,99}') ORDER BY id")" \
    "$(printf '%s\n' '1|unchanged|' '3|unchanged|' '8|unchanged|' '99|empty|no daily bars')"
is "one asset" "$(ask "SELECT id, status FROM refresh_asset(6)")" "6|unchanged"
# regime_at ID AT
regime_at() { echo "SELECT ts, regime_key, size_mult, stop_mult, orders, gross_cap, pyramids, setups FROM regime_at($1, $2)"; }
for at in "'2020-03-04 12:00+00'" "'2021-01-31 23:59:59+00'" "'2000-01-01'"; do
    is "regime_at of each asset at $at" "$(for id in {1..8}; do ask "$(regime_at $id "$at")"; done)" "$(for id in {1..8}; do q whole "$(regime_at $id "$at")"; done)"
done
ask "SELECT regime_load_policy('desk', '[{\"match\": \"Up-\", \"size_mult\": 0.3}]')" >/dev/null
is "a policy loaded at the front is at every node" "$(for node in 0 1; do on $node q market "SELECT rules FROM regime_policy WHERE policy = 'desk'"; done)" \
    "$(printf '%s\n' '[{"match": "Up-", "size_mult": 0.3}]'{,})"

# A day later node 1 is down.
q whole "$(new_bar); SELECT FROM refresh_cmc_regimes()"
for node in 0 1; do on $node q market "$(new_bar)"; done
on 1 cluster_stop
living="SELECT id, status FROM refresh_living() ORDER BY id"
is "a node is down: one call refreshes the assets of the other, and says which it could not" "$(ask "$living")" "$(statuses ok failed)"
is "in a new session too" "$(q front "$living")" "$(statuses unchanged failed)"
is "the error is in the row" "$(ask "SELECT count(*) FROM refresh_living() WHERE message LIKE 'PL/Proxy function public.refresh_assets(1): [market] PQconnect%: %${nodes[1]}%'")" 4
is "an asset of the living node" "$(ask "SELECT id, status FROM refresh_asset(2)")" "2|unchanged"
is "and its regime" "$(ask "$(regime_at 2 "'2021-01-31'")")" "$(q whole "$(regime_at 2 "'2021-01-31'")")"
for call in "refresh_asset(1)" "regime_at(1, now())" "refresh_all()"; do
    is "$call needs the dead one" "$(ask "SELECT * FROM $call" | grep -c '^ERROR:  PL/Proxy function .*PQconnect.*: ')" 1
done

on 1 cluster_start
is "the node is back: its assets are refreshed" "$(ask "$living")" "$(statuses unchanged ok)"
rows_are_those_of_the_whole "and the rows are those of one database"
is "all nodes at once again" "$(ask "SELECT id, status FROM refresh_all() ORDER BY id")" "$(statuses unchanged)"
