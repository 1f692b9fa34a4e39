#!/usr/bin/env bash
# DROP EXTENSION takes the functions and the settings, never the user's tables.
. "$(dirname "$0")/lib.sh"
cluster_start
demo_db shop 3 900
q shop "SELECT FROM refresh_cmc_regimes(); SELECT FROM refresh_market_regimes(); SELECT FROM refresh_market_states(); SELECT FROM regime_track()"
q shop "CALL backfill_market_regime_history('2016-01-01', '2030-01-01')"
sisters="market_regimes regime_work.market_regime_state market_regime_history market_states regime_work.market_state_series regime_work.market_state_ranks"
for table in "${!outputs[@]}" $sisters candles cmc_price_bars_multi_tf cmc_ema_multi_tf_u; do q shop "CREATE TABLE kept_${table//./_} AS TABLE $table"; done

succeeds "DROP EXTENSION without CASCADE" q shop "DROP EXTENSION pg_regime"
for table in "${!outputs[@]}" $sisters candles cmc_price_bars_multi_tf cmc_ema_multi_tf_u; do
    same "$table is all there, $(q shop "SELECT count(*) FROM $table") rows" shop "TABLE kept_${table//./_}" "TABLE $table"
done
is "the newest regimes can still be read" "$(q shop "SELECT count(*) FROM (SELECT DISTINCT ON (id) * FROM cmc_regimes ORDER BY id, ts DESC) r")" 3
is "the view over a function is gone" "$(q shop "SELECT to_regclass('cmc_regime_latest') IS NULL")" t
is "rows of market_regimes still go with their candles" "$(q shop "DELETE FROM candles WHERE symbol = 'DEMO2'" && q shop "SELECT count(*) FROM market_regimes WHERE symbol = 'DEMO2'")" 0
is "and those of market_states" "$(q shop "SELECT count(*) FROM market_states WHERE symbol = 'DEMO2'")" 0
succeeds "bars can be loaded, though the triggers of regime_track are there" q shop "$(new_bar "id = 2")"
is "none of its functions is left" "$(q shop "SELECT oid::regprocedure FROM pg_proc WHERE probin LIKE '%pg_regime%'")" ""
succeeds "CREATE EXTENSION again" q shop "CREATE EXTENSION pg_regime"
is "which adopts the tables: refresh takes the new bar, and nothing else" \
    "$(q shop "SELECT id, status, mode FROM refresh_cmc_regimes() ORDER BY id")" "$(printf '%s\n' '1|unchanged|none' '2|ok|incremental' '3|unchanged|none')"
is "regime_setup finds nothing to do in the tables of the sister systems" \
    "$(q shop "SELECT DISTINCT action FROM regime_setup() WHERE relation ~ 'market_(regime|state)'")" unchanged
before=$(q shop "SELECT md5(string_agg(r::text, ' ' ORDER BY r::text)) FROM market_regimes r")
is "nor has refresh_market_regimes, but that candles are gone" \
    "$(q shop "SELECT status, count(*), sum(rows_written) FROM refresh_market_regimes() GROUP BY 1 ORDER BY 1")" "$(printf '%s\n' 'empty|2|0' 'unchanged|5|0')"
is "and left the rows as they were" "$(q shop "SELECT md5(string_agg(r::text, ' ' ORDER BY r::text)) FROM market_regimes r")" "$before"
is "nor has refresh_market_states" \
    "$(q shop "SELECT status, count(*), sum(rows_written) FROM refresh_market_states() GROUP BY 1 ORDER BY 1")" "$(printf '%s\n' 'empty|2|0' 'unchanged|5|0')"
is "a backfill writes no day twice" "$(q shop "CALL backfill_market_regime_history('2016-01-01', '2030-01-01')"; q shop "SELECT sum(inserted + updated + deleted) FROM cmc_regime_run_log WHERE run = (SELECT max(run) FROM cmc_regime_run_log)")" 0
is "and its marks" "$(q shop "SELECT count(*) FROM cmc_regime_marks")" 0

q shop "DROP EXTENSION pg_regime CASCADE"
is "DROP EXTENSION … CASCADE keeps them too" "$(q shop "SELECT count(*) > 0 FROM cmc_regimes")" t
is "and those of the sister systems" "$(q shop "SELECT count(*) > 0 FROM market_regimes"; q shop "SELECT count(*) > 0 FROM market_regime_history"; q shop "SELECT count(*) > 0 FROM market_states")" "$(printf 't\nt\nt')"
for table in "${!outputs[@]}" $sisters; do succeeds "$table is the user's to drop" q shop "DROP TABLE $table CASCADE"; done
succeeds "and so is the working schema, with the functions behind the triggers" q shop "DROP SCHEMA regime_work CASCADE"
is "nothing is left of either" "$(q shop "SELECT relname FROM pg_class WHERE relname ~ '^(cmc|market)_(regime|state)' UNION ALL SELECT proname FROM pg_proc WHERE proname ~ '_(regime|state)_mark_' UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION ALL SELECT nspname FROM pg_namespace WHERE nspname ~ 'regime'")" ""
