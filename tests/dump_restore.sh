#!/usr/bin/env bash
# pg_dump and restore, as every user does it some day: is every row still there, does refreshing go on?
. "$(dirname "$0")/lib.sh"
cluster_start

# every ordinary table of a database: outputs, source tables, and the extension's own
tables() { q "$1" "SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$') ORDER BY oid::regclass::text"; }
rows() { q "$1" "COPY (SELECT * FROM $2 t ORDER BY t::text COLLATE \"C\") TO STDOUT"; }
# where each output row lies and which transaction wrote it, as a digest per table: any write at all shows
places() { for table in "${!outputs[@]}"; do q "$1" "SELECT '$table', md5(string_agg(ctid || ' ' || xmin, ' ' ORDER BY ctid)) FROM $table"; done; }

# check RESTORED SCHEMA: the restored database against the one it was dumped from, "one"
check() {
    local db=$1 schema=$2 table refresh before
    refresh="FROM $schema.refresh_cmc_regimes(policy => 'careful', cal_scheme => 'mine')"
    is "$db: the same tables" "$(tables "$db")" "$(tables one)"
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
    is "$db: a policy that was not loaded is still unknown" "$(q "$db" "SELECT count(*) FROM $schema.regime_policy_rules('nobody')" | grep -c '^ERROR')" 1
}

for schema in public "\"My Schema\""; do
    demo_db one 4 900 "$schema"
    # A user's policy, an edited row of the source map (a renamed table: without the edit refreshing fails), and a
    # calendar scheme of the user's own.
    q one "SELECT FROM $schema.regime_load_policy('careful', '[{\"match\": \"Up-Low-\", \"size_mult\": 0.5}, {\"match\": \"*-Stressed\", \"orders\": \"passive\"}]');
           ALTER TABLE cmc_ema_multi_tf_u RENAME TO my_emas;
           UPDATE $schema.regime_source SET ema_table = 'my_emas' WHERE layer = 'L2';
           INSERT INTO $schema.regime_source SELECT (jsonb_populate_record(s, '{\"cal_scheme\": \"mine\"}')).* FROM $schema.regime_source s WHERE cal_scheme = 'iso'"
    is "extension in $schema: first refresh" "$(q one "SELECT DISTINCT status FROM $schema.refresh_cmc_regimes(policy => 'careful', cal_scheme => 'mine')")" ok
    tracked=no
    # in one of the two, the dump has the triggers of regime_track and their functions,
    # and a mark of many assets, which nobody refreshes
    if [ "$schema" != public ]; then
        tracked=yes
        q one "SELECT FROM $schema.regime_track()"
        q one "INSERT INTO my_emas (id, ts, tf, period, ema) SELECT id, '2024-01-01', '1D', 20, 1 FROM generate_series(101, 150) id"
        is "marks of 50 assets are one row" "$(q one "SELECT number FROM cmc_regime_dirty_many")" 50
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
    for db in one plain custom; do q postgres "DROP DATABASE $db"; done
done
