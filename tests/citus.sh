#!/usr/bin/env bash
# All systems on Citus: a coordinator and two workers, laid out by the blocks of docs/engines.md, against one plain database,
# EXCEPT ALL both ways. Last, it prints what both workers at once take next to one after the other. It runs where Citus is installed for PG_CONFIG, which Debian does not ship.
. "$(dirname "$0")/lib.sh"
if [ ! -f "$("$PG_CONFIG" --sharedir)/extension/citus.control" ]; then
    echo "== skipped: Citus is not installed in $("$PG_CONFIG" --sharedir)/extension"
    exit 0
fi

nodes=()
cleanup() {
    local cluster_dir
    for cluster_dir in "${nodes[@]}"; do cluster_remove; done
}
# on NODE COMMAND…: node 0 is the coordinator
on() {
    local cluster_dir=${nodes[$1]} PGHOST=${nodes[$1]}
    "${@:2}"
}
# start_node NODE
start_node() {
    cluster_dir=''
    cluster_start
    as_owner tee -a "$cluster_dir/data/postgresql.conf" >/dev/null <<CONF
shared_preload_libraries = 'citus'
citus.node_conninfo = 'sslmode=disable'
citus.local_hostname = '$cluster_dir'
citus.shard_count = 8
wal_level = logical
CONF
    cluster_stop
    cluster_start
    nodes[$1]=$cluster_dir
    q postgres "CREATE DATABASE market"
    q market "CREATE EXTENSION citus"
}
for node in 2 1 0; do start_node $node; done
# From here on the server is that of the coordinator, which has the database to compare with too.
demo_db whole 12 900
q whole "SELECT FROM refresh_cmc_regimes(); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
q market "SELECT FROM citus_set_coordinator_host('${nodes[0]}', 5432);
          SELECT FROM unnest(ARRAY['${nodes[1]}', '${nodes[2]}']) AS host, citus_add_node(host, 5432)"

# One node of Citus with a table for every node, and the functions over all assets, none of whose statements has parameters.
demo_db plain 4 600
q postgres "CREATE DATABASE single"
q single "CREATE EXTENSION citus; CREATE EXTENSION pg_regime; SELECT FROM regime_demo(4, 600);
          SELECT FROM citus_set_coordinator_host('${nodes[0]}', 5432); SELECT FROM create_reference_table('dim_assets')"
while read -r call; do
    wanted=$(q plain "$call")
    is "on one node: $call" "$(q single "$call")" "$wanted"
    [[ $wanted != *ERROR:* ]] || not_ok "$call works" "$wanted"
done <<'SQL'
SELECT id, status, rows_written FROM refresh_cmc_regimes(dry_run => true) ORDER BY id
SELECT id, status, rows_written FROM refresh_cmc_regimes() ORDER BY id
CALL refresh_all_cmc_regimes()
SELECT severity, what, n, subjects FROM regime_health() ORDER BY 1, 2, 3, 4
SELECT severity, what, id FROM regime_health_details() ORDER BY 1, 2, 3
SELECT id, newest_bar, newest_row, lag_bars, is_stale FROM cmc_regime_status ORDER BY id
SELECT system, n, n_stale FROM regime_systems ORDER BY system
SELECT * FROM regime_check_inputs() ORDER BY 1, 2, 3
SELECT * FROM regime_check_inputs_details() ORDER BY 1, 2, 3, 4
SELECT * FROM regime_check_candles() ORDER BY 1, 2, 3
SELECT * FROM regime_build_inputs() ORDER BY 1, 2
SELECT * FROM regime_policy_simulate_summary('[{"match": "Down-", "size_mult": 0.3, "orders": "passive", "setups": ["hedge"]}]') ORDER BY id
SQL

# block WORDS: the SQL block of the page that has these words
block() {
    awk -v words="$1" '/^## Citus$/ { here = 1 } here && /^```sql$/ { sql = ""; inside = 1; next }
        inside && /^```$/ { inside = 0; if (index(sql, words)) { printf "%s", sql; exit } next } inside { sql = sql $0 "\n" }' docs/engines.md
}
mapfile -t layout <<<"$(block regime_distribute)"
refresh=$(block refresh_all_on_workers)

# A database has bars before it is laid out.
q market "${layout[0]} SELECT FROM regime_demo(12, 900)"
# The daily bars are in partitions, none of which a node may have to lock on another.
q market "ALTER TABLE cmc_price_bars_multi_tf RENAME TO bars_before;
          CREATE TABLE cmc_price_bars_multi_tf (LIKE bars_before) PARTITION BY RANGE (time_close);
          CREATE TABLE bars_until_2017 PARTITION OF cmc_price_bars_multi_tf FOR VALUES FROM (MINVALUE) TO ('2017-01-01');
          CREATE TABLE bars_since_2017 PARTITION OF cmc_price_bars_multi_tf FOR VALUES FROM ('2017-01-01') TO (MAXVALUE);
          CREATE UNIQUE INDEX ON cmc_price_bars_multi_tf (id, tf, time_close);
          INSERT INTO cmc_price_bars_multi_tf SELECT * FROM bars_before; DROP TABLE bars_before"
is "before the bars are distributed the layout is refused, with the statement that distributes them" \
    "$(psql -XAtq -d market -c "SELECT FROM regime_distribute()" 2>&1)" \
    "$(printf '%s\n' 'ERROR:  the daily bars, public.cmc_price_bars_multi_tf, are not distributed' \
        "HINT:  SELECT pg_catalog.create_distributed_table('public.cmc_price_bars_multi_tf', 'id');")"
is "bars by symbols cannot be laid out" \
    "$(psql -XAtq -d market -c "BEGIN" -c "CREATE TABLE by_symbol AS SELECT a.symbol, b.tf, b.time_close, b.close FROM cmc_price_bars_multi_tf b JOIN dim_assets a USING (id)" \
        -c "UPDATE regime_source SET bars_table = 'by_symbol', bars_id_column = 'symbol' WHERE layer = 'L2'" -c "SELECT FROM regime_distribute()" 2>&1)" \
    "$(printf '%s\n' 'ERROR:  the daily bars, public.by_symbol, name assets by symbols' \
        'DETAIL:  The outputs have ids and can lie only with rows that are distributed by the same ids.' \
        "HINT:  Map tables that are distributed by an id: SELECT layer, bars_table, bars_id_column FROM public.regime_source WHERE layer = 'L2';")"
is "in a database without Citus too" "$(q whole "SELECT FROM regime_distribute()" | head -n 1)" "ERROR:  Citus is not in this database"
q market "${layout[1]} ${layout[2]}" >/dev/null
is "a dry run tells and does nothing" "$(q market "SELECT DISTINCT action FROM regime_distribute(dry_run => true); SELECT to_regclass('cmc_regimes')")" "to do"
is "health says so" "$(q market "SELECT command FROM regime_health() WHERE what = 'layout on nodes'")" "SELECT * FROM public.regime_distribute();"
is "each table is distributed" "$(q market "${layout[3]}" | cut -d'|' -f2 | sort -u)" distributed
is "and then is as it should be" "$(q market "${layout[3]}" | cut -d'|' -f2 | sort -u)" unchanged
is "on a worker the layout is refused" "$(on 1 q market "SELECT FROM regime_distribute()" | head -n 1)" "ERROR:  this node is a worker of Citus"

# refresh: by the page's block; gives what it says
refresh() { q market "$refresh"; }
# both SQL: on the plain database, which is refreshed, and on Citus
both() {
    q whole "$1; SELECT FROM refresh_cmc_regimes()"
    q market "$1"
}
# correct DAY: SQL that corrects the closes of a day of history
correct() {
    echo "UPDATE cmc_price_bars_multi_tf SET close = close * 1.01
          WHERE tf = '1D' AND time_close = (SELECT min(time_close) FROM cmc_price_bars_multi_tf WHERE tf = '1D') + $1 * interval '1 day'"
}
# the_rows_are_those_of_the_whole DESCRIPTION
the_rows_are_those_of_the_whole() {
    local table
    q whole "DROP SCHEMA IF EXISTS nodes CASCADE; CREATE SCHEMA nodes"
    for table in "${!outputs[@]}"; do
        q whole "CREATE TABLE nodes.$table AS SELECT ${outputs[$table]} FROM $table LIMIT 0"
        q market "COPY (SELECT ${outputs[$table]} FROM $table) TO STDOUT" | psql -Xq -d whole -c "COPY nodes.$table FROM STDIN"
        same "$1: $table" whole "SELECT ${outputs[$table]} FROM $table" "TABLE nodes.$table"
    done
}
# refreshed: what the last call on the workers did, by the run logs: node, status, mode, assets
refreshed() {
    for node in 1 2; do
        on $node q market "SELECT '$node', status, mode, count(*) FROM cmc_regime_run_log WHERE id IS NOT NULL AND finished_at > '$1' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    done
}
now() { q postgres "SELECT clock_timestamp()"; }
# assets NODE: how many a node has
assets() { q market "SELECT count(*) FROM dim_assets WHERE get_shard_id_for_distribution_column('cmc_regimes', id) IN (SELECT shardid FROM citus_shards WHERE nodename = '${nodes[$1]}')"; }

# the_series_are_those_of_the_whole DESCRIPTION [TABLE…]
the_series_are_those_of_the_whole() {
    local table columns
    for table in "${@:2}"; do
        columns=$(q whole "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '$table'::regclass
                           AND attnum > 0 AND NOT attisdropped AND attname <> 'created_at'")
        q whole "DROP TABLE IF EXISTS nodes.$table; CREATE TABLE nodes.$table AS SELECT $columns FROM $table LIMIT 0"
        q market "COPY (SELECT $columns FROM $table) TO STDOUT" | psql -Xq -d whole -c "COPY nodes.$table FROM STDIN"
        same "$1: $table" whole "SELECT $columns FROM $table" "TABLE nodes.$table"
    done
}

since=$(now)
is "one call refreshes all workers" "$(refresh)" 2
is "each refreshes its own assets" "$(refreshed "$since")" "$(for node in 1 2; do echo "$node|ok|full|$(assets $node)"; done)"
# The market proxy, asset 1, has its weekly bars on one of the nodes; all assets are young, with less than 60 months.
is "an asset on another node than the market proxy is capped by the proxy" \
    "$(q market "SELECT DISTINCT gross_cap FROM cmc_regimes WHERE NOT l0_enabled AND id IN (SELECT id FROM dim_assets
        WHERE get_shard_id_for_distribution_column('cmc_regimes', id) NOT IN (SELECT shardid FROM citus_shards WHERE nodename =
            (SELECT nodename FROM citus_shards WHERE shardid = get_shard_id_for_distribution_column('cmc_regimes', 1)))) ORDER BY 1")" "$(printf '%s\n' 0.7 1)"
the_rows_are_those_of_the_whole "full"
the_series_are_those_of_the_whole "full" market_regimes market_states
is "each worker has series of its own" "$(for node in 1 2; do on $node q market "SELECT count(*) > 0 AND count(*) < $(q whole "SELECT count(*) FROM refresh_market_regimes()") FROM refresh_market_regimes()"; done)" "$(printf '%s\n' t t)"
both_series() {
    q whole "$1; SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
    q market "$1"
    refresh >/dev/null
}
both_series "INSERT INTO candles SELECT (jsonb_populate_record(NULL::candles, to_jsonb(c) || jsonb_build_object('open_time', open_time + interval '1 day', 'close', low))).* FROM candles c
    WHERE timeframe = '1d' AND open_time = (SELECT max(open_time) FROM candles WHERE timeframe = '1d')"
the_series_are_those_of_the_whole "a new candle" market_regimes market_states
both_series "UPDATE candles SET close = low WHERE timeframe = '1d' AND open_time = (SELECT max(open_time) - interval '100 days' FROM candles WHERE timeframe = '1d')"
both_series "DELETE FROM candles WHERE symbol = 'DEMO3' AND timeframe = '1d' AND open_time < '2016-06-01'"
the_series_are_those_of_the_whole "late candles" market_regimes market_states
history="CALL backfill_market_regime_history('2017-06-01', '2018-06-19', batch_size => 100, symbol => 'DEMO2')"
q whole "$history"; q market "$history"
the_series_are_those_of_the_whole "history from the coordinator" market_regime_history
q whole "${history/DEMO2/DEMO3}"; on 1 q market "${history/DEMO2/DEMO3}"
the_series_are_those_of_the_whole "history from a worker" market_regime_history
both "$(new_bar)"
since=$(now)
refresh >/dev/null
is "a new bar is refreshed incrementally" "$(refreshed "$since")" "$(for node in 1 2; do echo "$node|ok|incremental|$(assets $node)"; done)"
the_rows_are_those_of_the_whole "one new bar"
is "what is there is left alone" "$(q market "SELECT status, count(*) FROM refresh_cmc_regimes() GROUP BY 1")" "unchanged|12"

both "$(correct 700)"
is "an array from the coordinator" "$(q market "SELECT id, status, mode FROM refresh_cmc_regimes(ARRAY[1, 2])")" "$(printf '%s\n' '1|ok|full' '2|ok|full')"
q market "SELECT create_distributed_function(oid::regprocedure, '\$1', colocate_with => 'cmc_regimes') FROM pg_proc WHERE proname = 'refresh_cmc_regimes' AND proargtypes[0] = 'bigint'::regtype" >/dev/null
is "delegated by the id" "$(q market "SELECT id, status, mode FROM refresh_cmc_regimes(5)")" "5|ok|full"
is "to the node of the asset" "$(for node in 1 2; do on $node q market "SELECT count(*) FROM cmc_regime_run_log WHERE id = 5 AND started_at > now() - interval '1 minute' AND reason LIKE 'late bars from%'"; done | sort)" "$(printf '%s\n' 0 1)"
refresh >/dev/null
the_rows_are_those_of_the_whole "late bars"

# A worker is stopped.
both "$(correct 600)"
on 2 cluster_stop
is "with a worker down the call is an error" "$(refresh | sed -E 's|/var/tmp/[^ ]*|NODE|g')" \
    "$(printf '%s\n' 'ERROR:  refresh failed on 1 of 2 workers' 'DETAIL:  NODE failed to connect to NODE')"
is "and the assets of the other are refreshed" "$(on 1 q market "SELECT status, count(*) FROM refresh_cmc_regimes() GROUP BY 1")" "unchanged|$(on 1 q market "SELECT count(*) FROM refresh_cmc_regimes()")"
is "those of the dead one are failed rows on the coordinator" "$(q market "SELECT DISTINCT status FROM refresh_cmc_regimes() ORDER BY 1")" "$(printf '%s\n' failed unchanged)"
on 2 cluster_start
is "it is back" "$(refresh)" 2
the_rows_are_those_of_the_whole "after a worker was down"

# A bar that cannot be used.
q market "UPDATE cmc_price_bars_multi_tf SET close = 'NaN' WHERE id = 3 AND tf = '1D' AND time_close = (SELECT max(time_close) FROM cmc_price_bars_multi_tf WHERE tf = '1D')"
is "a failed asset makes the call fail, with its reason" "$(refresh | sed -E 's|/var/tmp/[^ ]*|NODE|g')" \
    "$(printf '%s\n' 'ERROR:  refresh failed on 1 of 2 workers' \
        'DETAIL:  NODE asset 3: asset 3 (DEMO3): 1 L2 bar has a close that is NULL, NaN, infinite or not positive, the first at 2018-06-19 23:59:59+00')"
q market "UPDATE cmc_price_bars_multi_tf b SET close = w.close FROM (VALUES ($(q whole "SELECT close FROM cmc_price_bars_multi_tf WHERE id = 3 AND tf = '1D' ORDER BY time_close DESC LIMIT 1")::float8)) AS w (close) WHERE id = 3 AND tf = '1D' AND time_close = (SELECT max(time_close) FROM cmc_price_bars_multi_tf WHERE tf = '1D')"
is "until it is mended" "$(refresh)" 2

# A shard moves, and back.
# move NODE: a shard, the last of the other node, to a node. Citus drops what an earlier move has left later, in the background, and
# refuses to move the shard back before.
move() {
    for _ in {1..50}; do
        [ "$(q market "SELECT count(*) FROM pg_dist_cleanup")" != 0 ] || break
        q market "CALL citus_cleanup_orphaned_resources()" >/dev/null
        sleep 0.2
    done
    q market "SELECT citus_move_shard_placement(shardid, nodename, nodeport, '${nodes[$1]}', 5432, 'block_writes')
              FROM citus_shards WHERE table_name = 'cmc_regimes'::regclass AND nodename = '${nodes[3 - $1]}' ORDER BY shardid DESC LIMIT 1" >/dev/null
}
for to in 2 1; do
    move $to
    since=$(now)
    both "$(new_bar)"
    refresh >/dev/null
    is "a shard moved to node $to: incremental" "$(refreshed "$since")" "$(for node in 1 2; do echo "$node|ok|incremental|$(assets $node)"; done)"
    the_rows_are_those_of_the_whole "moved to node $to"
done
# A correction that is refreshed on the other node and undone on the first.
move 2
both "UPDATE cmc_price_bars_multi_tf SET close = close * 2 WHERE tf = '1D' AND time_close = '2017-09-01 23:59:59+00'"
refresh >/dev/null
move 1
both "UPDATE cmc_price_bars_multi_tf SET close = close / 2 WHERE tf = '1D' AND time_close = '2017-09-01 23:59:59+00'"
is "the call after it" "$(refresh)" 2
the_rows_are_those_of_the_whole "a correction undone on another node"

# A node cannot read distributed rows while it reads shards.
q market "CREATE TABLE signals AS SELECT id, ts AS at, 100.0::float8 AS size FROM cmc_regimes WHERE ts > '2018-06-01'; SELECT create_distributed_table('signals', 'id', colocate_with => 'cmc_regimes')" >/dev/null
q whole "CREATE TABLE signals AS SELECT id, ts AS at, 100.0::float8 AS size FROM cmc_regimes WHERE ts > '2018-06-01'"
gated="SELECT s.id, s.at, g.size, r.regime_key FROM signals s CROSS JOIN LATERAL regime_gate(s.id, s.at, 'trend', s.size) AS g CROSS JOIN LATERAL regime_at(s.id, s.at) AS r ORDER BY 1, 2"
hint=$(q market "$gated" | sed -n 's/^HINT: *//p') || true
is "signals on shards are refused, with what helps" "$hint" "ALTER DATABASE market SET citus.allow_nested_distributed_execution = on;"
while read -r call; do
    is "so is: $call" "$(q market "$call" | sed -n 's/^HINT: *//p' || true)" "$hint"
done <<'SQL'
SELECT r.regime_key FROM signals s CROSS JOIN LATERAL regime_at('DEMO3', s.at) AS r
SELECT count(*) FROM cmc_regimes WHERE regime_version_hash <> regime_version_hash()
SELECT count(*) FROM cmc_regimes AS r JOIN regime_label_daily(1) AS raw USING (ts) WHERE r.id = 1
SELECT count(*) FROM market_regimes AS r JOIN market_regimes_compute('DEMO2', '4h') AS k USING (open_time) WHERE r.symbol = 'DEMO2'
SQL
of_one="WITH s AS MATERIALIZED (SELECT id, at FROM signals WHERE id + 0 = 3) SELECT s.id, s.at, r.regime_key FROM s CROSS JOIN LATERAL regime_at(s.id, s.at) AS r ORDER BY at"
is "rows of one asset that are read first" "$(q market "$of_one")" "$(q whole "$of_one")"
is "rows that are read first are gated" "$(q market "$(block MATERIALIZED)" | md5sum)" "$(q whole "$(block MATERIALIZED)" | md5sum)"
q market "$hint"
is "the statement of the hint makes shards work" "$(q market "$gated" | md5sum)" "$(q whole "$gated" | md5sum)"
q market "ALTER DATABASE market RESET citus.allow_nested_distributed_execution"

# Layouts that cannot work.
# mends DESCRIPTION BREAK FINDINGS: after BREAK, health has findings, whose commands mend the layout
mends() {
    local found
    q market "$2" >/dev/null
    found=$(q market "SELECT detail FROM regime_health_details() WHERE what = 'layout on nodes'")
    is "$1: health says so" "$found" "$3"
    for _ in 1 2 3; do q market "$(q market "SELECT string_agg(DISTINCT command, ' ') FROM regime_health_details('layout on nodes')")" >/dev/null; done
    is "$1: its commands mend it" "$(q market "SELECT detail, command FROM regime_health() WHERE what = 'layout on nodes'")" ""
}
mends "an output table on the coordinator" "SELECT undistribute_table('cmc_regime_stats')" "public.cmc_regime_stats is not distributed with its sources, or not on every node."
mends "an output table elsewhere" "SELECT undistribute_table('cmc_regime_stats'); SELECT create_distributed_table('cmc_regime_stats', 'id', colocate_with => 'none')" \
    "public.cmc_regime_stats is distributed, but not with the daily bars, public.cmc_price_bars_multi_tf."
mends "an output table of candles elsewhere" "SELECT undistribute_table('market_regimes'); SELECT create_distributed_table('market_regimes', 'symbol', colocate_with => 'none')" \
    "public.market_regimes is distributed, but not with the candles, public.candles."
mends "assets in parts" "SELECT undistribute_table('dim_assets'); SELECT create_distributed_table('dim_assets', 'id')" "public.dim_assets is distributed, but each node reads all of its rows."
mends "marks on all nodes" "SELECT FROM run_command_on_workers('DROP TABLE regime_work.cmc_regime_dirty_done CASCADE'); SELECT create_reference_table('regime_work.cmc_regime_dirty_done')" "regime_work.cmc_regime_dirty_done is a table of Citus; each node needs its own."
is "after all that nothing is wrong" "$(refresh)" 2
the_rows_are_those_of_the_whole "after mending"

# Killed in the middle.
both "$(correct 500)"
on 1 psql -XAtq -d market -c "CALL refresh_all_cmc_regimes(batch_size => 1)" >/dev/null 2>&1 &
sleep 0.3
on 1 cluster_crash
wait $! || true
on 1 cluster_start
is "the coordinator sees the rounds of all workers" "$(q market "$(block cmc_regime_progress)" | grep -c '"waiting"')" 2
is "after a crash in the middle" "$(refresh)" 2
the_rows_are_those_of_the_whole "after a crash"

# What people read.
is "the board is that of the plain database, from any node" "$(for node in 0 1 2; do on $node q market "SELECT * FROM regime_board ORDER BY symbol" | md5sum; done | sort -u)" "$(q whole "SELECT * FROM regime_board ORDER BY symbol" | md5sum)"
for relation in cmc_regime_latest cmc_regime_status; do is "$relation has every asset" "$(q market "SELECT count(*) FROM $relation WHERE NOT is_stale")" 12; done
is "all functions over all assets" "$(q market "SELECT (SELECT count(*) FROM regime_assets()), (SELECT count(DISTINCT id) FROM cmc_regime_periods), (SELECT n FROM regime_systems WHERE system = 'cmc_regimes')")" "12|12|12"
is "health finds nothing wrong" "$(q market "SELECT * FROM regime_health() WHERE severity <> 'info'")" ""
is "which health does not ask for" "$(q market "SELECT * FROM regime_health() WHERE what = 'untracked source' OR command LIKE '%regime_track%'")" ""
is "only_dirty is refused, with a statement that works" "$(q market "$(q market "SELECT FROM refresh_cmc_regimes(only_dirty => true)" | sed -n 's/^HINT: *//p')")" 2
is "tables of Citus are not tracked, which is said" "$(q market "SELECT count(*) FROM regime_track() WHERE action = 'a table of Citus: cannot be tracked'")" 5
is "series are refreshed from the coordinator too" "$(q market "SELECT status, count(*) FROM refresh_market_regimes() GROUP BY 1")" "$(q whole "SELECT status, count(*) FROM refresh_market_regimes() GROUP BY 1")"
is "the newest state of each series" "$(q market "SELECT symbol, timeframe, open_time, state_label, newest_bar, cross_timeframe_consensus, is_stale IS NOT TRUE FROM market_state_latest ORDER BY 1, 2" | md5sum)" \
    "$(q whole "SELECT symbol, timeframe, open_time, state_label, newest_bar, cross_timeframe_consensus, is_stale IS NOT TRUE FROM market_state_latest ORDER BY 1, 2" | md5sum)"

# A column that is missing comes back on every node; a worker makes the tables of the other systems for itself.
q market "ALTER TABLE cmc_regimes DROP COLUMN setups"
q market "SELECT FROM regime_setup()"
is "a column that was dropped is filled again" "$(refresh)" 2
the_rows_are_those_of_the_whole "after a dropped column"
is "a worker has made what it needs for itself" "$(on 1 q market "SELECT count(*) FROM regime_setup() WHERE action <> 'unchanged'")" 0

# The source map is a view, whose rows can be edited on any node.
q market "UPDATE regime_source SET bars_zone = 'UTC' WHERE cal_scheme = 'us' AND layer = 'L2'"
on 1 q market "UPDATE regime_source AS s SET bars_zone = NULL WHERE s.bars_zone = 'UTC'"
is "rows of the source map are edited and deleted" "$(q market "SELECT bars_zone, origin FROM regime_source WHERE cal_scheme = 'us' AND layer = 'L2'; DELETE FROM regime_source WHERE cal_scheme = 'us' AND layer = 'L2'; SELECT count(*) FROM regime_source WHERE cal_scheme = 'us'")" "$(printf '%s\n' '|user' 2)"

# Labels lie on every node, or as their owner has distributed them.
labels="CREATE TABLE macro (id int, day timestamptz, label text); INSERT INTO macro SELECT id, day, CASE WHEN extract(month FROM day)::int % 3 = 0 THEN 'Hiking' ELSE 'Easing' END
    FROM generate_series(1, 12) AS id, generate_series('2016-01-01'::timestamptz, '2018-06-01', '1 month') AS day;
    INSERT INTO regime_source (cal_scheme, layer, bars_table, bars_ts_column, label_column, label_id_column) VALUES ('iso', 'L4', 'macro', 'day', 'label', 'id')"
both "$labels"
is "labels are laid out" "$(q market "SELECT relation, action FROM regime_distribute() WHERE action <> 'unchanged'")" "public.macro|distributed"
is "with labels" "$(refresh)" 2
the_rows_are_those_of_the_whole "with labels"
both "UPDATE macro SET label = 'Hiking' WHERE id = 3 AND day = '2017-02-01'"
q market "SELECT undistribute_table('macro'); SELECT create_distributed_table('macro', 'id', colocate_with => 'cmc_regimes')" >/dev/null
is "labels with the bars of their assets are left so" "$(q market "SELECT count(*) FROM regime_distribute() WHERE action <> 'unchanged'; SELECT count(*) FROM regime_health() WHERE what = 'layout on nodes'")" "$(printf '%s\n' 0 0)"
is "with late labels" "$(refresh)" 2
the_rows_are_those_of_the_whole "with late labels"
both "DELETE FROM regime_source WHERE layer = 'L4'; UPDATE macro SET label = 'Easing'"
is "without labels again" "$(refresh)" 2

# Prices that are connected, by symbols; what refreshes build of them is known as built by comments, which Citus does not carry.
prices="CREATE TABLE prices (ticker text, day date, open float8, high float8, low float8, close float8, volume float8);
    INSERT INTO prices SELECT t, '2021-12-31'::date + g, 10, 12, 8, 10 + sin(g / 50.0) + ascii(t) / 1000.0, 5 FROM unnest(ARRAY['AAA', 'BBB', 'CCC']) AS t, generate_series(1, 500) AS g"
q whole "$prices"; q market "$prices; SELECT create_distributed_table('prices', 'ticker')" >/dev/null
for db in whole market; do
    q $db "$(q $db "SELECT command FROM regime_connect('prices', dry_run => true) WHERE item = 'names'")"
    q $db "SELECT FROM regime_connect('prices')"
done
q whole "SELECT FROM refresh_cmc_regimes()"
is "tables of profiles are laid out" "$(q market "SELECT relation, action FROM regime_distribute() WHERE action <> 'unchanged'")" \
    "$(printf 'public.prices_regime_%s|distributed\n' bars emas daily_emas)"
hints=$(on 1 q market "SELECT FROM refresh_cmc_regimes(13)" | sed -n 's/^HINT: *//p') || true
is "a worker does not take what was built for the user's" "$(grep -o 'COMMENT ON TABLE' <<<"$hints" | wc -l)" 3
q market "$hints" >/dev/null
is "once it knows what was built, it builds" "$(refresh)" 2
the_rows_are_those_of_the_whole "connected prices"
later="INSERT INTO prices SELECT ticker, day + 500, open, high, low, close * 1.01, volume FROM prices WHERE day < '2022-02-01'"
q whole "$later; SELECT FROM refresh_cmc_regimes()"; q market "$later"
is "later prices" "$(refresh)" 2
the_rows_are_those_of_the_whole "later prices"
is "disconnected" "$(q market "SELECT count(*) FROM regime_disconnect('prices') WHERE action = 'dropped'")" 3

# What both workers at once take, next to one after the other: a correction makes each asset be computed in full.
for ((run = 0; run < ${RUNS:-5}; run++)); do
    q market "$(correct $((400 + run)))"
    began=$(date +%s%N)
    refresh >/dev/null
    at_once=$(($(date +%s%N) - began))
    q market "$(correct $((400 + run)))"
    began=$(date +%s%N)
    for node in 1 2; do
        on $node q market "CALL refresh_all_cmc_regimes()"
        for system in regimes states; do on $node q market "SELECT FROM refresh_market_$system()"; done
    done
    echo "$at_once $(($(date +%s%N) - began))"
done | awk '{ print $1 / $2, $1 / 1e6, $2 / 1e6 }' | sort -n |
    awk '{ line[NR] = $0 } END { split(line[int((NR + 1) / 2)], m, " "); printf "== both workers at once %.0f ms, one after the other %.0f ms, ratio %.2f (median of %d, on %s cores)\n", m[2], m[3], m[1], NR, cores }' cores="$(nproc)"

# A node that is added, and taking everything away.
start_node 3
cluster_dir=${nodes[0]} PGHOST=${nodes[0]}
q market "SELECT citus_add_node('${nodes[3]}', 5432)" >/dev/null
hint=$(on 3 q market "SELECT FROM refresh_cmc_regimes()" | sed -n 's/^HINT: *//p') || true
is "a node without copies says what it lacks" "$hint" "SELECT pg_catalog.replicate_reference_tables();"
q market "$hint" >/dev/null
is "and then has its part, which is nothing yet" "$(refresh)" 3
q market "SELECT rebalance_table_shards(shard_transfer_mode => 'block_writes')" >/dev/null
is "it has assets when shards have moved" "$(on 3 q market "SELECT count(*) > 0 AND bool_and(status <> 'failed') FROM refresh_cmc_regimes()")" t
is "torn down, also on workers" "$(q market "SELECT action FROM regime_teardown(keep_rows => false) WHERE relation = 'regime_work'"; for node in 1 2 3; do on $node q market "SELECT to_regnamespace('regime_work')"; done)" dropped
is "and laid out again" "$(q market "SELECT count(*) > 20 FROM regime_distribute()"; refresh)" "$(printf '%s\n' t 3)"
q market "SELECT FROM regime_teardown(); DROP EXTENSION pg_regime"
is "nothing of the extension is left on a worker" "$(on 1 q market "SELECT count(*) FROM pg_extension WHERE extname = 'pg_regime'")" 0

is "no server has crashed by itself" "$(for node in 0 1 2 3; do grep -c 'signal 11' "${nodes[node]}/log" || true; done | sort -u)" 0
