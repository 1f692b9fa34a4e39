#!/usr/bin/env bash
# CALL backfill_market_regime_history under fire: cancelled, terminated, its backend and the server killed in the middle
# of a batch, two sessions at once. What was committed stays, the next call goes on, and in the end the rows are those
# of one undisturbed call.
. "$(dirname "$0")/lib.sh"
cluster_fsync=on
cluster_start
q postgres "CREATE DATABASE backfill"
r() { q backfill "$1"; }
call() { echo "CALL backfill_market_regime_history('2020-01-01', '2029-12-31', 40, '${1:-^GSPC}')"; }
columns="market_symbol, date, regime, confidence, volatility_percentile, trend_strength, momentum_score, drawdown_severity, volume_anomaly, description"

r "$(cat <<'SQL'
CREATE EXTENSION pg_regime;
CREATE TABLE candles (symbol text, timeframe text, open_time timestamptz, high float8, low float8, close float8, PRIMARY KEY (symbol, timeframe, open_time));
INSERT INTO candles SELECT s, '1d', t, 0, 0, 4000 + 40 * abs((n + d) % 300 - 150) + (1 + n / 80 % 3 * 2) * (n * (31 + d) % 13 - 6) * 9
    FROM (VALUES ('^GSPC', 0), ('OTHER', 77)) s (s, d), generate_series(timestamptz '2020-01-01', '2021-06-30', '1 day') WITH ORDINALITY g (t, n);

-- A row takes so many seconds.
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(TG_ARGV[0]::float8); RETURN NEW; END $$;

-- Waits for a session in the middle of a batch, and gives its process id.
CREATE FUNCTION middle() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz := clock_timestamp();
    pid int;
BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        SELECT a.pid INTO pid FROM pg_stat_activity a JOIN regime_work.market_regime_backfills b ON b.worker = a.pid
        WHERE b.status = 'running' AND a.wait_event = 'PgSleep' AND a.backend_xid IS NOT NULL AND a.query ~ '^CALL';
        IF pid IS NOT NULL THEN RETURN pid; END IF;
        IF clock_timestamp() > began + interval '30 s' THEN RAISE 'no session came to the middle of a batch'; END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;
SQL
)"
r "$(call)"
days=$(r "SELECT count(*) FROM market_regime_history")
r "CREATE TABLE whole AS SELECT $columns FROM market_regime_history"
# slow SECONDS [CONDITION]: rows, or those that meet the condition, take a while
slow() { r "CREATE TRIGGER slow BEFORE INSERT ON market_regime_history FOR EACH ROW ${2:+WHEN ($2)} EXECUTE FUNCTION slowly($1)"; }
fast() { r "DROP TRIGGER slow ON market_regime_history"; }
# as_whole DESCRIPTION: the rows are those of the undisturbed call
as_whole() { same "$1" backfill "SELECT $columns FROM market_regime_history WHERE market_symbol = '^GSPC'" "TABLE whole"; }
fresh() { r "TRUNCATE market_regime_history, regime_work.market_regime_backfills, regime_work.cmc_regime_run_log"; }

# interrupt DESCRIPTION HOW: a session is interrupted in the middle of its third batch; HOW is given the process ids of its
# backend and of psql. Then a call goes on.
interrupt() {
    local description=$1 how=$2 session backend kept
    fresh
    slow 60 "NEW.date = '$(r "SELECT date FROM whole ORDER BY date OFFSET 100 LIMIT 1")'"
    psql -Xq -d backfill -c "$(call)" >"$work/session" 2>&1 &
    session=$!
    backend=$(r "SELECT middle()")
    is "$description: another session sees how far it is" "$(r "SELECT status, days, days_done, days_left, percent FROM market_regime_progress")" \
        "running|$days|80|$((days - 80))|$(r "SELECT round(8000.0 / $days, 1)")"
    "$how" "$backend" "$session"
    wait $session || true
    until psql -XAtq -c "SELECT" >/dev/null 2>&1; do sleep 0.05; done
    is "$description in the middle of a batch is an error" "$(grep -Ecm1 '^(ERROR|FATAL|server closed)' "$work/session")" 1
    is "$description: it is seen that it stopped" "$(r "SELECT status FROM market_regime_progress")" interrupted
    is "$description: the batches before it are kept, and no part of it" "$(r "SELECT count(*), max(date) FROM market_regime_history")" \
        "80|$(r "SELECT max(date) FROM (SELECT date FROM whole ORDER BY date LIMIT 80) x")"
    fast
    kept=$(r "SELECT md5(string_agg(h::text, ' ' ORDER BY date)) FROM (SELECT * FROM market_regime_history ORDER BY date LIMIT 80) h")
    is "$description: the next call goes on, without an error" "$(r "$(call)"; r "SELECT status, days, days_done FROM market_regime_progress")" "done|$((days - 80))|$((days - 80))"
    is "$description: what was there is left as it was" "$(r "SELECT md5(string_agg(h::text, ' ' ORDER BY date)) FROM (SELECT * FROM market_regime_history ORDER BY date LIMIT 80) h")" "$kept"
    is "$description: each day was inserted once" "$(r "SELECT sum(inserted) FROM cmc_regime_run_log WHERE subject IS NOT NULL")" "$days"
    as_whole "$description: all rows are those of an undisturbed call"
}
ctrl_c() { kill -INT "$2"; }
cancelled() { r "SELECT FROM pg_cancel_backend($1)"; }
terminated() { r "SELECT FROM pg_terminate_backend($1)"; }
killed() { kill -9 "$1"; }
crashed() { cluster_crash; cluster_start; }
interrupt "Ctrl-C" ctrl_c
interrupt "pg_cancel_backend" cancelled
interrupt "pg_terminate_backend" terminated
interrupt "kill -9 of the backend" killed
interrupt "kill -9 of the server" crashed

# both ISOLATION: two sessions at once, on one symbol
both() {
    local n sessions=()
    fresh
    slow 0.001
    for n in 1 2; do
        PGOPTIONS="-c default_transaction_isolation=${1// /\\ }" psql -Xq -d backfill -c "$(call)" >"$work/session_$n" 2>&1 &
        sessions+=($!)
    done
    for n in "${sessions[@]}"; do wait "$n" || true; done
    fast
    is "two sessions, $1: no error" "$(grep -hv '^NOTICE' "$work"/session_? || true)" ""
    is "two sessions, $1: each day was inserted once" "$(r "SELECT sum(inserted) FROM cmc_regime_run_log WHERE subject IS NOT NULL")" "$days"
    as_whole "two sessions, $1: all rows are those of an undisturbed call"
}
both "read committed"
both "repeatable read"

# A session that is in a batch and stays there.
fresh
mkfifo "$work/in"
psql -XAtq -d backfill <"$work/in" >"$work/open" 2>&1 &
exec 9>"$work/in"
echo "SELECT market_regime_backfill_begin('2020-01-01', '2029-12-31', 40, '^GSPC', false, false) AS backfill \\gset
BEGIN; SELECT market_regime_backfill_next(:backfill);" >&9
until [ "$(r "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE locktype = 'advisory' AND state = 'idle in transaction'")" = 1 ]; do sleep 0.05; done
PGOPTIONS="-c statement_timeout=30s -c client_min_messages=error" psql -Xq -d backfill -c "$(call OTHER)"
is "a call for another symbol does not wait" "$(r "SELECT count(*) FROM market_regime_history WHERE market_symbol = 'OTHER'")" "$days"
psql -Xq -d backfill -c "$(call)" >"$work/session" 2>&1 9>&- &
session=$!
until [ "$(r "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")" = 1 ]; do sleep 0.05; done
ok "a call for the same symbol does"
echo "COMMIT;" >&9
exec 9>&-
wait $session || true
is "and then goes on after it" "$(grep -hv '^NOTICE' "$work/session" || true; r "SELECT sum(inserted) FROM cmc_regime_run_log WHERE subject LIKE '^GSPC%'")" "$days"
as_whole "two that waited: all rows are those of an undisturbed call"
