#!/usr/bin/env bash
# The market states of real bars against the reference's rows, where these lie beside the tree (../shared).
. "$(dirname "$0")/lib.sh"
if [ ! -x ../shared/check/parity_states.sh ]; then
    echo "   no ../shared here: nothing to compare with"
    exit
fi
cluster_start
../shared/check/parity_states.sh >"$work/lines" 2>"$work/errors" || grep -v '^NOTICE' "$work/errors" || true
is "14 tables, functions and variants are compared" "$(wc -l <"$work/lines")" 14
while read -r line; do
    if [[ $line =~ :\ ([0-9]+)\ ([0-9]+)\ 0$ ]]; then ok "$line"; else not_ok "$line"; fi
done <"$work/lines"
