#!/usr/bin/env bash
# Install what building and testing need and this machine lacks. Says what it does; does nothing the second time.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${PG_CONFIG:=/usr/lib/postgresql/15/bin/pg_config}"

die() { printf 'setup: %s\n' "$@" >&2; exit 1; }

# PostgreSQL with its headers. Only Debian's own layout says which packages bring a missing pg_config.
bindir=$(dirname "$PG_CONFIG")
if [[ $PG_CONFIG =~ ^/usr/lib/postgresql/([0-9]+)/bin/pg_config$ ]]; then
    major=${BASH_REMATCH[1]} packages=()
    [ -x "$bindir/postgres" ] || packages+=("postgresql-$major")
    [ -f "/usr/include/postgresql/$major/server/postgres.h" ] && [ -x "$PG_CONFIG" ] || packages+=("postgresql-server-dev-$major")
    [ ${#packages[@]} = 0 ] || tools/apt.sh "${packages[@]}" ||
        die "set PG_CONFIG to use another PostgreSQL, for example /usr/lib/postgresql/17/bin/pg_config"
fi
[ -x "$PG_CONFIG" ] || die "no PostgreSQL at PG_CONFIG=$PG_CONFIG"
[ -f "$("$PG_CONFIG" --includedir-server)/postgres.h" ] || die "PG_CONFIG=$PG_CONFIG has no server headers"

command -v cc >/dev/null || tools/apt.sh gcc libc6-dev

# Rust. cargo may be installed for this user but not be in the PATH of this shell.
PATH=$PATH:$HOME/.cargo/bin
if ! command -v cargo >/dev/null; then
    echo "== setup: Rust, with rustup"
    command -v curl >/dev/null || tools/apt.sh curl ca-certificates
    curl -sSf --retry 3 https://sh.rustup.rs 2>&1 | sh -s -- -y -q --profile minimal -c rustfmt -c clippy >/dev/null ||
        die "Rust is missing and rustup could not be fetched: install it (https://rustup.rs) and try again"
fi
cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup -q component add rustfmt clippy ||
    die "rustfmt or clippy is missing: rustup component add rustfmt clippy"
