#!/usr/bin/env bash
# Many sessions refresh the same assets in different orders, with different parameters, while others read:
# no deadlock, no error, and whoever looks sees for each asset the rows of one refresh, never a mix.
# Then cancelling: a refresh stops at once and leaves nothing half written.
. "$(dirname "$0")/lib.sh"
assets=6 rounds=4
cluster_start
demo_db busy $assets 1200

one="" other="hysteresis => false, min_bars_l0 => 10"
q busy "SELECT FROM refresh_cmc_regimes($other)"
q busy "CREATE TABLE states AS $(digests)"
q busy "SELECT FROM refresh_cmc_regimes($one)"
q busy "INSERT INTO states $(digests)"
is "the two kinds of refresh differ, for each asset" "$(q busy "SELECT count(*) FROM (SELECT id FROM states GROUP BY id HAVING count(DISTINCT digest) = 2) x")" $assets

ids=$(q busy "SELECT string_agg(id::text, ',' ORDER BY id) FROM dim_assets")
reversed=$(q busy "SELECT string_agg(id::text, ',' ORDER BY id DESC) FROM dim_assets")
# writer NAME ORDER FIRST SECOND: one transaction per round, both refreshes in it or one after the other
writer() {
    local round
    for ((round = 0; round < rounds; round++)); do
        echo "SELECT status FROM refresh_cmc_regimes(ARRAY[$2]${3:+, $3});"
        echo "SELECT status FROM refresh_cmc_regimes(ARRAY[$2]${4:+, $4});"
    done | psql -XAtq -v ON_ERROR_STOP=1 -d busy >"$work/writer_$1" 2>&1
}
writers=()
writer 1 "$ids" "$one" "$other" & writers+=($!)
writer 2 "$reversed" "$other" "$one" & writers+=($!)
writer 3 "$reversed" "$one" "$other" & writers+=($!)
writer 4 "$ids" "$other" "$one" & writers+=($!)

looks=0 mixed=
while [ -n "$(jobs -rp)" ]; do
    mixed+=$(q busy "SELECT id FROM ($(digests)) now WHERE NOT EXISTS (SELECT FROM states s WHERE (s.id, s.digest) = (now.id, now.digest))")
    looks=$((looks + 1))
done
for pid in "${writers[@]}"; do wait "$pid" || true; done
for n in 1 2 3 4; do
    is "session $n: each asset of each of $((2 * rounds)) refreshes ok or unchanged" \
        "$(grep -Ecx 'ok|unchanged' "$work/writer_$n") $(grep -Evx 'ok|unchanged' "$work/writer_$n" | head -n 3)" "$((2 * rounds * assets)) "
done
is "a reader that looked $looks times never saw a mix" "$mixed" ""
is "it looked more than once" "$((looks > 1))" 1
is "no deadlock" "$(q busy "SELECT deadlocks FROM pg_stat_database WHERE datname = 'busy'")" 0

# Different assets do not wait for each other: one is refreshed in a transaction that stays open.
first=${ids%%,*} last=${ids##*,}
mkfifo "$work/open"
psql -Xq -d busy <"$work/open" >"$work/holder" 2>&1 &
exec 9>"$work/open"
echo "BEGIN; SELECT status FROM refresh_cmc_regimes($first, $other);" >&9
until [ "$(q busy "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")" = 1 ]; do sleep 0.05; done
is "another asset is refreshed while one is being" "$(q busy "SET lock_timeout = '5s'; SELECT status IN ('ok', 'unchanged') FROM refresh_cmc_regimes($last)")" t
is "the same asset waits" "$(q busy "SET lock_timeout = '200ms'; SELECT status, message FROM refresh_cmc_regimes($first)" | grep -c 'lock timeout')" 1
echo "COMMIT;" >&9
exec 9>&-
wait

# Market states: one session adds bars, three refresh all series, and whoever reads gets what a computation of the bars would give.
new_bars="INSERT INTO candles SELECT symbol, timeframe, open_time + CASE timeframe WHEN '1d' THEN interval '1 day' ELSE interval '4 hours' END, close, high * 1.03, low, close * 1.02, volume
    FROM candles JOIN (SELECT symbol, timeframe, max(open_time) AS open_time FROM candles GROUP BY 1, 2) AS newest USING (symbol, timeframe, open_time);"
unlike() {
    q busy "WITH s AS (SELECT DISTINCT symbol, timeframe FROM candles WHERE symbol ~ '${1:-.}'), got AS (SELECT to_jsonb(g) - 'created_at' FROM s, $2),
        right_ AS (SELECT to_jsonb(c) FROM s, market_states_compute(s.symbol, s.timeframe) c)
        SELECT (SELECT count(*) FROM (TABLE got EXCEPT ALL TABLE right_) a) + (SELECT count(*) FROM (TABLE right_ EXCEPT ALL TABLE got) b)"
}
read -r symbol timeframe < <(q busy "SELECT FROM regime_track(); SELECT FROM refresh_market_states(); SELECT symbol || ' ' || timeframe FROM candles GROUP BY symbol, timeframe ORDER BY count(*), symbol LIMIT 1")
repeat() { for ((round = 0; round < 4 * rounds; round++)); do echo "$2"; done | psql -XAtq -v ON_ERROR_STOP=1 -d busy >"$work/states_$1" 2>&1; }
repeat bars "$new_bars" &
for n in 1 2 3; do repeat $n "SELECT status FROM refresh_market_states();" & done
looks=0 stale=0
while [ -n "$(jobs -rp)" ]; do
    stale=$((stale + $(unlike "^$symbol" "get_market_states(s.symbol, s.timeframe) g"))) looks=$((looks + 1))
done
wait
is "market states: nothing fails" "$(cat "$work"/states_* | grep -Evx 'ok|unchanged' | head -n 3)" ""
is "market states: a reader that looked $looks times never saw a row that is not of its bars" "$((looks > 1)) $stale" "1 0"
q busy "SELECT FROM refresh_market_states()"
is "market states: in the end each row is that of a computation" "$(unlike . "LATERAL (SELECT * FROM market_states m WHERE (m.symbol, m.timeframe) = (s.symbol, s.timeframe)) g")" 0
q busy "$new_bars"
is "market states: and the next bar continues" "$(q busy "SELECT DISTINCT status, mode, rows_written FROM refresh_market_states()")" "ok|incremental|1"
is "market states: with the ranks of all bars before" "$(unlike . "LATERAL (SELECT * FROM market_states m WHERE (m.symbol, m.timeframe) = (s.symbol, s.timeframe)) g")" 0
is "market states: no deadlock" "$(q busy "SELECT deadlocks FROM pg_stat_database WHERE datname = 'busy'")" 0
psql -Xq -d busy <"$work/open" >"$work/holder" 2>&1 &
exec 9>"$work/open"
echo "BEGIN; SELECT status FROM refresh_market_states('$symbol', '$timeframe', full_refresh => true);" >&9
until [ "$(q busy "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")" = 1 ]; do sleep 0.05; done
another=$(q busy "SELECT min(symbol) FROM candles WHERE symbol <> '$symbol'")
is "market states: another series is refreshed while one is being" "$(q busy "SET lock_timeout = '5s'; SELECT DISTINCT status FROM refresh_market_states('$another')")" unchanged
is "market states: the same series waits" "$(q busy "SET lock_timeout = '200ms'; SELECT status, message FROM refresh_market_states('$symbol', '$timeframe')" | grep -c 'lock timeout')" 1
echo "COMMIT;" >&9
exec 9>&-
wait

# Cancelling, at moments spread over a refresh. How late it stops is measured; the best of the tries counts, since
# the machine may be busy with something else.
demo_db slow 40 3000
whole=$(q slow "SELECT sum(elapsed_ms)::int FROM refresh_cmc_regimes($one)")
q slow "CREATE TABLE states AS $(digests)"
best=100000
for percent in 10 25 40 55 70; do
    timeout=$((whole * percent / 100 + 1))
    late=$(q slow "SET statement_timeout = $timeout; SET client_min_messages = warning;
                   DO \$\$ DECLARE t timestamptz := clock_timestamp(); BEGIN
                       PERFORM refresh_cmc_regimes($other);
                       RAISE EXCEPTION 'was not cancelled';
                   EXCEPTION WHEN query_canceled THEN
                       RAISE EXCEPTION 'late by % ms', round(extract(epoch FROM clock_timestamp() - t) * 1000 - $timeout);
                   END \$\$" | sed -n 's/^ERROR:  late by \(.*\) ms$/\1/p') || true # the status is that of the error
    if [ -z "$late" ]; then not_ok "statement_timeout after $timeout ms stops a refresh of $whole ms"; continue; fi
    if [ "$late" -lt "$best" ]; then best=$late; fi
done
is "cancelled, it stops within 100 ms (here $best)" "$((best <= 100))" 1
same "and nothing is half written" slow "TABLE states" "$(digests)"
