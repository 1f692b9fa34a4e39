#!/usr/bin/env bash
# pg_upgrade from PostgreSQL 15 to 17, of a database with rows of all systems, marks that wait and a backfill in the middle: no row is lost, and
# refreshing goes on where it was. Both have pg_regime, as in the chroot of on.sh.
export PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config
new=/usr/lib/postgresql/17/bin/pg_config
. "$(dirname "$0")/lib.sh"
cluster_start
demo_db desk 3 900
q desk "SELECT FROM regime_load_policy('mine', '[{\"match\": \"Up-\", \"size_mult\": 0.5}]'); UPDATE regime_source SET periods = '{12,24,36}' WHERE layer = 'L0';
        SELECT FROM refresh_cmc_regimes(policy => 'mine'); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
q desk "CALL backfill_market_regime_history('2017-02-01', '2017-06-01', 60, symbol => 'DEMO2')"
q desk "SELECT FROM regime_track(); SELECT FROM refresh_cmc_regimes(policy => 'mine'); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
q desk "$(new_bar 'id = 3')"
q desk "SELECT market_regime_backfill_next($(q desk "SELECT market_regime_backfill_begin('2016-01-01', '2017-01-01', 30, 'DEMO2', false, false)"))" >/dev/null
# What tracking is told to have missed.
unknown() { q desk "SELECT DISTINCT what FROM regime_health() WHERE what IN ('untracked source', 'unknown changes')"; }
is "before, marks tell all" "$(unknown)" ""
before=$(stored desk)
is "there is something to upgrade" "$(($(wc -l <<<"$before") > 5000))" 1
cluster_quietly as_owner "$pg_bin/pg_ctl" --pgdata="$cluster_dir/data" --mode=fast --wait stop

bindir=$("$new" --bindir)
cluster_quietly as_owner "$bindir/initdb" --pgdata="$cluster_dir/new" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync
# pg_upgrade writes where it is called
if (cd "$cluster_dir" && runuser -u postgres -- "$bindir/pg_upgrade" --old-bindir="$pg_bin" --new-bindir="$bindir" --old-datadir="$cluster_dir/data" \
    --new-datadir="$cluster_dir/new" --socketdir="$cluster_dir" --username=postgres) >"$work/log" 2>&1; then
    ok "pg_upgrade"
else
    not_ok "pg_upgrade" "$(cat "$work/log")" && exit 1
fi
as_owner cp "$cluster_dir/data/postgresql.conf" "$cluster_dir/new/"
as_owner mv "$cluster_dir/data" "$cluster_dir/was"
as_owner mv "$cluster_dir/new" "$cluster_dir/data"
pg_bin=$bindir
cluster_start
is "PostgreSQL is another" "$(q desk "SHOW server_version_num" | cut -c1-2)" 17
is "no row is lost" "$(stored desk | md5sum)" "$(md5sum <<<"$before")"
is "as marks cannot tell whether PostgreSQL was alone, all is compared once" "$(unknown)" "unknown changes"
is "what was marked is refreshed, and nothing else" "$(q desk "SELECT id, status, mode FROM refresh_cmc_regimes(policy => 'mine') ORDER BY 1")" \
    $'1|unchanged|none\n2|unchanged|none\n3|ok|incremental'
is "the other systems go on" "$(q desk "SELECT DISTINCT status FROM refresh_market_regimes() UNION SELECT status FROM refresh_market_states()")" unchanged
q desk "CALL backfill_market_regime_history('2016-01-01', '2017-01-01', 30, symbol => 'DEMO2')"
is "afterwards, marks tell all again" "$(unknown)" ""
is "the backfill ends" "$(q desk "SELECT DISTINCT status FROM market_regime_progress")" done
q desk "$(new_bar 'id = 2')"
is "a new bar is marked" "$(q desk "SELECT DISTINCT id FROM cmc_regime_marks")" 2
