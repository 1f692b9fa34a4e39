#!/usr/bin/env bash
# Install what building and testing need and this machine lacks. Says what it does; does nothing the second time.
set -euo pipefail
: "${PG_CONFIG:=/usr/lib/postgresql/15/bin/pg_config}"

die() { printf 'setup: %s\n' "$@" >&2; exit 1; }

apt_install() {
    [ "$(id -u)" = 0 ] || die "missing here: $*" "run as root: apt-get install --no-install-recommends $*"
    command -v apt-get >/dev/null || die "missing here: $*" "no apt-get on this machine: please install them by hand"
    echo "== setup: apt-get install $*"
    local log; log=$(mktemp)
    # The package lists of a fresh machine may be missing or old: update only if the first try fails.
    apt_try "$@" >"$log" 2>&1 || { apt-get -qq update && apt_try "$@"; } >>"$log" 2>&1 || {
        cat "$log" >&2
        die "apt-get could not install: $*" "set PG_CONFIG to use another PostgreSQL, for example /usr/lib/postgresql/17/bin/pg_config"
    }
    rm -f "$log"
}
apt_try() { DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$@" </dev/null; }

# PostgreSQL with its headers. Only Debian's own layout says which packages bring a missing pg_config.
bindir=$(dirname "$PG_CONFIG")
if [[ $PG_CONFIG =~ ^/usr/lib/postgresql/([0-9]+)/bin/pg_config$ ]]; then
    major=${BASH_REMATCH[1]} packages=()
    [ -x "$bindir/postgres" ] || packages+=("postgresql-$major")
    [ -f "/usr/include/postgresql/$major/server/postgres.h" ] && [ -x "$PG_CONFIG" ] || packages+=("postgresql-server-dev-$major")
    [ ${#packages[@]} = 0 ] || apt_install "${packages[@]}"
fi
[ -x "$PG_CONFIG" ] || die "no PostgreSQL at PG_CONFIG=$PG_CONFIG"
[ -f "$("$PG_CONFIG" --includedir-server)/postgres.h" ] || die "PG_CONFIG=$PG_CONFIG has no server headers"

command -v cc >/dev/null || apt_install gcc libc6-dev

# Rust. cargo may be installed for this user but not be in the PATH of this shell.
PATH=$PATH:$HOME/.cargo/bin
if ! command -v cargo >/dev/null; then
    echo "== setup: Rust, with rustup"
    command -v curl >/dev/null || apt_install curl ca-certificates
    curl -sSf --retry 3 https://sh.rustup.rs 2>&1 | sh -s -- -y -q --profile minimal -c rustfmt -c clippy >/dev/null ||
        die "Rust is missing and rustup could not be fetched: install it (https://rustup.rs) and try again"
fi
cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup -q component add rustfmt clippy ||
    die "rustfmt or clippy is missing: rustup component add rustfmt clippy"
