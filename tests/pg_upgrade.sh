#!/usr/bin/env bash
# pg_upgrade from PostgreSQL 15 to 17, of a database with rows of all systems, marks that wait and a backfill in the middle: no row is lost, and
# refreshing goes on where it was. Both have pg_regime, as in the chroot of on.sh.
export PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config
new=/usr/lib/postgresql/17/bin/pg_config
. "$(dirname "$0")/lib.sh"
. tests/middle.sh
cluster_start
q postgres "CREATE DATABASE desk"
q desk "CREATE EXTENSION pg_regime"
in_the_middle desk
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
goes_on desk
is "afterwards, marks tell all again" "$(unknown)" ""
