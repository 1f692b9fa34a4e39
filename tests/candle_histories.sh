#!/usr/bin/env bash
# candle_histories.sh [SALT]: after any sequence of appended, late, corrected and deleted candles, changes of thresholds and eras,
# and rows taken away, market_regimes equals market_regimes_compute after each refresh, and
# get_market_regimes does so at any time, tracked or not; market_states likewise; and in the end both equal a full refresh into empty tables.
# Plays histories of random changes that follow from their seeds and the salt (tests/candle_histories.sql).
. "$(dirname "$0")/lib.sh"
rounds=12 histories=120 salt=${1:-1}
# Each mode plays in a database of its own: without tracking; tracked, with numeric prices and a foreign key; tracked, with float8
# prices, times without a zone and no key; tracking switched on and off.
modes=(untracked tracked plain alternating states_untracked states_tracked states_plain states_alternating)

# step MODE ROUND: the statements of a round
step() {
    local mode=$1 round=$2 draw own=market_regimes other=market_states
    [[ ! $mode =~ states ]] || own=market_states other=market_regimes
    draw=$(((round * 7 + salt * 3 + ${#mode}) % 10))
    if [[ $mode =~ alternating ]]; then
        case $draw in
            0 | 5) echo "SELECT FROM regime_track(false);" ;;
            2 | 7) echo "SELECT FROM regime_track();" ;;
            # by which the other triggers go on
            4) echo "DO 'DECLARE t name; BEGIN FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = ''candles''::regclass AND tgname ~ ''^pg_regime.*_update\$'' LOOP
                EXECUTE format(''ALTER TABLE candles DISABLE TRIGGER %I'', t); END LOOP; END';" ;;
            # so that the triggers are those of one system, or of both
            6) echo "SELECT FROM regime_track(false, '{$other}');" ;;
            8) echo "SELECT FROM regime_track(false, '{$own}');" ;;
            9) echo "SELECT FROM regime_track(systems => '{$own}');" ;;
        esac
    fi
    # in one transaction; after a refresh that is rolled back
    [ $draw != 1 ] || echo "BEGIN;"
    echo "CALL change($round);"
    echo "CALL compare_get($round);"
    [ $draw != 3 ] || echo "BEGIN; CALL refresh($round); ROLLBACK;"
    echo "CALL refresh($round);"
    [ $draw != 1 ] || echo "COMMIT;"
    echo "CALL compare($round);"
    echo "CALL compare_get($round);"
    [ $((round % 4)) != 3 ] || echo "\\c -"
}

# play MODE: all rounds; what is printed is an error
play() {
    local round histories=$histories table=market_regimes
    {
        echo "\\set ON_ERROR_STOP 1"
        # Longer ones, and fewer.
        [[ ! $1 =~ states ]] || { echo "\\set states"; histories=$((histories / 2)) table=market_states; }
        echo "CREATE EXTENSION pg_regime;"
        cat tests/candle_histories.sql
        echo "CALL set_up('$1', $salt, $histories);"
        echo "SELECT FROM regime_setup();"
        [[ $1 =~ untracked ]] || echo "SELECT FROM regime_track();"
        for ((round = 0; round <= rounds; round++)); do step "$1" "$round"; done
        echo "SELECT FROM refresh_system(NULL, NULL, config($rounds)); CREATE SCHEMA empty; SET pg_regime.target_schema = empty; SELECT FROM refresh_system(NULL, NULL, config($rounds));"
        echo "INSERT INTO failures SELECT NULL, seed, format('%s rows are not those of empty tables', count(*)) FROM (SELECT symbol, timeframe, row FROM stored
              EXCEPT ALL SELECT symbol, timeframe, to_jsonb(e) - 'created_at' FROM empty.$table e) d JOIN series s USING (symbol, timeframe) WHERE (symbol, timeframe) NOT IN (TABLE spoiled) GROUP BY seed;"
    } | PGOPTIONS='-c client_min_messages=error' psql -XAtq -d "$1" >"$work/$1" 2>&1 || echo "psql: status $?" >>"$work/$1"
}

cluster_start
for setting in "autovacuum = off" "jit = off"; do q postgres "ALTER SYSTEM SET $setting"; done
q postgres "SELECT FROM pg_reload_conf()"
for mode in "${modes[@]}"; do q postgres "CREATE DATABASE $mode"; done
for mode in "${modes[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n || true; done
    play "$mode" &
done
while [ -n "$(jobs -rp)" ]; do wait -n || true; done

for mode in "${modes[@]}"; do
    if [ -s "$work/$mode" ]; then
        not_ok "$mode: played to the end" "$(head -n 20 "$work/$mode")"
        continue
    fi
    is "$mode: after each of $rounds rounds the rows of all histories are those of a computation" \
        "$(q "$mode" "SELECT format('%s@%s %s %s: %s', seed, round, symbol, timeframe, what) FROM failures JOIN series USING (seed) ORDER BY round, seed LIMIT 20")" ""
    q "$mode" "SELECT '   $mode: ' || string_agg(n || ' ' || how, ', ' ORDER BY n DESC) FROM (
        SELECT count(*) AS n, concat_ws(' ', status, mode, regexp_replace(reason, '[0-9]{4}-.*', '…')) AS how FROM results GROUP BY 2) t"
    [ $# != 0 ] || [[ $mode =~ untracked|alternating ]] || is "$mode: some were gone on with, some not, some statements marked many" \
        "$(q "$mode" "SELECT count(*) FILTER (WHERE mode = 'incremental') > 30, count(*) FILTER (WHERE mode = 'none') > 10, count(*) FILTER (WHERE reason ~ 'late') > 50,
            pg_stat_get_tuples_inserted('regime_work.market_$(if [[ $mode =~ states ]]; then echo state; else echo regime; fi)_dirty_many'::regclass) >= 5 FROM results")" "t|t|t|t"
done
