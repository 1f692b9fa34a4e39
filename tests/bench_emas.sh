#!/usr/bin/env bash
# What an unchanged refresh costs, untracked, on a table of EMAs as teams have it: 30 timeframes of 17 periods, 2.8 million rows of one asset of
# 5,614 days, under the key (id, ts, tf, period); with the index that regime_check_inputs gives; and on the table with the three
# periods alone. Medians of one session; only the ratios mean something on another machine.
. "$(dirname "$0")/lib.sh"
runs=${RUNS:-9}
cluster_start
demo_db narrow 2 5614
q narrow "SELECT FROM refresh_cmc_regimes(1)" && q narrow "VACUUM ANALYZE"
q postgres "CREATE DATABASE wide TEMPLATE narrow"
q wide "INSERT INTO cmc_ema_multi_tf_u (id, ts, tf, period, ema, alignment_source)
        SELECT e.id, e.ts, t.n || 'D', p.period, e.ema + p.period, 'multi_tf' FROM cmc_ema_multi_tf_u AS e, generate_series(1, 30) AS t (n),
          unnest('{5,7,9,10,12,14,20,21,26,30,50,55,89,100,144,200,365}'::int[]) AS p (period)
        WHERE e.id = 1 AND e.tf = '1D' AND e.period = 20 ORDER BY e.ts, t.n, p.period ON CONFLICT DO NOTHING"
q wide "VACUUM ANALYZE"

# median DB: milliseconds of an unchanged refresh, after two that warm up
median() {
    { for _ in $(seq $((runs + 2))); do echo "SELECT elapsed_ms FROM refresh_cmc_regimes(1);"; done; } |
        psql -XAtq -d "$1" | tail -n "$runs" | sort -g | sed -n "$((runs / 2 + 1))p"
}
narrow=$(median narrow) before=$(median wide)
create=$(q wide "SELECT command FROM regime_check_inputs(ARRAY[1]) WHERE problem ~ '^no index'")
q wide "$create" && q wide "VACUUM ANALYZE cmc_ema_multi_tf_u"
is "the index serves the read" "$(q wide "SELECT count(*) FROM regime_check_inputs(ARRAY[1]) WHERE problem ~ '^no index'")" 0
after=$(median wide)
echo "== bench: an unchanged refresh, $(q wide "SELECT count(*) FROM cmc_ema_multi_tf_u WHERE id = 1") rows of EMAs, median of $runs runs"
awk -v narrow="$narrow" -v before="$before" -v after="$after" 'BEGIN {
    printf "three periods alone  %8.1f ms\nwide                 %8.1f ms  x three periods %6.2f\nwide, with the index %8.1f ms  x three periods %6.2f  wanted <= 1.20\n",
        narrow, before, before / narrow, after, after / narrow }'
