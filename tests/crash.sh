#!/usr/bin/env bash
# kill -9 of the whole server in the middle of a refresh: afterwards each asset has all its old rows or all its new
# ones, in all four tables, and refreshing again completes.
. "$(dirname "$0")/lib.sh"
assets=24
cluster_fsync=on
cluster_start
demo_db crash $assets 1500

# Old and new differ in all four tables: a day more, another policy, no hysteresis.
old="" new="policy => 'timid', hysteresis => false"
q crash "SELECT FROM regime_load_policy('timid', '[{\"match\": \"Up-\", \"size_mult\": 0.25}, {\"match\": \"Down-\", \"size_mult\": 0.1}]')"
refresh() { q crash "SELECT FROM refresh_cmc_regimes($1)"; }
refresh "$old"
q crash "CREATE TABLE old AS $(digests)"
for table in "${!outputs[@]}"; do q crash "CREATE TABLE old_$table AS TABLE $table"; done
q crash "$(new_bar true)"
refresh "$new"
q crash "CREATE TABLE new AS $(digests)"
is "old and new rows differ, for each asset" "$(q crash "SELECT count(*) FROM old JOIN new USING (id) WHERE old.digest <> new.digest")" $assets
for table in "${!outputs[@]}"; do
    is "and in $table" "$(q crash "SELECT count(*) > 0 FROM (SELECT ${outputs[$table]} FROM old_$table EXCEPT ALL SELECT ${outputs[$table]} FROM $table) x")" t
done

back() { for table in "${!outputs[@]}"; do q crash "TRUNCATE $table; INSERT INTO $table TABLE old_$table"; done; }
count() { q crash "SELECT count(*) FROM ($(digests)) now JOIN $1 USING (id, digest)"; }
wal() { q crash "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '$1')::bigint"; }

# Kill when the refresh has written half of what it writes, not after some time: that is its middle on every machine.
back
start=$(q crash "SELECT pg_current_wal_insert_lsn()")
refresh "$new"
half=$(($(wal "$start") / 2))

# crash_during DESCRIPTION SQL
crash_during() {
    local start session old_count new_count
    back
    start=$(q crash "SELECT pg_current_wal_insert_lsn()")
    psql -Xq -d crash -c "SET application_name = 'refresh'" -f - <<<"$2" >"$work/session" 2>&1 &
    session=$!
    while [ "$(wal "$start")" -lt $half ] && kill -0 $session 2>/dev/null; do sleep 0.01; done
    is "$1: the refresh was running when the server was killed" "$(q crash "SELECT state FROM pg_stat_activity WHERE application_name = 'refresh'")" active
    cluster_crash
    wait $session || true
    cluster_start
    old_count=$(count old) new_count=$(count new)
    is "$1: all old or all new rows, for each of $assets assets ($old_count old, $new_count new)" $((old_count + new_count)) $assets
    case $3 in
        all) is "$1: one statement, so none is new" "$new_count" 0 ;;
        some) is "$1: a statement each, so some are new and some are old" "$((old_count > 0 && new_count > 0))" 1 ;;
    esac
    is "$1: refreshing again completes" "$(q crash "SELECT count(*) FILTER (WHERE status = 'ok'), count(*) FILTER (WHERE status = 'unchanged') FROM refresh_cmc_regimes($new)")" "$old_count|$new_count"
    is "$1: and then all are new" "$(count new)" $assets
}
crash_during "one call for all assets" "SELECT FROM refresh_cmc_regimes($new);" all
crash_during "one call per asset" "SELECT format('SELECT FROM refresh_cmc_regimes(%s, %s);', id, \$\$$new\$\$) FROM dim_assets ORDER BY id \\gexec" some
