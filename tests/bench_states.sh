#!/usr/bin/env bash
# What market states cost: 10,000 bars computed on the fly; a new bar of a series of 100,000 stored bars next to one of 1,000, in
# time and in bytes of the log; 10,000 stored rows through get_market_states next to selecting them; the latest view over 1,000
# series next to DISTINCT ON. Pairs in turn, in one session, several times: only the ratios mean something on another machine.
. "$(dirname "$0")/lib.sh"
runs=${RUNS:-15} long=${LONG:-100000}
cluster_start
for setting in "autovacuum = off" "checkpoint_timeout = '1h'"; do q postgres "ALTER SYSTEM SET $setting"; done
q postgres "SELECT pg_reload_conf()" >/dev/null
q postgres "CREATE DATABASE bench"
q bench "$(cat <<SQL
CREATE EXTENSION pg_regime;
CREATE TABLE candles (symbol varchar(20) NOT NULL, timeframe varchar(10) NOT NULL, open_time timestamptz NOT NULL, open float8, high float8,
    low float8, close float8, volume float8, PRIMARY KEY (symbol, timeframe, open_time));
CREATE TABLE bars AS SELECT n, lag(close, 1, close) OVER w AS open, close * 1.004 AS high, close * 0.995 AS low, close, 1000 + n::bigint * 7907 % 997 AS volume
    FROM (SELECT n, round(exp(sum(step) OVER (ORDER BY n))::numeric, 2)::float8 AS close
          FROM (SELECT n, CASE WHEN n = 0 THEN ln(20000::float8) ELSE sin(n * 0.37) * 0.004 * (1.5 + sin(n * 0.003)) + (n::bigint * 7919 % 1009 - 504) / 504.0 * 0.01 END AS step
                FROM generate_series(0, $long + 99) n) s) p WINDOW w AS (ORDER BY n);
-- Bar n of a series.
CREATE FUNCTION bar(symbol text, n int) RETURNS candles STABLE LANGUAGE sql
    AS 'SELECT symbol, ''1h'', timestamptz ''2010-01-01 00:00+00'' + n * interval ''1 hour'', b.open, b.high, b.low, b.close, b.volume FROM bars b WHERE b.n = bar.n';
CREATE UNIQUE INDEX ON bars (n);
INSERT INTO candles SELECT (bar(s, n)).* FROM (VALUES ('SHORT', 1000), ('MIDDLE', 10000), ('LONG', $long)) s (s, bars), generate_series(0, bars - 1) n;
SELECT FROM refresh_market_states();
SELECT FROM regime_track();
SELECT FROM refresh_market_states();
SQL
)" >/dev/null || exit
q bench "VACUUM ANALYZE"

# A new bar: what its refresh takes, and what it writes to the log. The first ones warm up and do not count.
{
    echo "CREATE TABLE bar_taken (run int, symbol text, ms float8, bytes numeric);"
    for ((run = -4; run <= runs; run++)); do
        for series in "SHORT 1000" "LONG $long"; do
            read -r symbol bars <<<"$series"
            cat <<SQL
INSERT INTO candles SELECT (bar('$symbol', $bars + $run + 4)).*;
SELECT pg_current_wal_insert_lsn() AS lsn, clock_timestamp() AS began \\gset
SELECT status, mode FROM refresh_market_states('$symbol', '1h') \\gset
INSERT INTO bar_taken SELECT $run, '$symbol', extract(epoch FROM clock_timestamp() - :'began'::timestamptz) * 1000, pg_current_wal_insert_lsn() - :'lsn' WHERE :'status' = 'ok' AND :'mode' = 'incremental';
SQL
        done
    done
} >"$work/bars.sql"
psql -Xq -v ON_ERROR_STOP=1 -d bench -f "$work/bars.sql" >"$work/log" 2>&1 || { not_ok "the bench ran" "$(cat "$work/log")"; exit; }
is "each new bar was computed alone" "$(q bench "SELECT count(*) FROM bar_taken")" $((2 * (runs + 5)))
same "the rows of new bars are those of a computation" bench "SELECT open_time, state_label, escalation, escalation_percentile, supports FROM market_states WHERE symbol = 'SHORT'" \
    "SELECT open_time, state_label, escalation, escalation_percentile, supports FROM market_states_compute('SHORT', '1h')"

# A thousand series of 300 bars.
q bench "INSERT INTO candles SELECT (jsonb_populate_record(c, jsonb_build_object('symbol', 'S' || s))).* FROM candles c, generate_series(1, 1000) s WHERE symbol = 'SHORT' AND open_time < '2010-01-13 12:00+00'
         ON CONFLICT DO NOTHING" >/dev/null
q bench "SET session_replication_role = replica;
         INSERT INTO market_states SELECT (jsonb_populate_record(m, jsonb_build_object('symbol', 'S' || s))).* FROM market_states m, generate_series(1, 1000) s WHERE symbol = 'SHORT' AND open_time < '2010-01-13 12:00+00'"
q bench "INSERT INTO regime_work.market_state_series SELECT (jsonb_populate_record(t, jsonb_build_object('symbol', 'S' || s))).* FROM regime_work.market_state_series t, generate_series(1, 1000) s WHERE symbol = 'SHORT'"
# Not TRUNCATE, after which a state does not know whether all changes since are marked.
q bench "DELETE FROM regime_work.market_state_dirty; DELETE FROM regime_work.market_state_dirty_many"
q bench "VACUUM ANALYZE"

read -r -d '' pairs <<'SQL' || true
plain aggregate|SELECT count(*), sum(high), sum(low), sum(close) FROM candles WHERE symbol = 'MIDDLE' AND timeframe = '1h'
on the fly|SELECT count(*) FROM market_states_compute('MIDDLE', '1h')
plain SELECT|SELECT * FROM market_states WHERE symbol = 'MIDDLE' AND timeframe = '1h' ORDER BY open_time
stored get|SELECT * FROM get_market_states('MIDDLE', '1h')
plain DISTINCT ON|SELECT DISTINCT ON (symbol, timeframe) * FROM market_states WHERE symbol LIKE 'S%' ORDER BY symbol DESC, timeframe DESC, open_time DESC
latest view|SELECT * FROM market_state_latest WHERE symbol LIKE 'S%'
SQL
# The first run warms up and does not count. Statements are sent one by one, and timed until the client has their rows.
q bench "DELETE FROM market_states WHERE symbol = 'LONG'"
q bench "VACUUM market_states"
for ((run = 0; run <= runs; run++)); do
    while IFS='|' read -r what sql; do
        printf '\\echo #%s|%s\n\\timing on\n%s;\n\\timing off\n' "$run" "$what" "$sql"
    done <<<"$pairs"
done >"$work/session.sql"
psql -Xq -v ON_ERROR_STOP=1 -d bench -f "$work/session.sql" 2>"$work/log" | sed -nE 's/^#(.*)/\1/p; s/^Time: ([0-9.]+) ms.*/\1/p' | paste -d'|' - - >"$work/taken" ||
    { not_ok "the bench ran" "$(cat "$work/log")"; exit; }
q bench "CREATE TABLE taken (run int, what text, ms float8)"
psql -Xq -d bench -c "\\copy taken FROM '$work/taken' (FORMAT csv, DELIMITER '|')"

echo "== bench: market states, median of $runs runs"
psql -Xq -d bench --pset=footer=off <<SQL
SELECT '10,000 bars on the fly, seconds per 1,000' AS what, round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) / 10000)::numeric, 3) AS value, '<= 0.060' AS wanted
FROM taken WHERE what = 'on the fly' AND run > 0;
WITH pair (place, what, plain, wanted) AS (VALUES (3, 'stored get', 'plain SELECT', '<= 1.20'), (4, 'latest view', 'plain DISTINCT ON', '<= 1.50')),
    ratio (place, what, median, plain, plain_median, ratio, wanted) AS (
        SELECT p.place, p.what || ', ms', percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms), p.plain, percentile_cont(0.5) WITHIN GROUP (ORDER BY f.ms),
               percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms / f.ms), p.wanted
        FROM pair p JOIN taken t USING (what) JOIN taken f ON f.what = p.plain AND f.run = t.run WHERE t.run > 0 GROUP BY p.place, p.what, p.plain, p.wanted
        UNION ALL SELECT v.place, 'a new bar after $long: ' || v.what, percentile_cont(0.5) WITHIN GROUP (ORDER BY v.long), 'after 1000', percentile_cont(0.5) WITHIN GROUP (ORDER BY v.short),
               percentile_cont(0.5) WITHIN GROUP (ORDER BY v.long) / percentile_cont(0.5) WITHIN GROUP (ORDER BY v.short), '<= 1.50'
        FROM bar_taken l JOIN bar_taken s USING (run), LATERAL (VALUES (1, 'ms', l.ms, s.ms), (2, 'bytes of the log', l.bytes::float8, s.bytes::float8)) AS v (place, what, long, short)
        WHERE l.symbol = 'LONG' AND s.symbol = 'SHORT' AND run > 0 GROUP BY v.place, v.what)
SELECT what, round(median::numeric, 2) AS median, plain, round(plain_median::numeric, 2) AS median, round(ratio::numeric, 2) AS ratio, wanted FROM ratio ORDER BY place;
SQL
