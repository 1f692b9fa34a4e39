#!/usr/bin/env bash
# The market regimes and the market regime history of real bars against the reference's rows, where these lie beside
# the tree (../shared).
. "$(dirname "$0")/lib.sh"
if [ ! -x ../shared/check/parity_models.sh ]; then
    echo "   no ../shared here: nothing to compare with"
    exit
fi
cluster_start
../shared/check/parity_models.sh >"$work/lines" 2>"$work/errors" || grep -v '^NOTICE' "$work/errors" || true
# compared TABLE ROWS: rows of the reference, rows of ours among them, rows that differ
compared() { is "$1: $2 rows of the reference, none differs" "$(sed -n "s/^$1 .*: //p" "$work/lines")" "$2 $2 0"; }
compared market_regimes 10956
compared market_regime_history 7572
