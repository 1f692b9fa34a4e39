#!/usr/bin/env bash
# A hot standby: all that reads works there, under a role that has SELECT and nothing else; what writes says why not.
. "$(dirname "$0")/lib.sh"
cluster_start
demo_db market 5 1200
q market "CALL backfill_market_regime_history('2016-01-01', '2019-01-01')"
q market "SELECT FROM refresh_cmc_regimes(); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states();
          CREATE ROLE reader LOGIN;
          GRANT USAGE ON SCHEMA regime_work TO reader;
          GRANT SELECT ON ALL TABLES IN SCHEMA public, regime_work TO reader"
# Stored rows are read where every change since the refresh is marked.
q market "SELECT FROM regime_track()"
q market "SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
q market "INSERT INTO candles SELECT (jsonb_populate_record(c, jsonb_build_object('open_time', open_time + interval '3 days'))).* FROM candles c WHERE symbol = '^GSPC' ORDER BY open_time DESC LIMIT 1;
          CREATE TABLE returns AS SELECT open_time::date AS date, close / lag(close) OVER (ORDER BY open_time) - 1 AS daily_return FROM candles WHERE symbol = '^GSPC' OFFSET 1;
          GRANT SELECT ON returns TO reader"
primary=$cluster_dir
echo "local replication all trust" | as_owner tee -a "$primary/data/pg_hba.conf" >/dev/null
as_owner "$pg_bin/pg_ctl" --pgdata="$primary/data" reload >/dev/null

standby=$(mktemp -d /var/tmp/pg_regime_XXXXXX)
[ "$(id -u)" != 0 ] || chown postgres: "$standby"
cleanup() {
    as_owner "$pg_bin/pg_ctl" --pgdata="$standby/data" --mode=immediate --wait stop >/dev/null 2>&1 || true
    rm -rf "$standby"
}
cluster_quietly as_owner "$pg_bin/pg_basebackup" --host="$primary" --port=5432 --username=postgres --pgdata="$standby/data" \
    --write-recovery-conf --wal-method=stream --checkpoint=fast
as_owner tee -a "$standby/data/postgresql.conf" >/dev/null <<<"unix_socket_directories = '$standby'"
cluster_quietly as_owner "$pg_bin/pg_ctl" --pgdata="$standby/data" --log="$standby/log" --wait --timeout=60 start

reads() { # reads DESCRIPTION SQL: the reader gets the same rows at the standby as at the primary, and some
    local there here
    there=$(PGHOST=$standby PGUSER=reader q market "$2") || true
    here=$(PGUSER=reader q market "$2") || true
    if [ -n "$there" ] && [ "$there" = "$here" ] && ! grep -q '^ERROR' <<<"$there"; then ok "$1"; else not_ok "$1" "standby: $there" "primary: $here"; fi
}
is "the standby is one" "$(PGHOST=$standby q market "SELECT pg_is_in_recovery()")" t
reads "regime_compute" "SELECT count(*), sum(size_mult) FROM regime_compute(2)"
reads "regime_compute, point in time" "SELECT count(*), sum(size_mult) FROM regime_compute(2, as_of => '2018-06-01', point_in_time => true)"
reads "dry_run" "SELECT id, status, message FROM refresh_cmc_regimes(3, dry_run => true)"
reads "regime_repaint_check" "SELECT * FROM regime_repaint_check(5, 20)"
reads "regime_at" "SELECT regime_key, size_mult, is_stale FROM regime_at(1, '2018-06-01')"
reads "regime_at where there is none" "SELECT regime_key, size_mult, is_stale FROM regime_at(99, '2018-06-01')"
reads "regime_gate" "SELECT * FROM regime_gate(1, '2018-06-01', 'breakout', 10)"
reads "cmc_regime_latest" "SELECT id, ts, regime_key, is_stale FROM cmc_regime_latest"
reads "regime_explain" "SELECT * FROM regime_explain(1)"
reads "regime_label_daily" "SELECT count(*) FROM regime_label_daily(1)"
reads "resolve_policy" "SELECT * FROM resolve_policy(l2 => 'Up-Low-Normal')"
reads "regime_check_inputs" "SELECT * FROM regime_check_inputs()"
reads "regime_check_inputs_details" "SELECT * FROM regime_check_inputs_details()"
reads "regime_check_candles" "SELECT count(*), count(*) FILTER (WHERE severity = 'error') FROM regime_check_candles()"
reads "regime_policy_lint" "SELECT * FROM regime_policy_lint()"
reads "regime_policy_simulate" "SELECT count(*) FROM regime_policy_simulate('[{\"match\": \"Down-\", \"size_mult\": 0.1}]')"
reads "regime_policy_simulate_summary" "SELECT * FROM regime_policy_simulate_summary('[{\"match\": \"Down-\", \"size_mult\": 0.1}]')"
reads "regime_transition_matrix" "SELECT * FROM regime_transition_matrix(1)"
reads "regime_durations" "SELECT * FROM regime_durations(1)"
reads "cmc_regime_periods" "SELECT count(*) FROM cmc_regime_periods"
reads "regime_forward_returns" "SELECT * FROM regime_forward_returns(1)"
reads "regime_backtest" "SELECT * FROM regime_backtest(ARRAY[1], '{default}')"
reads "regime_backtest_equity" "SELECT * FROM regime_backtest_equity(ARRAY[1])"
reads "regime_chart_svg" "SELECT md5(regime_chart_svg(1))"
reads "regime_timeline" "SELECT regime_timeline(1)"
reads "regime_report_html" "SELECT md5(regexp_replace(regime_report_html(1), 'Written [^<]*', ''))"
reads "cmc_regime_status" "SELECT id, newest_bar, newest_row, lag_bars, is_stale FROM cmc_regime_status"
reads "regime_health" "SELECT severity, what, n FROM regime_health()"
reads "regime_health_details" "SELECT severity, what, subject FROM regime_health_details()"
reads "regime_policy_rules" "SELECT * FROM regime_policy_rules()"
reads "market_regimes_compute" "SELECT count(*), sum(confidence) FROM market_regimes_compute('MARKET', '4h')"
reads "get_market_regimes, stored rows and a computed one" "SELECT created_at IS NOT NULL, count(*), sum(confidence) FROM get_market_regimes('^GSPC', '1d') GROUP BY 1 ORDER BY 1"
is "and there is one" "$(PGHOST=$standby PGUSER=reader q market "SELECT count(*) FROM get_market_regimes('^GSPC', '1d') WHERE created_at IS NULL")" 1
reads "get_market_regimes, a symbol by its id" "SELECT created_at IS NOT NULL, count(*), sum(confidence) FROM get_market_regimes('1', '1d') GROUP BY 1"
reads "market_regimes_stats" "SELECT * FROM market_regimes_stats()"
reads "market_regimes_flips" "SELECT * FROM market_regimes_flips('MARKET', '1d', 0.5)"
reads "market_regime_labels" "SELECT count(*) FROM market_regime_labels('{3,4}', '{1,2}', '{2,3}')"
reads "refresh_market_regimes, dry_run" "SELECT symbol, timeframe, status, message FROM refresh_market_regimes(dry_run => true)"
reads "market_states_compute" "SELECT count(*), sum(escalation) FROM market_states_compute('MARKET', '4h')"
reads "get_market_states, stored rows and a computed one" "SELECT created_at IS NOT NULL, count(*), sum(escalation) FROM get_market_states('^GSPC', '1d') GROUP BY 1 ORDER BY 1"
reads "market_states_stats" "SELECT * FROM market_states_stats()"
reads "market_states_flips" "SELECT * FROM market_states_flips('MARKET', '1d', 0.5)"
reads "market_states_explain" "SELECT step, metric, what, value FROM market_states_explain('MARKET', '4h')"
reads "market_escalation_lead_time" "SELECT * FROM market_escalation_lead_time('MARKET', '1d', fall => 0.1)"
reads "market_escalation_outcomes" "SELECT * FROM market_escalation_outcomes('MARKET', '1d')"
reads "market_escalation_concentration" "SELECT * FROM market_escalation_concentration('MARKET', '1d')"
reads "market_event_labels" "SELECT severity, count(*) FROM market_event_labels('MARKET', '1d') GROUP BY 1 ORDER BY 1"
reads "market_escalation_percentile" "SELECT count(*), sum(percentile) FROM market_escalation_percentile('MARKET', '1d', 252)"
reads "regime_chart_svg of market_states" "SELECT md5(regime_chart_svg('MARKET', system => 'market_states', timeframe => '1d'))"
reads "market_state_latest" "SELECT symbol, timeframe, hazard_score, newest_bar, is_stale FROM market_state_latest"
reads "refresh_market_states, dry_run" "SELECT symbol, timeframe, status, message FROM refresh_market_states(dry_run => true)"
reads "market_regime_history_compute" "SELECT count(*), sum(confidence), max(description) FROM market_regime_history_compute()"
reads "market_regime_history_latest" "SELECT date, regime, newest_bar, lag_bars, is_stale FROM market_regime_history_latest()"
reads "market_regime_history_stats" "SELECT * FROM market_regime_history_stats()"
reads "market_regime_performance" "SELECT * FROM market_regime_performance('returns')"
reads "market_regime_progress" "SELECT symbol, status, days FROM market_regime_progress"
reads "regime_systems" "SELECT system, n, n_stale, newest_row, lag, problem FROM regime_systems()"
is "a dry run of the backfill" "$(PGHOST=$standby PGUSER=reader psql -XAtq -d market -c "CALL backfill_market_regime_history('2016-01-01', '2019-01-01', dry_run => true)" 2>&1)" \
    "$(PGUSER=reader psql -XAtq -d market -c "CALL backfill_market_regime_history('2016-01-01', '2019-01-01', dry_run => true)" 2>&1)"

# refuses FUNCTION SQL
refuses() { is "$1 says that nothing can be written" "$(PGHOST=$standby q market "$2" | grep -c 'read-only transaction\|during recovery')" 1; }
refuses "refresh" "SELECT refresh_cmc_regimes()"
refuses "CALL refresh_all_cmc_regimes" "CALL refresh_all_cmc_regimes()"
refuses "regime_track" "SELECT regime_track()"
refuses "regime_setup" "SELECT regime_setup()"
refuses "refresh_market_regimes" "SELECT refresh_market_regimes()"
refuses "delete_market_regimes" "SELECT delete_market_regimes('MARKET', '1d')"
refuses "refresh_market_states" "SELECT refresh_market_states()"
refuses "delete_market_states" "SELECT delete_market_states('MARKET', '1d')"
refuses "CALL backfill_market_regime_history" "CALL backfill_market_regime_history()"
