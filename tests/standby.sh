#!/usr/bin/env bash
# A hot standby: all that reads works there, under a role that has SELECT and nothing else; what writes says why not.
. "$(dirname "$0")/lib.sh"
cluster_start
demo_db market 5 1200
q market "SELECT FROM refresh_cmc_regimes();
          CREATE ROLE reader LOGIN;
          GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"
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
reads "regime_at" "SELECT regime_key, size_mult, stale FROM regime_at(1, '2018-06-01')"
reads "regime_at where there is none" "SELECT regime_key, size_mult, stale FROM regime_at(99, '2018-06-01')"
reads "regime_gate" "SELECT * FROM regime_gate(1, '2018-06-01', 'breakout', 10)"
reads "cmc_regime_latest" "SELECT id, ts, regime_key, is_stale FROM cmc_regime_latest"
reads "regime_explain" "SELECT * FROM regime_explain(1)"
reads "regime_label_daily" "SELECT count(*) FROM regime_label_daily(1)"
reads "resolve_policy" "SELECT * FROM resolve_policy(l2 => 'Up-Low-Normal')"
reads "regime_check_inputs" "SELECT * FROM regime_check_inputs()"
reads "regime_policy_lint" "SELECT * FROM regime_policy_lint()"
reads "regime_policy_simulate" "SELECT count(*) FROM regime_policy_simulate('[{\"match\": \"Down-\", \"size_mult\": 0.1}]')"
reads "regime_policy_simulate_summary" "SELECT * FROM regime_policy_simulate_summary('[{\"match\": \"Down-\", \"size_mult\": 0.1}]')"
reads "regime_transitions" "SELECT * FROM regime_transitions(1)"
reads "regime_durations" "SELECT * FROM regime_durations(1)"
reads "cmc_regime_periods" "SELECT count(*) FROM cmc_regime_periods"
reads "regime_forward_returns" "SELECT * FROM regime_forward_returns(1)"
reads "regime_chart_svg" "SELECT md5(regime_chart_svg(1))"
reads "regime_timeline" "SELECT regime_timeline(1)"
reads "cmc_regime_status" "SELECT id, newest_bar, newest_row, lag_bars, is_stale FROM cmc_regime_status"
reads "regime_health" "SELECT severity, what FROM regime_health()"
reads "regime_policy_rules" "SELECT * FROM regime_policy_rules()"

# refuses FUNCTION SQL
refuses() { is "$1 says that nothing can be written" "$(PGHOST=$standby q market "$2" | grep -c 'read-only transaction\|during recovery')" 1; }
refuses "refresh" "SELECT refresh_cmc_regimes()"
refuses "CALL refresh_all_cmc_regimes" "CALL refresh_all_cmc_regimes()"
refuses "regime_track" "SELECT regime_track()"
refuses "regime_setup" "SELECT regime_setup()"
