#!/usr/bin/env bash
# deb.sh VERSION COMMAND…: the package of Debian for the PostgreSQL of PG_CONFIG, in $CARGO_TARGET_DIR.
# COMMAND builds, and installs below DESTDIR.
# Every time in the package is that of the last commit, or SOURCE_DATE_EPOCH: the same library and scripts give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022
version=$1
shift

die() { printf 'deb: %s\n' "$@" >&2; exit 1; }

[[ ${PG_CONFIG-} =~ ^/usr/lib/postgresql/([0-9]+)/bin/pg_config$ ]] ||
    die "PG_CONFIG=${PG_CONFIG-} is not that of a package of Debian, /usr/lib/postgresql/NN/bin/pg_config" \
        "for another PostgreSQL, use make package or make install"
major=${BASH_REMATCH[1]}
command -v dpkg-shlibdeps >/dev/null || tools/apt.sh dpkg-dev
# an archive of make dist has no history, but its files have the time of the commit
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
export SOURCE_DATE_EPOCH LC_ALL=C.UTF-8
year=$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y)

package=postgresql-$major-regime
arch=$(dpkg --print-architecture)
maintainer=$(sed -n 's/^authors = \["\(.*\)"\]$/\1/p' Cargo.toml)
tree=$CARGO_TARGET_DIR/${package}_$version-1_$arch
rm -rf "$tree"
"$@" DESTDIR="$tree"

# The symbols that PostgreSQL looks up are dynamic and stay.
library=$tree/usr/lib/postgresql/$major/lib/pg_regime.so
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$library"
chmod 644 "$library"

doc=$tree/usr/share/doc/$package
mkdir -p "$doc" "$tree/DEBIAN"
gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
gzip -9n >"$doc/changelog.Debian.gz" <<EOT
$package ($version-1) unstable; urgency=medium

  * pg_regime $version for PostgreSQL $major, as packaged by its own
    Makefile; changelog.gz lists what changed.

 -- $maintainer  $(date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")
EOT

# paragraphs as a field of a control file has them
paragraphs() { sed 's/^$/./; s/^/ /'; }
{
    cat <<EOT
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: pg_regime
Upstream-Contact: $maintainer
Comment: The library holds code of the standard library of Rust (MIT or
 Apache-2.0) and of these crates, each under the licence after its name:
EOT
    cargo tree --quiet --package pg_regime --no-default-features --features "pg$major" --edges normal,no-proc-macro \
        --prefix none --no-dedupe --format '{p}: {l}' | sed '/ (\//d; s/^/  /' | sort -u
    printf '\nFiles: *\nCopyright: %s\nLicense: PostgreSQL\n' "$year $(sed -n 's/^Copyright (c) //p' LICENSE)"
    sed '1,/^Copyright/d' LICENSE | sed '1{/^$/d}' | paragraphs
} >"$doc/copyright"

# what the library needs, by the versions of its symbols
mkdir -p "$tree.control/debian"
printf 'Source: %s\n\nPackage: %s\nArchitecture: any\n' "$package" "$package" >"$tree.control/debian/control"
needs=$(cd "$tree.control" && dpkg-shlibdeps -O -e"$library" 2>log | sed -n 's/^shlibs:Depends=//p') || die "$(cat "$tree.control/log")"
rm -r "$tree.control"

cd "$tree"
find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums
cat >DEBIAN/control <<EOT
Package: $package
Version: $version-1
Architecture: $arch
Maintainer: $maintainer
Installed-Size: $(find usr -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
Depends: postgresql-$major, $needs
Section: database
Priority: optional
Description: market regimes and risk policy, computed in PostgreSQL $major
 pg_regime is an extension that labels every daily bar of every asset with a
 market regime and derives risk limits from the label, which a label can only
 tighten. It runs inside the database, next to the price bars, and keeps
 regimes of daily bars, of candles of any timeframe and of the history of a
 market, and states of stress, up to date.
 .
 After installation, run CREATE EXTENSION pg_regime in a database.
EOT
find . -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build . "$tree.deb" >/dev/null
echo "== deb: $tree.deb"
