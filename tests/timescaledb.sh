#!/usr/bin/env bash
# Hypertables of TimescaleDB as bars, EMAs, candles and outputs, laid out by the blocks of docs/engines.md, in chunks of a
# year and of seven days, against plain tables, EXCEPT ALL both ways. It runs where TimescaleDB is installed for PG_CONFIG;
# what needs its community edition is skipped where that is missing. Last, what reading costs at 400 chunks, as ratios, and what it
# says of assets and series that have ended.
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
plain=whole chunked=(yearly weekly)

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
    whole=$(q "$plain" "$1") || true
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
    everywhere "SELECT mode, count(*) FROM refresh_market_regimes() GROUP BY 1 ORDER BY 1; SELECT mode, count(*) FROM refresh_market_states() GROUP BY 1 ORDER BY 1"
}
# marks DESCRIPTION SQL ASSETS: the statement marks these assets alone; then all are refreshed, to equal rows
marks() {
    everywhere "$2" >/dev/null
    is "$1" "$(everywhere "SELECT string_agg(DISTINCT id::text, ' ' ORDER BY id::text) FROM cmc_regime_marks")" "$3"
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
# TimescaleDB 2.19, which Debian 13 ships, switches no trigger of a hypertable: in sessions that are replicas these are off.
always_on=false
q yearly "CREATE TABLE tried (at timestamptz NOT NULL); SELECT create_hypertable('tried', 'at'); CREATE FUNCTION tried() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
          CREATE TRIGGER tried AFTER INSERT ON tried EXECUTE FUNCTION tried()" >/dev/null
! psql -Xqd yearly -c "ALTER TABLE tried ENABLE ALWAYS TRIGGER tried" >/dev/null 2>&1 || always_on=true
q yearly "DROP TABLE tried; DROP FUNCTION tried"
tracked=$(psql -XAtq -d yearly -c "SELECT string_agg(relation, ' ' ORDER BY relation) FROM regime_track() WHERE action = 'now tracked'" 2>"$work/warned")
is "yearly: regime_track gives hypertables their own triggers" "$tracked" "public.candles public.cmc_ema_multi_tf_u public.cmc_price_bars_multi_tf"
is "and warns where TimescaleDB lets them be off in replicas" "$(grep -c 'in sessions that are replicas will leave no mark' "$work/warned" || true)" "$($always_on && echo 0 || echo 4)"
is "weekly: regime_track gives hypertables their own triggers" "$(q weekly "SELECT string_agg(relation, ' ' ORDER BY relation) FROM regime_track() WHERE action = 'now tracked'")" "$tracked"
each_prints "which stay" "SELECT DISTINCT action FROM regime_track()" tracked
each_prints "and count" "SELECT count(*) FROM regime_health() WHERE what = 'untracked source'" 0

is "a full refresh" "$(refresh)" "full|4"
refresh_candles >/dev/null
rows_are_those_of_the_whole "full" "${of_assets[@]}" "${of_candles[@]}"
everywhere "$(new_bar)" >/dev/null
is "a new bar" "$(refresh)" "incremental|4"
rows_are_those_of_the_whole "new bar" "${of_assets[@]}"
is "nothing new" "$(refresh)" "none|4"
changes "plain chunks" 2018-01-10
everywhere "SET session_replication_role = replica; DELETE FROM $bars WHERE id = 1 AND tf = '1D' AND time_close = '2016-10-20 23:59:59+00'" >/dev/null
each_prints "a delete of a replica marks every asset, or none" "SELECT count(DISTINCT id) FROM cmc_regime_marks" "$($always_on && echo 4 || echo 0)"
if $always_on; then refresh >/dev/null; else everywhere "SELECT FROM refresh_cmc_regimes(full_refresh => true)" >/dev/null; fi
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

# The bar after this one has no chunk of its own.
$has_community || { everywhere "$(new_bar)" >/dev/null; refresh >/dev/null; }
on_chunks "SELECT drop_chunks('cmc_regimes', older_than => timestamptz '2018-01-10')"
each_prints "chunks of an output are dropped" "SELECT min(ts) > '2017-01-01' FROM cmc_regimes" t
everywhere "$(new_bar)" >/dev/null
each_prints "with tracking, a new bar leaves the rest alone" "SELECT DISTINCT mode FROM refresh_cmc_regimes() WHERE id < 4; SELECT min(ts) > '2017-01-01' FROM cmc_regimes" "$(printf '%s\n' incremental t)"
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
    "$(printf '%s\n' 'a chunk: cannot be tracked|1' 'tracked|1')"
is "health says what helps" "$(q yearly "SET pg_regime.cal_scheme = 'us'; SELECT detail LIKE '%\_chunk is a chunk of a hypertable and cannot be tracked.', command, advice FROM regime_health_details() WHERE what = 'untracked source' AND detail LIKE '%\_chunk%'")" \
    "t|SELECT * FROM public.regime_source;|Map the hypertable in regime_source."
on_chunks "SELECT FROM regime_track(false)"
each_prints "regime_track(false) leaves no trigger, nor on chunks" "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pg_regime%'" 0

# What people read at 400 chunks, next to the same rows in plain tables: first of assets and series that are all current, without
# tracking; then with tracking, where 5 of 15 assets and their candles end earlier, by 9, 100 and 300 chunks.
runs=${RUNS:-15}
plain=flat chunked=(chunks)
for db in flat chunks; do
    q postgres "CREATE DATABASE $db"
    [ $db = flat ] || q $db "CREATE EXTENSION timescaledb; SELECT _timescaledb_functions.stop_background_workers()" >/dev/null
    q $db "CREATE EXTENSION pg_regime; SELECT FROM regime_demo(15, 3000); SET pg_regime.candle_key = off; SELECT FROM regime_setup();
           ALTER TABLE $bars DROP CONSTRAINT ${bars}_pkey"
done
q chunks "SELECT create_hypertable(t::regclass, c::name, create_default_indexes => false, migrate_data => true)
    FROM (VALUES ('$bars', 'time_close'), ('$emas', 'ts'), ('candles', 'open_time'), ('cmc_regimes', 'ts'), ('cmc_regime_flips', 'ts'),
          ('market_regimes', 'open_time'), ('market_states', 'open_time')) AS h (t, c)" >/dev/null
refresh_all="SELECT FROM refresh_cmc_regimes(); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
declare -A sends gives
for db in flat chunks; do
    q $db "$refresh_all"
    q $db "VACUUM ANALYZE"
    { coproc psql -XAtq -v ON_ERROR_STOP=1 -d $db 2>&1; } 2>/dev/null
    exec {to}>&"${COPROC[1]}" {from}<&"${COPROC[0]}"
    sends[$db]=$to gives[$db]=$from
done
# took DB RELATION: milliseconds of a processor, whatever else the machine does meanwhile
took() {
    local now="split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8"
    echo "SELECT $now AS began \gset
          SELECT * FROM $2 \g /dev/null
          SELECT ($now - :began) / 1e6;" >&"${sends[$1]}"
    read -r -u "${gives[$1]}" ms
    echo "$ms"
}
# ratios DESCRIPTION [RELATION…]: what reading costs, as medians, each in one session, in turn
ratios() {
    local relation run column line relations=(cmc_regime_latest market_state_latest cmc_regime_status "regime_health()" regime_systems)
    [ $# = 1 ] || relations=("${@:2}")
    for relation in "${relations[@]}"; do
        for ((run = -2; run < runs; run++)); do
            line="$(took flat "$relation") $(took chunks "$relation")"
            [ $run -lt 0 ] || echo "$line"
        done >"$work/taken"
        for column in 1 2; do cut -d' ' -f$column "$work/taken" | sort -n | sed -n "$((runs / 2 + 1))p"; done | paste -d' ' - - |
            awk -v what="$relation" '{ printf "%-20s %7.2f ms, plain %7.2f ms: ratio %.2f\n", what, $2, $1, $2 / $1 }'
    done >"$work/ratios"
    echo "== $1"
    cat "$work/ratios"
}
# are_small DESCRIPTION: the last ratios are
are_small() {
    is "$1: at most 3 times as long as from plain tables" "$(awk '$NF > 3' "$work/ratios")" ""
}
echo "== medians of $runs runs over $(q chunks "SELECT min(count) || ' to ' || max(count) FROM (SELECT count(*) FROM timescaledb_information.chunks GROUP BY hypertable_name) c") chunks a table, next to plain tables"
ratios "at 400 chunks, without tracking"
# Finding the series reads all candles, which is most of what regime_systems does.
is "at 400 chunks, without tracking: at most 3 times as long as from plain tables, regime_systems 3.5 times" \
    "$(awk '$NF > ($1 == "regime_systems" ? 3.5 : 3)' "$work/ratios")" ""
for db in flat chunks; do
    q $db "CREATE TABLE ended AS SELECT id, symbol, (SELECT max(time_close) FROM $bars) - w.weeks * interval '7 days' AS at FROM dim_assets JOIN (VALUES (2, 9), (3, 100), (4, 100), (5, 100), (6, 300)) AS w (id, weeks) USING (id);
           DELETE FROM $bars b USING ended WHERE b.id = ended.id AND time_close > at;
           DELETE FROM $emas e USING ended WHERE e.id = ended.id AND ts > at;
           DELETE FROM candles c USING ended WHERE c.symbol = ended.symbol AND open_time > at;
           SELECT FROM regime_track(); $refresh_all"
    q $db "VACUUM ANALYZE"
done
ratios "at 400 chunks, with tracking and what has ended"
are_small "at 400 chunks, with tracking and what has ended"

# What the reads say is what plain tables say, whatever happens by hand to what has no newer rows: to psql in a new session, and
# in a session that has read before.
reads="SELECT id, ts, regime_key, newest_bar, is_stale FROM cmc_regime_latest ORDER BY id; SELECT id, newest_bar, newest_row, regime_key, lag_bars, lag, is_stale FROM cmc_regime_status ORDER BY id;
    SELECT symbol, timeframe, open_time, state_label, newest_bar, is_stale FROM market_state_latest ORDER BY 1, 2; SELECT system, n, n_stale, newest_row, lag FROM regime_systems ORDER BY 1;
    SELECT id, detail, command FROM regime_health_details() WHERE what LIKE 'stale%' ORDER BY 1, 2"
# by_hand DESCRIPTION SQL
by_hand() {
    local sql
    for sql in "$2; $reads" "$reads"; do
        for db in flat chunks; do
            echo "$sql;
                  SELECT 'read';" >&"${sends[$db]}"
            while read -r -u "${gives[$db]}" line && [ "$line" != read ]; do echo "$line"; done >"$work/$db"
        done
        cmp -s "$work/flat" "$work/chunks" || not_ok "$1: a session that has read before prints what plain tables print" "$(diff "$work/flat" "$work/chunks" | head -n 5)"
    done
    is "$1: a new session prints what one prints that has read before" "$(everywhere "$reads")" "$(cat "$work/flat")"
}
# by_others DESCRIPTION SQL: by a session that then ends
by_others() {
    local db
    for db in flat chunks; do q $db "$2" >/dev/null; done
    by_hand "$1" "SELECT FROM regime_systems"
}
# later TABLE COLUMN CONDITION INTERVAL: SQL that copies the newest of these rows to a later time
later() { echo "INSERT INTO $1 SELECT (jsonb_populate_record(NULL::$1, to_jsonb(t) || jsonb_build_object('$2', $2 + interval '$4'))).* FROM $1 t WHERE $3 AND $2 = (SELECT max($2) FROM $1 WHERE $3)"; }
by_hand "nothing" "SELECT FROM regime_systems"
by_hand "the newest rows deleted" "DELETE FROM cmc_regimes WHERE id IN (3, 6) AND ts > (SELECT at FROM ended WHERE id = cmc_regimes.id) - interval '10 days';
    DELETE FROM market_states WHERE symbol IN ('DEMO3', 'DEMO6') AND open_time > (SELECT at FROM ended WHERE symbol = market_states.symbol) - interval '10 days';
    DELETE FROM market_regimes WHERE symbol IN ('DEMO3', 'DEMO6') AND open_time > (SELECT at FROM ended WHERE symbol = market_regimes.symbol) - interval '10 days'"
by_hand "states missing" "DELETE FROM regime_work.cmc_regime_state WHERE id IN (3, 4); DELETE FROM regime_work.market_state_series WHERE symbol IN ('DEMO3', 'DEMO4')"
by_hand "refreshed" "SELECT FROM refresh_cmc_regimes(); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
by_hand "states older than the rows" "UPDATE regime_work.cmc_regime_state SET ts = ts - interval '100 days' WHERE id IN (4, 6); UPDATE regime_work.market_state_series SET newest = newest - interval '100 days' WHERE symbol IN ('DEMO4', 'DEMO6')"
by_hand "later rows" "$(later cmc_regimes ts "id = 5" "30 days"); $(later market_states open_time "symbol = 'DEMO5' AND timeframe = '1d'" "30 days"); $(later market_regimes open_time "symbol = 'DEMO5' AND timeframe = '1d'" "30 days")"
by_hand "later bars and candles" "$(later $bars time_close "id = 4 AND tf = '1D'" "40 days"); $(later candles open_time "symbol = 'DEMO4' AND timeframe = '1d'" "40 days")"
by_hand "refreshed again" "SELECT FROM refresh_cmc_regimes(full_refresh => true); SELECT FROM refresh_market_regimes(full_refresh => true); SELECT FROM refresh_market_states(full_refresh => true)"
# Series whose candles lie in old chunks alone, to a session that has listed the series before.
old="open_time < (SELECT at FROM ended WHERE id = 3)"
by_others "candles of a new symbol" "INSERT INTO candles SELECT (jsonb_populate_record(NULL::candles, to_jsonb(c) || '{\"symbol\": \"NEW\"}')).* FROM candles c WHERE symbol = 'DEMO3' AND $old"
is "each series counts once" "$(q chunks "SELECT n FROM regime_systems WHERE system = 'market_states'")" "$(q chunks "SELECT count(*) FROM (SELECT DISTINCT symbol, timeframe FROM candles) AS s")"
by_others "refreshed by another session" "SELECT FROM refresh_market_regimes('NEW'); SELECT FROM refresh_market_states('NEW')"
by_others "deleted by another session" "SELECT delete_market_regimes('NEW', '1d')"
by_others "candles that are gone" "DELETE FROM candles WHERE symbol = 'NEW'"
by_others "refreshed once more" "SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
by_others "later bars and candles by another session" "$(later $bars time_close "id = 4 AND tf = '1D'" "60 days"); $(later candles open_time "symbol = 'DEMO4' AND timeframe = '1d'" "60 days")"
by_hand "all rows deleted" "DELETE FROM cmc_regimes WHERE id = 5; DELETE FROM market_states WHERE symbol = 'DEMO5'; DELETE FROM market_regimes WHERE symbol = 'DEMO5'"
by_hand "all bars deleted" "DELETE FROM $bars WHERE id = 6; DELETE FROM candles WHERE symbol = 'DEMO6'"
by_hand "not tracked" "SELECT FROM regime_track(false); SELECT FROM refresh_cmc_regimes(); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
by_hand "later bars and candles that leave no mark" "$(later $bars time_close "id = 3 AND tf = '1D'" "20 days"); $(later candles open_time "symbol = 'DEMO3' AND timeframe = '1d'" "20 days")"
# Without tracking, whatever has ended is looked up in all later chunks, which takes many times as long as in plain tables,
# however it is asked.
ratios "without tracking and what has ended"
newest="(SELECT max(time_close) FROM $bars WHERE id = 3 AND tf = '1D') AS newest"
listed="(SELECT DISTINCT symbol, timeframe FROM candles) AS series"
ratios "statements of one's own: the newest bar of an asset that has ended, and the series of candles" "$newest" "$listed"
for db in flat chunks; do echo "\q" >&"${sends[$db]}"; done

# Chunks of so many candles that the series are found by steps along the index of each chunk; one series has old candles alone.
everywhere "CREATE TABLE minutes (LIKE candles INCLUDING ALL)" >/dev/null
on_chunks "SELECT create_hypertable('minutes', 'open_time', create_default_indexes => false)"
everywhere "INSERT INTO minutes SELECT s, '10m', '2024-01-01'::timestamptz + n * interval '10 minutes', 10, 11, 9, 10, 1
    FROM (VALUES ('OLD', 1, 500), ('A', 1, 12000), ('B', 300, 12000), ('C', 1, 12000)) AS v (s, first, last), generate_series(first, last) AS n" >/dev/null
on_chunks "VACUUM ANALYZE minutes"
is "steps find the series of chunks of many candles" "$(everywhere "UPDATE regime_source SET bars_table = 'minutes' WHERE layer = 'candles';
    SELECT symbol, status, mode FROM refresh_market_regimes(timeframe => '10m', dry_run => true) ORDER BY 1")" "$(printf '%s|dry_run|full\n' A B C OLD)"

# A table of downloads that is connected: the hypertable has the rows of the table, also after changes, and is left as it was.
downloads=(downloads_plain downloads_chunks)
for db in "${downloads[@]}"; do
    q postgres "CREATE DATABASE $db"
    q "$db" "CREATE TABLE ohlcv (symbol text, date date, open numeric, high numeric, low numeric, close numeric, adj_close numeric, volume bigint, PRIMARY KEY (symbol, date))"
    [ "$db" = downloads_plain ] || q "$db" "CREATE EXTENSION timescaledb; SELECT create_hypertable('ohlcv', 'date', chunk_time_interval => interval '90 days')" >/dev/null
    q "$db" "INSERT INTO ohlcv SELECT s, date '2021-12-31' + d, p, p + 1, p - 1, p, p, 1000 FROM unnest('{AAA,BBB,CCC}'::text[]) WITH ORDINALITY AS a (s, n), generate_series(1, 800) AS d,
            LATERAL (SELECT round((100 + 30 * sin(d / 40.0 + n) + d * n / 60.0)::numeric, 2)) AS price (p);
        CREATE EXTENSION pg_regime"
done
each() {
    local one other
    one=$(q "${downloads[0]}" "$2") || true
    other=$(q "${downloads[1]}" "$2") || true
    [[ $one != *ERROR:* ]] || not_ok "connected: $1" "$one"
    is "connected: $1" "$other" "$one"
}
rows="SELECT md5(string_agg((to_jsonb(r) - 'updated_at')::text, ' ' ORDER BY id, ts)), count(*) > 2000 FROM cmc_regimes AS r"
each "found" "SELECT step, item, detail FROM regime_connect('ohlcv')"
each "refreshed" "SELECT symbol, status FROM refresh_cmc_regimes() ORDER BY 1; $rows"
each "candles" "SELECT symbol, status, regime_rows FROM refresh_market_regimes() ORDER BY 1"
each "tracked" "SELECT count(*) FROM regime_track() WHERE action = 'now tracked'; SELECT symbol, status FROM refresh_cmc_regimes() ORDER BY 1"
each "a new day, a correction and a new symbol" "INSERT INTO ohlcv SELECT symbol, date + 1, open, high, low, close * 1.01, adj_close * 1.01, volume FROM ohlcv WHERE date = '2024-03-10';
    UPDATE ohlcv SET adj_close = adj_close * 1.02 WHERE symbol = 'BBB' AND date = '2022-06-01'; INSERT INTO ohlcv SELECT 'DDD', date, open, high, low, close, adj_close, volume FROM ohlcv WHERE symbol = 'AAA';
    SELECT symbol, status FROM refresh_cmc_regimes() ORDER BY 1; $rows"
each "connected again" "SELECT DISTINCT step FROM regime_connect('ohlcv') ORDER BY 1"
# A trigger of a hypertable for replicated rows has no transition tables: views of their names are not read in their place.
q postgres "CREATE ROLE mallory"
each "the owner of the prices gets no code run as who tracks" "CREATE SEQUENCE sprung; ALTER TABLE ohlcv OWNER TO mallory; SET ROLE mallory;
    CREATE FUNCTION pg_temp.spring() RETURNS bool LANGUAGE plpgsql AS \$\$ BEGIN IF current_user <> 'mallory' THEN PERFORM nextval('public.sprung'); END IF; RETURN true; END \$\$;
    CREATE TEMP VIEW old_rows AS SELECT * FROM public.ohlcv WHERE pg_temp.spring(); CREATE TEMP VIEW new_rows AS TABLE old_rows;
    CREATE TEMP VIEW pg_ts_parser AS TABLE old_rows; CREATE TEMP VIEW pg_ts_template AS TABLE old_rows;
    DO \$\$ DECLARE t name; BEGIN
        FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'public.ohlcv'::regclass AND tgname ~ '^pg_regime' LOOP EXECUTE format('ALTER TABLE public.ohlcv ENABLE ALWAYS TRIGGER %I', t); END LOOP;
    END \$\$;
    DELETE FROM ohlcv WHERE date = '2022-03-10'; UPDATE ohlcv SET adj_close = adj_close WHERE date = '2022-03-11';
    RESET ROLE; SELECT is_called FROM sprung; DROP VIEW old_rows CASCADE"
is "nor on plain prices" "$(q "${downloads[0]}" "SELECT is_called FROM sprung")" f
each "disconnected" "SELECT relation, action FROM regime_disconnect('ohlcv') ORDER BY 1, 2; SELECT count(*) FROM ohlcv; SELECT count(*) FROM pg_trigger AS t WHERE tgrelid = 'ohlcv'::regclass AND tgname ~ 'regime'"
