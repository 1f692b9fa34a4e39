#!/usr/bin/env bash
# apt.sh PACKAGE…: installs packages of Debian. Says so, and why if it cannot be done; then the status is 1.
set -euo pipefail
try() { DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$@" </dev/null; }
die() { printf '%s\n' "$@" >&2; exit 1; }

[ "$(id -u)" = 0 ] || die "missing here: $*" "run as root: apt-get install --no-install-recommends $*"
command -v apt-get >/dev/null || die "missing here: $*" "no apt-get on this machine: please install them by hand"
echo "== apt-get install $*"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The package lists of a fresh machine may be missing or old: update only if the first try fails.
try "$@" >"$log" 2>&1 || { apt-get -qq update && try "$@"; } >>"$log" 2>&1 || die "$(cat "$log")" "apt-get could not install: $*"
