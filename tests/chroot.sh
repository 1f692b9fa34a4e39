# shellcheck shell=bash
# Chroots of Debian, for tests that take another machine than this one; to be sourced. They take root; debootstrap is installed.
#
#   chroot_of DIR SUITE PACKAGE…              makes DIR a Debian of that name with these packages, unless it is one
#   inside DIR COMMAND [PLACE=PLACE THERE…]   the command of bash in DIR, where these places of here are; what it started ends with it
#   with_rust DIR TREE COMMAND                the same in TREE, which is /src there, with this Rust and the caches of cargo
#
# What is mounted into a chroot nobody else sees, and it is gone with the command.

chroot_of() {
    [ "$(id -u)" = 0 ] || { echo "chroot: $1 takes root" >&2; return 1; }
    [ ! -e "$1/etc/debian_version" ] || return 0
    command -v debootstrap >/dev/null || tools/apt.sh debootstrap
    echo "== debootstrap $2 to $1"
    mkdir -p "$(dirname "$1")"
    rm -rf "$1.new"
    local packages=${*:3}
    debootstrap --variant=minbase ${packages:+--include="${packages// /,}"} "$2" "$1.new" >"$1.log" 2>&1 ||
        { tail -n 20 "$1.log" >&2; echo "chroot: no $1" >&2; return 1; }
    # A server that a package brings is not started.
    printf '#!/bin/sh\nexit 101\n' >"$1.new/usr/sbin/policy-rc.d"
    chmod 755 "$1.new/usr/sbin/policy-rc.d"
    mv "$1.new" "$1"
}

inside() {
    # shellcheck disable=SC2016 # of the bash there
    unshare --mount --propagation private --pid --fork --kill-child bash -euc '
        root=$1 command=$2
        shift 2
        for place; do
            mkdir -p "$root${place#*=}"
            mount --bind "${place%%=*}" "$root${place#*=}"
        done
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        cp /etc/resolv.conf "$root/etc/resolv.conf"
        chroot "$root" env -i HOME=/root PATH=/root/.cargo/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI="${CI:-}" \
            bash -euc "$command" </dev/null
    ' bash "$@"
}

with_rust() {
    local rustup=${RUSTUP_HOME:-$HOME/.rustup} cargo=${CARGO_HOME:-$HOME/.cargo}
    ls -d "$rustup" "$cargo" >/dev/null || { echo "chroot: Rust of rustup is missing" >&2; return 1; }
    inside "$1" "cd /src; $3" "$2=/src" "$rustup=/root/.rustup" "$cargo=/root/.cargo"
}
