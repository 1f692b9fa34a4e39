#!/usr/bin/env bash
# soak.sh: for MINUTES=60, writers, refreshers and readers at work while sessions and the server are killed, disks, locks, connections
# and memory run out, and policies and tracking change (tests/soak.sql); FAULTS=200 in the hour. After each: the four tables of an asset
# are of one refresh, nothing is lost, what is not marked is fresh, and the end state is that of a full refresh into empty tables. Prints
# figures. SEED=N draws the same faults and changes again; what sessions do to each other differs all the same.
# A mount namespace of its own, whose small disks go with it, whatever happens.
[ "$(id -u)" != 0 ] || [ -n "${SOAK_MOUNTS:-}" ] || SOAK_MOUNTS=yes exec unshare --mount --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
minutes=${MINUTES:-60} seed=${SEED:-$RANDOM}
n_faults=${FAULTS:-$((minutes * 10 / 3))}
echo "   MINUTES=$minutes FAULTS=$n_faults SEED=$seed"
RANDOM=$seed
cleanup() {
    # shellcheck disable=SC2046 # a list of numbers
    kill $(jobs -p) 2>/dev/null || true
    cluster_stop
    [ -z "${SOAK_MOUNTS:-}" ] || umount --lazy "$cluster_dir"/{disk,wal} 2>/dev/null || true
}
s() { q soak "$1"; }
# draw FROM TO: into `drawn`, since RANDOM begins anew in a subshell
draw() { drawn=$(($1 + RANDOM % ($2 - $1 + 1))); }
one_in() { [ $((RANDOM % $1)) = 0 ]; }
# pause SECONDS AT MOST
pause() {
    draw 0 $(($1 * 1000 - 1))
    sleep "$((drawn / 1000)).$(printf %03d $((drawn % 1000)))"
}

cluster_start
if [ -n "${SOAK_MOUNTS:-}" ]; then
    cluster_stop
    mkdir "$cluster_dir"/{disk,wal}
    mount -t tmpfs -o size=384m,mode=700,uid=postgres,gid=postgres tmpfs "$cluster_dir/disk"
    mount -t tmpfs -o size=192m,mode=700,uid=postgres,gid=postgres tmpfs "$cluster_dir/wal"
    as_owner cp -a "$cluster_dir/data/pg_wal/." "$cluster_dir/wal"
    as_owner rm -r "$cluster_dir/data/pg_wal"
    as_owner ln -s ../wal "$cluster_dir/data/pg_wal"
else
    not_ok "disks that are full: only root can mount small ones"
    as_owner mkdir "$cluster_dir/disk"
fi
as_owner tee -a "$cluster_dir/data/postgresql.conf" >/dev/null <<CONF
log_line_prefix = '%m [%p] %a %e '
max_wal_size = 64MB
min_wal_size = 32MB
wal_recycle = off
max_connections = 32
max_locks_per_transaction = 10
autovacuum_naptime = 5s
pg_regime.run_log_days = 1
CONF
cluster_start
q postgres "CREATE TABLESPACE disk LOCATION '$cluster_dir/disk'"
q postgres "CREATE DATABASE soak TABLESPACE disk"
s "CREATE EXTENSION pg_regime; SELECT FROM regime_demo(n_assets => 12, days => 400)"
s "$(cat tests/soak.sql)" >/dev/null
s "CREATE VIEW digests AS $(digests)"
s "SELECT FROM regime_track(), refresh_cmc_regimes(), refresh_market_regimes(), refresh_market_states()"
# vm PEAK|SIZE: the address space of a session that has made the call, in bytes
vm() { s "SELECT FROM $2; SELECT 1024 * substring(pg_read_file('/proc/self/status') FROM 'Vm$1:\s+(\d+)')::bigint"; }
loaded=$(vm Size "regime_version_hash()") grown=$(vm Peak "refresh_cmc_regimes(full_refresh => true)")
postmaster() { head -n 1 "$cluster_dir/data/postmaster.pid"; }

# The actors. An actor is a session after another, each of a script of its own; after each statement its SQLSTATE is printed.
# actor NAME N: until there is a file `stop`
actor() {
    local name=$1 rc
    RANDOM=$((seed + fault * 100 + $2))
    while [ ! -e "$work/stop" ]; do
        rc=0
        { echo "\\set VERBOSITY sqlstate"; echo "SELECT setseed(0.$RANDOM) \\g /dev/null"; "$name"; } >"$work/$2.sql"
        PGAPPNAME=$name psql -XAtq -d soak -f "$work/$2.sql" >>"$work/$name.out" 2>>"$work/$name.err" || rc=$?
        [ $rc = 0 ] || echo "@ $name no connection" >>"$work/$name.out"
        pause 1
    done
}
# statement SQL
statement() { printf '%s;\n\\echo @ %s :SQLSTATE\n' "$1" "${FUNCNAME[1]}"; }
writer() {
    local n
    echo "BEGIN;"
    draw 1 3
    for ((n = drawn; n; n--)); do statement "SELECT 'wrote', write_some(), pg_sleep(random() * 0.3)"; done
    if one_in 4; then echo "ROLLBACK;"; else echo "COMMIT;"; fi
}
# refresh CALL: sometimes in a transaction, of whatever kind, which is sometimes rolled back
refresh() {
    local level='' end=COMMIT
    ! one_in 6 || level="READ COMMITTED"
    ! one_in 8 || level="REPEATABLE READ"
    ! one_in 8 || level=SERIALIZABLE
    ! one_in 4 || end=ROLLBACK
    [ -z "$level" ] || echo "BEGIN ISOLATION LEVEL $level;"
    printf '%s\n' "\\timing on"
    printf '%s;\n\\echo @ %s :SQLSTATE\n' "SELECT 'refreshed', status, count(*), sum(rows_written) FROM $1 GROUP BY status" "${FUNCNAME[1]}"
    printf '%s\n' "\\timing off"
    [ -z "$level" ] || echo "$end;"
}
refresher_of_some() {
    local full=false
    ! one_in 5 || full=true
    refresh "refresh_cmc_regimes(some_assets(), full_refresh => $full)"
}
refresher_of_dirty() { refresh "refresh_cmc_regimes(only_dirty => true)"; }
refresher_in_batches() {
    local dirty=false
    ! one_in 2 || dirty=true
    draw 1 6
    printf '%s\n' '\timing on'
    statement "CALL refresh_all_cmc_regimes(batch_size => $drawn, only_dirty => $dirty)"
}
refresher_of_candles() {
    draw 1 4
    case $drawn in
        1) refresh "refresh_market_regimes()" ;;
        2) refresh "refresh_market_states()" ;;
        3) refresh "refresh_market_regimes('DEMO2')" ;;
        4) refresh "refresh_market_states('MARKET', '4h')" ;;
    esac
}
reader_committed() { statement "SELECT look()"; }
reader_repeatable() {
    echo "BEGIN ISOLATION LEVEL REPEATABLE READ;"
    statement "SELECT look()"
    echo "COMMIT;"
}
meddler() { pause 2 && statement "SELECT 'meddled', meddle($may_track)"; }

# The faults. `struck` is the statement that was struck, for those that look for one.
crash() {
    struck=$(s "SELECT strike('wait')")
    cluster_crash >/dev/null
    cluster_start
}
kill_backend() {
    s "SELECT strike('kill -9')" >/dev/null || true
    struck=$(cat "$cluster_dir/struck" && rm "$cluster_dir/struck")
}
terminate() { struck=$(s "SELECT strike('terminate')"); }
cancel() { struck=$(s "SELECT strike('cancel')"); }
# fill DISK: leaves room for a few pages or none
fill() {
    draw 0 40
    dd if=/dev/zero of="$cluster_dir/$1/ballast" bs=8k status=none 2>/dev/null || truncate -s "-${drawn}K" "$cluster_dir/$1/ballast"
}
disk_full() {
    fill disk
    draw 1 4
    sleep $drawn
    rm "$cluster_dir/disk/ballast"
}
# which ends the server, at the next segment
wal_full() {
    fill wal
    for _ in 1 2 3; do s "SELECT pg_switch_wal()" >/dev/null || true; done
    draw 0 2
    sleep $drawn
    rm "$cluster_dir/wal/ballast"
}
no_locks() {
    draw 1 4
    PGAPPNAME=hog s "CALL hog_locks($drawn)" >/dev/null || true
}
no_connections() {
    local n others=()
    draw 1 3
    for ((n = 0; n < 34; n++)); do
        PGAPPNAME=hog psql -XAtq -d soak -c "SELECT pg_sleep($drawn)" >/dev/null 2>&1 &
        others+=($!)
    done
    wait "${others[@]}" || true
}
# limit BYTES [all]: what a session may have of address space, as by ulimit -v: of those to come, or of those that are there as well
limit() {
    local pid
    for pid in $(postmaster) ${2:+$(pgrep -P "$(postmaster)")}; do as_owner prlimit --pid "$pid" --as="$1:" 2>/dev/null || true; done
}
no_memory() {
    draw 0 130
    limit $((loaded + (grown - loaded) * drawn / 100))
    draw 2 5
    sleep $drawn
    limit unlimited all
}

kinds=(crash kill_backend terminate cancel disk_full wal_full no_locks no_connections no_memory)
often=(crash{,,,,,} kill_backend{,,,,,} terminate{,,,,} cancel{,,,,}
    disk_full{,,,,} wal_full{,} no_locks{,,,} no_connections{,,} no_memory{,,,})
if [ -z "${SOAK_MOUNTS:-}" ]; then
    kinds=("${kinds[@]/*_full/crash}") often=("${often[@]/*_full/crash}")
fi
# First one of each kind, then as they come.
faults=("${kinds[@]}")
for ((n = ${#kinds[@]}; n < n_faults; n++)); do faults+=("${often[RANDOM % ${#often[@]}]}"); done
for n in "${!kinds[@]}"; do
    draw 0 "$n"
    kind=${faults[drawn]} faults[drawn]=${faults[n]} faults[n]=$kind
done

# What must hold when all is still; prints what does not. Where tracking went off and on, a refresh of only what is marked is not asked for
# what changed in between.
check() {
    local table refresh="refresh_cmc_regimes(only_dirty => true)" tables=''
    [ "$may_track" = false ] || refresh="refresh_cmc_regimes()"
    for table in "${!outputs[@]}"; do tables+="${tables:+, }fresh.$table"; done
    {
        s "SELECT * FROM mixed() LIMIT 5"
        s "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM fresh_by_word_alone(12); COMMIT"
        s "SELECT FROM regime_track(); SELECT 'not tracked' WHERE NOT are_tracked()"
        s "SELECT 'failed: ' || r FROM $refresh r WHERE status = 'failed'"
        s "SELECT 'failed: ' || r FROM refresh_market_regimes() r WHERE status = 'failed'"
        s "SELECT 'failed: ' || r FROM refresh_market_states() r WHERE status = 'failed'"
        s "SELECT 'marked still: ' || m FROM cmc_regime_marks m"
        s "SELECT 'marked still: ' || m FROM market_regime_marks m UNION ALL SELECT 'marked still: ' || m FROM market_state_marks m"
        s "SELECT * FROM unlike_stored_candles() LIMIT 5"
        s "TRUNCATE $tables; SET pg_regime.target_schema = 'fresh';
           SELECT 'failed: ' || r FROM refresh_cmc_regimes(full_refresh => true) r WHERE status = 'failed'"
        for table in "${!outputs[@]}"; do
            s "WITH these AS (SELECT ${outputs[$table]} FROM $table), right_ AS (SELECT ${outputs[$table]} FROM fresh.$table)
               SELECT '$table: ' || a FROM (TABLE these EXCEPT ALL TABLE right_) a LIMIT 3"
            s "WITH these AS (SELECT ${outputs[$table]} FROM $table), right_ AS (SELECT ${outputs[$table]} FROM fresh.$table)
               SELECT '$table lacks: ' || a FROM (TABLE right_ EXCEPT ALL TABLE these) a LIMIT 3"
        done
    } || true
}
# What the log of the round must not have: findings of readers, panics, and signals that were not sent.
complaints() {
    local sent='^$'
    # PostgreSQL's own words for a disk that is full are not always 53100
    case $1 in
        kill_backend) sent='terminated by signal 9: Killed' ;;
        disk_full) sent='XX000 FATAL:  could not write init file' ;;
        # pgrx 0.18.1 copies an error by a call that it guards like any other: where there is no memory for the copy, it copies that
        # error, and so on
        no_memory) sent='PANIC:  ERRORDATA_STACK_SIZE exceeded|terminated by signal (6: Aborted|11: Segmentation fault)' ;;
        wal_full) sent='PANIC:  .*No space left on device|terminated by signal 6: Aborted' ;;
    esac
    tail -c "+$((log_from + 1))" "$cluster_dir/log" >"$work/log"
    sed -n "s/.*terminated by signal \\([0-9]*\\).*/$1: signal \\1/p" "$work/log" >>"$work/signals"
    grep -E '] [^ ]* XX... (ERROR|FATAL|PANIC|WARNING):|PANIC:|panicked|TRAP|finding:|terminated by signal' "$work/log" |
        grep -Ev "$sent" | head -n 10 || true
}
log_from=0 may_track=false fault=0
is_up() {
    local n
    for ((n = 0; n < 300; n++)); do
        ! psql -XAtq -c "SELECT" >/dev/null 2>&1 || return 0
        # an end that was not asked for, as of a server that found no room for its log
        [ $((n % 50)) != 20 ] || cluster_start 2>/dev/null || true
        sleep 0.1
    done
    return 1
}
# end_of_actors: waits for them, and says into `wrong` who does not end; not in a subshell, whose children they are not
end_of_actors() {
    local n
    touch "$work/stop"
    for ((n = 0; n < 600; n++)); do
        [ -n "$(jobs -rp)" ] || break
        sleep 0.1
    done
    if [ -n "$(jobs -rp)" ]; then
        wrong+=$(s "SELECT 'hangs: ' || a FROM pg_stat_activity a WHERE application_name ~ '_|writer|meddler'") || true
        wrong+=$(s "SELECT 'lock: ' || l FROM pg_locks l WHERE NOT granted OR locktype = 'advisory'") || true
        s "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '_|writer|meddler'" >/dev/null || true
    fi
    wait
    rm "$work/stop"
}

began=$SECONDS longest=0
names=(writer writer writer refresher_of_{some,dirty,candles} refresher_in_batches reader_committed reader_repeatable meddler)
for kind in "${faults[@]:0:n_faults}"; do
    fault=$((fault + 1))
    log_from=$(stat -c %s "$cluster_dir/log")
    may_track=false
    ! one_in 3 || may_track=true
    for n in "${!names[@]}"; do
        actor "${names[n]}" "$n" &
    done
    draw 1 6
    sleep $drawn
    struck=''
    "$kind"
    echo "$kind${struck:+ $struck}" >>"$work/faults"
    # the actors go on until the time of this fault is over, but for what the checks take
    until [ $((SECONDS - began)) -ge $((fault * minutes * 60 / n_faults - 6)) ]; do sleep 0.2; done
    sleep 1
    wrong=''
    end_of_actors
    is_up || wrong+="the server is not up"
    checking=$SECONDS
    wrong+=$(check)
    wrong+=$(complaints "$kind")
    longest=$((SECONDS - checking > longest ? SECONDS - checking : longest))
    description="fault $fault, $kind: tables of one refresh, nothing lost, as a full refresh; a clean log"
    if [ -z "$wrong" ]; then ok "$description"; else not_ok "$description" "$wrong"; fi
done

# Of the faults; of sessions that write the same at the same time; 55000 of what is not tracked; 58P01 of a library for which there
# is no memory.
explained='00000|23505|25P02|40001|40P01|53[123]00|55000|57014|57P0[123]|58P01'
is "no statement had an error that nothing explains" \
    "$(cat "$work"/*.out | sed -n 's/^@ \(.* [0-9A-Z]\{5\}\)$/\1/p' | sort -u | grep -vE " ($explained)$" || true)" ""
[ "$n_faults" -lt 40 ] || is "disks, locks, connections and memory did run out, sessions were cancelled and terminated" \
    "$(grep -oE ' (53[123]00|57014|57P01) (ERROR|FATAL|PANIC)' "$cluster_dir/log" | cut -c2-6 | sort -u | paste -sd' ')" \
    "53100 53200 53300 57014 57P01"

# The figures.
say() { sed 's/^/   /'; }
said() { cat "$work"/*.out; }
echo "== the statements of the actors, by SQLSTATE"
said | sed -n 's/^@ //p' | sort | uniq -c | say
echo "== assets and series that were refreshed: status, how many, rows changed, also those rolled back"
said | awk -F'|' '$1 == "refreshed" { n[$2] += $3; rows[$2] += $4 } END { for (s in n) print s, n[s], rows[s] + 0 }' | sort | say
echo "== what was written and meddled with"
said | awk -F'|' '$1 == "wrote" || $1 == "meddled" { print $1, $2 }' | sort | uniq -c | say
echo "== faults, and how many of them struck a refresh"
awk '{ n[$1]++; if (NF > 1) hit[$1]++ } END { for (k in n) print k, n[k], hit[k] + 0 }' "$work/faults" | sort | say
echo "== looks of readers, by isolation level"
said | grep -E '^re(ad committed|peatable read)' | sort | uniq -c | say
echo "== sessions that ended by a signal, by the kind of fault"
sort "$work/signals" | uniq -c | say
echo "== failures that the run log has kept, by SQLSTATE"
s "SELECT system, sqlstate, count(*) FROM cmc_regime_run_log WHERE sqlstate IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2" | say
echo "== errors of the server's log, by session and SQLSTATE"
sed -nE 's/^[^[]*\[[0-9]+\] (.*) ([0-9A-Z]{5}) (ERROR|FATAL|PANIC): .*/\1 \2 \3/p' "$cluster_dir/log" | sort | uniq -c | say
echo "== the longest call of a refresh, in ms; the longest check, in s"
said | awk -v check=$longest '$1 == "Time:" && $2 > max { max = $2 } END { print max, check }' | say
