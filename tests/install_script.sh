#!/usr/bin/env bash
# Does the install script of this version say what the built library says? Scripts of released versions never change, and the library has
# every symbol that they name: between a new package and ALTER EXTENSION UPDATE, it serves the functions of the old script.
. "$(dirname "$0")/lib.sh"
version=$(sed -n 's/^default_version = .\(.*\).$/\1/p' pg_regime.control)
[ "$version" != '@CARGO_VERSION@' ] || version=$(sed -n '/^\[workspace.package\]/,/^version/s/^version = "\(.*\)"/\1/p' Cargo.toml)
frozen=sql/pg_regime--$version.sql

tools/install-script.sh >"$work/built.sql"
if diff -u "$frozen" "$work/built.sql" >"$work/diff"; then
    ok "$frozen is what the library says"
else
    not_ok "$frozen is not what the library says: the SQL surface changed, run \`make sql\` and review the diff" "$(cat "$work/diff")"
fi
tools/install-script.sh >"$work/again.sql"
succeeds "written twice, it is the same" cmp "$work/built.sql" "$work/again.sql"

succeeds "no script of a released version has changed" bash -c 'cd sql && sha256sum --check --quiet released.sha256'
for script in sql/pg_regime--*.sql; do
    sed -n "s/.*'MODULE_PATHNAME', '\([a-z0-9_]*\)'.*/\1/p" "$script" | sort -u >"$work/named"
    [ -s "$work/named" ] || continue
    nm --dynamic --defined-only "$("$PG_CONFIG" --pkglibdir)/pg_regime.so" | awk '{print $3}' | sort -u >"$work/there"
    is "$script: the library has all $(wc -l <"$work/named") symbols" "$(comm -23 "$work/named" "$work/there")" ""
done
