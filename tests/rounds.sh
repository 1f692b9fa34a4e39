#!/usr/bin/env bash
# CALL refresh_all_cmc_regimes under fire: two sessions share a round while bars are written; sessions and the server are
# killed in the middle of a batch; the time is over; 2,000 assets flip at once. Each asset of a round is done exactly
# once, and in the end the tables are those of a full refresh into empty ones.
. "$(dirname "$0")/lib.sh"
assets=45 batch=18
cluster_fsync=on
cluster_start
demo_db rounds $assets 1500
r() { q rounds "$1"; }
# call BATCH_SIZE [ARGUMENTS]
call() { echo "CALL refresh_all_cmc_regimes(batch_size => $1${2:+, $2})"; }
# What the sessions said since this was last asked, but for progress: nothing, unless something went wrong.
complaints() {
    cat "$work"/worker_* | grep -v '^NOTICE:  round ' || true
    rm "$work"/worker_*
}
newest_run() { r "SELECT coalesce(max(run), 0) FROM cmc_regime_run_log"; }
newest_round() { r "SELECT max(round) FROM regime_work.cmc_regime_work"; }

r "$(cat <<'SQL'
SELECT FROM regime_setup();

CREATE VIEW newest AS SELECT * FROM regime_work.cmc_regime_work WHERE round = (SELECT max(round) FROM regime_work.cmc_regime_work);

-- Assets of the newest round that wait, or that the run log since a run does not have exactly once.
CREATE FUNCTION not_once(since bigint) RETURNS TABLE (id int, status text, logged text) LANGUAGE sql AS $$
    SELECT id, w.status, l.status FROM newest w
    FULL JOIN (SELECT id, string_agg(status, '+') AS status FROM cmc_regime_run_log WHERE run > since AND id IS NOT NULL GROUP BY id) l USING (id)
    WHERE w.status IS DISTINCT FROM l.status ORDER BY id $$;

-- How many states of assets were stored since this was set back, committed or not.
CREATE SEQUENCE stored;
CREATE FUNCTION count_stored() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM nextval(''public.stored''); RETURN NULL; END';

-- Waits for a session in the middle of a batch: of the batch's assets, on each of which it holds a lock until it commits, it has
-- refreshed half, but not yet three quarters; it waits for nobody. So many assets were done before, or any number. Gives its
-- process id.
CREATE FUNCTION middle(batch int, done int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz := clock_timestamp();
    worker int;
BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        SELECT a.pid INTO worker FROM pg_stat_activity a
            JOIN (SELECT pid, count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted GROUP BY pid) l (pid, assets) USING (pid)
            CROSS JOIN LATERAL (SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END - coalesce(done, 0) FROM stored) s (assets)
        WHERE l.assets > batch / 2 AND s.assets > batch / 2 AND (s.assets <= batch * 3 / 4 OR done IS NULL) AND a.query ~ '^CALL' AND a.state = 'active' AND a.backend_xid IS NOT NULL
            AND a.wait_event_type IS DISTINCT FROM 'Lock' AND coalesce(done = (SELECT count(*) FROM newest WHERE status <> 'waiting'), true);
        IF worker IS NOT NULL THEN RETURN worker; END IF;
        IF clock_timestamp() > began + interval '30 s' THEN RAISE 'no session came to the middle of a batch'; END IF;
        PERFORM pg_sleep(0.0005);
    END LOOP;
END $$;

-- The writer appends, corrects, deletes and brings back bars and EMAs, a transaction each, until it is told to stop.
CREATE TABLE stop (at timestamptz);
CREATE TABLE written (changes int);
CREATE TABLE gone (LIKE cmc_price_bars_multi_tf);
SQL
)
CREATE PROCEDURE write_bars() LANGUAGE plpgsql AS \$\$
DECLARE asset int; bar timestamptz; n int := 0;
BEGIN
    PERFORM setseed(0.42);
    WHILE NOT EXISTS (SELECT FROM stop) LOOP
        asset := 1 + floor(random() * $assets);
        SELECT time_close INTO bar FROM cmc_price_bars_multi_tf WHERE id = asset AND tf = '1D' ORDER BY bar_seq DESC OFFSET 1 + floor(random() ^ 3 * 190) LIMIT 1;
        CASE n % 8
            WHEN 0, 1, 2 THEN $(new_bar "id = asset")
            WHEN 3 THEN UPDATE cmc_price_bars_multi_tf SET close = close * (0.9 + random() * 0.2) WHERE id = asset AND tf = '1D' AND time_close = bar;
            WHEN 4 THEN UPDATE cmc_ema_multi_tf_u SET ema = ema * (0.9 + random() * 0.2) WHERE id = asset AND tf = '1D' AND ts = bar;
            WHEN 5 THEN
                asset := CASE WHEN random() < 0.3 THEN 1 ELSE asset END; -- 1 is the market
                UPDATE cmc_price_bars_multi_tf_cal_iso SET close = close * (0.9 + random() * 0.2) WHERE id = asset AND tf = '1W'
                    AND bar_seq = (SELECT max(bar_seq) - floor(random() * 20) FROM cmc_price_bars_multi_tf_cal_iso WHERE id = asset AND tf = '1W');
            WHEN 6 THEN WITH deleted AS (DELETE FROM cmc_price_bars_multi_tf WHERE id = asset AND tf = '1D' AND time_close = bar RETURNING *) INSERT INTO gone TABLE deleted;
            WHEN 7 THEN WITH back AS (DELETE FROM gone RETURNING *) INSERT INTO cmc_price_bars_multi_tf TABLE back;
        END CASE;
        n := n + 1;
        UPDATE written SET changes = n;
        COMMIT;
        PERFORM pg_sleep(0.002);
    END LOOP;
END \$\$"

# fully [ARGUMENTS]: a full refresh into empty tables, those of the schema fresh
fully() { r "DROP SCHEMA IF EXISTS fresh, fresh_regime_work CASCADE; CREATE SCHEMA fresh; SET pg_regime.target_schema = 'fresh'; SELECT FROM refresh_cmc_regimes(${1:-})"; }
# Query: the rows that are not those of that refresh.
differing() {
    local table all=
    for table in "${!outputs[@]}"; do
        all+="${all:+ UNION ALL }SELECT id, '$table extra ' || a::text FROM (SELECT ${outputs[$table]} FROM $table EXCEPT ALL SELECT ${outputs[$table]} FROM fresh.$table) a
              UNION ALL SELECT id, '$table missing ' || b::text FROM (SELECT ${outputs[$table]} FROM fresh.$table EXCEPT ALL SELECT ${outputs[$table]} FROM $table) b"
    done
    echo "$all"
}
# like_full DESCRIPTION [ARGUMENTS]
like_full() {
    fully "${2:-}"
    is "$1: all rows are those of a full refresh" "$(r "SELECT * FROM ($(differing)) x LIMIT 5"; r "SELECT count(DISTINCT id) FROM fresh.cmc_regimes")" $assets
}

# A session that is given statements one by one.
mkfifo "$work/in"
open() { psql -XAtq -d "${1:-rounds}" <"$work/in" >"$work/open" 2>&1 & exec 9>"$work/in"; }
say() { echo "$1;" >&9; }
close() { exec 9>&-; }
until_so() { until [ "$(r "SELECT $1")" = t ]; do sleep 0.01; done; }

# fire DESCRIPTION ROUNDS ARGUMENTS…: rounds of two sessions and the writer, with these arguments in turn
fire() {
    local description=$1 rounds=$2 round writer workers last before said='' missed='' alone='' idle='' n
    shift 2
    r "TRUNCATE stop, written; INSERT INTO written VALUES (0)"
    psql -Xq -d rounds -c "CALL write_bars()" >"$work/writer" 2>&1 &
    writer=$!
    for ((round = 1; round <= rounds; round++)); do
        last=$(newest_run)
        # The sessions begin at the same moment, when a lock is let go; by then there is enough to do.
        open
        say "SELECT pg_advisory_lock(1)"
        until_so "count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
        workers=()
        for n in 1 2; do
            psql -Xq -d rounds -v ON_ERROR_STOP=1 -o /dev/null -c "SELECT FROM regime_version_hash(), pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1)" \
                -c "$(call 2 "${@:1 + round % $#:1}")" >"$work/worker_$n" 2>&1 9>&- &
            workers+=($!)
        done
        until_so "count(*) = 2 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND NOT granted"
        until_so "changes >= $round * 20 FROM written"
        before=$(r "TABLE written")
        close
        for n in "${workers[@]}"; do wait "$n" || true; done
        said+=$(complaints)
        missed+=$(r "SELECT 'round $round', * FROM not_once($last)")
        alone+=$(r "SELECT 'round $round' FROM cmc_regime_progress WHERE round = (SELECT max(round) FROM regime_work.cmc_regime_work) AND workers <> 2")
        idle+=$(r "SELECT 'round $round' FROM written WHERE changes = $before")
    done
    r "INSERT INTO stop VALUES (now())"
    wait $writer || true
    is "$description: no error in $rounds rounds of two sessions" "$said" ""
    is "$description: each asset of each round was done exactly once" "$missed" ""
    is "$description: both sessions did their part" "$alone" ""
    is "$description: all the while bars were written, $(r "TABLE written") times" "$(cat "$work/writer")$idle" ""
}
fire "not tracked" 3 ""
r "CALL refresh_all_cmc_regimes()"
like_full "not tracked, after one more call"
r "SELECT FROM regime_track()"
fire "tracked" 6 "" "only_dirty => true"
fully
# An asset that depends on the market proxy has no mark of a change of the proxy; status tells.
is "tracked: what changed too late for the last round is marked, or its proxy has changed" "$(r "SELECT * FROM ($(differing)) x (id, row) WHERE id NOT IN (SELECT id FROM cmc_regime_marks)
    AND id NOT IN (SELECT id FROM cmc_regime_status WHERE is_stale AND lag_bars = 0) LIMIT 5")" ""
r "CALL refresh_all_cmc_regimes(only_dirty => true)"
like_full "tracked, after one more call for what changed"
is "tracked: then no marks are left" "$(r "SELECT count(*) FROM cmc_regime_marks")" 0
is "no deadlock" "$(r "SELECT deadlocks FROM pg_stat_database WHERE datname = 'rounds'")" 0

# interrupt DESCRIPTION HOW ARGUMENTS: a session is interrupted in the middle of its second batch; HOW is given the process
# ids of its backend and of psql. Then a call goes on.
r "CREATE TRIGGER count_stored AFTER INSERT ON regime_work.cmc_regime_state FOR EACH STATEMENT EXECUTE FUNCTION count_stored()"
interrupt() {
    local description=$1 how=$2 last round session backend
    r "SELECT setval('stored', 1, false)" >/dev/null
    last=$(newest_run)
    psql -Xq -d rounds -c "$(call $batch "$3")" >"$work/worker_1" 2>&1 &
    session=$!
    backend=$(r "SELECT middle($batch, $batch)")
    "$how" "$backend" "$session"
    wait $session || true
    until psql -XAtq -c "SELECT" >/dev/null 2>&1; do sleep 0.05; done
    round=$(newest_round)
    r "DROP TABLE IF EXISTS done; CREATE TABLE done AS SELECT id, finished_at FROM newest WHERE status <> 'waiting'"
    is "$description in the middle of a batch: the batch before it is done" "$(r "SELECT count(*) FROM done") $(complaints | grep -Ecm1 '^(ERROR|FATAL|server closed)')" "$batch 1"
    psql -Xq -d rounds -c "$(call $batch "$3")" >"$work/worker_1" 2>&1 || true
    is "$description: the next call goes on, without an error" "$round $(complaints)" "$(newest_round) "
    is "$description: nothing is done twice, nothing left out" "$(r "SELECT * FROM not_once($last)"; r "SELECT count(*) FROM done JOIN newest USING (id, finished_at)")" "$(r "SELECT count(*) FROM done")"
    like_full "$description" "$3"
}
# Each with other parameters than the one before, so that all rows are computed.
killed() { kill -9 "$1"; }
terminated() { r "SELECT FROM pg_terminate_backend($1)"; }
ctrl_c() { kill -INT "$2"; }
crashed() { cluster_crash; cluster_start; }
interrupt "Ctrl-C" ctrl_c "hysteresis => false"
interrupt "pg_terminate_backend" terminated "min_hold_bars => 1"
interrupt "kill -9 of the backend" killed "hysteresis_mode => 'symmetric'"
interrupt "kill -9 of the server" crashed "min_bars_l0 => 20"

# One of two sessions is terminated in the middle of a batch: the other does its assets too.
last=$(newest_run) workers=()
r "SELECT setval('stored', 1, false)" >/dev/null
for n in 1 2; do
    psql -Xq -d rounds -c "$(call 9 "min_hold_bars => 2")" >"$work/worker_$n" 2>&1 &
    workers+=($!)
done
r "SELECT FROM pg_terminate_backend(middle(9, NULL))"
for n in "${workers[@]}"; do wait "$n" || true; done
is "one of two sessions is terminated: one error" "$(complaints | grep -E '^(WARNING|ERROR|FATAL):')" "FATAL:  terminating connection due to administrator command"
is "the other does everything, once" "$(r "SELECT * FROM not_once($last)"; r "SELECT count(*) FROM newest")" $assets
like_full "one of two sessions was terminated" "min_hold_bars => 2"

# What is committed while a session refreshes what changed: the assets from 6 on, 8 at a time. It comes to wait for 20,
# when 6 to 13 are done and 14 to 19 are locked: these are read when 20 is locked, too. 10 was changed before, in a transaction that is
# still open.
correct() { echo "UPDATE cmc_price_bars_multi_tf SET close = close * 1.1 WHERE id IN ($1) AND tf = '1D' AND bar_seq IN (150, 190)"; }
r "CALL refresh_all_cmc_regimes()"
r "TRUNCATE regime_work.cmc_regime_work; $(new_bar "id > 5")"
open
say "BEGIN; $(correct 10); SELECT FROM refresh_cmc_regimes(20)"
until_so "count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 20 AND granted"
psql -Xq -d rounds -c "$(call 8 "only_dirty => true")" >"$work/worker_1" 2>&1 9>&- &
session=$!
until_so "count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 20 AND NOT granted"
is "a session refreshes what changed: some is committed, some locked, some waits" \
    "$(r "SELECT string_agg(id::text, ',' ORDER BY id) FROM newest WHERE status = 'ok'"; r "SELECT string_agg(objid::text, ',' ORDER BY objid) FROM pg_locks WHERE locktype = 'advisory' AND objid < 20 AND objsubid = 2")" \
    "$(printf '6,7,8,9,10,11,12,13\n14,15,16,17,18,19')"
for id in 3 6 14 20 21 30; do r "$(correct $id)"; done
r "$(new_bar "id IN (6, 14, 20, 21, 30)")"
say "COMMIT"
close
wait $session || true
is "it ends without an error" "$(complaints)" ""
fully
marked() { r "SELECT string_agg(DISTINCT id::text, ',' ORDER BY id::text) FROM cmc_regime_marks"; }
is "changes of assets that were done before are marked, and those of no others" "$(marked)" "10,3,6"
is "changes of all others are in the result" "$(r "SELECT string_agg(DISTINCT id::text, ',' ORDER BY id::text) FROM ($(differing)) x")" "10,3,6"
r "CALL refresh_all_cmc_regimes(only_dirty => true)"
is "the next call refreshes these alone" "$(r "SELECT string_agg(id::text, ',' ORDER BY id::text) FROM newest WHERE status = 'ok'")" "10,3,6"
like_full "then"
is "and no marks are left" "$(marked)" ""

# max_runtime and resume_minutes.
last=$(newest_run)
said=$(for n in 1 2 3; do psql -Xq -d rounds -c "$(call $batch "max_runtime => '0'")" 2>&1; done)
round=$(newest_round)
is "max_runtime stops after a batch, and the next call goes on" "$said" "$(cat <<SAID
NOTICE:  round $round: 18 of 45 assets done, 0 failed
NOTICE:  round $round: max_runtime reached; 27 assets left for the next call
NOTICE:  round $round: 36 of 45 assets done, 0 failed
NOTICE:  round $round: max_runtime reached; 9 assets left for the next call
NOTICE:  round $round: 45 of 45 assets done, 0 failed
SAID
)"
is "each asset was done exactly once" "$(r "SELECT * FROM not_once($last)")" ""
r "$(call $batch "max_runtime => '1 hour'")"
is "max_runtime that is not over stops nothing" "$(r "SELECT count(*) FROM newest WHERE status <> 'waiting'")" $assets

r "$(call $batch "max_runtime => '0'")"
round=$(newest_round)
aged="UPDATE regime_work.cmc_regime_work SET started_at = started_at - interval '61 min', finished_at = finished_at - interval '61 min' WHERE round = $round"
r "$aged"
psql -Xq -d rounds -c "SET pg_regime.resume_minutes = 120" -c "$(call $batch "max_runtime => '0'")" 2>/dev/null
is "an unfinished round is gone on with for resume_minutes" "$(r "SELECT round, count(*) FILTER (WHERE status <> 'waiting') FROM newest GROUP BY round")" "$round|$((2 * batch))"
r "$aged; CREATE TABLE rest AS SELECT id FROM newest WHERE status = 'waiting'"
r "$(call $batch "max_runtime => '0'")"
is "after that a new one begins" "$(r "SELECT $round < max(round) FROM newest")" t
is "with the assets that were left out, then those refreshed longest ago" \
    "$(r "SELECT count(*) FILTER (WHERE place <= 9), count(*) FILTER (WHERE place > 9) FROM newest JOIN rest USING (id)")" "9|0"
r "$(call $batch)"

open
say "BEGIN; SELECT FROM refresh_cmc_regimes(20)"
until_so "count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 20 AND granted"
last=$(newest_run)
psql -Xq -d rounds -c "$(call 9)" >"$work/worker_1" 2>&1 9>&- &
session=$!
until_so "count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 20 AND NOT granted"
is "a session that finds nothing more to do leaves the rest to the other" "$(psql -Xq -d rounds -c "$(call 45)" 2>&1 | tail -n 1)" \
    "NOTICE:  round $(newest_round): 36 of 45 assets done, 0 failed; the remaining assets are being refreshed by other sessions"
close
wait $session || true
is "which does it" "$(complaints; r "SELECT * FROM not_once($last)"; r "SELECT count(*) FROM newest")" $assets

# Announcing flips. 2,000 assets have the same bars, of a view.
demo_db flips 1 150
f() { q flips "$1"; }
f "$(cat <<'SQL'
CREATE TABLE many AS SELECT generate_series(1, 2000) AS id;
CREATE UNIQUE INDEX ON many (id);
ANALYZE;
INSERT INTO dim_assets SELECT id FROM many ON CONFLICT DO NOTHING;
CREATE VIEW bars AS SELECT many.id, tf, time_close, close FROM cmc_price_bars_multi_tf b, many;
CREATE VIEW emas AS SELECT many.id, ts, tf, period, ema FROM cmc_ema_multi_tf_u e, many;
INSERT INTO regime_source (cal_scheme, layer, tf, periods, bars_table, ema_table) SELECT 'many', layer, tf, periods, 'bars', 'emas' FROM regime_source WHERE cal_scheme = 'iso' AND layer = 'L2';
ALTER DATABASE flips SET pg_regime.cal_scheme = 'many';
CREATE TABLE later (LIKE cmc_price_bars_multi_tf);
CREATE TABLE heard (n serial, payload text);
SQL
)"
# The bars after the last one of another regime are taken away and brought back: then all assets flip.
f "SELECT FROM refresh_cmc_regimes(1)"
flip_at=$(f "SELECT max(ts) FROM cmc_regimes WHERE regime_key <> (SELECT regime_key FROM cmc_regime_latest)")
away="WITH gone AS (DELETE FROM cmc_price_bars_multi_tf WHERE tf = '1D' AND time_close > '$flip_at' RETURNING *) INSERT INTO later TABLE gone"
back="WITH back AS (DELETE FROM later RETURNING *) INSERT INTO cmc_price_bars_multi_tf TABLE back"
f "$away"
f "SELECT FROM refresh_cmc_regimes()"
is "all assets have the regime of before" "$(f "SELECT count(DISTINCT regime_key), count(*) FROM cmc_regime_latest")" "1|2000"
f "$back"

open flips
say "LISTEN pg_regime_flips"
# heard: what the listener has heard since it was last asked, into the table of that name
heard() {
    : >"$work/open"
    say "SELECT 'that is all'"
    until grep -qx 'that is all' "$work/open"; do sleep 0.02; done
    f "TRUNCATE heard"
    sed -n 's/^Asynchronous notification "pg_regime_flips" with payload "\(.*\)" received from server process.*/\1/p' "$work/open" | psql -Xq -d flips -c "\\copy heard (payload) FROM STDIN CSV QUOTE E'\\x01' DELIMITER E'\\x02'"
}
on="SET pg_regime.notify_flips = on"
f "BEGIN; $on; SELECT FROM refresh_cmc_regimes(ARRAY[1,2]); ROLLBACK"
f "SELECT FROM refresh_cmc_regimes(ARRAY[3])"
heard
is "no notification of what was rolled back, nor where it is off" "$(f "SELECT count(*) FROM heard")" 0
f "BEGIN; $on; SELECT FROM refresh_cmc_regimes(ARRAY[4,5]); SELECT FROM refresh_cmc_regimes(ARRAY[5,6]); COMMIT"
heard
is "one notification per transaction, with old and new regime" \
    "$(f "SELECT string_agg(concat_ws(' ', o->>'id', o->>'old' <> o->>'new', l.regime_key = o->>'new'), ', ' ORDER BY o->>'id') FROM heard, jsonb_array_elements(payload::jsonb) o JOIN cmc_regime_latest l ON l.id = (o->>'id')::int GROUP BY n")" "4 t t, 5 t t, 6 t t"
f "$on; SELECT FROM refresh_cmc_regimes()"
heard
is "1,994 assets flip at once: one notification, a JSON list of as many ids as fit, then null" \
    "$(f "SELECT count(*) OVER (), octet_length(payload) BETWEEN 7990 AND 7999, e.ids, e.distinct_ids, e.nulls, payload::jsonb->-1
          FROM heard, LATERAL (SELECT count(value#>>'{}') > 1500, count(value#>>'{}') = count(DISTINCT value) FILTER (WHERE value <> 'null'), count(*) FILTER (WHERE value = 'null')
                               FROM jsonb_array_elements(payload::jsonb)) e (ids, distinct_ids, nulls)")" "1|t|t|t|1|null"
f "$away"
psql -Xq -d flips -c "$on" -c "$(call 700)" 2>/dev/null
heard
is "in batches: a notification each, in which all ids fit" \
    "$(f "SELECT string_agg(ids::text, ',' ORDER BY n) FROM (SELECT n, count(*) AS ids FROM heard, jsonb_array_elements(payload::jsonb) GROUP BY n) x";
       f "SELECT count(DISTINCT value::int), max(octet_length(payload)) <= 7999 FROM heard, jsonb_array_elements(payload::jsonb)")" "$(printf '700,700,600\n2000|t')"
close
