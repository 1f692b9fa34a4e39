#!/usr/bin/env bash
# What refreshing many assets costs, as ratios; the second part of tests/bench.sh. A universe of 1,000 assets with 1,500
# daily bars each, all of it in shared_buffers; while time is taken, no checkpoint and no autovacuum.
. "$(dirname "$0")/lib.sh"
. tests/universe.sh
runs=${RUNS:-9}
few=$(((runs + 2) / 3)) # of what takes seconds
universe_cluster

# Ten assets with all their days, then copies of them at other prices.
universe_of_ten ten 1500
q ten "$(cat <<'SQL'
CREATE TABLE taken (what text, ms float8);
CREATE PROCEDURE take(what text, work text) LANGUAGE plpgsql AS $$
DECLARE began timestamptz := clock_timestamp();
BEGIN
    EXECUTE work;
    COMMIT;
    INSERT INTO taken VALUES (what, extract(epoch FROM clock_timestamp() - began) * 1000);
    COMMIT;
END $$;
SELECT FROM regime_setup();
CREATE PROCEDURE empty() LANGUAGE sql AS
    'TRUNCATE cmc_regimes, cmc_regime_flips, cmc_regime_stats, cmc_regime_comovement, regime_work.cmc_regime_state, regime_work.cmc_regime_inputs, regime_work.cmc_regime_work, regime_work.cmc_regime_run_log';
SQL
)"
universe thousand ten 1000
t() { q thousand "$1"; }
for db in ten thousand; do q $db "VACUUM ANALYZE"; done
is "1,000 assets of 1,500 daily bars" "$(t "SELECT count(DISTINCT id), count(*) FROM cmc_price_bars_multi_tf WHERE tf = '1D'")" "1000|1500000"

# session DB: statements from stdin, in one session
session() { psql -Xq -v ON_ERROR_STOP=1 -d "$1" -o /dev/null >"$work/log" 2>&1 || { not_ok "the bench ran" "$(cat "$work/log")"; exit; }; }
repeat() { for ((n = 0; n < $1; n++)); do echo "$2"; done; }

# Ten and 1,000 in turn, a full refresh into empty tables; then the 1,000 again, of which none has changed.
for db in ten thousand; do q $db "SELECT FROM regime_track()"; done
warm="SELECT refresh_cmc_regimes(1); SELECT refresh_cmc_regimes(only_dirty => true, dry_run => true);"
full="CALL empty(); CALL take('full', 'SELECT refresh_cmc_regimes(full_refresh => true)');"
for ((run = 0; run < few; run++)); do
    { echo "$warm" && repeat 5 "$full"; } | session ten
    { echo "$warm" "$full" && repeat 5 "CALL take('unchanged', 'SELECT refresh_cmc_regimes(only_dirty => true)');"; } | session thousand
done

# What tracking costs a bulk insert of 10,000 bars: a day of 10,000 assets, ten days of 1,000, 1,000 days of ten.
last=$(t "SELECT max(time_close) FROM cmc_price_bars_multi_tf")
for shape in 1,10000 10,1000 1000,10; do
    t "CREATE TABLE \"bulk $shape\" AS SELECT (jsonb_populate_record(b, jsonb_build_object('id', asset, 'bar_seq', bar_seq + day, 'time_close', time_close + day * interval '1 day'))).*
       FROM generate_series(1, ${shape#*,}) asset, generate_series(1, ${shape%,*}) day, cmc_price_bars_multi_tf b WHERE b.id = 1 + (asset - 1) % 1000 AND time_close = '$last' AND tf = '1D'"
done
bulk() {
    local shape=$1 triggers=$2
    echo "ALTER TABLE cmc_price_bars_multi_tf $triggers;"
    echo "CALL take('bulk $shape ${triggers%% *}', 'INSERT INTO cmc_price_bars_multi_tf SELECT * FROM \"bulk $shape\"');"
    echo "ALTER TABLE cmc_price_bars_multi_tf DISABLE TRIGGER USER; DELETE FROM cmc_price_bars_multi_tf WHERE time_close > '$last'; DELETE FROM regime_work.cmc_regime_dirty; DELETE FROM regime_work.cmc_regime_dirty_many;"
    echo "VACUUM (TRUNCATE off, INDEX_CLEANUP on) cmc_price_bars_multi_tf, regime_work.cmc_regime_dirty, regime_work.cmc_regime_dirty_many;" # so that each finds the same free space
}
for shape in 1,10000 10,1000 1000,10; do
    bulk $shape "ENABLE ALWAYS TRIGGER pg_regime_insert, ENABLE REPLICA TRIGGER pg_regime_replicated"
    bulk $shape "DISABLE TRIGGER USER"
    echo "DELETE FROM taken WHERE what ~ '^bulk $shape';" # they warmed up
    for ((run = 0; run < runs; run++)); do
        bulk $shape "ENABLE ALWAYS TRIGGER pg_regime_insert, ENABLE REPLICA TRIGGER pg_regime_replicated"
        bulk $shape "DISABLE TRIGGER USER"
    done
done | session thousand
t "SELECT FROM regime_track(false)"

# Two sessions against one. The machine may run now faster, now slower, and so may each of its cores: so there are many runs,
# one and two sessions in turn, each first every other time, and what counts is the mean.
pairs=$((runs + 3))
mkfifo "$work/gate"
# at_once WHAT SESSIONS STATEMENT…: so many sessions, with a statement each, that begin at the same moment; how long until
# the last has ended
at_once() {
    local what=$1 sessions=$2 pids=() n
    shift 2
    t "TRUNCATE spans"
    psql -Xq -d thousand <"$work/gate" >/dev/null 2>&1 &
    exec 9>"$work/gate"
    echo "SELECT pg_advisory_lock(1);" >&9
    until [ "$(t "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1")" = 1 ]; do sleep 0.01; done
    for ((n = 1; n <= sessions; n++)); do
        echo "SELECT refresh_cmc_regimes(1000 - $n), pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1); INSERT INTO spans VALUES ($n, clock_timestamp());
              ${!n}; UPDATE spans SET ended = clock_timestamp() WHERE session = $n" | session thousand 9>&- &
        pids+=($!)
    done
    until [ "$(t "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND NOT granted")" = "$sessions" ]; do sleep 0.01; done
    exec 9>&-
    wait "${pids[@]}"
    t "INSERT INTO taken SELECT '$what, $sessions', extract(epoch FROM max(ended) - min(began)) * 1000 FROM spans"
}
t "CREATE TABLE spans (session int, began timestamptz, ended timestamptz); UPDATE dim_assets SET is_active = id <= 400"
half() { echo "SELECT refresh_cmc_regimes(ARRAY(SELECT generate_series($1, $2)))"; }
# What two sessions can do here at all: computing alone, and writing the same rows.
plain="DO 'DECLARE x float8 := 0; BEGIN FOR i IN 1..4000000 LOOP x := x + sqrt(i); END LOOP; END'"
t "CALL empty()"
t "$(half 1 400)" >/dev/null
for table in "${!outputs[@]}"; do t "CREATE TABLE result_$table AS TABLE $table; CREATE TABLE floor_$table (LIKE $table INCLUDING ALL)"; done
floor() { for table in "${!outputs[@]}"; do echo "INSERT INTO floor_$table SELECT * FROM result_$table WHERE id BETWEEN $1 AND $2;"; done; }
# A day later, with a new bar of each of the 400.
next_day() {
    t "INSERT INTO cmc_price_bars_multi_tf SELECT (jsonb_populate_record(b, jsonb_build_object('bar_seq', bar_seq + 1, 'time_close', time_close + interval '1 day'))).*
       FROM cmc_price_bars_multi_tf b WHERE id <= 400 AND tf = '1D' AND time_close = (SELECT max(time_close) FROM cmc_price_bars_multi_tf WHERE id = 1)"
}
# Empty tables, and files of WAL that are used again, as on a server that has run for a while.
start_over() { q thousand "$1" && q thousand CHECKPOINT; }
call="CALL refresh_all_cmc_regimes()"
for ((run = 0; run < pairs; run++)); do
    for sessions in $((1 + run % 2)) $((2 - run % 2)); do
        at_once plain $sessions "$plain" "$plain"
        start_over "TRUNCATE $(printf 'floor_%s, ' "${!outputs[@]}") spans"
        at_once floor $sessions "$(floor 1 200)" "$(floor 201 400)"
        start_over "CALL empty()"
        at_once half $sessions "$(half 1 200)" "$(half 201 400)"
        # Where the halves are fixed, one session ends first: what was done while all were at work.
        t "INSERT INTO taken SELECT 'rate, $sessions', extract(epoch FROM min(ended) - min(began)) * 1000 /
             (SELECT count(*) FROM cmc_regime_run_log WHERE id IS NOT NULL AND finished_at BETWEEN min(began) AND min(ended)) FROM spans"
        start_over "CALL empty()"
        at_once round $sessions "$call" "$call"
        at_once again $sessions "$call" "$call"
        next_day
        at_once day $sessions "$call" "$call"
    done
done

# Memory of a session, its own, at its peak: one asset in a call, and 2,000, those above and as many twins of them.
t "CREATE TABLE twin AS SELECT generate_series(1, 2000) AS id, 1 + generate_series(0, 1999) % 1000 AS asset; CREATE UNIQUE INDEX ON twin (id); ANALYZE twin"
for table in "${sources[@]:0:4}"; do
    t "CREATE VIEW twin_$table AS SELECT twin.id, $(t "SELECT string_agg(attname, ', ') FROM pg_attribute WHERE attrelid = '$table'::regclass AND attnum > 0 AND attname <> 'id'") FROM twin JOIN $table b ON b.id = twin.asset"
done
t "INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table, ema_filter)
   SELECT 'twins', layer, tf, periods, 'twin_' || bars_table, 'twin_' || ema_table, ema_filter FROM regime_source WHERE cal_scheme = 'iso'"
peak() {
    local what=$1 session pid key value peak=0
    t "CALL empty()"
    printf '%s\n' "SELECT pg_backend_pid() AS pid \\g $work/pid" "SELECT refresh_cmc_regimes($2, cal_scheme => 'twins')" | session thousand &
    session=$!
    until grep -qs row "$work/pid"; do sleep 0.01; done
    pid=$(grep -om 1 '[0-9]\+' "$work/pid")
    while [ -r "/proc/$pid/status" ]; do
        while read -r key value _; do
            if [ "$key" = RssAnon: ] && [ "$value" -gt "$peak" ]; then peak=$value; fi
        done <"/proc/$pid/status" || true
        sleep 0.01
    done 2>/dev/null
    wait $session
    rm "$work/pid"
    t "INSERT INTO taken VALUES ('$what', $peak / 1024.0)"
}
peak "memory, one asset" 1
peak "memory, 2,000 assets" "ARRAY(SELECT generate_series(1, 2000))"

q ten "COPY (SELECT '10 ' || what, ms FROM taken) TO STDOUT" | psql -Xq -d thousand -c "COPY taken FROM STDIN"
echo "== bench: 1,000 assets, 1,500 daily bars each; shared_buffers = 3GB, fsync = off; median of $few runs, of bulk inserts $runs; two sessions against one: mean of $pairs"
psql -Xq -d thousand --pset=footer=off <<'SQL'
CREATE FUNCTION mean(text) RETURNS numeric LANGUAGE sql AS 'SELECT avg(ms)::numeric FROM taken WHERE what = $1';
CREATE FUNCTION m(text) RETURNS numeric LANGUAGE sql AS 'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric FROM taken WHERE what = $1';
SELECT what, round(value, 1) AS value, unit, round(ratio, 4) AS ratio, wanted FROM (VALUES
    ('full refresh of 10 assets', m('10 full') / 15000 * 1000, 'us per bar', NULL, ''),
    ('  of 1,000 assets', m('full') / 1500000 * 1000, 'us per bar', m('full') / m('10 full') / 100, 'x 10 assets <= 1.25'),
    ('1,000 unchanged assets, only_dirty', m('unchanged'), 'ms', m('unchanged') / m('full'), 'x full <= 0.005'),
    ('10,000 bars inserted, 10 days of 1,000 assets', m('bulk 10,1000 DISABLE'), 'ms', NULL, ''),
    ('  tracked', m('bulk 10,1000 ENABLE'), 'ms', m('bulk 10,1000 ENABLE') / m('bulk 10,1000 DISABLE'), 'x untracked <= 1.15'),
    ('10,000 bars inserted, 1,000 days of 10 assets', m('bulk 1000,10 DISABLE'), 'ms', NULL, ''),
    ('  tracked', m('bulk 1000,10 ENABLE'), 'ms', m('bulk 1000,10 ENABLE') / m('bulk 1000,10 DISABLE'), 'x untracked <= 1.15'),
    ('10,000 bars inserted, 1 day of 10,000 assets', m('bulk 1,10000 DISABLE'), 'ms', NULL, ''),
    ('  tracked', m('bulk 1,10000 ENABLE'), 'ms', m('bulk 1,10000 ENABLE') / m('bulk 1,10000 DISABLE'), 'x untracked <= 1.15'),
    ('plain SQL that computes, one session', mean('plain, 1'), 'ms', NULL, ''),
    ('  the same in each of two', mean('plain, 2'), 'ms', 2 * mean('plain, 1') / mean('plain, 2'), ''),
    ('plain SQL that writes the rows of 200 assets, one session', mean('floor, 1'), 'ms', NULL, ''),
    ('  200 in each of two', mean('floor, 2'), 'ms', 2 * mean('floor, 1') / mean('floor, 2'), ''),
    ('first load by CALL, 400 assets, one session', mean('round, 1'), 'ms', NULL, ''),
    ('  two sessions', mean('round, 2'), 'ms', mean('round, 1') / mean('round, 2'), 'x the work of one >= 1.7'),
    ('first load of 200 assets in a call, one session', mean('rate, 1'), 'ms per asset', NULL, ''),
    ('  200 in each of two, while both are at work', mean('rate, 2'), 'ms per asset', mean('rate, 1') / mean('rate, 2'), 'x the work of one >= 1.7'),
    ('  until both have ended', mean('half, 2') / 400, 'ms per asset', 2 * mean('half, 1') / mean('half, 2'), ''),
    ('CALL for 400 assets with a new bar each, one session', mean('day, 1'), 'ms', NULL, ''),
    ('  two sessions', mean('day, 2'), 'ms', mean('day, 1') / mean('day, 2'), 'x the work of one >= 1.7'),
    ('CALL for 400 unchanged assets, not tracked, one session', mean('again, 1'), 'ms', NULL, ''),
    ('  two sessions', mean('again, 2'), 'ms', mean('again, 1') / mean('again, 2'), 'x the work of one >= 1.7'),
    ('peak memory of a session, one asset in a call', m('memory, one asset'), 'MB', NULL, ''),
    ('  2,000 assets in a call', m('memory, 2,000 assets'), 'MB', m('memory, 2,000 assets') - m('memory, one asset'), 'MB more <= 64')
) AS x (what, value, unit, ratio, wanted);
SQL
