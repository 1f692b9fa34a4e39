#!/usr/bin/env bash
# What clearing marks costs in a long-lived session, whose statements were planned while the tables of marks were empty, and
# which were analysed then: one refresh after many loads, each of 40 series (which leave array rows) or of 20 (a row each).
# Linear, if twice the series cost twice the time: each series is marked by four loads.
. "$(dirname "$0")/lib.sh"
sizes=${SIZES:-500 1000 2000}
cluster_start
q postgres "ALTER SYSTEM SET autovacuum = off" && q postgres "SELECT FROM pg_reload_conf()"
q postgres "CREATE DATABASE bench"
q bench "$(cat <<'SQL'
CREATE EXTENSION pg_regime;
CREATE TABLE taken (loads int, series int, ms float8);
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, open float8, high float8, low float8, close float8, volume float8,
    PRIMARY KEY (symbol, timeframe, open_time));
-- One more candle of so many symbols from one on.
CREATE FUNCTION load(first int, symbols int, n int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO candles SELECT 'S' || s, '1h', timestamptz '2024-01-01' + n * interval '1 hour', 1, 2, 1, 1 + s % 7 / 10.0, 1
    FROM generate_series(first, first + symbols - 1) AS s $$;
CREATE PROCEDURE take(of_load int, series int) LANGUAGE plpgsql AS $$
DECLARE began timestamptz := clock_timestamp();
BEGIN
    PERFORM refresh_market_regimes();
    INSERT INTO taken VALUES (of_load, series, extract(epoch FROM clock_timestamp() - began) * 1000);
    IF EXISTS (SELECT FROM market_regime_marks) THEN RAISE 'marks are left'; END IF;
END $$;
SQL
)" >/dev/null || exit
for of_load in 40 20; do
    for series in $sizes; do
        q bench "SELECT FROM regime_track(false); TRUNCATE candles CASCADE; SELECT load(1, $series, 0); SELECT FROM regime_track(); SELECT FROM refresh_market_regimes()" >/dev/null || exit
        q bench "VACUUM regime_work.market_regime_dirty, regime_work.market_regime_dirty_many, regime_work.market_regime_dirty_done"
        {
            # It plans. Tables that are analysed while they hold dead rows alone count as empty, however large they grow.
            for ((n = 1; n <= 8; n++)); do echo "SELECT load(1, $of_load, $n); SELECT FROM refresh_market_regimes('S' || ($n % 4 + 1)); SELECT FROM refresh_market_regimes();"; done
            echo "ANALYZE regime_work.market_regime_dirty, regime_work.market_regime_dirty_many, regime_work.market_regime_dirty_done;"
            for ((n = 9; n <= 12; n++)); do
                for ((first = 1; first <= series; first += of_load)); do echo "SELECT load($first, $of_load, $n);"; done
            done
            echo "CALL take($of_load, $series);"
        } | psql -Xq -v ON_ERROR_STOP=1 -d bench >"$work/log" 2>&1 || { not_ok "the bench ran" "$(cat "$work/log")"; exit; }
    done
done

echo "== bench: a refresh of series with four marks each, in a session that has planned while there were none"
psql -Xq -d bench --pset=footer=off <<'SQL'
SELECT loads AS series_of_a_load, series, round(ms::numeric) AS ms, round((ms / series * 1000)::numeric) AS us_per_series,
    round((ms / series / first_value(ms / series) OVER (PARTITION BY loads ORDER BY series))::numeric, 2) AS ratio,
    CASE WHEN series > min(series) OVER () THEN '<= 1.50' END AS wanted FROM taken ORDER BY loads, series;
SQL

# Weekly and monthly tables and EMAs, of one asset all of whose closes have changed, by a session that has made them: the tables
# grew since they were analysed.
q bench "CREATE TABLE built (days int, rows bigint, ms float8)"
for days in ${DAYS:-1400 2800 5600}; do
    q postgres "DROP DATABASE IF EXISTS build" && q postgres "CREATE DATABASE build"
    q build "CREATE EXTENSION pg_regime"
    row=$(psql -XAtq -v ON_ERROR_STOP=1 -d build 2>"$work/log" <<SQL
SELECT FROM regime_demo(n_assets => 1, days => $days) \g /dev/null
SELECT FROM regime_build_inputs() \g /dev/null
UPDATE cmc_price_bars_multi_tf SET close = close * (1 + 0.01 * (bar_seq % 7)) WHERE tf = '1D';
SELECT clock_timestamp() AS began \gset
SELECT sum(rows_written) AS rows FROM regime_build_inputs() \gset
SELECT format('(%s, %s, %s)', $days, :rows, extract(epoch FROM clock_timestamp() - :'began') * 1000);
SQL
    ) || { not_ok "the bench of inputs ran" "$(cat "$work/log")"; exit; }
    q bench "INSERT INTO built VALUES $row"
done
echo "== bench: regime_build_inputs of one asset with a changed close on every day"
psql -Xq -d bench --pset=footer=off <<'SQL'
SELECT days, rows, round(ms::numeric) AS ms, round((ms / rows * 1000)::numeric) AS us_per_row,
    round((ms / rows / first_value(ms / rows) OVER (ORDER BY days))::numeric, 2) AS ratio,
    CASE WHEN days > min(days) OVER () THEN '<= 1.50' END AS wanted FROM built ORDER BY days;
SQL
