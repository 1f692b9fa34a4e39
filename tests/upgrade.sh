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
    # Marks that wait, and a round and a backfill in the middle.
    q "$db" "CALL backfill_market_regime_history('2017-02-01', '2017-06-01', 60, symbol => 'DEMO2')"
    q "$db" "SELECT FROM regime_track();
             SELECT FROM refresh_cmc_regimes(policy => 'mine'); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states()"
    q "$db" "UPDATE cmc_price_bars_multi_tf SET close = close * 1.01 WHERE id = 2 AND bar_seq = 700 AND tf = '1D';
             UPDATE candles SET close = (high + low) / 2 WHERE symbol = 'DEMO2' AND open_time = (SELECT max(open_time) FROM candles WHERE timeframe = '1d')"
    q "$db" "$(new_bar 'id = 3')"
    q "$db" "SELECT regime_round_next($(q "$db" "SELECT regime_round_begin(policy => 'mine')"), 1, policy => 'mine')" >/dev/null
    q "$db" "SELECT market_regime_backfill_next($(q "$db" "SELECT market_regime_backfill_begin('2016-01-01', '2017-01-01', 30, 'DEMO2', false, false)"))" >/dev/null
    before=$(stored "$db")
    is "from $1: marks, a round and a backfill are unfinished" "$(q "$db" "SELECT (SELECT count(DISTINCT id) FROM cmc_regime_marks), (SELECT count(*) FROM market_regime_marks) > 0,
        (SELECT min(done) FROM cmc_regime_progress), (SELECT count(*) > 0 FROM market_regime_progress WHERE status = 'interrupted')")" "2|t|1|t"
    [ "$(schema_of "$db" | wc -l)" -gt 50 ] || not_ok "from $1: there is little to compare"
    succeeds "from $1 to $2: ALTER EXTENSION pg_regime UPDATE" q "$db" "ALTER EXTENSION pg_regime UPDATE TO '$2'"
    is "from $1 to $2: the version" "$(q "$db" "SELECT extversion FROM pg_extension WHERE extname = 'pg_regime'")" "$2"
    diff <(schema_of fresh) <(schema_of "$db") >"$work/diff" || true
    is "from $1 to $2: the schema of a fresh installation, $(schema_of fresh | grep -c '|') facts" "$(cat "$work/diff")" ""
    is "from $1 to $2: policies, source map and results" "$(stored "$db" | md5sum)" "$(md5sum <<<"$before")"
    is "from $1 to $2: what was marked is refreshed, and nothing else" "$(q "$db" "SELECT id, status, mode FROM refresh_cmc_regimes(policy => 'mine') ORDER BY 1")" \
        $'1|unchanged|none\n2|ok|full\n3|ok|incremental'
    is "from $1 to $2: refresh_market_regimes and refresh_market_states go on" "$(q "$db" "SELECT string_agg(DISTINCT status, ' '), bool_or(reason ~ 'version') FROM refresh_market_regimes();
        SELECT string_agg(DISTINCT status, ' '), bool_or(reason ~ 'version') FROM refresh_market_states()")" $'unchanged|f\nok unchanged|f'
    is "from $1 to $2: the round ends, and finds nothing to do" "$(q "$db" "CALL refresh_all_cmc_regimes(policy => 'mine')"; q "$db" "SELECT assets, done, failed FROM cmc_regime_progress ORDER BY round DESC LIMIT 1")" "3|3|0"
    is "from $1 to $2: the backfill ends" "$(q "$db" "CALL backfill_market_regime_history('2016-01-01', '2017-01-01', 30, symbol => 'DEMO2')"; q "$db" "SELECT DISTINCT status FROM market_regime_progress")" done
    is "from $1 to $2: afterwards all is unchanged" "$(q "$db" "SELECT status FROM refresh_cmc_regimes(policy => 'mine') UNION SELECT status FROM refresh_market_regimes() UNION SELECT status FROM refresh_market_states()")" unchanged
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
