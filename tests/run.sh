#!/usr/bin/env bash
# run.sh [NAME…]: every test script, or those named, against the extension as installed (make install). Each makes
# a server of its own and removes it. Ends with one line, `N passed, N failed`; status 1 if one failed.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts=(core install_script demo regress settings traps hints drop_extension dump_restore upgrade concurrency crash rounds backfill histories candle_histories standby replication docs dashboards report parity parity_models parity_states parity_portions shards cron)
[ $# = 0 ] || scripts=("$@")

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0
for name in "${scripts[@]}"; do
    echo "== test: $name"
    SECONDS=0 rc=0
    # stdin closed, so that nothing waits for an answer; a test that waits for what does not come ends after half an hour
    limit=1800
    [ "$name" != soak ] || limit=0
    timeout $limit "tests/$name.sh" </dev/null 2>&1 | tee "$log" || rc=1
    oks=$(grep -c '^ok - ' "$log" || true) not_oks=$(grep -c '^not ok - ' "$log" || true)
    # a script that broke off before its checks has failed too
    if [ $rc != 0 ] && [ "$not_oks" = 0 ]; then
        echo "not ok - tests/$name.sh broke off"
        not_oks=1
    fi
    echo "   $name: $oks passed, $not_oks failed, $SECONDS s"
    passed=$((passed + oks)) failed=$((failed + not_oks))
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
