#!/usr/bin/env bash
# kill -9 of the whole server in the middle of a refresh: afterwards each asset has all its old rows or all its new
# ones, in all four tables, and refreshing again completes. So have series of candles, whatever it is that ends the call.
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
middle=$(q crash "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ts) FROM cmc_regimes WHERE id = $assets / 2")
count() { q crash "SELECT count(*) FROM ($(digests)) now JOIN $1 USING (id, digest)"; }

# The refresh stands in the middle of an asset in the middle of the list when the server is killed: a trigger holds it there, so that
# no machine is too fast or too slow.
q crash "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NEW; END'"

# kill_during DESCRIPTION SQL: the server, while a trigger holds the statements
kill_during() {
    local session
    psql -Xq -d crash -c "SET application_name = 'refresh'" -f - <<<"$2" >"$work/session" 2>&1 &
    session=$!
    until [ "$(q crash "SELECT wait_event FROM pg_stat_activity WHERE application_name ~ '^refresh'")" = PgSleep ]; do
        kill -0 $session 2>/dev/null || break
    done
    is "$1: the refresh was running when the server was killed" "$(q crash "SELECT state FROM pg_stat_activity WHERE application_name ~ '^refresh'")" active
    cluster_crash
    wait $session || true
    cluster_start
}

# crash_during DESCRIPTION SQL
crash_during() {
    local old_count new_count
    back
    q crash "CREATE TRIGGER slow BEFORE INSERT OR UPDATE ON cmc_regimes FOR EACH ROW WHEN (NEW.id = $assets / 2 AND NEW.ts > '$middle') EXECUTE FUNCTION slowly()"
    kill_during "$1" "$2"
    q crash "DROP TRIGGER slow ON cmc_regimes"
    old_count=$(count old) new_count=$(count new)
    is "$1: all old or all new rows, for each of $assets assets ($old_count old, $new_count new)" $((old_count + new_count)) $assets
    case $3 in
        all) is "$1: one statement, so none is new" "$new_count" 0 ;;
        some) is "$1: a statement each, so those before the asset are new and the rest are old" "$new_count" $((assets / 2 - 1)) ;;
    esac
    is "$1: refreshing again completes" "$(q crash "SELECT count(*) FILTER (WHERE status = 'ok'), count(*) FILTER (WHERE status = 'unchanged') FROM refresh_cmc_regimes($new)")" "$old_count|$new_count"
    is "$1: and then all are new" "$(count new)" $assets
}
crash_during "one call for all assets" "SELECT FROM refresh_cmc_regimes($new);" all
crash_during "one call per asset" "SELECT format('SELECT FROM refresh_cmc_regimes(%s, %s);', id, \$\$$new\$\$) FROM dim_assets ORDER BY id \\gexec" some

# New bars alone: the assets are written together, table by table, and the server is killed between two tables.
q crash "SELECT FROM regime_track(); SELECT FROM refresh_cmc_regimes($new)"
q crash "$(new_bar true)"
q crash "CREATE TABLE day AS $(digests); CREATE TABLE states AS SELECT id, ts, md5(memory) FROM regime_work.cmc_regime_state; CREATE TABLE marks AS TABLE cmc_regime_marks"
q crash "CREATE TRIGGER slow BEFORE UPDATE ON cmc_regime_stats FOR EACH ROW WHEN (NEW.id = $assets / 2) EXECUTE FUNCTION slowly()"
kill_during "a portion" "SELECT FROM refresh_cmc_regimes($new);"
q crash "DROP TRIGGER slow ON cmc_regime_stats"
same "a portion: all rows are as before" crash "TABLE day" "$(digests)"
same "a portion: and so are the states" crash "TABLE states" "SELECT id, ts, md5(memory) FROM regime_work.cmc_regime_state"
same "a portion: and the marks" crash "TABLE marks" "TABLE cmc_regime_marks"
is "a portion: refreshing again goes on from there" "$(q crash "SELECT mode, status, count(*) FROM refresh_cmc_regimes($new) GROUP BY 1, 2")" "incremental|ok|$assets"
is "a portion: and then nothing differs" "$(q crash "SELECT count(*) FROM refresh_cmc_regimes($new, dry_run => true) WHERE message <> 'would write 0 rows'")" 0

# The regimes of candles: a call is one transaction over all series, so that what it had written goes with its backend, with the
# server, and with a cancel.
r() { q crash "$1"; }
table=market_regimes
columns="symbol, timeframe, open_time, trend_state, volatility_state, momentum_state, full_regime, simplified_regime, confidence, classifier_version, warmup"
r "SELECT FROM regime_setup()"
series=$(r "SELECT count(*) FROM (SELECT DISTINCT symbol, timeframe FROM candles) s")
last=$(r "SELECT max(symbol) FROM candles WHERE timeframe = '1d'")
r "SELECT FROM refresh_market_regimes(config => '{\"adx_trending\": 40}')"
state="SELECT symbol, timeframe, classifier_version FROM regime_work.market_regime_state"
r "CREATE TABLE before AS SELECT $columns FROM market_regimes; CREATE TABLE state AS $state"

# interrupt DESCRIPTION HOW: a refresh of all series is interrupted in its last one; HOW is given the process ids of its backend and of psql
interrupt() {
    local session backend=''
    r "CREATE TRIGGER slow BEFORE INSERT OR UPDATE ON $table FOR EACH ROW WHEN (NEW.symbol = '$last' AND NEW.timeframe = '1d') EXECUTE FUNCTION slowly()"
    psql -Xq -d crash -c "SELECT FROM refresh_$table()" >"$work/session" 2>&1 &
    session=$!
    until [ -n "$backend" ]; do
        backend=$(r "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query ~ 'refresh_market'")
    done
    same "$table, $1: another session sees none of it" crash "TABLE before" "SELECT $columns FROM $table"
    "$2" "$backend" "$session"
    wait $session || true
    until psql -XAtq -c "SELECT" >/dev/null 2>&1; do sleep 0.05; done
    is "$table, $1 is an error" "$(grep -Ecm1 '^(ERROR|FATAL|server closed)' "$work/session")" 1
    r "DROP TRIGGER slow ON $table"
    same "$table, $1: all rows are as before" crash "TABLE before" "SELECT $columns FROM $table"
    same "$table, $1: and so is where each series stands" crash "TABLE state" "$state"
    is "$table, $1: no lock is left" "$(r "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")" 0
}
ctrl_c() { kill -INT "$2"; }
terminated() { r "SELECT FROM pg_terminate_backend($1)"; }
killed() { kill -9 "$1"; }
crashed() { cluster_crash; cluster_start; }
interrupt "Ctrl-C" ctrl_c
interrupt "pg_terminate_backend" terminated
interrupt "kill -9 of the backend" killed
interrupt "kill -9 of the server" crashed
is "$table: refreshing again completes" "$(r "SELECT status, count(*) FROM refresh_market_regimes() GROUP BY 1")" "ok|$series"
same "$table: and all rows are new" crash \
    "SELECT $columns FROM market_regimes" "SELECT m.* FROM (SELECT DISTINCT symbol, timeframe FROM candles) s, market_regimes_compute(s.symbol, s.timeframe) m"

# Market states: a new bar of each series, whose ranks are updated in place beside the state.
table=market_states
columns="to_jsonb(market_states) - 'created_at' AS row"
state="SELECT symbol, timeframe, 0 AS tree, 0 AS node, newest::text || candles || md5(memory) AS content FROM regime_work.market_state_series
    UNION ALL SELECT symbol, timeframe, tree, node, md5(content) FROM regime_work.market_state_ranks"
r "SELECT FROM regime_track(); SELECT FROM refresh_market_states(); DROP TABLE before, state"
r "CREATE TABLE before AS SELECT $columns FROM market_states; CREATE TABLE state AS $state"
r "INSERT INTO candles SELECT symbol, timeframe, open_time + CASE timeframe WHEN '1d' THEN interval '1 day' ELSE interval '4 hours' END, close, high * 1.03, low, close * 1.02, volume
   FROM candles JOIN (SELECT symbol, timeframe, max(open_time) AS open_time FROM candles GROUP BY 1, 2) AS newest USING (symbol, timeframe, open_time)"
interrupt "pg_terminate_backend" terminated
interrupt "kill -9 of the server" crashed
is "$table: refreshing again reads the new bars alone" "$(r "SELECT status, mode, sum(rows_written) FROM refresh_market_states() GROUP BY 1, 2")" "ok|incremental|$series"
same "$table: and all rows are new" crash \
    "SELECT $columns FROM market_states" "SELECT to_jsonb(m) FROM (SELECT DISTINCT symbol, timeframe FROM candles) s, market_states_compute(s.symbol, s.timeframe) m"
r "SELECT FROM regime_track(false)"

# A long series notices a cancel: not by the clock, which no test can rely on, but long before its end.
r "INSERT INTO candles SELECT 'LONG', '1m', timestamptz '2020-01-01' + n * interval '1 minute', 1, 103 + n % 7, 97 - n % 5, 100 + n % 3 FROM generate_series(1, 200000) n"
is "market regimes: a timeout ends a long refresh" "$(r "SET statement_timeout = '150ms'; SELECT FROM refresh_market_regimes('LONG')")" "ERROR:  canceling statement due to statement timeout"
is "market regimes: and leaves nothing of it" "$(r "SELECT count(*) FROM market_regimes WHERE symbol = 'LONG'"; r "SELECT count(*) FROM regime_work.market_regime_state WHERE symbol = 'LONG'")" "$(printf '0\n0')"
