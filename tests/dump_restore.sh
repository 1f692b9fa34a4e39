#!/usr/bin/env bash
# pg_dump and restore, as every user does it some day: is every row still there, does refreshing go on?
. "$(dirname "$0")/lib.sh"
cluster_start

# every ordinary table of a database: outputs, source tables, and the extension's own
tables() { q "$1" "SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$') ORDER BY oid::regclass::text"; }
rows() { q "$1" "COPY (SELECT * FROM $2 t ORDER BY t::text COLLATE \"C\") TO STDOUT"; }
# where each output row lies and which transaction wrote it, as a digest per table: any write at all shows
places() { for table in "${!outputs[@]}"; do q "$1" "SELECT '$table', md5(string_agg(ctid || ' ' || xmin, ' ' ORDER BY ctid)) FROM $table"; done; }

# who may do what with schemas, tables, views and sequences, and what the views read
grants() { q "$1" "SELECT nspname, relname, relkind, relacl, CASE relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'v', 'S') AND nspname !~ '^pg_|^information_schema$'
    UNION ALL SELECT nspname, obj_description(oid), 'n', nspacl, NULL FROM pg_namespace WHERE nspname ~ 'regime_work' ORDER BY 1, 2, 3"; }
# the foreign keys of a database
keys() { q "$1" "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid), obj_description(oid) FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 2"; }
# when each row of the sister systems was written
stamps() { q "$1" "SELECT md5(string_agg(r::text, ' ' ORDER BY r::text)) FROM (SELECT ctid, xmin, created_at FROM market_regimes UNION ALL SELECT ctid, xmin, created_at FROM market_regime_history UNION ALL SELECT ctid, xmin, created_at FROM market_states) r"; }

# check RESTORED SCHEMA: the restored database against the one it was dumped from, "one"
check() {
    local db=$1 schema=$2 table refresh before
    refresh="FROM $schema.refresh_cmc_regimes(policy => 'careful', cal_scheme => 'mine')"
    is "$db: the same tables" "$(tables "$db")" "$(tables one)"
    is "$db: the same views and grants" "$(grants "$db")" "$(grants one)"
    is "$db: the working schema is among them" "$(grants "$db" | grep -Ec '^regime_work\|(Working tables|cmc_regime_state).*nightly=')" 2
    while read -r table; do
        rows one "$table" >"$work/one"
        rows "$db" "$table" >"$work/restored"
        if cmp -s "$work/one" "$work/restored"; then
            ok "$db: $table, $(wc -l <"$work/one") rows"
        else
            not_ok "$db: $table differs" "$(diff "$work/one" "$work/restored" | head -n 10)"
        fi
    done < <(tables one)
    before=$(places "$db")
    is "$db: refresh says unchanged" "$(q "$db" "SELECT status, sum(rows_written) $refresh GROUP BY 1")" "unchanged|0"
    is "$db: and wrote nothing" "$(places "$db")" "$before"
    q "$db" "$(new_bar "id = 2" my_emas)"
    is "$db: after a new bar of asset 2, refresh writes" "$(q "$db" "SELECT id, status, rows_written > 0, mode $refresh WHERE status <> 'unchanged'")" "2|ok|t|incremental"
    if [ "$tracked" = yes ]; then
        q "$db" "$(new_bar "id = 3" my_emas)"
        is "$db: the triggers are there: only the asset with a mark is refreshed" \
            "$(q "$db" "SELECT id, status, mode FROM $schema.refresh_cmc_regimes(policy => 'careful', cal_scheme => 'mine', only_dirty => true)")" "3|ok|incremental"
    fi
    check_sisters "$db" "$schema"
    is "$db: a policy that was not loaded is still unknown" "$(q "$db" "SELECT count(*) FROM $schema.regime_policy_rules('nobody')" | grep -c '^ERROR')" 1
}

# check_sisters RESTORED SCHEMA: market_regimes, market_regime_history and market_states, whose rows were compared before
check_sisters() {
    local db=$1 schema=$2 before
    local refresh="SELECT symbol, timeframe, status, rows_written FROM $schema.refresh_market_regimes() ORDER BY 1, 2"
    is "$db: the foreign keys to the candles" "$(keys "$db")" "$(keys one)"
    is "$db: which are two" "$(keys "$db" | wc -l)" 2
    before=$(stamps "$db")
    is "$db: refresh_market_regimes says unchanged" "$(q "$db" "SELECT status, count(*) FROM $schema.refresh_market_regimes() GROUP BY 1")" "unchanged|8"
    is "$db: refresh_market_states too, with the eras of the user" "$(q "$db" "SELECT status, count(*) FROM $schema.refresh_market_states() GROUP BY 1")" "unchanged|8"
    is "$db: regime_setup too" "$(q "$db" "SELECT DISTINCT action FROM $schema.regime_setup()")" unchanged
    q "$db" "CALL $schema.backfill_market_regime_history('2016-01-01', '2030-01-01')"
    is "$db: and nothing was written, nor by a backfill" "$(stamps "$db")" "$before"
    q "$db" "INSERT INTO my_candles SELECT (jsonb_populate_record(c, jsonb_build_object('open_time', open_time + interval '3 days', 'close', high))).* FROM my_candles c WHERE symbol = '^GSPC' ORDER BY open_time DESC LIMIT 1"
    is "$db: after a new candle of ^GSPC, refresh takes it" "$(q "$db" "$refresh" | grep -v unchanged)" "^GSPC|1d|ok|1"
    is "$db: and refresh_market_states" "$(q "$db" "${refresh/market_regimes/market_states}" | grep -v unchanged)" "^GSPC|1d|ok|1"
    q "$db" "CALL $schema.backfill_market_regime_history('2016-01-01', '2030-01-01')"
    is "$db: and the backfill" "$(q "$db" "SELECT is_stale, newest_bar = date FROM $schema.market_regime_history_latest()")" "f|t"
    q "$db" "DELETE FROM my_candles WHERE symbol = 'MARKET' AND timeframe = '4h'"
    is "$db: rows go with their candles" "$(q "$db" "SELECT count(*) FROM market_regimes WHERE symbol = 'MARKET' AND timeframe = '4h'"; q "$db" "SELECT count(*) FROM market_states WHERE symbol = 'MARKET' AND timeframe = '4h'")" "$(printf '0\n0')"
}

q postgres "CREATE ROLE nightly"
for schema in public "\"My Schema\""; do
    demo_db one 4 900 "$schema"
    # A user's policy, an edited row of the source map (a renamed table: without the edit refreshing fails), and a
    # calendar scheme of the user's own.
    q one "SELECT FROM $schema.regime_load_policy('careful', '[{\"match\": \"Up-Low-\", \"size_mult\": 0.5}, {\"match\": \"*-Stressed\", \"orders\": \"passive\"}]');
           ALTER TABLE cmc_ema_multi_tf_u RENAME TO my_emas;
           UPDATE $schema.regime_source SET ema_table = 'my_emas' WHERE layer = 'L2';
           INSERT INTO $schema.regime_source SELECT (jsonb_populate_record(s, '{\"cal_scheme\": \"mine\"}')).* FROM $schema.regime_source s WHERE cal_scheme = 'iso';
           INSERT INTO $schema.regime_profile (profile, policy, cal_scheme) VALUES ('careful', 'careful', 'mine'), ('zero', NULL, NULL);
           INSERT INTO $schema.regime_profile_asset (profile, id, symbol) VALUES ('careful', 4, NULL), ('careful', NULL, 'DEMO3')"
    is "extension in $schema: first refresh" "$(q one "SELECT DISTINCT status FROM $schema.refresh_cmc_regimes(policy => 'careful', cal_scheme => 'mine')")" ok
    # The candles are another table too.
    q one "ALTER TABLE candles RENAME TO my_candles; UPDATE $schema.regime_source SET bars_table = 'my_candles' WHERE layer = 'candles';
           INSERT INTO $schema.regime_eras VALUES ('1d', '2017-06-01', 'mine'), (NULL, '-infinity', NULL);
           SELECT FROM $schema.refresh_market_regimes(); SELECT FROM $schema.refresh_market_states()"
    q one "CALL $schema.backfill_market_regime_history('2016-01-01', '2030-01-01')"
    is "extension in $schema: the sister systems have rows" "$(q one "SELECT count(*) > 5000 FROM market_regimes"; q one "SELECT count(*) > 500 FROM market_regime_history")" "$(printf 't\nt')"
    # A role that may refresh.
    q one "GRANT USAGE ON SCHEMA regime_work TO nightly; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, regime_work TO nightly;
           GRANT USAGE ON ALL SEQUENCES IN SCHEMA regime_work TO nightly"
    tracked=no
    # in one of the two, the dump has the triggers of regime_track and their functions,
    # and a mark of many assets, which nobody refreshes
    if [ "$schema" != public ]; then
        tracked=yes
        q one "SELECT FROM $schema.regime_track()"
        q one "INSERT INTO my_emas (id, ts, tf, period, ema) SELECT id, '2024-01-01', '1D', 20, 1 FROM generate_series(101, 150) id"
        is "marks of 50 assets are one row" "$(q one "SELECT number FROM regime_work.cmc_regime_dirty_many")" 50
    fi

    q postgres "CREATE DATABASE plain"
    succeeds "pg_dump, plain" pg_dump --file="$work/plain.sql" one
    succeeds "psql restores it" psql -Xq -v ON_ERROR_STOP=1 -d plain -f "$work/plain.sql"
    check plain "$schema"

    q postgres "CREATE DATABASE custom"
    succeeds "pg_dump, custom format" pg_dump --format=custom --file="$work/custom" one
    succeeds "pg_restore restores it" pg_restore --exit-on-error --jobs=2 --dbname=custom "$work/custom"
    check custom "$schema"

    succeeds "pg_restore --clean over it once more" pg_restore --exit-on-error --clean --if-exists --dbname=custom "$work/custom"
    is "the source map after --clean" "$(rows custom "$schema.regime_source")" "$(rows one "$schema.regime_source")"
    is "the foreign key after --clean" "$(keys custom)" "$(keys one)"
    is "the sisters' rows after --clean" "$(for table in market_regimes regime_work.market_regime_state market_regime_history market_states regime_work.market_state_ranks; do rows custom $table; done | md5sum)" \
        "$(for table in market_regimes regime_work.market_regime_state market_regime_history market_states regime_work.market_state_ranks; do rows one $table; done | md5sum)"
    for db in one plain custom; do q postgres "DROP DATABASE $db"; done
done

# Every mode of pg_dump and pg_restore: the same map, policies and rows afterwards, and a refresh that goes on.
# The user's: an edited row and rows of a scheme of the user's own, policies, triggers, marks of few and of many assets.
schema='"Another Schema"'
demo_db two 3 420 "$schema"
q two "SELECT FROM $schema.regime_load_policy('careful', '[{\"match\": \"Up-Low-\", \"size_mult\": 0.5}]');
       UPDATE $schema.regime_source SET adx_floor = 0 WHERE layer = 'L2';
       INSERT INTO $schema.regime_source SELECT (jsonb_populate_record(s, '{\"cal_scheme\": \"mine\"}')).* FROM $schema.regime_source s WHERE cal_scheme = 'iso';
       DELETE FROM $schema.regime_source WHERE cal_scheme = 'us' AND layer <> 'L2';
       INSERT INTO $schema.regime_profile (profile, policy, min_hold_bars) VALUES ('default', NULL, 4), ('careful', 'careful', 2), ('unused', 'careful', 7);
       INSERT INTO $schema.regime_profile_asset (profile, id, symbol, pattern) VALUES ('careful', 3, NULL, NULL), ('default', NULL, 'MARKET', NULL), ('careful', NULL, NULL, 'Z%');
       INSERT INTO $schema.regime_eras VALUES (NULL, '2017-01-01', 'mine');
       SELECT FROM $schema.refresh_cmc_regimes(); SELECT FROM $schema.refresh_market_regimes(); SELECT FROM $schema.refresh_market_states(); SELECT FROM $schema.regime_track();
       SELECT FROM $schema.refresh_cmc_regimes(); SELECT FROM $schema.refresh_market_regimes(); SELECT FROM $schema.refresh_market_states()"
q two "CALL $schema.backfill_market_regime_history('2016-01-01', '2030-01-01')"
q two "$(new_bar "id = 2");
       INSERT INTO cmc_ema_multi_tf_u (id, ts, tf, period, ema) SELECT id, '2024-01-01', '1D', 20, 1 FROM generate_series(101, 150) id"
is "the map has the user's rows and built-in ones, without those that were deleted" "$(q two "SELECT origin, count(*) FROM $schema.regime_source GROUP BY 1 ORDER BY 1")" "$(printf 'built-in|3\nuser|5')"
is "there are marks of few and of many assets" "$(q two "SELECT count(*) FROM regime_work.cmc_regime_dirty"; q two "SELECT count(*) FROM regime_work.cmc_regime_dirty_many")" "$(printf '2\n1')"
map=$(rows two "$schema.regime_source") policies=$(rows two "$schema.regime_policy")
listed=$(tables two)
content() { while read -r table; do [[ $table =~ $2 ]] || rows "$1" "$table" | sed "s/^/$table /"; done <<<"$listed"; }
content two - >"$work/two"
grep -v '^regime_work.*_dirty' "$work/two" >"$work/two_without_marks" || true
q postgres "CREATE ROLE other_owner LOGIN"
restored=0

# begin_restore [OWNER]: an empty database $db
begin_restore() {
    restored=$((restored + 1)) db=restored_$restored
    q postgres "CREATE DATABASE $db OWNER ${1:-postgres}"
    [ $# = 0 ] || q "$db" "GRANT ALL ON SCHEMA public TO $1"
}
# end_restore MODE [marked]: what the database holds; marked: its triggers saw the rows being loaded
end_restore() {
    is "$1: the map" "$(rows "$db" "$schema.regime_source")" "$map"
    is "$1: the policies" "$(rows "$db" "$schema.regime_policy")" "$policies"
    is "$1: the tables" "$(tables "$db")" "$listed"
    if [ "${2:-}" = marked ]; then
        is "$1: the rows but marks" "$(content "$db" '_dirty' | diff - "$work/two_without_marks" | head -n 5)" ""
        is "$1: no mark is lost" "$(q "$db" "SELECT count(DISTINCT id) FROM cmc_regime_marks")" 53
        is "$1: refresh" "$(q "$db" "SELECT id, status FROM $schema.refresh_cmc_regimes() ORDER BY 1")" "$(printf '1|unchanged\n2|ok\n3|unchanged')"
    else
        is "$1: the rows" "$(content "$db" - | diff - "$work/two" | head -n 5)" ""
        is "$1: refresh" "$(q "$db" "SELECT id, status, mode FROM $schema.refresh_cmc_regimes() ORDER BY 1")" \
            "$(printf '1|unchanged|none\n2|ok|incremental\n3|unchanged|none')"
    fi
    is "$1: market regimes" "$(q "$db" "SELECT DISTINCT status FROM $schema.refresh_market_regimes()")" unchanged
    q "$db" "$(new_bar "id = 3")"
    is "$1: goes on, tracked" "$(q "$db" "SELECT id, status, mode FROM $schema.refresh_cmc_regimes() ORDER BY 1")" \
        "$(printf '1|unchanged|none\n2|unchanged|none\n3|ok|incremental')"
    is "$1: an edit of the map" "$(q "$db" "UPDATE $schema.regime_source SET adx_floor = 1 WHERE cal_scheme = 'iso' AND layer = 'L2' RETURNING origin, adx_floor"
        q "$db" "SELECT count(*) FROM $schema.regime_source")" "$(printf 'user|1\n8')"
    q postgres "DROP DATABASE $db"
}
load() { succeeds "$1: psql" psql -Xq -v ON_ERROR_STOP=1 -d "$db" -f "$2"; }

pg_dump --schema-only --file="$work/schema.sql" two
pg_dump --format=custom --file="$work/two.custom" two
pg_dump --format=directory --jobs=2 --file="$work/two.directory" two

mode="data only, --disable-triggers"
begin_restore && pg_dump --data-only --disable-triggers --file="$work/data.sql" two
load "$mode" "$work/schema.sql" && load "$mode" "$work/data.sql" && end_restore "$mode"

mode="data only, --disable-triggers, as INSERT … ON CONFLICT DO NOTHING"
begin_restore && pg_dump --data-only --disable-triggers --rows-per-insert=100 --on-conflict-do-nothing --file="$work/data.sql" two
load "$mode" "$work/schema.sql" && load "$mode" "$work/data.sql" && end_restore "$mode"

mode="data only"
begin_restore && pg_dump --data-only --file="$work/data.sql" two
load "$mode" "$work/schema.sql" && load "$mode" "$work/data.sql" && end_restore "$mode" marked

mode="data only, under session_replication_role = replica"
begin_restore && load "$mode" "$work/schema.sql"
PGOPTIONS="-c session_replication_role=replica" load "$mode" "$work/data.sql" && end_restore "$mode" marked

mode="sections"
begin_restore
for section in pre-data data post-data; do
    pg_dump --section=$section --file="$work/section.sql" two
    load "$mode, $section" "$work/section.sql"
done
end_restore "$mode"

mode="--clean --if-exists, over what is there"
begin_restore && pg_dump --clean --if-exists --file="$work/clean.sql" two
load "$mode" "$work/schema.sql"
q "$db" "UPDATE $schema.regime_source SET adx_floor = 50; SELECT FROM $schema.regime_load_policy('careful', '[]')"
load "$mode" "$work/clean.sql" && end_restore "$mode"

mode="directory, sections, data only with --disable-triggers"
begin_restore
for section in --section=pre-data "--data-only --disable-triggers" --section=post-data; do
    # shellcheck disable=SC2086 # two options
    succeeds "$mode: pg_restore $section" pg_restore --exit-on-error --jobs=2 $section --dbname="$db" "$work/two.directory"
done
end_restore "$mode"

# Two jobs load the tables in any order.
mode="custom, data in the reverse order"
begin_restore
pg_restore --list "$work/two.custom" | grep '^[0-9]' | tac >"$work/reverse"
for section in pre-data data post-data; do
    order=()
    [ $section != data ] || order=(--use-list="$work/reverse")
    succeeds "$mode: pg_restore $section" pg_restore --exit-on-error --section=$section "${order[@]}" --dbname="$db" "$work/two.custom"
done
end_restore "$mode"

mode="custom, to another owner"
begin_restore other_owner
succeeds "$mode: pg_restore" pg_restore --exit-on-error --no-owner --no-acl --username=other_owner --dbname="$db" "$work/two.custom"
is "$mode: owns the outputs" "$(q "$db" "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname ~ '^(cmc_regimes|market_regimes)$'")" other_owner
is "$mode: may edit the map and the policies" "$(q "$db" "SELECT bool_and(has_table_privilege('other_owner', oid, p)) FROM pg_class, unnest('{INSERT,UPDATE,DELETE}'::text[]) AS p WHERE relname ~ '^regime_(source|policy|profile)' AND relname <> 'regime_source_built_in' AND relkind IN ('r', 'v')")" t
PGUSER=other_owner end_restore "$mode"

# Prices that were connected stay so, and can be taken away.
q postgres "CREATE DATABASE connected"
q postgres "CREATE DATABASE restored"
q connected "CREATE SCHEMA \"My Shop\"; CREATE TABLE \"My Shop\".\"Prices\" (symbol text, date date, close float8);
    INSERT INTO \"My Shop\".\"Prices\" SELECT s, date '2022-01-01' + d, 100 + d % 17 + length(s) FROM unnest('{A,BB}'::text[]) AS s, generate_series(1, 400) AS d;
    CREATE EXTENSION pg_regime; SELECT FROM regime_connect('\"My Shop\".\"Prices\"'); SELECT FROM refresh_cmc_regimes(); SELECT FROM regime_track()"
pg_dump --format=custom --file="$work/connected.custom" connected
succeeds "connected prices are restored" pg_restore --exit-on-error --dbname=restored "$work/connected.custom"
is "and stay connected" "$(q restored "SELECT count(*) FROM regime_connect('\"My Shop\".\"Prices\"') WHERE step = 'made'")" 0
is "their rows stay" "$(q restored "SELECT id, status, regime_rows FROM refresh_cmc_regimes()")" "$(printf '1|unchanged|400\n2|unchanged|400')"
q restored "INSERT INTO \"My Shop\".\"Prices\" SELECT 'CCC', date, close FROM \"My Shop\".\"Prices\" WHERE symbol = 'A'"
is "a new symbol is refreshed" "$(q restored "SELECT id, status FROM refresh_cmc_regimes() WHERE id > 2")" "3|ok"
q restored "SELECT FROM regime_disconnect('\"My Shop\".\"Prices\"')"
is "and what was made is taken away" "$(q restored "SELECT relname FROM pg_class WHERE relnamespace = '\"My Shop\"'::regnamespace AND relkind = 'r'; SELECT count(*) FROM regime_source_user; SELECT count(*) FROM regime_profile")" "$(printf 'Prices\n0\n0')"
