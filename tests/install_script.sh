#!/usr/bin/env bash
# Does the frozen install script of this version say what the built library says?
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
