#!/usr/bin/env bash
# The results on real bars against the reference's rows, where these lie beside the tree (../shared).
. "$(dirname "$0")/lib.sh"
if [ ! -x ../shared/check/parity.sh ]; then
    echo "   no ../shared here: nothing to compare with"
    exit
fi
cluster_start
../shared/check/parity.sh >"$work/lines" 2>"$work/errors" || grep -v '^NOTICE' "$work/errors" || true
while read -r variant table _ golden ours differ; do
    if [ "$differ" = 0 ]; then
        ok "$variant $table: $ours rows, none differs"
    else
        not_ok "$variant $table: of $golden rows there, $ours here, $differ differ"
    fi
done <"$work/lines"
is "all variants and tables were compared" "$(wc -l <"$work/lines")" 32
