#!/usr/bin/env bash
# regress.sh [--accept] [NAME…]: the tests of pg_regress, all or those named, run by PostgreSQL's own programs:
# sql/NAME.sql by pg_regress, specs/NAME.spec (several sessions at once) by pg_isolation_regress.
# --accept takes what came out as the expected output; read the diff before you commit it.
# --odd has the functions of pg_regime and, where that changes nothing of what is printed, the sessions run under settings
# that hardly anybody uses (tests/odd.sh); --jit beside it has every statement compiled, too, which takes four times as long.
# Without NAME the tests are dealt out to $LANES lanes, by default one for each core, at most four. A lane has a server of its own, so tests that
# run at the same time share no role, database or setting.
. "$(dirname "$0")/lib.sh"

accept=no odd='' jit=no options=()
while [[ ${1:-} = --* ]]; do
    case $1 in
        --accept) accept=yes ;;
        --odd) odd=" under odd settings" ;;
        --jit) jit=yes ;;
    esac
    options+=("$1")
    shift
done
names=("$@")
[ $# != 0 ] || for file in pg_regress/sql/*.sql pg_regress/specs/*.spec; do
    [ ! -e "$file" ] || names+=("$(basename "${file%.*}")")
done

lanes=${LANES:-$(nproc)}
lanes=$((lanes < 4 ? lanes : 4))
if [ $# = 0 ] && [ $lanes -gt 1 ] && [ ${#names[@]} -ge $lanes ]; then
    pids=()
    cleanup() { [ ${#pids[@]} = 0 ] || kill -- "${pids[@]/#/-}" 2>/dev/null || true; wait; }
    for ((lane = 0; lane < lanes; lane++)); do
        own=()
        for ((i = lane; i < ${#names[@]}; i += lanes)); do own+=("${names[i]}"); done
        # a group of its own, so that what interrupts this script ends what runs in the lane
        setsid tests/regress.sh "${options[@]}" "${own[@]}" >"$work/lane$lane" 2>&1 &
        pids+=($!)
    done
    for ((lane = 0; lane < lanes; lane++)); do
        wait "${pids[lane]}" || failed=1
        cat "$work/lane$lane"
    done
    pids=()
    exit
fi

sql=() specs=()
for name in "${names[@]}"; do
    # The two kinds share expected/, so one name would mean one file for both.
    if [ -e "pg_regress/sql/$name.sql" ] && [ -e "pg_regress/specs/$name.spec" ]; then
        not_ok "$name is an SQL test and an isolation spec: rename one"
    elif [ -e "pg_regress/sql/$name.sql" ]; then
        sql+=("$name")
    elif [ -e "pg_regress/specs/$name.spec" ]; then
        specs+=("$name")
    else
        not_ok "there is no pg_regress/sql/$name.sql and no pg_regress/specs/$name.spec"
    fi
    [ -e "pg_regress/expected/$name.out" ] || [ $accept = no ] || touch "pg_regress/expected/$name.out"
done
[ ${#names[@]} != 0 ] || not_ok "pg_regress holds no test"

# run_tests KIND PROGRAM NAME…
run_tests() {
    local kind=$1 program=$2 out=$work/$1 diffs=no also=() name
    shift 2
    [ $# != 0 ] || return 0
    mkdir "$out"
    # a copy of template1, which pg_regress does not take
    [ -z "$odd" ] || { q postgres "CREATE DATABASE regress_$kind"; also=(--use-existing --launcher="$work/english"); }
    "$("$PG_CONFIG" --pkglibdir)/pgxs/src/test/$program" --inputdir=pg_regress --outputdir="$out" --bindir="$pg_bin" \
        --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" --dbname="regress_$kind" "${also[@]}" "$@" >"$out/log" 2>&1 || true
    for name; do
        # up to PostgreSQL 15 `test NAME ... ok 12 ms`, since then `ok 1 - NAME 12 ms`
        if grep -Eq "^test $name +\.\.\. ok|^ok +[0-9]+ +[-+] $name " "$out/log"; then
            ok "${kind%%[0-9]*}/$name$odd"
        elif [ $accept = yes ] && [ -f "$out/results/$name.out" ]; then
            cp "$out/results/$name.out" "pg_regress/expected/$name.out"
            ok "${kind%%[0-9]*}/$name: output accepted"
        else
            not_ok "${kind%%[0-9]*}/$name$odd"
            diffs=yes
        fi
    done
    # the differences if there are any, otherwise why the program did not run
    [ $diffs = no ] || if [ -s "$out/regression.diffs" ]; then cat "$out/regression.diffs"; else cat "$out/log"; fi
}

if [ -z "$odd" ]; then
    cluster_start
    run_tests sql regress/pg_regress "${sql[@]}"
    run_tests specs isolation/pg_isolation_regress "${specs[@]}"
else
    . tests/odd.sh
fi
