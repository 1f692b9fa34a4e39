#!/usr/bin/env bash
# check.sh COMMAND…: the command (lint) and the tests of the core, and beside them the SQL and isolation tests, which alone
# leave the processor idle at times: compiling, linking and waiting sessions fill each other's gaps.
. "$(dirname "$0")/lib.sh"

{ "$@" && tests/core.sh dev; } >"$work/core" 2>&1 &
beside=$!
cleanup() { kill $beside 2>/dev/null || true; wait; }
LANES=$(($(nproc) + 1)) tests/regress.sh || failed=1
wait $beside || failed=1
cat "$work/core"
