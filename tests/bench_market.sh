#!/usr/bin/env bash
# What the sister systems cost: 10,000 candles computed on the fly next to a plain aggregate over the same rows; 10,000 stored
# rows through get_market_regimes next to selecting them; a backfill of the history in trading days per second. Pairs in turn, in
# one session, several times: only the ratios mean something on another machine.
. "$(dirname "$0")/lib.sh"
runs=${RUNS:-15}
cluster_start
q postgres "ALTER SYSTEM SET autovacuum = off" && q postgres "SELECT FROM pg_reload_conf()"
q postgres "CREATE DATABASE bench"
q bench "$(cat <<'SQL'
CREATE EXTENSION pg_regime;
CREATE TABLE candles (symbol varchar(20) NOT NULL, timeframe varchar(10) NOT NULL, open_time timestamptz NOT NULL, open float8, high float8,
    low float8, close float8, volume float8, PRIMARY KEY (symbol, timeframe, open_time));
CREATE TABLE prices AS SELECT n, round(exp(sum(step) OVER (ORDER BY n))::numeric, 2) AS close
    FROM (SELECT n, CASE WHEN n = 0 THEN ln(20000::float8) ELSE sin(n * 0.37) * 0.004 + (n::bigint * 7919 % 1009 - 504) / 504.0 * 0.01 END AS step
          FROM generate_series(0, 10000) n) s;
INSERT INTO candles SELECT s, '1h', timestamptz '2020-01-01 00:00+00' + n * interval '1 hour', lag(close, 1, close) OVER w, close * 1.004, close * 0.995, close, 1
    FROM unnest('{AAA,BBB,CCC,DDD,EEE}'::text[]) s, prices WHERE n < 10000 WINDOW w AS (PARTITION BY s ORDER BY n);
INSERT INTO candles SELECT '^GSPC', '1d', timestamptz '1990-01-01 00:00+00' + n * interval '1 day', close, close, close, close, 1 FROM prices;
CREATE TABLE exact (LIKE candles INCLUDING ALL);
ALTER TABLE exact ALTER open TYPE numeric, ALTER high TYPE numeric, ALTER low TYPE numeric, ALTER close TYPE numeric, ALTER volume TYPE numeric;
INSERT INTO exact SELECT symbol, timeframe, open_time, open, round(high::numeric, 2), round(low::numeric, 2), close, volume FROM candles;
SELECT FROM regime_track();
SELECT FROM refresh_market_regimes();
SQL
)" >/dev/null || exit
q bench "VACUUM ANALYZE"
same "get_market_regimes gives what is stored" bench "SELECT open_time, full_regime, confidence FROM get_market_regimes('CCC', '1h') WHERE created_at IS NOT NULL" \
    "SELECT open_time, full_regime, confidence FROM market_regimes WHERE symbol = 'CCC' AND timeframe = '1h'"

read -r -d '' pairs <<'SQL' || true
plain aggregate|SELECT count(*), sum(high), sum(low), sum(close) FROM candles WHERE symbol = 'CCC' AND timeframe = '1h'
on the fly, float8|SELECT count(*) FROM market_regimes_compute('CCC', '1h')
plain aggregate, numeric|SELECT count(*), sum(high), sum(low), sum(close) FROM exact WHERE symbol = 'CCC' AND timeframe = '1h'
on the fly, numeric|SELECT count(*) FROM market_regimes_compute('CCC', '1h')
plain SELECT|SELECT * FROM market_regimes WHERE symbol = 'CCC' AND timeframe = '1h' ORDER BY open_time
stored get|SELECT * FROM get_market_regimes('CCC', '1h')
plain SELECT, 120|SELECT * FROM market_regimes WHERE symbol = 'CCC' AND timeframe = '1h' AND open_time >= '2021-02-15 16:00+00' ORDER BY open_time
stored get, 120|SELECT * FROM get_market_regimes('CCC', '1h', '2021-02-15 16:00+00')
SQL
# The first run warms up and does not count. Statements are sent one by one, and timed until the client has their rows.
for ((run = 0; run <= runs; run++)); do
    while IFS='|' read -r what sql; do
        case $what in
            "plain aggregate, numeric") echo "UPDATE regime_source SET bars_table = 'exact' WHERE layer = 'candles';" ;;
            "plain SELECT") echo "UPDATE regime_source SET bars_table = 'candles' WHERE layer = 'candles';" ;;
        esac
        printf '\\echo #%s|%s\n\\timing on\n%s;\n\\timing off\n' "$run" "$what" "$sql"
    done <<<"$pairs"
done >"$work/session.sql"
psql -Xq -v ON_ERROR_STOP=1 -d bench -f "$work/session.sql" 2>"$work/log" | sed -nE 's/^#(.*)/\1/p; s/^Time: ([0-9.]+) ms.*/\1/p' | paste -d'|' - - >"$work/taken" ||
    { not_ok "the bench ran" "$(cat "$work/log")"; exit; }
q bench "CREATE TABLE taken (run int, what text, ms float8)"
psql -Xq -d bench -c "\\copy taken FROM '$work/taken' (FORMAT csv, DELIMITER '|')"

echo "== bench: 10,000 candles, median of $runs runs"
psql -Xq -d bench --pset=footer=off <<'SQL'
WITH pair (place, what, plain, wanted) AS (VALUES (1, 'on the fly, float8', 'plain aggregate', '<= 3.00'), (2, 'on the fly, numeric', 'plain aggregate, numeric', '<= 3.00'),
    (3, 'stored get', 'plain SELECT', '<= 1.20'), (4, 'stored get, 120', 'plain SELECT, 120', ''))
SELECT p.what, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms)::numeric, 2) AS median_ms, p.plain,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY f.ms)::numeric, 2) AS median_ms,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms / f.ms)::numeric, 2) AS ratio, p.wanted
FROM pair p JOIN taken t USING (what) JOIN taken f ON f.what = p.plain AND f.run = t.run WHERE t.run > 0 GROUP BY p.place, p.what, p.plain, p.wanted ORDER BY p.place;
SQL

# A backfill as it is called, each batch committed by itself.
q bench "SELECT FROM regime_setup()"
q bench "CREATE TABLE backfills (batch int, days bigint, seconds float8)"
for batch in 60 60 60 400 400 400; do
    q bench "DELETE FROM market_regime_history"
    began=$EPOCHREALTIME
    psql -Xq -d bench -c "CALL backfill_market_regime_history('1900-01-01', '2100-01-01', $batch)" 2>/dev/null
    q bench "INSERT INTO backfills SELECT $batch, count(*), $EPOCHREALTIME - $began FROM market_regime_history"
done
echo "== bench: a backfill of $(q bench "SELECT max(days) FROM backfills") trading days, median of 3 runs"
psql -Xq -d bench --pset=footer=off <<'SQL'
SELECT batch AS batch_size, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY days / seconds)) AS days_per_second FROM backfills GROUP BY 1 ORDER BY 1;
SQL
