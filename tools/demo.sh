#!/usr/bin/env bash
# demo.sh: a private server with a database "demo": invented prices of a few assets and of an index, and their regimes,
# daily, of candles, and of the days of the index, and the states of candles.
# demo.sh psql: look around in it. demo.sh stop: stop the server and remove its directory.
set -euo pipefail
# shellcheck source=../tests/cluster.sh
. "$(dirname "$0")/../tests/cluster.sh"
dir=${PG_REGIME_DEMO_DIR:-/var/tmp/pg_regime_demo}

# The place is fixed and open to all users of the machine: take nobody else's directory for ours.
owner=$(if [ "$(id -u)" = 0 ]; then echo postgres; else id -un; fi)
if [ -e "$dir" ] && [ "$(stat -c %U "$dir")" != "$owner" ]; then
    echo "demo: $dir belongs to $(stat -c %U "$dir"), not to $owner: set PG_REGIME_DEMO_DIR to another place" >&2
    exit 1
fi
cluster_dir=$dir

case ${1:-} in
    stop)
        cluster_remove
        echo "== demo: stopped, $dir removed"
        exit
        ;;
    psql)
        [ -f "$dir/data/postmaster.pid" ] || { echo "demo: no server is running, make demo starts it" >&2; exit 1; }
        exec psql --host="$dir" --username=postgres --dbname=demo
        ;;
esac

# A server of another version left here: it holds nothing but an earlier demo.
version=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
[ ! -f "$dir/data/PG_VERSION" ] || [ "$(cat "$dir/data/PG_VERSION")" = "$version" ] || { cluster_remove; cluster_dir=$dir; }
echo "== demo: a private PostgreSQL $version in $dir, on a unix socket"
cluster_start

echo "== demo: a new database, five invented assets of up to 3000 days, an index of 1500"
PGOPTIONS='-c client_min_messages=warning' psql -Xq -v ON_ERROR_STOP=1 --pset=footer=off --pset=pager=off <<'SQL'
DROP DATABASE IF EXISTS demo WITH (FORCE);
CREATE DATABASE demo;
\connect demo
CREATE EXTENSION pg_regime;
SELECT regime_demo() \g /dev/null
\echo
\echo 'SELECT * FROM refresh_cmc_regimes();'
SELECT id, status, regime_rows, flip_rows, stat_rows, comovement_rows, rows_written, feature_tier,
       round(elapsed_ms::numeric, 1) AS elapsed_ms
FROM refresh_cmc_regimes();
\echo 'The newest regime of each asset:'
SELECT * FROM regime_board;
\echo 'How asset 1 spent its history, and what the next day brought:'
SELECT regime_key, n_bars, round(100 * pct_of_history::numeric, 1) AS percent,
       round(100 * avg_ret_1d::numeric, 3) AS avg_next_day_percent, round(100 * std_ret_1d::numeric, 3) AS std_percent
FROM cmc_regime_stats WHERE id = 1 ORDER BY n_bars DESC, regime_key;
\echo 'SELECT * FROM refresh_market_regimes();'
SELECT symbol, timeframe, status, regime_rows, rows_written, round(elapsed_ms::numeric, 1) AS elapsed_ms FROM refresh_market_regimes();
\echo 'The newest regime of each symbol and timeframe:'
SELECT DISTINCT ON (symbol, timeframe) symbol, timeframe, open_time, full_regime, simplified_regime, round(confidence::numeric, 2) AS confidence
FROM market_regimes ORDER BY symbol, timeframe, open_time DESC;
\echo 'How the candles of four hours of MARKET were spent:'
SELECT simplified_regime, n AS candles, round(100 * share::numeric, 1) AS percent, round(mean_confidence::numeric, 2) AS confidence
FROM market_regimes_stats('MARKET', '4h');
\echo 'SELECT * FROM refresh_market_states();'
SELECT symbol, timeframe, status, state_rows, rows_written, round(elapsed_ms::numeric, 1) AS elapsed_ms FROM refresh_market_states();
\echo 'The newest state of each symbol and timeframe:'
SELECT symbol, timeframe, open_time, state_label, round(confidence::numeric, 2) AS confidence, round(hazard_score::numeric, 1) AS hazard_score, escalation_bucket, escalation_action FROM market_state_latest;
\echo 'CALL backfill_market_regime_history(''-infinity'', batch_size => 500);'
CALL backfill_market_regime_history('-infinity', batch_size => 500);
SELECT symbol, status, days_done, days_failed, batches, failed AS failed_batches FROM market_regime_progress;
\echo 'The newest day of the index:'
SELECT date, regime, confidence, description, newest_bar, is_stale FROM market_regime_history_latest();
\echo 'All systems:'
SELECT system, n, n_stale, newest_row, lag, version FROM regime_systems;
SQL
echo "Look further with: make psql"
echo "which is:          $pg_bin/psql -h $dir -U postgres demo"
echo "Candles, in psql:  SELECT * FROM market_regimes WHERE symbol = 'MARKET' AND timeframe = '4h' ORDER BY open_time DESC;"
echo "Its changes:       SELECT * FROM market_regimes_flips('MARKET', '4h', min_confidence => 0.7);"
echo "States:            SELECT * FROM market_states WHERE escalation_bucket = 'HIGH' ORDER BY open_time DESC;"
echo "Days of the index: SELECT * FROM market_regime_history ORDER BY date DESC;"
echo "Their shares:      SELECT * FROM market_regime_history_stats();"
echo "What to look at:   SELECT * FROM regime_health();"
echo "When done:         make stop"
