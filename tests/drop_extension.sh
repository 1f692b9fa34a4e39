#!/usr/bin/env bash
# DROP EXTENSION takes the functions and the settings, never the user's tables.
. "$(dirname "$0")/lib.sh"
cluster_start
demo_db shop 3 900
q shop "SELECT FROM refresh_cmc_regimes(); SELECT FROM regime_track()"
for table in "${!outputs[@]}" cmc_price_bars_multi_tf cmc_ema_multi_tf_u; do q shop "CREATE TABLE kept_$table AS TABLE $table"; done

succeeds "DROP EXTENSION without CASCADE" q shop "DROP EXTENSION pg_regime"
for table in "${!outputs[@]}" cmc_price_bars_multi_tf cmc_ema_multi_tf_u; do
    same "$table is all there, $(q shop "SELECT count(*) FROM $table") rows" shop "TABLE kept_$table" "TABLE $table"
done
is "the newest regimes can still be read" "$(q shop "SELECT count(*) FROM (SELECT DISTINCT ON (id) * FROM cmc_regimes ORDER BY id, ts DESC) r")" 3
is "the view over a function is gone" "$(q shop "SELECT to_regclass('cmc_regime_latest') IS NULL")" t
succeeds "bars can be loaded, though the triggers of regime_track are there" q shop "$(new_bar "id = 2")"
is "none of its functions is left" "$(q shop "SELECT oid::regprocedure FROM pg_proc WHERE probin LIKE '%pg_regime%'")" ""
succeeds "CREATE EXTENSION again" q shop "CREATE EXTENSION pg_regime"
is "which adopts the tables: refresh takes the new bar, and nothing else" \
    "$(q shop "SELECT id, status, mode FROM refresh_cmc_regimes() ORDER BY id")" "$(printf '%s\n' '1|unchanged|none' '2|ok|incremental' '3|unchanged|none')"
is "and its marks" "$(q shop "SELECT count(*) FROM cmc_regime_marks")" 0

q shop "DROP EXTENSION pg_regime CASCADE"
is "DROP EXTENSION … CASCADE keeps them too" "$(q shop "SELECT count(*) > 0 FROM cmc_regimes")" t
for table in "${!outputs[@]}"; do succeeds "$table is the user's to drop" q shop "DROP TABLE $table CASCADE"; done
