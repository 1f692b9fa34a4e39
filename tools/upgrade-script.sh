#!/usr/bin/env bash
# upgrade-script.sh VERSION: begins the script that upgrades from the version released last to this one, unless it is there, and says what it
# has to bring: tests/upgrade.sh fails until an upgraded schema is that of a fresh installation.
set -euo pipefail
cd "$(dirname "$0")/../sql"
last=$(sed -n '$s/.* pg_regime--\(.*\)\.sql$/\1/p' released.sha256)
script=pg_regime--$last--$1.sql
if [ ! -e "$script" ]; then
    printf '%s\n' "-- Upgrade of pg_regime from $last to $1." \
        "\\echo Use \"ALTER EXTENSION pg_regime UPDATE TO '$1'\" to load this file. \\quit" >"$script"
    echo "== sql: sql/$script"
fi
# The first line names the version.
if diff <(tail -n +2 "pg_regime--$last.sql") <(tail -n +2 "pg_regime--$1.sql"); then echo "   it has nothing to bring"; fi
