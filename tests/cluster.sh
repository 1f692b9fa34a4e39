# shellcheck shell=bash
# A PostgreSQL server of our own; to be sourced. It listens on a unix socket in its own directory and on nothing
# else, so it can neither meet nor disturb a server that runs already.
#
#   cluster_start         make it (unless it is there) and start it; sets PGHOST, PGPORT, PGUSER, PGDATABASE
#   cluster_stop          stop it
#   cluster_remove        stop it and remove its directory
#   cluster_crash         kill -9 the postmaster and every process of it
#   cluster_dir=DIR       set before cluster_start: where it lies; by default a new directory in /var/tmp
#   cluster_fsync=on      set before cluster_start: keep what was committed even if the machine fails
: "${PG_CONFIG:=/usr/lib/postgresql/15/bin/pg_config}"
pg_bin=$("$PG_CONFIG" --bindir)
export PG_CONFIG PATH="$pg_bin:$PATH"
# The caller's settings are for the caller's server.
unset PGDATABASE PGSERVICE PGPASSWORD PGOPTIONS PGSSLMODE PGTZ PGDATESTYLE PGCLIENTENCODING
cluster_dir='' cluster_fsync=off

# The server refuses to run as root; then it runs as postgres. RUST_BACKTRACE must not put a backtrace into the DETAIL of
# errors. From /, since the current directory may be closed to postgres.
as_owner() (
    cd /
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- env RUST_BACKTRACE=1 "$@"; else env RUST_BACKTRACE=1 "$@"; fi
)

cluster_start() {
    # mktemp in /var/tmp: the tree may lie where postgres cannot go, and a socket's path must be short
    [ -n "$cluster_dir" ] || cluster_dir=$(mktemp -d /var/tmp/pg_regime_XXXXXX)
    if [ "$(id -u)" = 0 ] && ! id postgres >/dev/null 2>&1; then
        echo "cluster: root cannot run PostgreSQL and there is no user postgres: useradd --system postgres" >&2
        return 1
    fi
    if [ ! -f "$cluster_dir/data/PG_VERSION" ]; then
        mkdir -p "$cluster_dir"
        [ "$(id -u)" != 0 ] || chown postgres: "$cluster_dir"
        as_owner chmod 700 "$cluster_dir"
        cluster_quietly as_owner "$pg_bin/initdb" --pgdata="$cluster_dir/data" --username=postgres --auth=trust \
            --encoding=UTF8 --locale=C.UTF-8 --no-sync
        # Invented bars end at a day of the past: their feeds are no feeds.
        as_owner tee -a "$cluster_dir/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$cluster_dir'
port = 5432
timezone = 'UTC'
log_timezone = 'UTC'
fsync = $cluster_fsync
shared_buffers = 128MB
max_wal_size = 4GB
max_connections = 50
pg_regime.feed_grace = -1
CONF
    fi
    export PGHOST=$cluster_dir PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
    as_owner "$pg_bin/pg_ctl" --pgdata="$cluster_dir/data" status >/dev/null 2>&1 ||
        cluster_quietly as_owner "$pg_bin/pg_ctl" --pgdata="$cluster_dir/data" --log="$cluster_dir/log" \
            --wait --timeout=120 start || { tail -n 30 "$cluster_dir/log" >&2; return 1; }
}

cluster_stop() {
    [ -n "$cluster_dir" ] && [ -f "$cluster_dir/data/postmaster.pid" ] || return 0
    cluster_quietly as_owner "$pg_bin/pg_ctl" --pgdata="$cluster_dir/data" --mode=immediate --wait stop || true
}

cluster_remove() {
    cluster_stop
    [ -z "$cluster_dir" ] || rm -rf "$cluster_dir"
    cluster_dir=''
}

cluster_crash() {
    local pids pid
    pids="$(head -n 1 "$cluster_dir/data/postmaster.pid") $(psql -XAt -c "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")"
    # shellcheck disable=SC2086 # a list of numbers
    kill -9 $pids 2>/dev/null || true
    for pid in $pids; do
        while kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; do sleep 0.05; done
    done
    # In a container nobody may reap the dead postmaster, and a zombie's pid in a lock file looks like a server.
    rm -f "$cluster_dir/data/postmaster.pid" "$cluster_dir"/.s.PGSQL.*
}

# Run a command; show what it printed only if it fails.
cluster_quietly() {
    local out rc=0
    # to a file, not to a pipe: the server would inherit the pipe and keep it open
    out=$(mktemp)
    "$@" >"$out" 2>&1 </dev/null || rc=$?
    [ $rc = 0 ] || cat "$out" >&2
    rm -f "$out"
    return $rc
}
