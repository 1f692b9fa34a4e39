#!/usr/bin/env bash
# deb.sh [SUITE]: the package of `make deb`, built in a chroot of Debian trixie (or bookworm) for its PostgreSQL and installed in another,
# fresh one: what it is made of, what lintian says, a refresh, an upgrade, and what is left once it is removed.
# Not in tests/run.sh: it takes minutes, and is run before a release. The first chroot is kept, in target/on.
. "$(dirname "$0")/lib.sh"
. tests/chroot.sh

suite=${1:-trixie}
case $suite in
    bookworm) major=15 ;;
    trixie) major=17 ;;
    *) echo "deb: $suite: bookworm or trixie" >&2; exit 1 ;;
esac
package=postgresql-$major-regime
builder=$PWD/target/on/$suite fresh=$PWD/target/on/fresh built=target/on/built-$suite
cleanup() { rm -rf "$fresh" "$fresh.log"; }
cleanup

# build COMMAND: in the chroot that has the tree as /src
build() {
    with_rust "$builder" "$PWD" "
        export PG_CONFIG=/usr/lib/postgresql/$major/bin/pg_config CARGO_TARGET_DIR=/src/$built PROFILE=${PROFILE:-release}
        export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
        $1"
}
chroot_of "$builder" "$suite" ca-certificates make git gcc libc6-dev
rm -f $built/"$package"_*.deb
echo "== deb: make deb for PostgreSQL $major in $builder"
succeeds "make deb" build "make deb"
[ $failed = 0 ] || exit 1
deb=$(ls $built/"$package"_*.deb)
first=$(md5sum <"$deb")
build "make deb" >/dev/null
is "made again, it is the same" "$(md5sum <"$deb")" "$first"

is "it takes a PostgreSQL of Debian" "$(PG_CONFIG=/usr/local/bin/pg_config tools/deb.sh 0 false 2>&1 | head -n 1)" \
    "deb: PG_CONFIG=/usr/local/bin/pg_config is not that of a package of Debian, /usr/lib/postgresql/NN/bin/pg_config"

field() { dpkg-deb --field "$deb" "$1"; }
version=$(sed -n '/^\[workspace.package\]/,/^version/s/^version = "\(.*\)"/\1/p' Cargo.toml)
is "name, version, section" "$(field Package) $(field Version) $(field Section)" "$package $version-1 database"
is "its file is named after them" "$(basename "$deb")" "${package}_$version-1_$(dpkg --print-architecture).deb"
echo "   Depends: $(field Depends); $(stat -c %s "$deb") bytes, installed $(field Installed-Size) KiB"
is "what it depends on" "$(field Depends | sed 's/ ([^)]*)//g')" "postgresql-$major, libc6, libgcc-s1"
is "what is in it" "$(dpkg-deb --contents "$deb" | awk '/^-/ { print $1, $2, $6 }' | sort -k 3)" "$(
    sed 's/^/-rw-r--r-- root\/root .\/usr\//' <<LIST
lib/postgresql/$major/lib/pg_regime.so
share/doc/$package/changelog.Debian.gz
share/doc/$package/changelog.gz
share/doc/$package/copyright
$(for script in sql/pg_regime--*.sql; do echo "share/postgresql/$major/extension/${script#sql/}"; done)
share/postgresql/$major/extension/pg_regime.control
LIST
)"
said=$(build "command -v lintian >/dev/null || tools/apt.sh lintian; lintian --allow-root $deb" 2>&1 | grep -v '^== ') || true
# The first version of a package in Debian closes the bug that asks for it; this one is not for Debian's archive.
is "lintian finds no error and no warning" "$(grep -v '^W: .* initial-upload-closes-no-bugs ' <<<"$said" || true)" ""

# What is done in the fresh chroot; the server runs as postgres, without a service manager.
installed() {
    cd /
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2317 # called by succeeds
    apt() { apt-get --quiet=2 --no-install-recommends --yes "$@"; }
    as_postgres() { runuser --user postgres -- "$@"; }
    # shellcheck disable=SC2317
    server() { as_postgres pg_ctlcluster "$major" main "$1" >/dev/null 2>&1; }
    sql() { as_postgres psql -XAtqd "${2:-postgres}" -v ON_ERROR_STOP=1 -c "$1" 2>&1; }
    files() { dpkg --listfiles "$package" | while read -r file; do [ -d "$file" ] || echo "$file"; done; }

    is "nothing is there that could compile" "$(command -v cargo rustc cc gcc clang make || true)" ""
    succeeds "apt-get install ./$(basename "$deb"), with what it depends on" apt install "$deb"
    is "apt-get check" "$(apt-get --quiet=2 check 2>&1)" ""
    succeeds "the server starts" server start
    is "CREATE EXTENSION pg_regime" "$(sql "CREATE EXTENSION pg_regime")" ""
    is "regime_demo" "$(sql "SELECT sum(rows_written) > 0 FROM regime_demo()")" t
    is "refresh_cmc_regimes" "$(sql "SELECT string_agg(status, ' ') FROM refresh_cmc_regimes()")" "ok ok ok ok ok"
    is "cmc_regime_latest" "$(sql "SELECT count(regime_key) FROM cmc_regime_latest")" 5
    echo "   $(sql "SELECT string_agg(id || ' ' || regime_key, ', ' ORDER BY id) FROM cmc_regime_latest")"
    is "the extension has the version of the package" "$(sql "SELECT extversion FROM pg_extension WHERE extname = 'pg_regime'")" "$version"

    succeeds "an upgrade to the same version, while the server runs" apt --reinstall install "$deb"
    is "afterwards a refresh has nothing to do" "$(sql "SELECT DISTINCT status FROM refresh_cmc_regimes()")" unchanged
    is "dpkg --verify" "$(dpkg --verify "$package")" ""

    files >/tmp/files
    is "apt-get remove removes the package alone" "$(apt-get --simulate remove "$package" | grep ^Remv)" "Remv $package [$version-1]"
    succeeds "apt-get remove" apt remove "$package"
    is "none of its $(wc -l </tmp/files) files is left" "$(xargs ls -d </tmp/files 2>/dev/null || true)" ""
    is "and nothing else of it" "$(find / -xdev -name '*regime*' ! -path "$deb"; dpkg-query --show "$package" 2>/dev/null || true)" ""
    succeeds "the server starts again" server restart
    is "stored rows can be read" "$(sql "SELECT count(*) > 0 FROM cmc_regimes")" t
    is "a database without the extension is as ever" "$(sql "SELECT 1" template1)" 1
    is "a refresh says what is missing" "$(sql "SELECT FROM refresh_cmc_regimes()" | head -n 1)" \
        "ERROR:  could not access file \"\$libdir/pg_regime\": No such file or directory"

    succeeds "installed again" apt install "$deb"
    is "a refresh goes on where it was" "$(sql "SELECT DISTINCT status FROM refresh_cmc_regimes()")" unchanged
    succeeds "the server stops" server stop
    return $failed
}
chroot_of "$fresh" "$suite"
cp "$deb" "$fresh/tmp/"
inside "$fresh" "deb=/tmp/$(basename "$deb") package=$package major=$major version=$version failed=0
    $(declare -f ok not_ok is succeeds installed)
    installed" || failed=1
