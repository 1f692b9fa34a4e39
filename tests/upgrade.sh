#!/usr/bin/env bash
# ALTER EXTENSION pg_regime UPDATE, from each release that was frozen in sql/: afterwards the schema is that of a
# fresh installation, the user's policies, source map and results are as they were, and what was in the middle goes on.
. "$(dirname "$0")/lib.sh"
. tests/middle.sh
shared=$("$PG_CONFIG" --sharedir)/extension
current=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$shared/pg_regime.control")
next=$current-next

# A release that changes nothing, so that there is something to update to from the current one; gone afterwards.
cleanup() { rm -f "$shared/pg_regime--$next.sql" "$shared/pg_regime--$current--$next.sql"; }
cp "sql/pg_regime--$current.sql" "$shared/pg_regime--$next.sql"
echo "-- nothing changed" >"$shared/pg_regime--$current--$next.sql"

cluster_start
schema_of() { q "$1" "$(cat tests/schema.sql)"; }

# update FROM TO
update() {
    local db before
    db=$(tr -c 'a-z0-9\n' _ <<<"from_$1_to_$2")
    q postgres "CREATE DATABASE $db" && q postgres "CREATE DATABASE fresh"
    q fresh "CREATE EXTENSION pg_regime VERSION '$2'"
    # The library is that of the newest version, the SQL that of FROM.
    q "$db" "CREATE EXTENSION pg_regime VERSION '$1'"
    in_the_middle "$db"
    before=$(stored "$db")
    [ "$(schema_of "$db" | wc -l)" -gt 50 ] || not_ok "from $1: there is little to compare"
    succeeds "from $1 to $2: ALTER EXTENSION pg_regime UPDATE" q "$db" "ALTER EXTENSION pg_regime UPDATE TO '$2'"
    is "from $1 to $2: the version" "$(q "$db" "SELECT extversion FROM pg_extension WHERE extname = 'pg_regime'")" "$2"
    diff <(schema_of fresh) <(schema_of "$db") >"$work/diff" || true
    is "from $1 to $2: the schema of a fresh installation, $(schema_of fresh | grep -c '|') facts" "$(cat "$work/diff")" ""
    is "from $1 to $2: policies, source map and results" "$(stored "$db" | md5sum)" "$(md5sum <<<"$before")"
    goes_on "$db"
    q postgres "DROP DATABASE fresh"
}

for file in sql/pg_regime--*.sql; do
    from=${file#sql/pg_regime--} from=${from%.sql}
    case $from in *--*) continue ;; esac # an upgrade script
    [ "$from" = "$current" ] || update "$from" "$current"
done
update "$current" "$next"

# An upgrade script runs as a superuser, and the installer owns the member tables: a statement that writes to one would
# run the installer's triggers as a superuser.
writes() { grep -niE "(insert +into|update( +only)?|delete +from|merge +into|truncate( +table)?|copy) +([a-z_@\"]+\.)?\"?regime_(source|policy)" "$@" || true; }
shopt -s nullglob
upgrades=(sql/pg_regime--*--*.sql)
is "none of ${#upgrades[@]} upgrade scripts writes to a table of the extension" "$(writes "${upgrades[@]}" </dev/null)" ""
is "a script that writes is found" "$(printf '%s\n' 'UPDATE @extschema@.regime_source SET origin = $1' 'COMMENT ON TABLE regime_source' 'insert into "regime_policy"' | writes | wc -l)" 2

# Can the comparison fail? An object more, and a changed comment, must show.
q postgres "CREATE DATABASE other" && q other "CREATE EXTENSION pg_regime"
schema_of other >"$work/fresh"
q other "COMMENT ON VIEW regime_source IS 'another'; CREATE FUNCTION extra() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER EXTENSION pg_regime ADD FUNCTION extra()"
is "a changed comment and an added function are seen" "$(diff "$work/fresh" <(schema_of other) | grep -Ec '^> (comment\|.*another|function\|.*extra)')" 2
