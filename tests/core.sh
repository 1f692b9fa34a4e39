#!/usr/bin/env bash
# core.sh [PROFILE…]: the unit and property tests of the core, as developed (dev) and as released (release), or one alone.
. "$(dirname "$0")/lib.sh"
# Optimized, but not across crates: that would cost minutes, a binary each time, and test nothing more.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
profiles=("$@")
[ $# != 0 ] || profiles=(dev release)
for profile in "${profiles[@]}"; do
    if cargo test --quiet --package regime_core --profile "$profile" >"$work/log" 2>&1; then
        ok "regime_core, $profile: $(awk '/^test result: ok/ {n += $4} END {print n + 0}' "$work/log") tests"
    else
        not_ok "regime_core, $profile" "$(cat "$work/log")"
    fi
done
