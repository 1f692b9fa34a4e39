#!/usr/bin/env bash
# `make demo` on a machine without a demo and on one with it, what it advises to look at, and `make stop`.
. "$(dirname "$0")/lib.sh"
export PG_REGIME_DEMO_DIR=/var/tmp/pg_regime_demo_$$
cleanup() { tools/demo.sh stop >/dev/null; }

# What a run printed, but for what differs from run to run.
demo() { tools/demo.sh 2>"$work/stderr" | tee "$work/out" | sed -E 's/[0-9]+\.[0-9]+ *$//'; }
first=$(demo) || not_ok "the demo runs" "$(cat "$work/stderr")"
is "the demo says nothing else" "$(cat "$work/stderr")" ''
again=$(demo) || not_ok "the demo runs again" "$(cat "$work/stderr")"
is "in the end there are as many lines as before" "$(wc -l <<<"$again")" "$(wc -l <<<"$first")"
is "every asset was refreshed, twice over" "$(grep -cE '^ +[0-9]+ \| ok +\|' <<<"$first$again")" 10

export PGHOST=$PG_REGIME_DEMO_DIR PGPORT=5432 PGUSER=postgres
# "Candles, in psql:  SELECT …;": the statements that it ends with.
mapfile -t statements < <(sed -nE 's/^[A-Z][^:]*: +(SELECT .*;)$/\1/p' "$work/out")
is "it names statements" "$((${#statements[@]} > 3))" 1
for statement in "${statements[@]}"; do
    succeeds "$statement" psql -Xq -v ON_ERROR_STOP=1 -d demo -c "$statement"
done
is "every system has rows, none of them stale" "$(q demo "SELECT count(*), bool_and(n > 0), sum(n_stale) FROM regime_systems")" "4|t|0"
tools/demo.sh stop >/dev/null
is "it goes without a trace" "$(ls -d "$PG_REGIME_DEMO_DIR" 2>/dev/null || true)" ''
