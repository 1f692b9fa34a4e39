#!/usr/bin/env bash
# ALTER EXTENSION pg_regime UPDATE, from each release that was frozen in sql/: afterwards the schema is that of a
# fresh installation, and the user's policies, source map and results are as they were.
. "$(dirname "$0")/lib.sh"
shared=$("$PG_CONFIG" --sharedir)/extension
current=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$shared/pg_regime.control")
next=$current-next

# A release that changes nothing, so that there is something to update to from the current one; gone afterwards.
cleanup() { rm -f "$shared/pg_regime--$next.sql" "$shared/pg_regime--$current--$next.sql"; }
cp "sql/pg_regime--$current.sql" "$shared/pg_regime--$next.sql"
echo "-- nothing changed" >"$shared/pg_regime--$current--$next.sql"

cluster_start
schema_of() { q "$1" "$(cat tests/schema.sql)"; }
rows() { for table in regime_source regime_policy regime_eras "${!outputs[@]}" market_regimes regime_work.market_regime_state market_regime_history market_states regime_work.market_state_ranks; do q "$1" "COPY (SELECT * FROM $table t ORDER BY t::text COLLATE \"C\") TO STDOUT"; done; }

# update FROM TO
update() {
    local db before
    db=$(tr -c 'a-z0-9\n' _ <<<"from_$1_to_$2")
    q postgres "CREATE DATABASE $db" && q postgres "CREATE DATABASE fresh"
    q fresh "CREATE EXTENSION pg_regime VERSION '$2'"
    q "$db" "CREATE EXTENSION pg_regime VERSION '$1'; SELECT FROM regime_demo(n_assets => 3, days => 900);
             SELECT FROM regime_load_policy('mine', '[{\"match\": \"Up-\", \"size_mult\": 0.5}]');
             UPDATE regime_source SET periods = '{12,24,36}' WHERE layer = 'L0';
             INSERT INTO regime_eras VALUES ('1d', '2017-06-01', 'mine');
             SELECT FROM refresh_cmc_regimes(policy => 'mine'); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
    q "$db" "CALL backfill_market_regime_history('2016-01-01', '2030-01-01')"
    before=$(rows "$db")
    [ "$(schema_of "$db" | wc -l)" -gt 50 ] || not_ok "from $1: there is little to compare"
    succeeds "from $1 to $2: ALTER EXTENSION pg_regime UPDATE" q "$db" "ALTER EXTENSION pg_regime UPDATE TO '$2'"
    is "from $1 to $2: the version" "$(q "$db" "SELECT extversion FROM pg_extension WHERE extname = 'pg_regime'")" "$2"
    diff <(schema_of fresh) <(schema_of "$db") >"$work/diff" || true
    is "from $1 to $2: the schema of a fresh installation, $(schema_of fresh | grep -c '|') facts" "$(cat "$work/diff")" ""
    is "from $1 to $2: policies, source map and results" "$(rows "$db" | md5sum)" "$(md5sum <<<"$before")"
    is "from $1 to $2: refresh goes on" "$(q "$db" "SELECT DISTINCT status FROM refresh_cmc_regimes(policy => 'mine')")" unchanged
    is "from $1 to $2: refresh_market_regimes goes on" "$(q "$db" "SELECT DISTINCT status FROM refresh_market_regimes()")" unchanged
    is "from $1 to $2: refresh_market_states goes on" "$(q "$db" "SELECT DISTINCT status FROM refresh_market_states()")" unchanged
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
