#!/usr/bin/env bash
# Settings of a session that change how a statement is read, how a value is spelled or how a plan is run change no row, in groups
# and all at once. Then the whole regression suite, with the functions, procedures and triggers of pg_regime under
# all of them (tests/odd.sh).
. "$(dirname "$0")/lib.sh"
cluster_start

# In groups: what one setting changes, no other one of its group puts right.
odd=(
    "standard_conforming_strings = off, escape_string_warning = off, backslash_quote = on, quote_all_identifiers = on, transform_null_equals = on, array_nulls = off, extra_float_digits = -15, DateStyle = 'German, DMY', IntervalStyle = iso_8601, TimeZone = 'Pacific/Kiritimati', bytea_output = escape, xmlbinary = hex, xmloption = document, search_path = '', plan_cache_mode = force_generic_plan"
    "DateStyle = 'SQL, MDY', TimeZone = 'America/St_Johns', plan_cache_mode = force_custom_plan, enable_indexscan = off, enable_bitmapscan = off, enable_hashjoin = off, enable_sort = off, default_transaction_isolation = serializable, row_security = off"
    "jit = on, jit_above_cost = 0, jit_inline_above_cost = -1, jit_optimize_above_cost = -1"
)
all=$(printf '%s, ' "${odd[@]}")

# What users do, from the demo on; to a database of its own.
surface() {
    local own
    q postgres "CREATE DATABASE $1"
    [ -z "$2" ] || while IFS= read -r setting; do
        q postgres "ALTER DATABASE $1 SET ${setting/ = / TO }"
    done < <(sed 's/, \([a-z_]* = \)/\n\1/gi; s/, $//' <<<"$2")
    q "$1" "CREATE SCHEMA e; CREATE EXTENSION pg_regime SCHEMA e"
    for own in \
        "SELECT FROM e.regime_demo(3, 700)" \
        "SELECT FROM e.regime_load_policy('timid', '[{\"match\": \"Up-\", \"size_mult\": 0.123456789012345678}]')" \
        "SELECT FROM e.refresh_cmc_regimes(policy => 'timid')" \
        "SELECT FROM e.refresh_market_regimes(config => '{\"adx_trending\": 30.3}')" \
        "INSERT INTO e.regime_eras VALUES ('1d', '2017-10-01 00:00:00+00', 'settled'); SELECT FROM e.refresh_market_states()" \
        "CALL e.backfill_market_regime_history('2017-01-01', '2017-09-01', 60)" \
        "SELECT FROM e.regime_track()" \
        "CALL e.refresh_all_cmc_regimes(policy => 'timid')" \
        "UPDATE public.cmc_price_bars_multi_tf SET close = close * 1.0123456789 WHERE id = 2 AND bar_seq = 300" \
        "UPDATE public.candles SET close = (high + low) / 2 WHERE symbol = 'DEMO2' AND open_time = '2017-03-01 00:00:00+00'" \
        "CREATE SCHEMA built; SELECT FROM e.regime_build_inputs(target_schema => 'built')" \
        "SELECT FROM e.refresh_cmc_regimes(policy => 'timid'); SELECT FROM e.refresh_market_regimes()" \
        "INSERT INTO e.regime_eras VALUES (NULL, '2018-01-01 00:00:00+00', NULL); SELECT FROM e.refresh_market_states()" \
        "CREATE TABLE public.judged AS SELECT * FROM e.market_escalation_lead_time('DEMO2', '1d', 10, 2, 20)" \
        "CREATE TABLE public.told AS SELECT row_number() OVER () AS n, step, metric, what, value FROM e.market_states_explain('DEMO2', '1d') WHERE step < 8" \
        "CREATE TABLE public.states AS SELECT * FROM e.get_market_states('DEMO2', '1d')" \
        "CREATE TABLE public.gated AS SELECT g.* FROM generate_series(1, 3) AS a, LATERAL e.regime_gate(a, '2017-05-05 12:00:00+00', 'breakout', 1) g" \
        "CREATE TABLE public.computed AS SELECT c.ts, c.regime_key, c.size_mult FROM e.regime_compute(2, policy => 'timid') c" \
        "CREATE TABLE public.statuses AS SELECT newest_bar, newest_row, regime_key, lag_bars, is_stale FROM e.cmc_regime_status" \
        "CREATE TABLE public.summed AS SELECT severity, what, n, subjects FROM e.regime_health() WHERE what <> 'bloated table'" \
        "CREATE TABLE public.checked AS SELECT * FROM e.regime_check_inputs()" \
        "CREATE TABLE public.candles_checked AS SELECT * FROM e.regime_check_candles()" \
        "CREATE TABLE public.found AS SELECT severity, what, id FROM e.regime_health_details() WHERE what <> 'bloated table'"; do
        psql -Xq -v ON_ERROR_STOP=1 -d "$1" -c "$own" >"$work/out" 2>&1 || { echo "$own"; grep -m1 ERROR "$work/out"; }
    done
    PGOPTIONS='-c search_path=public -c array_nulls=on' psql -XAtq -d "$1" 2>&1 <<SQL
SET standard_conforming_strings = on; SET DateStyle = ISO; SET IntervalStyle = postgres; SET TimeZone = UTC; SET extra_float_digits = 1;
SET client_min_messages = warning; SET enable_sort = on; SET quote_all_identifiers = off; SET plan_cache_mode = auto; SET jit = off; SET transform_null_equals = off;
SELECT ${outputs[cmc_regimes]} FROM cmc_regimes ORDER BY id, ts;
SELECT ${outputs[cmc_regime_flips]} FROM cmc_regime_flips ORDER BY id, ts, layer;
SELECT ${outputs[cmc_regime_stats]} FROM cmc_regime_stats ORDER BY id, regime_key;
SELECT ${outputs[cmc_regime_comovement]} FROM cmc_regime_comovement ORDER BY id, ema_a, ema_b;
SELECT symbol, timeframe, open_time, full_regime, simplified_regime, confidence, classifier_version, warmup FROM market_regimes ORDER BY 1, 2, 3;
SELECT to_jsonb(m) - 'created_at' FROM market_states m ORDER BY symbol, timeframe, open_time;
SELECT to_jsonb(h) - 'created_at' - 'updated_at' FROM market_regime_history h ORDER BY date;
SELECT to_jsonb(b) - 'ingested_at' FROM built.cmc_ema_multi_tf_cal_iso b ORDER BY id, ts, period;
TABLE judged; SELECT * FROM told ORDER BY n; SELECT to_jsonb(s) - 'created_at' FROM states s ORDER BY open_time; TABLE gated; TABLE computed ORDER BY ts; TABLE statuses ORDER BY newest_bar, regime_key, newest_row; TABLE found ORDER BY 1, 2, 3; TABLE summed ORDER BY 1, 2, 3, 4; TABLE checked ORDER BY 1, 2, 3; TABLE candles_checked ORDER BY 1, 2, 3;
SELECT mode, reason, status, count(*) FROM cmc_regime_run_log GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SQL
    q postgres "DROP DATABASE $1"
}

surface plain "" >"$work/plain"
is "nothing fails" "$(grep ERROR "$work/plain" || true)" ""
is "there are rows of all kinds" "$(($(wc -l <"$work/plain") > 5000))" 1
number=0
for settings in "${odd[@]}" "$all"; do
    number=$((number + 1))
    surface "odd$number" "$settings" >"$work/odd"
    [ "$settings" != "$all" ] || settings="all of these"
    succeeds "the same rows with $settings" diff "$work/plain" "$work/odd"
done
cluster_remove

tests/regress.sh --odd || failed=1
