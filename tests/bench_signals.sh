#!/usr/bin/env bash
# What asking for the regime of signals costs next to joining cmc_regimes as of each signal's time in plain SQL:
# 10,000 signals on 3 assets of 5,614 days, as they come, not sorted. All in turn, in one session, several times: only
# the ratios mean something on another machine.
. "$(dirname "$0")/lib.sh"
runs=${RUNS:-15}
cluster_start
q postgres "ALTER SYSTEM SET autovacuum = off" && q postgres "SELECT FROM pg_reload_conf()"
demo_db bench 5 5614
q bench "SELECT FROM refresh_cmc_regimes()"
q bench "$(cat <<'SQL'
CREATE TABLE signals AS
SELECT (1 + n * 7919 % 3)::int AS id, began + n * 2654435761 % 480000000 * interval '1 second' AS ts,
    n::int AS signal_id, (ARRAY['breakout', 'pullback', 'mean_revert', 'hedge'])[1 + n % 4] AS setup
FROM generate_series(1, 10000::bigint) AS n, (SELECT min(ts) + interval '31 days' AS began FROM cmc_regimes) AS b;

CREATE TABLE wanted (place int, what text, sql text);
INSERT INTO wanted VALUES
(1, 'plain as-of join', 'SELECT count(*), sum(r.size_mult), sum(r.stop_mult), count(r.regime_key), count(r.orders), count(r.setups)
    FROM signals s LEFT JOIN LATERAL (SELECT * FROM cmc_regimes r WHERE r.id = s.id AND r.tf = ''1D'' AND r.ts <= s.ts
    ORDER BY r.ts DESC LIMIT 1) r ON true'),
(2, 'regime_at', 'SELECT count(*), sum(r.size_mult), sum(r.stop_mult), count(r.regime_key), count(r.orders), count(r.setups)
    FROM signals s CROSS JOIN LATERAL regime_at(s.id, s.ts) r'),
(3, 'regime_gate', 'SELECT count(*), sum(g.size), sum(g.stop_mult), count(g.regime_key), count(g.orders), count(g.reason)
    FROM signals s CROSS JOIN LATERAL regime_gate(s.id, s.ts, s.setup, 1) g'),
(4, 'regime_at, all too old', 'SELECT count(*), sum(r.size_mult) FROM signals s CROSS JOIN LATERAL regime_at(s.id, s.ts, ''0'') r');

CREATE TABLE taken (run int, what text, ms float8);
CREATE PROCEDURE take(run int, what text, work text) LANGUAGE plpgsql AS $$
DECLARE began timestamptz := clock_timestamp();
BEGIN
    EXECUTE work;
    INSERT INTO taken VALUES (run, what, extract(epoch FROM clock_timestamp() - began) * 1000);
END $$;
SQL
)" || exit
q bench "VACUUM ANALYZE"
same "regime_at gives what the plain join gives" bench \
    "SELECT s.signal_id, r.ts, r.regime_key, r.size_mult FROM signals s CROSS JOIN LATERAL regime_at(s.id, s.ts) r" \
    "SELECT s.signal_id, r.ts, r.regime_key, r.size_mult FROM signals s LEFT JOIN LATERAL (SELECT * FROM cmc_regimes r WHERE r.id = s.id AND r.tf = '1D' AND r.ts <= s.ts ORDER BY r.ts DESC LIMIT 1) r ON true"

# The first run warms up and does not count.
for ((run = 0; run <= runs; run++)); do
    echo "SELECT format('CALL take($run, %L, %L)', what, sql) FROM wanted ORDER BY place \\gexec"
done >"$work/session.sql"
psql -Xq -v ON_ERROR_STOP=1 -d bench -f "$work/session.sql" >"$work/log" 2>&1 || { not_ok "the bench ran" "$(cat "$work/log")"; exit; }

echo "== bench: the regime of 10,000 signals, median of $runs runs"
psql -Xq -d bench --pset=footer=off <<'SQL'
-- Each run against the plain join of the same run, a moment earlier: what else the machine does hits both.
SELECT t.what, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms)::numeric, 1) AS median_ms, round(min(t.ms)::numeric, 1) AS min_ms,
       round(max(t.ms)::numeric, 1) AS max_ms, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms / plain.ms)::numeric, 2) AS "x plain",
       CASE WHEN t.what IN ('regime_at', 'regime_gate') THEN 'x plain <= 3.00' END AS wanted
FROM taken t JOIN taken plain ON plain.run = t.run AND plain.what = 'plain as-of join' JOIN wanted w ON w.what = t.what
WHERE t.run > 0 GROUP BY t.what, w.place ORDER BY w.place;
SQL
