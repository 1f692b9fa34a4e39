#!/usr/bin/env bash
# Hypertables of TimescaleDB as bars, EMAs, candles and outputs, laid out by the blocks of docs/engines.md, in chunks of a
# year and of seven days, against plain tables, EXCEPT ALL both ways. It runs where TimescaleDB is installed for PG_CONFIG;
# what needs its community edition is skipped where that is missing. Last, it prints what reading costs at 400 chunks, as ratios.
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
max_locks_per_transaction = 512
max_worker_processes = 30
CONF
cluster_stop
cluster_start

bars=cmc_price_bars_multi_tf emas=cmc_ema_multi_tf_u
chunked=(yearly weekly)

# block WORDS: the SQL block of the page that has these words
block() {
    awk -v words="$1" '/^## TimescaleDB$/ { here = 1 } here && /^```sql$/ { sql = ""; inside = 1; next }
        inside && /^```$/ { inside = 0; if (index(sql, words)) { printf "%s", sql; exit } next } inside { sql = sql $0 "\n" }' docs/engines.md
}
# lay_out WORDS: runs the block that has these words on hypertables; the chunks of `weekly` are those of TimescaleDB's default
lay_out() {
    local sql db
    sql=$(block "$1")
    [ -n "$sql" ] || not_ok "docs/engines.md has a block with $1"
    for db in "${chunked[@]}"; do
        [ "$db" = yearly ] || sql=${sql//interval \'1 year\'/interval \'7 days\'}
        # as a user's psql does, each statement by itself
        succeeds "$db: the block with $1" psql -Xq -v ON_ERROR_STOP=1 -d "$db" -f <(echo "$sql")
    done
}
# everywhere SQL: on plain tables and on hypertables; prints what the plain ones print, and fails where others differ
everywhere() {
    local db whole got
    whole=$(q whole "$1") || true
    for db in "${chunked[@]}"; do
        got=$(q "$db" "$1") || true
        [ "$got" = "$whole" ] || not_ok "$db prints what the plain tables print: ${1:0:200}" "got:    $got" "wanted: $whole" >&2
    done
    printf '%s' "$whole"
}
# on_chunks SQL: on hypertables alone
on_chunks() {
    local db
    for db in "${chunked[@]}"; do q "$db" "$1" >/dev/null; done
}
# each_prints DESCRIPTION SQL WANTED: on hypertables alone
each_prints() {
    local db
    for db in "${chunked[@]}"; do is "$db: $1" "$(q "$db" "$2")" "$3"; done
}
# columns TABLE: those that say what was computed, not when
columns() {
    q whole "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '$1'::regclass
             AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('computed_at', 'created_at', 'updated_at')"
}
# rows_are_those_of_the_whole DESCRIPTION TABLE…: the rows of the hypertables are those of the plain tables
rows_are_those_of_the_whole() {
    local table columns db differ
    for db in "${chunked[@]}"; do
        differ=
        for table in "${@:2}"; do
            columns=$(columns "$table")
            q whole "DROP TABLE IF EXISTS other; CREATE TABLE other AS SELECT $columns FROM $table LIMIT 0"
            q "$db" "COPY (SELECT $columns FROM $table) TO STDOUT" | psql -Xq -d whole -c "COPY other FROM STDIN"
            differ+=$(q whole "SELECT '$table misses', a::text FROM (SELECT $columns FROM $table EXCEPT ALL TABLE other) a
                UNION ALL SELECT '$table has', b::text FROM (TABLE other EXCEPT ALL SELECT $columns FROM $table) b LIMIT 5")
        done
        is "$db: $1: the rows of ${*:2} are those of plain tables" "$differ" ""
    done
}
of_assets=("${!outputs[@]}") of_candles=(market_regimes market_states)
refresh() { everywhere "SELECT mode, count(*) FROM refresh_cmc_regimes() GROUP BY 1 ORDER BY 1"; }
refresh_candles() {
    local mode=mode
    $takes_triggers || mode="'any'"
    everywhere "SELECT $mode, count(*) FROM refresh_market_regimes() GROUP BY 1 ORDER BY 1; SELECT $mode, count(*) FROM refresh_market_states() GROUP BY 1 ORDER BY 1"
}
# marks DESCRIPTION SQL ASSETS: the statement marks these assets alone; then all are refreshed, to equal rows
marks() {
    everywhere "$2" >/dev/null
    ! $takes_triggers || is "$1" "$(everywhere "SELECT string_agg(DISTINCT id::text, ' ' ORDER BY id::text) FROM cmc_regime_marks")" "$3"
    refresh >/dev/null
    everywhere "$(digests) ORDER BY 1" >/dev/null
}
# changes DESCRIPTION DAY: statements of all kinds on old bars, each of which marks its assets; EMAs before the day go.
# TimescaleDB refuses to merge into compressed hypertables.
changes() {
    marks "$1: an update" "UPDATE $bars SET close = close * 1.01 WHERE id = 2 AND tf = '1D' AND time_close = '2016-08-20 23:59:59+00'" 2
    marks "$1: an update of all" "UPDATE $bars SET close = close * 1.001 WHERE tf = '1D' AND time_close = '2018-03-20 23:59:59+00'" "1 2 3 4"
    marks "$1: a delete" "DELETE FROM $bars WHERE id = 3 AND tf = '1D' AND time_close = '2016-11-20 23:59:59+00'" 3
    marks "$1: a late insert" "INSERT INTO $bars SELECT (jsonb_populate_record(NULL::$bars, to_jsonb(b) || '{\"time_close\": \"2016-11-20 23:59:59+00\", \"bar_seq\": 5000}')).* FROM $bars b
        WHERE id = 3 AND tf = '1D' AND time_close = '2016-11-19 23:59:59+00'" 3
    marks "$1: an upsert" "INSERT INTO $bars SELECT * FROM $bars WHERE id = 2 AND tf = '1D' AND time_close = '2017-02-20 23:59:59+00'
        ON CONFLICT (id, tf, time_close) DO UPDATE SET close = excluded.close * 1.02" 2
    [[ $1 = compressed* ]] || marks "$1: a merge" "MERGE INTO $bars b USING (VALUES (2, timestamptz '2017-04-20 23:59:59+00')) AS v (id, at) ON b.id = v.id AND b.tf = '1D' AND b.time_close = v.at
        WHEN MATCHED THEN UPDATE SET close = close * 0.99" 2
    marks "$1: a delete of EMAs" "DELETE FROM $emas WHERE id = 4 AND period = 20 AND ts < '$2'" 4
}

# Before the hypertables there are plain tables, tracked.
demo_db whole 4 900
for db in "${chunked[@]}"; do
    q postgres "CREATE DATABASE $db"
    # Jobs run when this script runs them.
    q "$db" "CREATE EXTENSION timescaledb; SELECT _timescaledb_functions.stop_background_workers(); CREATE EXTENSION pg_regime; SELECT FROM regime_demo(4, 900)" >/dev/null
done
everywhere "SELECT FROM regime_setup(); SELECT FROM regime_track()" >/dev/null
everywhere "ALTER TABLE $bars DROP CONSTRAINT ${bars}_pkey" >/dev/null; on_chunks "ALTER TABLE $bars ADD CONSTRAINT ${bars}_pkey PRIMARY KEY (id, tf, bar_seq)"
each_prints "tables made before the candles are a hypertable refer to these" "SELECT count(*) FROM pg_constraint WHERE confrelid = 'candles'::regclass" 2
lay_out "'cmc_price_bars_multi_tf', 'time_close'"
lay_out "'candles', 'open_time'"
each_prints "in a session with the default settings none refers to a hypertable" "SELECT FROM regime_setup(); SELECT count(*) FROM pg_constraint WHERE confrelid = 'candles'::regclass" 0
each_prints "what became a hypertable does not count as tracked" "SELECT count(*) FROM regime_health() WHERE what = 'untracked source'" 2
# TimescaleDB 2.19, which Debian 13 ships, switches no trigger of a hypertable to ALWAYS.
takes_triggers=false
q yearly "CREATE TABLE tried (at timestamptz NOT NULL); SELECT create_hypertable('tried', 'at'); CREATE FUNCTION tried() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
          CREATE TRIGGER tried AFTER INSERT ON tried EXECUTE FUNCTION tried()" >/dev/null
! psql -Xqd yearly -c "ALTER TABLE tried ENABLE ALWAYS TRIGGER tried" >/dev/null 2>&1 || takes_triggers=true
q yearly "DROP TABLE tried; DROP FUNCTION tried"
if ! $takes_triggers; then
    echo "== skipped: tracking needs a TimescaleDB whose hypertables take triggers that are ALWAYS on; here each refresh reads all bars"
    each_prints "regime_track says of hypertables that they take no such triggers, and tracks the rest" "SELECT FROM regime_track(); SELECT action, string_agg(relation, ' ' ORDER BY relation) FROM regime_track() WHERE relation ~ '_tf\$|_u\$|candles' GROUP BY 1" \
        "triggers are refused: cannot be tracked|public.candles public.cmc_ema_multi_tf_u public.cmc_price_bars_multi_tf"
else
    each_prints "regime_track gives hypertables their own triggers" "SELECT string_agg(relation, ' ' ORDER BY relation) FROM regime_track() WHERE action = 'now tracked'" "public.candles public.cmc_ema_multi_tf_u public.cmc_price_bars_multi_tf"
    each_prints "which stay" "SELECT DISTINCT action FROM regime_track()" tracked
    each_prints "and count" "SELECT count(*) FROM regime_health() WHERE what = 'untracked source'" 0
fi

is "a full refresh" "$(refresh)" "full|4"
refresh_candles >/dev/null
rows_are_those_of_the_whole "full" "${of_assets[@]}" "${of_candles[@]}"
everywhere "$(new_bar)" >/dev/null
is "a new bar" "$(refresh)" "incremental|4"
rows_are_those_of_the_whole "new bar" "${of_assets[@]}"
is "nothing new" "$(refresh)" "none|4"
changes "plain chunks" 2018-01-10
everywhere "SET session_replication_role = replica; DELETE FROM $bars WHERE id = 1 AND tf = '1D' AND time_close = '2016-10-20 23:59:59+00'" >/dev/null
! $takes_triggers || each_prints "a delete of a replica marks every asset" "SELECT count(DISTINCT id) FROM cmc_regime_marks" 4
refresh >/dev/null
rows_are_those_of_the_whole "late bars" "${of_assets[@]}"

# Outputs as hypertables, of which new chunks do not make tracking begin anew.
if $has_community; then
    lay_out "'cmc_regimes', 'ts'"
else
    on_chunks "SELECT create_hypertable('cmc_regimes', 'ts', create_default_indexes => false, migrate_data => true), create_hypertable('cmc_regime_flips', 'ts', create_default_indexes => false, migrate_data => true)"
fi
on_chunks "SELECT create_hypertable(t::regclass, 'open_time', create_default_indexes => false, migrate_data => true) FROM unnest('{market_regimes,market_states}'::text[]) AS t"
everywhere "SELECT FROM refresh_cmc_regimes(full_refresh => true); SELECT FROM refresh_market_regimes(full_refresh => true); SELECT FROM refresh_market_states(full_refresh => true)" >/dev/null
rows_are_those_of_the_whole "outputs as hypertables" "${of_assets[@]}" "${of_candles[@]}"
for _ in 1 2; do
    # The bar after has a chunk of its own in `weekly`.
    everywhere "$(new_bar | sed "s/interval '1 day'/interval '7 days'/")" >/dev/null
    refresh >/dev/null
done
is "nothing new after new chunks" "$(refresh)" "none|4"
everywhere "$(new_bar)" >/dev/null
is "a new bar in the same chunks" "$(refresh)" "incremental|4"
rows_are_those_of_the_whole "new bars" "${of_assets[@]}"

if $has_community; then
    compress="SELECT count(compress_chunk(c, if_not_compressed => true)) FROM"
    lay_out "add_compression_policy"
    each_prints "tracking lasts while compression is switched on" "SELECT DISTINCT action FROM regime_track()" tracked
    on_chunks "$compress unnest('{$bars,$emas,candles}'::regclass[]) AS h, show_chunks(h) AS c"
    is "compressing changes nothing" "$(refresh)" "none|4"
    everywhere "SELECT FROM refresh_cmc_regimes(full_refresh => true)" >/dev/null
    rows_are_those_of_the_whole "compressed sources" "${of_assets[@]}"
    everywhere "$(new_bar)" >/dev/null
    is "a new bar beside compressed ones" "$(refresh)" "incremental|4"
    on_chunks "$compress unnest('{$bars,$emas,candles,cmc_regimes,cmc_regime_flips}'::regclass[]) AS h, show_chunks(h) AS c"
    changes "compressed bars and outputs" 2018-02-10
    marks "a delete of whole compressed batches" "DELETE FROM $bars WHERE id = 4 AND tf = '1D'" 4
    refresh_candles >/dev/null
    rows_are_those_of_the_whole "compressed" "${of_assets[@]}" "${of_candles[@]}"
    # A snapshot older than a compression sees no rows of the chunk.
    for db in "${chunked[@]}"; do
        coproc PGOPTIONS="-c client_min_messages=error" psql -XAtq -d "$db"
        echo "BEGIN; SELECT count(decompress_chunk(c, if_compressed => true)) FROM (SELECT c FROM show_chunks('$bars') AS c LIMIT 2) AS c; COMMIT;
              BEGIN; SELECT 'begun' FROM (SELECT count(compress_chunk(c, if_not_compressed => true)) FROM show_chunks('$bars') AS c) AS c;" >&"${COPROC[1]}"
        read -r -u "${COPROC[0]}"; read -r -u "${COPROC[0]}"
        q "$db" "SELECT status, count(*) FROM refresh_cmc_regimes(full_refresh => true) GROUP BY 1 ORDER BY 1" >"$work/waited" &
        until [ "$(q "$db" "SELECT count(*) FROM pg_locks WHERE NOT granted")" != 0 ]; do sleep 0.05; done
        echo "COMMIT; \q" >&"${COPROC[1]}"
        wait
        is "$db: a refresh waits for a compression" "$(cat "$work/waited")" "$(printf '%s\n' 'empty|1' 'unchanged|3')"
    done
    rows_are_those_of_the_whole "after a compression beside" "${of_assets[@]}"
else
    echo "== skipped: compression needs the community edition of TimescaleDB"
fi

# Chunks are dropped, which fires no trigger: all that end before a moment. What `weekly` has in its next chunk is deleted.
end=$(q yearly "SELECT range_end FROM timescaledb_information.chunks WHERE hypertable_name = '$bars' AND '2016-10-01' BETWEEN range_start AND range_end")
from=$(q weekly "SELECT max(range_end) FROM timescaledb_information.chunks WHERE hypertable_name = '$bars' AND range_end <= '$end'")
sources="($bars time_close) ($emas ts) (candles open_time)"
delete() {
    local table column
    while read -r table column; do
        echo "DELETE FROM $table WHERE $column >= '$1' AND $column < '$2';"
    done < <(tr -d '(' <<<"$sources" | tr ')' '\n' | sed 's/^ //; /^$/d')
}
everywhere "$(delete "$from" "$end")" >/dev/null
refresh >/dev/null
refresh_candles >/dev/null
q whole "$(delete -infinity "$from")"
for db in "${chunked[@]}"; do
    is "$db: chunks are dropped" "$(q "$db" "SELECT count(*) > 0 FROM unnest('{$bars,$emas,candles}'::regclass[]) AS h, drop_chunks(h, older_than => timestamptz '$end')")" t
    is "$db: no mark says so" "$(q "$db" "SELECT count(*) FROM cmc_regime_marks")" 0
    is "$db: the next refresh deletes the rows of the bars that are gone" "$(q "$db" "SELECT id, status, rows_written > 0 AS wrote FROM refresh_cmc_regimes() WHERE id < 4")" "$(printf '%s\n' '1|ok|t' '2|ok|t' '3|ok|t')"
    is "$db: and of the candles" "$(q "$db" "SELECT bool_and(status = 'ok' AND rows_written > 0) FROM refresh_market_regimes() WHERE symbol <> 'DEMO4' AND timeframe = '1d'")" t
done
q whole "SELECT FROM refresh_cmc_regimes(); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
on_chunks "SELECT FROM refresh_market_states()"
rows_are_those_of_the_whole "dropped chunks" "${of_assets[@]}" "${of_candles[@]}"

on_chunks "SELECT drop_chunks('cmc_regimes', older_than => timestamptz '2018-01-10')"
each_prints "chunks of an output are dropped" "SELECT min(ts) > '2017-01-01' FROM cmc_regimes" t
everywhere "$(new_bar)" >/dev/null
! $takes_triggers || each_prints "with tracking, a new bar leaves the rest alone" "SELECT DISTINCT mode FROM refresh_cmc_regimes() WHERE id < 4; SELECT min(ts) > '2017-01-01' FROM cmc_regimes" "$(printf '%s\n' incremental t)"
everywhere "SELECT FROM refresh_cmc_regimes(full_refresh => true)" >/dev/null
rows_are_those_of_the_whole "a full refresh stores the old rows again" "${of_assets[@]}"

if $has_community; then
    lay_out "add_retention_policy"
    everywhere "CREATE TABLE intraday AS SELECT symbol, open_time, open, high, low, close, volume FROM candles WHERE timeframe = '4h'" >/dev/null
    on_chunks "SELECT create_hypertable('intraday', 'open_time', migrate_data => true)"
    q whole "CREATE VIEW daily_candles AS SELECT symbol, '1d'::text AS timeframe, date_trunc('day', open_time) AS open_time, (array_agg(open ORDER BY open_time))[1] AS open,
             max(high) AS high, min(low) AS low, (array_agg(close ORDER BY open_time DESC))[1] AS close, sum(volume ORDER BY open_time) AS volume FROM intraday GROUP BY 1, 3;
             UPDATE regime_source SET bars_table = 'daily_candles' WHERE layer = 'candles'"
    lay_out "timescaledb.continuous"
    on_chunks "CALL refresh_continuous_aggregate('daily_candles', NULL, NULL)"
    is "a continuous aggregate is read as candles" "$(refresh_candles | sort -u)" "full|8"
    rows_are_those_of_the_whole "a continuous aggregate" market_regimes

    lay_out "add_job"
    everywhere "$(new_bar)" >/dev/null
    q whole "SELECT FROM refresh_cmc_regimes()"
    job() { q "$1" "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'refresh_regimes'"; }
    for db in "${chunked[@]}"; do q "$db" "CALL run_job($(job $db))"; done
    rows_are_those_of_the_whole "a job" "${of_assets[@]}"
    q yearly "UPDATE $bars SET close = 'NaN' WHERE id = 2 AND tf = '1D' AND time_close = (SELECT max(time_close) FROM $bars WHERE tf = '1D')"
    q yearly "SELECT _timescaledb_functions.start_background_workers(); SELECT FROM alter_job($(job yearly), next_start => now())" >/dev/null
    for _ in {1..100}; do
        errors=$(q yearly "SELECT err_message FROM timescaledb_information.job_errors WHERE job_id = $(job yearly) AND sqlerrcode IS NOT NULL LIMIT 1")
        [ -z "$errors" ] || break
        sleep 0.2
    done
    is "an asset that fails is an error of the job" "${errors%%:*}" "refresh of 1 asset failed"
else
    echo "== skipped: continuous aggregates, retention policies and jobs need the community edition of TimescaleDB"
fi

q yearly "UPDATE regime_source SET bars_schema = '_timescaledb_internal', bars_table = c.chunk_name FROM (SELECT chunk_name FROM timescaledb_information.chunks
    WHERE hypertable_name = '$bars' ORDER BY range_start DESC LIMIT 1) AS c WHERE layer = 'L2' AND cal_scheme = 'us'"
is "a chunk takes no triggers, and keeps no other table from being tracked" "$(q yearly "SELECT action, count(*) FROM regime_track() WHERE relation LIKE '%\_chunk' OR relation = 'public.$bars' GROUP BY 1 ORDER BY 1")" \
    "$(if $takes_triggers; then printf '%s\n' 'tracked|1' 'triggers are refused: cannot be tracked|1'; else echo 'triggers are refused: cannot be tracked|2'; fi)"
on_chunks "SELECT FROM regime_track(false)"
each_prints "regime_track(false) leaves no trigger, nor on chunks" "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pg_regime%'" 0

# What people read costs at 400 chunks, next to the same rows in plain tables: in turn, each in one session, medians.
runs=${RUNS:-15}
for db in flat chunks; do
    q postgres "CREATE DATABASE $db"
    [ $db = flat ] || q $db "CREATE EXTENSION timescaledb; SELECT _timescaledb_functions.stop_background_workers()" >/dev/null
    q $db "CREATE EXTENSION pg_regime; SELECT FROM regime_demo(4, 3000); SET pg_regime.candle_key = off; SELECT FROM regime_setup();
           ALTER TABLE $bars DROP CONSTRAINT ${bars}_pkey"
done
q chunks "SELECT create_hypertable(t::regclass, c::name, create_default_indexes => false, migrate_data => true)
    FROM (VALUES ('$bars', 'time_close'), ('$emas', 'ts'), ('candles', 'open_time'), ('cmc_regimes', 'ts'), ('cmc_regime_flips', 'ts'),
          ('market_regimes', 'open_time'), ('market_states', 'open_time')) AS h (t, c)" >/dev/null
declare -A sends gives
for db in flat chunks; do
    q $db "SELECT FROM regime_track(); SELECT FROM refresh_cmc_regimes(); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
    q $db "VACUUM ANALYZE"
    { coproc psql -XAtq -v ON_ERROR_STOP=1 -d $db 2>&1; } 2>/dev/null
    exec {to}>&"${COPROC[1]}" {from}<&"${COPROC[0]}"
    sends[$db]=$to gives[$db]=$from
done
# took DB RELATION: milliseconds
took() {
    echo "SELECT clock_timestamp() AS began \gset
          SELECT * FROM $2 \g /dev/null
          SELECT extract(epoch FROM clock_timestamp() - :'began'::timestamptz) * 1000;" >&"${sends[$1]}"
    read -r -u "${gives[$1]}" ms
    echo "$ms"
}
echo "== medians of $runs runs over $(q chunks "SELECT min(count) || ' to ' || max(count) FROM (SELECT count(*) FROM timescaledb_information.chunks GROUP BY hypertable_name) c") chunks a table, next to plain tables; wanted: at most 3 times"
for relation in cmc_regime_latest market_state_latest cmc_regime_status "regime_health()" regime_systems; do
    for ((run = -2; run < runs; run++)); do
        line="$(took flat "$relation") $(took chunks "$relation")"
        [ $run -lt 0 ] || echo "$line"
    done >"$work/taken"
    for column in 1 2; do cut -d' ' -f$column "$work/taken" | sort -n | sed -n "$((runs / 2 + 1))p"; done | paste -d' ' - - |
        awk -v what="$relation" '{ printf "%-20s %7.2f ms, plain %7.2f ms: ratio %.2f\n", what, $2, $1, $2 / $1 }'
done
for db in flat chunks; do echo "\q" >&"${sends[$db]}"; done
