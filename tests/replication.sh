#!/usr/bin/env bash
# Source tables that are fed by logical replication: what the apply worker writes is marked like what anybody writes,
# so that only_dirty refreshes those assets and the outputs equal a full refresh; also while, before and after there is
# a subscription.
. "$(dirname "$0")/lib.sh"
cluster_start
q postgres "ALTER SYSTEM SET wal_level = logical"
cluster_stop && cluster_start
bars=cmc_price_bars_multi_tf emas=cmc_ema_multi_tf_u
# The publisher and the subscriber are databases of one server. In both the bars are partitioned, and below that the
# columns are in another order.
for db in publisher subscriber; do
    demo_db $db 6 1500
    q $db "ALTER TABLE $bars RENAME TO whole;
           CREATE TABLE $bars (LIKE whole INCLUDING DEFAULTS, PRIMARY KEY (id, tf, time_close)) PARTITION BY RANGE (time_close);
           CREATE TABLE bars_old PARTITION OF $bars FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
           CREATE TABLE bars_new PARTITION OF $bars FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
           INSERT INTO $bars TABLE whole; DROP TABLE whole;
           ALTER TABLE $emas REPLICA IDENTITY FULL; ALTER TABLE candles REPLICA IDENTITY FULL"
done
q publisher "CREATE PUBLICATION prices FOR TABLE $bars, $emas, candles WITH (publish_via_partition_root = true)"
q subscriber "TRUNCATE $bars, $emas, candles; SELECT FROM regime_track(); SELECT FROM refresh_cmc_regimes(); SELECT FROM refresh_market_regimes();
              CREATE SCHEMA fresh"

# subscribe [WITH]: the slot first, since in one server CREATE SUBSCRIPTION would wait for itself
subscribe() {
    q publisher "SELECT FROM pg_create_logical_replication_slot('prices', 'pgoutput')"
    q subscriber "CREATE SUBSCRIPTION prices CONNECTION 'host=$PGHOST port=$PGPORT user=$PGUSER dbname=publisher'
                  PUBLICATION prices WITH (create_slot = false, slot_name = prices${1:-})"
}
unsubscribe() {
    q subscriber "ALTER SUBSCRIPTION prices DISABLE; ALTER SUBSCRIPTION prices SET (slot_name = NONE); DROP SUBSCRIPTION prices"
    poll "the slot is free" publisher "SELECT NOT active FROM pg_replication_slots WHERE slot_name = 'prices'"
    q publisher "SELECT pg_drop_replication_slot('prices')" >/dev/null
}
# poll WHAT DB CONDITION: until it holds
poll() {
    local tries=600
    until [ "$(q "$2" "$3")" = t ]; do
        ((tries -= 1)) || { not_ok "$1" "waited a minute for: $3" "$(tail -n 5 "$cluster_dir/log")"; exit 1; }
        sleep 0.1
    done
}
# replicated: what the publisher has committed is there
replicated() {
    local lsn
    lsn=$(q publisher "SELECT pg_current_wal_insert_lsn()")
    poll "replication" publisher "SELECT COALESCE(bool_and(confirmed_flush_lsn >= '$lsn'), false) FROM pg_replication_slots WHERE slot_name = 'prices'"
}
# equal_a_full_refresh DESCRIPTION: the tables, with those of a full refresh into empty ones
equal_a_full_refresh() {
    local table
    q subscriber "DROP SCHEMA IF EXISTS fresh, fresh_regime_work CASCADE; CREATE SCHEMA fresh; SET pg_regime.target_schema = 'fresh'; SELECT FROM refresh_cmc_regimes()"
    for table in "${!outputs[@]}"; do
        same "$1: $table is that of a full refresh" subscriber "SELECT ${outputs[$table]} FROM public.$table" "SELECT ${outputs[$table]} FROM fresh.$table"
    done
}
# change DESCRIPTION SQL ASSETS: at the publisher; marks these assets at the subscriber, which are then refreshed alone
change() {
    q publisher "$2"
    replicated
    is "$1: marks these assets" "$(q subscriber "SELECT string_agg(DISTINCT id::text, ',' ORDER BY id::text) FROM cmc_regime_marks")" "$3"
    is "$1: they are refreshed, and no other" \
        "$(q subscriber "SELECT string_agg(id::text, ',' ORDER BY id) FROM refresh_cmc_regimes(only_dirty => true) WHERE status <> 'failed'")" "$3"
    is "$1: no mark is left" "$(q subscriber "SELECT count(*) FROM cmc_regime_marks")" 0
    equal_a_full_refresh "$1"
}

all=1,2,3,4,5,6
at="tf = '1D' AND time_close::date ="
subscribe
poll "initial copy" subscriber "SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel"
change "initial copy" "SELECT" $all
is "initial copy: the candles too" "$(q subscriber "SELECT DISTINCT status FROM refresh_market_regimes()")" ok
is "then nothing is to be done" "$(q subscriber "SELECT count(*) FROM refresh_cmc_regimes(only_dirty => true)")" 0

change "a new day" "$(new_bar 'id IN (2, 4)')" 2,4
change "a late bar" "INSERT INTO $bars SELECT (jsonb_populate_record(b, jsonb_build_object('time_close', time_close + interval '1 hour', 'close', close * 1.2))).*
    FROM $bars b WHERE id = 3 AND $at '2019-08-02'" 3
change "a correction" "UPDATE $bars SET close = close * 0.9 WHERE id = 2 AND $at '2019-08-01'" 2
change "a corrected EMA" "UPDATE $emas SET ema = ema * 1.3 WHERE id = 5 AND tf = '1D' AND ts::date = '2019-08-01'" 5
change "a deletion" "DELETE FROM $bars WHERE id = 6 AND $at '2020-02-02'" 6
change "a bar that goes to another asset, time and partition" \
    "UPDATE $bars SET id = 4, time_close = '2020-06-01 12:00+00' WHERE id = 5 AND $at '2019-09-09'" 4,5
change "an upsert" "INSERT INTO $bars SELECT (jsonb_populate_record(b, jsonb_build_object('close', close * 1.1))).* FROM $bars b WHERE id IN (1, 3) AND $at '2020-01-05'
    UNION ALL SELECT (jsonb_populate_record(b, jsonb_build_object('time_close', time_close + interval '2 hours'))).* FROM $bars b WHERE id = 3 AND $at '2020-01-05'
    ON CONFLICT (id, tf, time_close) DO UPDATE SET close = excluded.close" 1,3

# A bulk: a mark per asset, and one more for each time that the rows begin earlier.
q publisher "UPDATE $emas SET ema = ema * 1.01 WHERE id = 3"
replicated
is "a bulk does not leave a mark for each row" \
    "$(q subscriber "SELECT count(*) < 100, min(since) = (SELECT min(ts) FROM $emas WHERE id = 3) FROM regime_work.cmc_regime_dirty")" "t|t"
q subscriber "SELECT FROM refresh_cmc_regimes(only_dirty => true)"
q publisher "CREATE TABLE kept AS TABLE $emas"
change "TRUNCATE" "TRUNCATE $emas; INSERT INTO $emas SELECT * FROM kept WHERE ts > (SELECT min(ts) FROM kept)" $all
# What another transaction marked is no reason to leave a mark out: a refresh may have seen that one alone.
q publisher "UPDATE $emas SET ema = ema * 1.01 WHERE id = 3 AND tf = '1D' AND ts::date = '2020-01-01'"
q publisher "UPDATE $emas SET ema = ema * 1.01 WHERE id = 3 AND tf = '1D' AND ts::date = '2020-01-02'"
replicated
is "each transaction marks for itself" "$(q subscriber "SELECT string_agg(since::date::text, ' ' ORDER BY since) FROM cmc_regime_marks")" "2020-01-01 2020-01-02"
q subscriber "SELECT FROM refresh_cmc_regimes()"

# A new partition, which regime_track has to be told of.
for db in publisher subscriber; do
    q $db "CREATE TABLE bars_far PARTITION OF $bars FOR VALUES FROM ('2030-01-01') TO ('2040-01-01')"
done
is "a new partition is not tracked" "$(psql -XAtq -d subscriber -c "SELECT FROM refresh_cmc_regimes(only_dirty => true)" 2>&1 | sed -n 's/^ERROR: *//p')" \
    "only_dirty needs tracking, and not every source is tracked"
q subscriber "SELECT FROM regime_track(); SELECT FROM refresh_cmc_regimes()"
change "a bar in a new partition" "INSERT INTO $bars SELECT (jsonb_populate_record(b, jsonb_build_object('time_close', time_close + interval '11 years'))).*
    FROM $bars b WHERE id = 2 AND $at '2020-01-05'" 2

# Candles.
q subscriber "SELECT FROM refresh_market_regimes()"
q publisher "UPDATE candles SET close = close * 1.01, high = high * 1.01 WHERE symbol = '^GSPC' AND open_time = (SELECT open_time FROM candles WHERE symbol = '^GSPC' ORDER BY open_time OFFSET 500 LIMIT 1)"
replicated
is "a corrected candle is marked" "$(q subscriber "SELECT DISTINCT symbol FROM market_regime_marks")" '^GSPC'
q subscriber "SELECT FROM refresh_market_regimes(); SET pg_regime.target_schema = 'fresh'; SELECT FROM refresh_market_regimes()"
same "and its regimes are those of a full refresh" subscriber "SELECT to_jsonb(r) - 'created_at' FROM public.market_regimes r" "SELECT to_jsonb(r) - 'created_at' FROM fresh.market_regimes r"

# A session that knew the tables before there was a subscription, and one after there was one.
unsubscribe
subscribe ", copy_data = false"
change "after a new subscription" "UPDATE $bars SET close = close * 1.05 WHERE id = 2 AND $at '2019-08-01'" 2
q publisher "UPDATE $bars SET close = close * 1.05 WHERE id = 3 AND $at '2019-08-01'"
replicated
unsubscribe
is "what came before the subscription was dropped is found" "$(q subscriber "SELECT id, status FROM refresh_cmc_regimes() WHERE status <> 'unchanged'")" "3|ok"
equal_a_full_refresh "after the subscription"

# All tables of a database are published: every table has a key, so that refreshes write, and the run log is pruned.
demo_db published 3 420
q published "CREATE PUBLICATION everything FOR ALL TABLES"
warned() { psql -XAtq -d published -c "$1" 2>&1 | grep -E "^(WARNING|ERROR)" || true; }
is "published: refreshes, marks and rounds" "$(warned "SELECT FROM refresh_cmc_regimes(); SELECT FROM refresh_market_regimes(); SELECT FROM regime_track();
    SELECT FROM refresh_cmc_regimes(); UPDATE $bars SET close = close * 1.02 WHERE tf = '1D' AND id = 2;
    SELECT FROM refresh_cmc_regimes(only_dirty => true)")$(warned "CALL refresh_all_cmc_regimes()")$(warned "CALL refresh_all_cmc_regimes()")" ""
is "published: a backfill" "$(warned "CALL backfill_market_regime_history('2020-01-01', '2030-01-01', full_refresh => true)")" ""
is "published: a new session prunes the run log" "$(warned "UPDATE regime_work.cmc_regime_run_log SET finished_at = finished_at - interval '100 days';
    SELECT FROM refresh_cmc_regimes(1)") $(q published "SELECT count(*) FROM cmc_regime_run_log")" " 2"
